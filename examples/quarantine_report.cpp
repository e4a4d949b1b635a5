// SPDX-License-Identifier: BSL-1.0

// A pointer that outlives its frame faults at once, and the report names the frame. The bug runs in
// a child process, whose end and report are this program's result.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <tidemark/tidemark.hpp>

static int reads_what_is_over() {
  tidemark::page_resource pages;
  tidemark::frame_resource frame{{.name = "parser", .quarantine_count = 8}, &pages};
  tidemark::install_quarantine_handler();
  int volatile* kept = nullptr;
  {
    tidemark::memory_scope scope{frame};
    kept = scope.make<int>(42);
  }
  return *kept;  // the bug: the scope is closed, and its pages are unreadable
}

int main() {
  int ends[2];
  if (::pipe(ends) != 0) return EXIT_FAILURE;
  pid_t const child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    ::_exit(reads_what_is_over());
  }
  ::close(ends[1]);
  char report[2000] = {};
  std::size_t length = 0;
  for (ssize_t got; (got = ::read(ends[0], report + length, sizeof report - 1 - length)) > 0;) {
    length += static_cast<std::size_t>(got);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  std::fputs(report, stdout);
  bool const ended = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
  return ended && length != 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
