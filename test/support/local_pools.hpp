// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests of thread_local_resource share.
//
// Thread rule: any thread.

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <tidemark/thread_local_resource.hpp>
#include <utility>

#include "child.hpp"

namespace tidemark::test {

/// Options for tests that count bytes: the same numbers with and without sanitizers.
inline thread_local_options unchecked(thread_local_options options = {}) {
  options.check = check_level::off;
  return options;
}

/// Runs `f` in a thread of its own, up to that thread's end.
template <class F>
void in_thread(F f) {
  std::thread{std::move(f)}.join();
}

/// A block that knows what is written in it.
struct written_block {
  unsigned char* begin;
  std::size_t bytes;
  std::size_t alignment;
  unsigned char pattern;

  template <class From>
  static written_block take(From& from, std::size_t bytes, std::size_t alignment,
                            std::size_t number) {
    written_block made{static_cast<unsigned char*>(from.allocate(bytes, alignment)), bytes,
                       alignment, static_cast<unsigned char>(number % 251 + 1)};
    if (bytes != 0) std::memset(made.begin, made.pattern, bytes);
    return made;
  }
  bool is_intact() const noexcept {
    for (std::size_t i = 0; i < bytes; ++i) {
      if (begin[i] != pattern) return false;
    }
    return true;
  }
  template <class To>
  void give_back(To& to) const noexcept {
    to.deallocate(begin, bytes, alignment);
  }
};

/// In a child: the parent reads it.
inline void expect(bool kept, char const* promise) {
  if (!kept) std::fprintf(stderr, "broken: %s\n", promise);
}

/// Runs `f` in a child, which ends as it should and has nothing to complain of.
template <class F>
void check_in_child(F f) {
  std::fflush(stdout);  // or the child may say again what waits there
  auto const result = run_in_child([&] {
    ::alarm(120);  // ends a child that hangs
    f();
  });
  BOOST_TEST(result.signal == 0);
  BOOST_TEST(result.status == 0);
  BOOST_TEST(result.errors == "");
}

}  // namespace tidemark::test
