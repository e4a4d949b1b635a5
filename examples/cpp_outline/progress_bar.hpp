// SPDX-License-Identifier: BSL-1.0
#pragma once

// A progress bar on stderr.
//
// Thread rule: one thread.

#include <cstddef>
#include <string>
#include <string_view>

namespace cpp_outline {

class progress_bar {
 public:
  /// Shows nothing, ever, unless stderr is a terminal.
  progress_bar();
  ~progress_bar() { clear(); }
  progress_bar(progress_bar const&) = delete;
  progress_bar& operator=(progress_bar const&) = delete;

  void show(std::string_view task, std::size_t done, std::size_t all);
  /// Leaves an empty line, for text to follow.
  void clear();

 private:
  bool on_terminal_;
  std::string shown_;  // the line on the screen
};

}  // namespace cpp_outline
