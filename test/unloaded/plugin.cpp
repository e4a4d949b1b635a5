// SPDX-License-Identifier: BSL-1.0

// A plug-in that holds the library, or alone keeps the shared one loaded.

#include <tidemark/detail/thread_exit.hpp>

/// Returns: whether a hook could be added and taken back. The thread will still look at its list.
extern "C" bool add_and_take_back() {
  tidemark::detail::exit_hook hook{nullptr, [](tidemark::detail::exit_hook*) noexcept {}};
  return tidemark::detail::at_thread_exit(hook) && tidemark::detail::forget_at_thread_exit(hook);
}
