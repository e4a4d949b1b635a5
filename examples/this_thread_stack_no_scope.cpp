// SPDX-License-Identifier: BSL-1.0

// Who asks a thread's stack for memory must be called under a scope. Two ways to find who is not:
// a handler that is told when a lane grows, and a policy that refuses.

#include <cstdlib>
#include <iostream>
#include <new>
#include <string_view>
#include <thread>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

static double compute_step(std::size_t n) { return this_thread_stack().ones<double>(n)[0]; }

static double entry(std::size_t n) {
  stack_scope s;  // with it compute_step is safe to call
  return compute_step(n);
}

static std::size_t warnings = 0;
static void warn(stack_growth const& grown, void*) noexcept {
  ++warnings;
  std::cout << "'" << std::string_view{grown.resource} << "': " << grown.array_count
            << " arrays of " << grown.lane << " taken with no scope open\n";
}

static std::size_t refusals = 0;
static void print(misuse const& bug, void*) noexcept {
  if (bug.kind == misuse_kind::no_scope) ++refusals;
  std::cout << bug << '\n';
}

static bool is_refused() {
  try {
    compute_step(100);
  } catch (std::bad_alloc const&) {
    return true;
  }
  return false;
}

int main() {
  this_thread_stack().set_growth_handler(&warn);
  for (int i = 0; i < 1500; ++i) entry(100);
  bool const silent = warnings == 0 && this_thread_stack().stats().bytes_in_use == 0;
  for (int i = 0; i < 1500; ++i) compute_step(100);  // told at 512 and at 1024
  this_thread_stack().reset();                       // the way out: all of it, memory kept
  bool const told = warnings == 2 && this_thread_stack().stats().bytes_in_use == 0;

  set_thread_stack_options({.name = "strict", .require_scope = true});  // threads from here on
  set_misuse_handler(&print);
  bool right = false;
  std::thread{[&] { right = entry(100) == 1 && is_refused() && entry(100) == 1; }}.join();
  return silent && told && right && refusals == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
