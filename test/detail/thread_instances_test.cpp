// SPDX-License-Identifier: BSL-1.0

// Which instance passes to whom. Threads are not needed for it: `per_thread_test.cpp` has them.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <tidemark/detail/thread_instances.hpp>
#include <vector>

using namespace tidemark;
using detail::instance_state;
using detail::thread_instance;

namespace {

struct instance : thread_instance {
  bool closed = true;
};

struct instances : detail::thread_instances {
  instances() : thread_instances([](slot_owner&, void*) noexcept {}, &closed) {}
  static bool closed(thread_instance const& each) noexcept {
    return static_cast<instance const&>(each).closed;
  }
};

std::vector<thread_instance*> visit(instances& all) {
  std::vector<thread_instance*> seen;
  for (auto* each = all.begin_visit(); each != nullptr; each = each->next) seen.push_back(each);
  all.end_visit();
  return seen;
}

}  // namespace

BOOST_AUTO_TEST_CASE(at_first_there_is_none) {
  instances all;
  BOOST_TEST(all.count() == 0U);
  BOOST_TEST(all.adopt() == nullptr);
  BOOST_TEST(visit(all).empty());
}

BOOST_AUTO_TEST_CASE(what_was_added_is_used_and_visited) {
  instances all;
  instance a, b;
  all.add(a);
  all.add(b);
  BOOST_TEST(all.count() == 2U);
  BOOST_TEST((visit(all) == std::vector<thread_instance*>{&b, &a}));
  BOOST_TEST((a.state == instance_state::used));
  BOOST_TEST(all.adopt() == nullptr);
}

BOOST_AUTO_TEST_CASE(what_was_left_is_adopted_once_the_last_left_first) {
  instances all;
  instance a, b, c;
  for (instance* const each : {&a, &b, &c}) all.add(*each);
  all.leave(a);
  all.leave(c);
  BOOST_TEST(all.adopt() == &c);
  BOOST_TEST((c.state == instance_state::used));
  BOOST_TEST(all.adopt() == &a);
  BOOST_TEST(all.adopt() == nullptr);
  BOOST_TEST(all.count() == 3U);
  BOOST_TEST((visit(all) == std::vector<thread_instance*>{&c, &b, &a}));
}

BOOST_AUTO_TEST_CASE(what_was_adopted_in_vain_is_adopted_again) {
  instances all;
  instance a;
  all.add(a);
  all.leave(a);
  all.give_up(*all.adopt());
  BOOST_TEST((a.state == instance_state::idle));
  BOOST_TEST(all.adopt() == &a);
  BOOST_TEST(all.adopt() == nullptr);
}

BOOST_AUTO_TEST_CASE(what_was_left_open_waits_until_a_visit_finds_it_closed) {
  instances all;
  instance a;
  all.add(a);
  a.closed = false;
  all.leave(a);
  BOOST_TEST((a.state == instance_state::open));
  BOOST_TEST(all.adopt() == nullptr);
  visit(all);
  BOOST_TEST(all.adopt() == nullptr);  // still open
  a.closed = true;
  BOOST_TEST(all.adopt() == nullptr);  // nobody looked
  BOOST_TEST(visit(all).size() == 1U);
  BOOST_TEST(all.adopt() == &a);
  BOOST_TEST(all.adopt() == nullptr);
}

BOOST_AUTO_TEST_CASE(a_visit_leaves_those_that_are_used_and_those_that_are_idle) {
  instances all;
  instance used, idle;
  all.add(used);
  all.add(idle);
  all.leave(idle);
  visit(all);
  BOOST_TEST((used.state == instance_state::used));
  BOOST_TEST(all.adopt() == &idle);  // once in the list, not twice
  BOOST_TEST(all.adopt() == nullptr);
}

BOOST_AUTO_TEST_CASE(nobody_looks_into_what_is_left_during_a_visit_until_the_last_one_ends) {
  static std::size_t looks;
  looks = 0;
  struct watched : detail::thread_instances {
    watched() : thread_instances([](slot_owner&, void*) noexcept {}, &look) {}
    static bool look(thread_instance const&) noexcept { return ++looks != 0; }
  };
  watched all;
  instance a;
  all.add(a);
  all.begin_visit();
  all.begin_visit();
  all.leave(a);
  all.end_visit();
  BOOST_TEST(looks == 0U);
  BOOST_TEST(all.adopt() == nullptr);
  all.end_visit();
  BOOST_TEST(looks == 1U);
  BOOST_TEST(all.adopt() == &a);
}

BOOST_AUTO_TEST_CASE(nothing_is_adopted_during_a_visit) {
  instances all;
  instance a;
  all.add(a);
  all.leave(a);
  all.begin_visit();
  BOOST_TEST(all.adopt() == nullptr);
  all.end_visit();
  BOOST_TEST(all.adopt() == &a);
}
