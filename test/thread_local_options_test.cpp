// SPDX-License-Identifier: BSL-1.0

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/thread_local_options.hpp>
#include <type_traits>

using namespace tidemark;

static_assert(std::is_aggregate_v<thread_local_options>);

BOOST_AUTO_TEST_CASE(the_defaults_pool_blocks_of_up_to_32_kib) {
  thread_local_options const options;
  BOOST_TEST(options.largest_pooled_bytes == 32U * 1024U);
}

BOOST_AUTO_TEST_CASE(the_defaults_have_no_name_and_bound_no_memory) {
  thread_local_options const options;
  BOOST_TEST(options.name.empty());
  BOOST_TEST(options.limit_bytes == SIZE_MAX);
  BOOST_TEST(options.max_idle_bytes == SIZE_MAX);
}

BOOST_AUTO_TEST_CASE(the_defaults_leave_checks_to_the_program) {
  BOOST_TEST((thread_local_options{}.check == check_level::automatic));
}
