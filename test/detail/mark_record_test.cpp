// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <initializer_list>
#include <tidemark/detail/mark_record.hpp>

using namespace tidemark::detail;

namespace {

// Whether exactly these come off the list, in this order.
bool yields(binding_list& list, std::initializer_list<scope_binding const*> expected) {
  for (scope_binding const* const e : expected) {
    if (list.pop() != e) return false;
  }
  return list.pop() == nullptr && list.first == nullptr && list.last == nullptr;
}

struct four_bindings {
  scope_binding a;
  scope_binding b;
  scope_binding c;
  scope_binding d;
  binding_list list;
  binding_list other;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mark_record_, four_bindings)

BOOST_AUTO_TEST_CASE(a_new_binding_serves_no_checkpoint) {
  BOOST_TEST(a.serial == scope_binding::closed);
  BOOST_TEST((a.forward == nullptr && a.next == nullptr));
  BOOST_TEST(!a.handed_out);
  static_assert(scope_binding::closed != scope_binding::base);
  static_assert(scope_binding::base != 0);
}

BOOST_AUTO_TEST_CASE(a_new_record_is_closed_and_plain) {
  mark_record const record;
  BOOST_TEST(record.serial == 0U);
  BOOST_TEST((record.binding == nullptr && record.kept.first == nullptr));
  BOOST_TEST((!record.scoped && !record.eventful && record.ended == scope_end::none));
}

BOOST_AUTO_TEST_CASE(bindings_are_popped_newest_first) {
  BOOST_TEST(yields(list, {}));
  for (scope_binding* const added : {&a, &b, &c}) list.push(*added);
  BOOST_TEST(list.last == &a);
  BOOST_TEST(yields(list, {&c, &b, &a}));
  list.push(d);
  BOOST_TEST(yields(list, {&d}));
}

BOOST_AUTO_TEST_CASE(a_spliced_list_stands_in_front_and_leaves_its_source_empty) {
  for (scope_binding* const added : {&a, &b}) list.push(*added);
  for (scope_binding* const added : {&c, &d}) other.push(*added);
  list.splice(other);
  BOOST_TEST((other.first == nullptr && other.last == nullptr));
  BOOST_TEST(list.last == &a);
  BOOST_TEST(yields(list, {&d, &c, &b, &a}));
}

BOOST_AUTO_TEST_CASE(empty_lists_are_spliced) {
  list.splice(other);
  BOOST_TEST((list.first == nullptr && list.last == nullptr));
  other.push(a);
  other.push(b);
  list.splice(other);
  BOOST_TEST(list.last == &a);
  list.splice(other);
  BOOST_TEST(yields(list, {&b, &a}));
}

BOOST_AUTO_TEST_CASE(a_list_filled_by_a_splice_may_be_spliced_itself) {
  binding_list last;
  last.push(a);
  list.push(b);
  other.push(c);
  list.splice(other);
  other.push(d);
  list.splice(other);
  last.splice(list);
  BOOST_TEST(yields(last, {&d, &c, &b, &a}));
}

BOOST_AUTO_TEST_SUITE_END()
