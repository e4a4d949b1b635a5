// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/detail/thread_rule.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>

using namespace tidemark;
using detail::serves_one_thread;

BOOST_AUTO_TEST_CASE(pools_of_one_thread_are_known) {
  BOOST_TEST(serves_one_thread<frame_resource>);
  BOOST_TEST(serves_one_thread<typed_stack_resource>);
  BOOST_TEST(serves_one_thread<fixed_block_resource>);
}

BOOST_AUTO_TEST_CASE(others_may_be_used_by_many_threads) {
  BOOST_TEST(!serves_one_thread<thread_local_resource>);
  BOOST_TEST(!serves_one_thread<std::pmr::memory_resource>);
  BOOST_TEST(!serves_one_thread<rewindable_resource>);
}

BOOST_AUTO_TEST_CASE(an_adaptor_is_as_what_it_wraps) {
  using over_frame = tag_resource<frame_resource, shared_tag>;
  using over_threads = tag_resource<thread_local_resource, shared_tag>;
  BOOST_TEST(serves_one_thread<over_frame>);
  BOOST_TEST(serves_one_thread<statistics_resource<over_frame>>);
  BOOST_TEST(!serves_one_thread<statistics_resource<over_threads>>);
}
