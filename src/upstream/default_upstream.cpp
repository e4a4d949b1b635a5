// SPDX-License-Identifier: BSL-1.0
#include <tidemark/upstream/default_upstream.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif

// Weak: null unless the program is built with that sanitizer, whatever this library was built with.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
[[gnu::weak]] void __asan_init();
[[gnu::weak]] void __msan_init();
[[gnu::weak]] void __tsan_init();
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
}

namespace tidemark {
namespace {

bool heap_is_watched() noexcept {
  if (__asan_init != nullptr || __msan_init != nullptr || __tsan_init != nullptr) return true;
#ifdef RUNNING_ON_VALGRIND
  return RUNNING_ON_VALGRIND != 0;
#else
  return false;
#endif
}

}  // namespace

std::pmr::memory_resource* default_upstream() noexcept {
  static std::pmr::memory_resource* const chosen =
      heap_is_watched() ? std::pmr::new_delete_resource() : mimalloc_resource();
  return chosen;
}

}  // namespace tidemark
