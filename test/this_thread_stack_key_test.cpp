// SPDX-License-Identifier: BSL-1.0

// Nobody could end a thread's stack without a key of the process, so there is none then. Runs in a
// child of a process that has not made the key.

#include <pthread.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <new>
#include <thread>
#include <tidemark/memory_scope.hpp>
#include <tidemark/this_thread_stack.hpp>
#include <vector>

#include "support/child.hpp"

using namespace tidemark;

namespace {

// In a child: the parent reads it.
void expect(bool kept, char const* promise) {
  if (!kept) std::fprintf(stderr, "broken: %s\n", promise);
}

bool is_refused() {
  try {
    static_cast<void>(this_thread_stack());
    return false;
  } catch (std::bad_alloc const&) {
    return true;
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_a_key_there_is_no_stack_until_there_is_one) {
  std::thread{[] {}}.join();  // a standard library may make a key of its own for its first thread
  std::fflush(stdout);        // or the child may say again what waits there
  auto const result = test::run_in_child([] {
    std::vector<pthread_key_t> keys;
    for (pthread_key_t key; pthread_key_create(&key, nullptr) == 0;) keys.push_back(key);
    std::thread{[&] {
      expect(is_refused(), "there is no key");
      expect(is_refused(), "there still is none");
      request_trim_of_thread_stacks();  // what was refused is on no list
      pthread_key_delete(keys.back());
      expect(!is_refused(), "there is one");
      stack_scope scope;
      expect(scope.ones<double>(100)[99] == 1.0, "the stack works");
    }}.join();
    std::thread{[] { expect(!is_refused(), "the key serves all threads"); }}.join();
  });
  BOOST_TEST(result.signal == 0);
  BOOST_TEST(result.status == 0);
  BOOST_TEST(result.errors == "");
}
