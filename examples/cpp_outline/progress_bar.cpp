// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <progress_bar.hpp>

namespace cpp_outline {

progress_bar::progress_bar() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}

void progress_bar::show(std::string_view task, std::size_t done, std::size_t all) {
  if (!on_terminal_) return;
  constexpr std::size_t width = 30;
  auto const percent = all == 0 ? 100 : std::min(done, all) * 100 / all;
  auto const filled = percent * width / 100;
  std::string line = "[";
  line.append(filled, '#').append(width - filled, '.').append("] ");
  line.append(std::to_string(percent)).append(" % ").append(task);
  if (line == shown_) return;
  std::cerr << "\r\x1b[K" << line << std::flush;
  shown_ = std::move(line);
}

void progress_bar::clear() {
  if (!shown_.empty()) std::cerr << "\r\x1b[K" << std::flush;
  shown_.clear();
}

}  // namespace cpp_outline
