// SPDX-License-Identifier: BSL-1.0

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/fixed_block_options.hpp>
#include <type_traits>

using namespace tidemark;

namespace {

struct alignas(64) line {
  std::array<std::byte, 64> bytes;
};

static_assert(std::is_aggregate_v<fixed_block_options>);
static_assert(blocks_for<char>.block_bytes == 1);
static_assert(blocks_for<char>.block_alignment == 1);
static_assert(blocks_for<line[3]>.block_bytes == 192);
static_assert(blocks_for<line[3]>.block_alignment == 64);

}  // namespace

BOOST_AUTO_TEST_CASE(the_defaults_let_the_first_request_say_the_size) {
  fixed_block_options const options;
  BOOST_TEST(options.name.empty());
  BOOST_TEST(options.block_bytes == 0U);
  BOOST_TEST(options.block_alignment == alignof(std::max_align_t));
}

BOOST_AUTO_TEST_CASE(the_defaults_bound_no_memory_and_refuse_no_size) {
  fixed_block_options const options;
  BOOST_TEST(options.limit_bytes == SIZE_MAX);
  BOOST_TEST(options.max_slab_bytes == 1024U * 1024U);
  BOOST_TEST(!options.refuse_larger);
  BOOST_TEST((options.check == check_level::automatic));
}

BOOST_AUTO_TEST_CASE(options_for_a_type_differ_from_the_defaults_in_size_and_alignment_alone) {
  fixed_block_options options = blocks_for<line>;
  BOOST_TEST(options.block_bytes == sizeof(line));
  BOOST_TEST(options.block_alignment == alignof(line));
  BOOST_TEST(options.name.empty());
  BOOST_TEST(options.limit_bytes == fixed_block_options{}.limit_bytes);
  BOOST_TEST(options.max_slab_bytes == fixed_block_options{}.max_slab_bytes);
  BOOST_TEST(!options.refuse_larger);
}
