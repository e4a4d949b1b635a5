// SPDX-License-Identifier: BSL-1.0

// How many pthread keys values take, and what happens when there is none. Each case runs in a child
// that has made no key yet.

#include <pthread.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <new>
#include <optional>
#include <thread>
#include <tidemark/detail/thread_slots.hpp>
#include <vector>

#include "support/child.hpp"

using namespace tidemark;
using detail::find_value;
using detail::set_value;
using detail::slot_owner;

namespace {

// Counts the values that ended; used by one thread.
struct counting : slot_owner {
  counting() : slot_owner(&count) {}
  std::size_t ended = 0;

 private:
  static void count(slot_owner& owner, void*) noexcept { ++static_cast<counting&>(owner).ended; }
};

// In a child: the parent reads it.
void expect(bool kept, char const* promise) {
  if (!kept) std::fprintf(stderr, "broken: %s\n", promise);
}

template <class F>
void check_in_child(F f) {
  std::thread{[] {}}.join();  // a standard library may make a key of its own for its first thread
  std::fflush(stdout);        // or the child may say again what waits there
  auto const result = test::run_in_child([&] {
    ::alarm(120);  // ends a child that hangs
    f();
  });
  BOOST_TEST(result.signal == 0);
  BOOST_TEST(result.status == 0);
  BOOST_TEST(result.errors == "");
}

// All keys that are left, from when it is made.
struct all_keys {
  all_keys() {
    for (pthread_key_t made{}; pthread_key_create(&made, nullptr) == 0;) keys.push_back(made);
  }
  all_keys(all_keys const&) = delete;
  all_keys& operator=(all_keys const&) = delete;
  ~all_keys() {
    for (pthread_key_t const each : keys) pthread_key_delete(each);
  }
  std::vector<pthread_key_t> keys;
};

int value;  // told by its address

}  // namespace

BOOST_AUTO_TEST_CASE(values_of_1100_owners_take_one_key) {
  check_in_child([] {
    std::size_t const before = all_keys{}.keys.size();
    std::deque<counting> objects(1100);
    std::thread{[&] {
      for (counting const& each : objects) set_value(each, &value);
    }}.join();
    for (counting const& each : objects) expect(each.ended == 1, "each value ends");
    expect(all_keys{}.keys.size() == before - 1, "one key is enough");
  });
}

BOOST_AUTO_TEST_CASE(without_a_key_no_value_is_set_and_nothing_is_changed) {
  check_in_child([] {
    counting object;
    std::optional<all_keys> taken{std::in_place};
    std::thread{[&] {
      try {
        set_value(object, &value);
        expect(false, "a value that nobody could end is refused");
      } catch (std::bad_alloc const&) {
        expect(find_value(object) == nullptr, "there is none");
      }
      taken.reset();
      set_value(object, &value);
      expect(find_value(object) == &value, "with a key there is one");
    }}.join();
    expect(object.ended == 1, "what was set ends");
  });
}
