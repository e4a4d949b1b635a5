// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <tidemark/detail/scope_record.hpp>
#include <type_traits>

using namespace tidemark::detail;

BOOST_AUTO_TEST_SUITE(scope_record_)

BOOST_AUTO_TEST_CASE(a_new_record_holds_nothing) {
  scope_record const record;
  BOOST_TEST(record.serial == 0U);
  BOOST_TEST((record.at == nullptr && record.cursor == nullptr && record.outer_floor == nullptr));
  BOOST_TEST((record.binding == nullptr && record.outgrown == nullptr));
  BOOST_TEST(record.side_chunks.empty());
  BOOST_TEST(record.own_chunks.empty());
  BOOST_TEST(record.finalizers.empty());
  BOOST_TEST((record.kept.first == nullptr && record.side.cursor == nullptr));
  BOOST_TEST((!record.scoped && !record.eventful && record.ended == scope_end::none));
  // Records move when their array grows; nothing may run or throw then.
  static_assert(std::is_trivially_copyable_v<scope_record>);
}

BOOST_AUTO_TEST_SUITE_END()
