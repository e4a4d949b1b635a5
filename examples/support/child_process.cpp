// SPDX-License-Identifier: BSL-1.0
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <support/child_process.hpp>
#include <system_error>

namespace support {
namespace {

[[noreturn]] void run(std::function<void()> const& body) {
  rlimit const no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  int status = EXIT_SUCCESS;
  try {
    body();
    std::cout.flush();
  } catch (...) {
    status = EXIT_FAILURE;
  }
  ::_exit(status);  // what the parent registered with atexit is not the child's to run
}

// Returns: false if the child still runs.
bool has_ended(::pid_t child, int& status) {
  auto const ended = ::waitpid(child, &status, WNOHANG);
  if (ended < 0 && errno != EINTR)
    throw std::system_error{errno, std::generic_category(), "waitpid"};
  return ended == child;
}

}  // namespace

child_end run_in_child(std::function<void()> const& body, std::chrono::seconds limit,
                       std::function<void()> const& meanwhile) {
  using clock = std::chrono::steady_clock;
  std::cout.flush();
  auto const child = ::fork();
  if (child < 0) throw std::system_error{errno, std::generic_category(), "fork"};
  if (child == 0) run(body);

  auto const deadline = clock::now() + limit;
  int status = 0;
  bool timed_out = false;
  // Short steps at first, so that a small tree does not wait for the clock.
  for (int step_ms = 1; !has_ended(child, status); step_ms = std::min(2 * step_ms, 64)) {
    meanwhile();
    if (!timed_out && clock::now() > deadline) {
      timed_out = true;
      ::kill(child, SIGKILL);
    }
    ::poll(nullptr, 0, step_ms);
  }
  if (timed_out) return {ending::timed_out, 0};
  if (WIFSIGNALED(status)) return {ending::killed, WTERMSIG(status)};
  return {WEXITSTATUS(status) == EXIT_SUCCESS ? ending::finished : ending::failed, 0};
}

}  // namespace support
