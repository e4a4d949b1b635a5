// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <initializer_list>
#include <tidemark/detail/finalizer_list.hpp>

using tidemark::detail::finalizer;
using tidemark::detail::finalizer_list;

namespace {

void nothing(finalizer*) noexcept {}

// Whether exactly these come off the list, in this order.
bool yields(finalizer_list& list, std::initializer_list<finalizer const*> expected) {
  for (finalizer const* const e : expected) {
    if (list.empty() || list.pop() != e) return false;
  }
  return list.empty() && list.pop() == nullptr;
}

struct five_finalizers {
  finalizer a{nullptr, nothing};
  finalizer b{nullptr, nothing};
  finalizer c{nullptr, nothing};
  finalizer d{nullptr, nothing};
  finalizer e{nullptr, nothing};
  finalizer_list older;
  finalizer_list newer;
};

struct reborn : finalizer {
  finalizer_list* list;
  finalizer* heir;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(finalizer_list_, five_finalizers)

BOOST_AUTO_TEST_CASE(the_newest_comes_off_first) {
  BOOST_TEST(yields(older, {}));
  for (finalizer* const added : {&a, &b, &c}) older.push(*added);
  BOOST_TEST(yields(older, {&c, &b, &a}));
}

BOOST_AUTO_TEST_CASE(a_list_that_ran_empty_takes_more) {
  older.push(a);
  BOOST_TEST(yields(older, {&a}));
  older.push(b);
  older.push(c);
  newer.push(a);
  newer.append_newer(older);  // its oldest end is b, no longer a
  BOOST_TEST(yields(newer, {&c, &b, &a}));
}

BOOST_AUTO_TEST_CASE(a_newer_list_comes_off_before_an_older_one) {
  for (finalizer* const added : {&a, &b}) older.push(*added);
  for (finalizer* const added : {&c, &d}) newer.push(*added);
  older.append_newer(newer);
  BOOST_TEST(newer.empty());
  older.push(e);
  BOOST_TEST(yields(older, {&e, &d, &c, &b, &a}));
}

BOOST_AUTO_TEST_CASE(an_empty_list_appends_and_is_appended) {
  older.append_newer(newer);
  BOOST_TEST(older.empty());
  older.push(a);
  older.append_newer(newer);
  BOOST_TEST(yields(older, {&a}));
  newer.push(b);
  newer.push(c);
  older.append_newer(newer);
  BOOST_TEST(newer.empty());
  BOOST_TEST(yields(older, {&c, &b}));
}

BOOST_AUTO_TEST_CASE(the_oldest_end_is_known_after_every_way_to_fill_a_list) {
  // Each list that is appended shows by its last node whether its oldest end was right.
  finalizer_list oldest;
  oldest.push(a);
  older.push(b);
  newer.push(c);
  older.append_newer(newer);  // appended to a list that had a node
  oldest.append_newer(older);
  BOOST_TEST(yields(oldest, {&c, &b, &a}));
  newer.push(d);
  older.append_newer(newer);  // appended to an empty list
  oldest.push(e);
  oldest.append_newer(older);
  newer.push(a);
  oldest.append_newer(newer);  // a list that had been emptied and was filled again
  BOOST_TEST(yields(oldest, {&a, &d, &e}));
}

BOOST_AUTO_TEST_CASE(a_finalizer_may_add_to_the_list_it_was_on) {
  reborn parent{{nullptr,
                 [](finalizer* f) noexcept {
                   auto* const self = static_cast<reborn*>(f);
                   self->list->push(*self->heir);
                 }},
                &older,
                &b};
  older.push(a);
  older.push(parent);
  finalizer* const first = older.pop();
  first->run(first);
  BOOST_TEST(yields(older, {&b, &a}));
}

BOOST_AUTO_TEST_SUITE_END()
