// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs code that may end its process, in a child, and tells how it ended and what it said.
//
// Thread rule: one thread, and no other that holds locks.

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <string>

namespace tidemark::test {

struct child_result {
  int signal = 0;  // that ended it; 0: it exited
  int status = 0;  // of the exit
  std::string errors;
};

/// Runs `f` in a child whose signals have their standard actions, so that a fault ends it.
template <class F>
child_result run_in_child(F f) {
  std::array<int, 2> pipe_ends{};
  if (::pipe(pipe_ends.data()) != 0) return {.signal = -1, .status = 0, .errors = "no pipe"};
  pid_t const child = ::fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    std::signal(SIGBUS, SIG_DFL);
    std::signal(SIGABRT, SIG_DFL);
    ::dup2(pipe_ends[1], STDERR_FILENO);
    ::close(pipe_ends[0]);
    f();
    ::_exit(0);
  }
  ::close(pipe_ends[1]);
  child_result result;
  std::array<char, 4096> buffer;
  for (ssize_t got; (got = ::read(pipe_ends[0], buffer.data(), buffer.size())) > 0;) {
    result.errors.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
  } else {
    result.status = WEXITSTATUS(status);
  }
  return result;
}

/// Whether a read of the byte ends the process.
inline bool faults(void const* place) {
  child_result const result =
      run_in_child([place] { static_cast<void>(*static_cast<std::byte const volatile*>(place)); });
  return result.signal != 0 || result.status != 0;
}

}  // namespace tidemark::test
