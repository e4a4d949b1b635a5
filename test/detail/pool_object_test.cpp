// SPDX-License-Identifier: BSL-1.0
#include <tidemark/detail/pool_object.hpp>
// First: the header must compile alone.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <tidemark/testing/checked_upstream.hpp>

using namespace tidemark;
using testing::checked_upstream;

namespace {

struct alignas(64) throws_on_request {
  explicit throws_on_request(bool throws) {
    if (throws) throw std::runtime_error("no object");
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_object_takes_its_block_and_its_memory_from_the_pool) {
  checked_upstream pool;
  auto* const text = detail::new_object<std::pmr::string>(pool, 100U, 'x');
  BOOST_TEST(*text == std::pmr::string(100, 'x'));
  BOOST_TEST((text->get_allocator().resource() == &pool));
  BOOST_TEST(pool.totals().blocks_outstanding == 2U);
  detail::delete_object(pool, text);
  BOOST_TEST(pool.totals().blocks_outstanding == 0U);
}

BOOST_AUTO_TEST_CASE(a_constructor_that_throws_leaves_no_block) {
  checked_upstream pool;
  BOOST_CHECK_THROW(detail::new_object<throws_on_request>(pool, true), std::runtime_error);
  BOOST_TEST(pool.totals().blocks_outstanding == 0U);
  auto* const object = detail::new_object<throws_on_request>(pool, false);
  BOOST_TEST(pool.totals().blocks_outstanding == 1U);
  detail::delete_object(pool, object);
  BOOST_TEST(pool.totals().blocks_outstanding == 0U);
}

BOOST_AUTO_TEST_CASE(no_object_is_deleted_legally) {
  checked_upstream pool;
  detail::delete_object(pool, static_cast<int*>(nullptr));
  BOOST_TEST(pool.totals().blocks_outstanding == 0U);
}
