// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <boost/container/pmr/map.hpp>
#include <boost/container/pmr/string.hpp>
#include <boost/container/pmr/vector.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/scratch_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/careless_boost.hpp"
#include "support/is_aligned.hpp"
#include "support/unchecked.hpp"

using namespace tidemark;
using test::careless_boost;
using test::is_aligned;
namespace boost_pmr = boost::container::pmr;
using boost_index = boost_pmr::map<int, boost_pmr::string>;
using std_index = std::pmr::map<int, std::pmr::string>;

namespace {

struct request {
  std::size_t bytes;
  std::size_t alignment;
};

constexpr std::array<request, 10> over_aligned{{{0, 32},
                                                {1, 32},
                                                {24, 64},
                                                {64, 64},
                                                {100, 128},
                                                {4096, 256},
                                                {1, 4096},
                                                {5000, 4096},
                                                {8192, 8192},
                                                {0, 8192}}};

// Takes every block, writes all its bytes, reads them back when all are there, and frees them.
template <class Resource>
void check_over_aligned(Resource& resource) {
  std::vector<void*> blocks;
  for (auto const& [bytes, alignment] : over_aligned) {
    blocks.push_back(resource.allocate(bytes, alignment));
    BOOST_TEST_REQUIRE(is_aligned(blocks.back(), alignment));
    std::memset(blocks.back(), static_cast<int>(blocks.size()), bytes);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    auto const* const bytes = static_cast<unsigned char const*>(blocks[i]);
    for (std::size_t b = 0; b < over_aligned[i].bytes; ++b) {
      BOOST_TEST_REQUIRE(bytes[b] == i + 1);
    }
    resource.deallocate(blocks[i], over_aligned[i].bytes, over_aligned[i].alignment);
  }
}

template <class Resource>
void check_zero_bytes(Resource& resource) {
  for (std::size_t const alignment : {1U, 16U, 64U}) {
    std::set<void*> blocks;
    for (int i = 0; i < 8; ++i) blocks.insert(resource.allocate(0, alignment));
    BOOST_TEST(blocks.size() == 8U);
    BOOST_TEST(!blocks.contains(nullptr));
    for (void* const block : blocks) resource.deallocate(block, 0, alignment);
  }
}

template <class Resource>
void check_impossible_sizes(Resource& resource, testing::checked_upstream const& upstream) {
  auto const before = upstream.bytes_outstanding();
  for (std::size_t const bytes : {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 64, SIZE_MAX - 4096}) {
    for (std::size_t const alignment : {1U, 16U, 64U, 4096U}) {
      BOOST_CHECK_THROW((void)resource.allocate(bytes, alignment), std::bad_alloc);
    }
  }
  BOOST_TEST(upstream.bytes_outstanding() <= before);  // a pool may give idle memory back
}

// The same contents, whose strings are beyond the small buffer.
template <class Index>
void fill(Index& index, int count) {
  for (int i = 0; i < count; ++i)
    index[i] = "a name that no small buffer holds, however large it is";
}

template <class Index>
bool holds(Index const& index, int count) {
  if (index.size() != static_cast<std::size_t>(count)) return false;
  for (auto const& [key, name] : index) {
    if (name != "a name that no small buffer holds, however large it is") return false;
  }
  return true;
}

template <class Pool>
void check_round_trip() {
  testing::checked_upstream upstream;
  {
    Pool pool{&upstream};
    boost_bridge bridge{&pool};
    static_assert(std::is_same_v<decltype(bridge), boost_bridge<Pool>>);
    std_bridge back{&bridge};
    boost_index index{&bridge};
    std_index copy{&back};
    fill(index, 20);
    fill(copy, 20);
    BOOST_TEST(holds(index, 20));
    BOOST_TEST(holds(copy, 20));
    BOOST_TEST(pool.stats().bytes_in_use > 40 * sizeof(void*));
    check_over_aligned(bridge);
    check_over_aligned(back);
    check_zero_bytes(bridge);
    check_zero_bytes(back);
    check_impossible_sizes(bridge, upstream);
    check_impossible_sizes(back, upstream);
  }
  BOOST_TEST(upstream.complaint() == "");
}

}  // namespace

BOOST_AUTO_TEST_CASE(boost_containers_live_in_a_frame) { check_round_trip<frame_resource>(); }
BOOST_AUTO_TEST_CASE(boost_containers_live_in_a_typed_stack) {
  check_round_trip<typed_stack_resource>();
}
BOOST_AUTO_TEST_CASE(boost_containers_live_in_a_fixed_block_pool) {
  check_round_trip<fixed_block_resource>();
}
BOOST_AUTO_TEST_CASE(boost_containers_live_in_a_thread_local_pool) {
  check_round_trip<thread_local_resource>();
}

BOOST_AUTO_TEST_CASE(a_plain_resource_is_bridged_unchanged) {
  testing::checked_upstream upstream;
  boost_bridge bridge{static_cast<std::pmr::memory_resource*>(&upstream)};
  static_assert(std::is_same_v<decltype(bridge), boost_bridge<std::pmr::memory_resource>>);
  BOOST_TEST(bridge.upstream_resource() == &upstream);
  void* const block = bridge.allocate(100, 256);
  BOOST_TEST(is_aligned(block, 256));
  BOOST_TEST(upstream.bytes_outstanding() == 100U);
  bridge.deallocate(block, 100, 256);
  BOOST_TEST(upstream.complaint() == "");
}

// See `settled`: as a key of Boost.JSON is freed.
BOOST_AUTO_TEST_CASE(a_block_of_alignment_1_may_be_freed_as_one_of_the_common_alignment) {
  testing::checked_upstream upstream;
  boost_bridge bridge{&upstream};
  bridge.deallocate(bridge.allocate(5, 1), 5);
  bridge.deallocate(bridge.allocate(5, 1), 5, 1);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_frame_takes_letters_side_by_side) {
  frame_resource frame{unchecked()};
  boost_bridge bridge{&frame};
  auto const* const first = static_cast<char*>(bridge.allocate(5, 1));
  BOOST_TEST((static_cast<char*>(bridge.allocate(5, 1)) == first + 5));
}

BOOST_AUTO_TEST_CASE(a_free_reaches_the_pool) {
  frame_resource frame{unchecked()};
  boost_bridge bridge{&frame};
  void* const below = bridge.allocate(64, 16);
  auto const before = frame.stats().bytes_in_use;
  void* const newest = bridge.allocate(64, 16);
  bridge.deallocate(newest, 64, 16);
  BOOST_TEST(frame.stats().bytes_in_use == before);
  bridge.deallocate(below, 64, 16);
}

BOOST_AUTO_TEST_CASE(alignment_that_a_boost_resource_ignores_is_made_up_for) {
  testing::checked_upstream upstream;
  careless_boost careless{&upstream};
  BOOST_TEST(!is_aligned(careless.allocate(64, 64), 64));  // left to the upstream's end
  std_bridge bridge{&careless};
  BOOST_TEST(bridge.upstream_resource() == &careless);
  auto const before = upstream.totals();
  check_over_aligned(bridge);
  check_zero_bytes(bridge);
  check_impossible_sizes(bridge, upstream);
  BOOST_TEST(upstream.totals().blocks_outstanding == before.blocks_outstanding);
  BOOST_TEST(upstream.errors().empty());
}

BOOST_AUTO_TEST_CASE(alignment_that_boost_honours_costs_nothing) {
  testing::checked_upstream upstream;
  careless_boost careless{&upstream};
  std_bridge bridge{&careless};
  void* const block = bridge.allocate(48, 16);
  BOOST_TEST(upstream.bytes_outstanding() == 48U);
  bridge.deallocate(block, 48, 16);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_way_there_and_back_adds_no_bytes) {
  testing::checked_upstream upstream;
  boost_bridge there{&upstream};
  std_bridge back{&there};
  void* const block = back.allocate(64, 4096);
  BOOST_TEST(is_aligned(block, 4096));
  BOOST_TEST(upstream.bytes_outstanding() == 64U);
  back.deallocate(block, 64, 4096);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(boosts_bad_alloc_becomes_that_of_std) {
  testing::checked_upstream upstream;
  careless_boost careless{&upstream};
  std_bridge bridge{&careless};
  for (std::size_t const alignment : {8U, 64U}) {
    upstream.fail_at(1);
    BOOST_CHECK_THROW((void)bridge.allocate(8, alignment), std::bad_alloc);
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_childs_exception_comes_through_with_its_figures) {
  frame_resource frame{{.name = "small", .limit_bytes = 4096}};
  boost_bridge there{&frame};
  std_bridge back{&there};
  try {
    (void)back.allocate(100'000);
    BOOST_FAIL("the frame has no such room");
  } catch (resource_exhausted const& caught) {
    BOOST_TEST(caught.requested_bytes == 100'000U);
    BOOST_TEST(std::string_view{caught.resource} == "small");
  }
}

BOOST_AUTO_TEST_CASE(boost_containers_lose_nothing_wherever_memory_runs_out) {
  auto const points = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    boost_bridge bridge{upstream};
    boost_index index{&bridge};
    fill(index, 5);
    BOOST_TEST(holds(index, 5));
  });
  BOOST_TEST(points == 10U);  // a node and a string each
}

BOOST_AUTO_TEST_CASE(std_containers_lose_nothing_wherever_memory_runs_out) {
  struct alignas(128) wide {
    int value;
  };
  auto const points = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    careless_boost careless{upstream};
    std_bridge bridge{&careless};
    std_index index{&bridge};
    fill(index, 5);
    std::pmr::vector<wide> aligned{&bridge};
    for (int i = 0; i < 4; ++i) aligned.push_back({i});
    BOOST_TEST(holds(index, 5));
    BOOST_TEST(aligned[3].value == 3);
    BOOST_TEST(is_aligned(aligned.data(), 128));
  });
  BOOST_TEST(points >= 12U);
}

BOOST_AUTO_TEST_CASE(a_frame_behind_the_bridge_loses_nothing_wherever_memory_runs_out) {
  auto const points = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    frame_resource frame{{.initial_bytes = 256, .max_chunk_bytes = 1024}, upstream};
    memory_scope scope{frame};
    boost_bridge bridge{scope};
    boost_index index{&bridge};
    fill(index, 50);
    BOOST_TEST(holds(index, 50));
  });
  BOOST_TEST(points > 3U);
}

BOOST_AUTO_TEST_CASE(a_scopes_container_keeps_its_contents_while_inner_scopes_come_and_go) {
  frame_resource frame;
  {
    memory_scope outer{frame};
    boost_bridge bridge{outer};
    static_assert(std::is_same_v<decltype(bridge), boost_bridge<frame_scope>>);
    BOOST_TEST(bridge.upstream_resource() == outer.resource());
    boost_pmr::vector<int> numbers{&bridge};
    for (int i = 0; i < 100; ++i) {
      memory_scope inner{frame};
      boost_bridge scratch{inner};
      boost_index index{&scratch};
      fill(index, 3);
      numbers.push_back(i);
    }
    for (int i = 0; i < 100; ++i) BOOST_TEST(numbers[static_cast<std::size_t>(i)] == i);
  }
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(scopes_of_any_pool_are_bridged) {
  auto const check = [](auto& pool) {
    memory_scope scope{pool};
    boost_bridge bridge{scope};
    boost_index index{&bridge};
    fill(index, 20);
    BOOST_TEST(holds(index, 20));
  };
  typed_stack_resource stack;
  fixed_block_resource blocks;
  thread_local_resource local;
  frame_resource frame;
  check(stack);
  check(blocks);
  check(local);
  check(static_cast<rewindable_resource&>(frame));
  scratch_scope scratch{&blocks};
  boost_bridge bridge{scratch.resource()};
  boost_pmr::vector<int> numbers(100, 7, &bridge);
  BOOST_TEST(numbers[99] == 7);
}

BOOST_AUTO_TEST_CASE(a_bridge_of_a_closed_scope_hands_out_nothing) {
  testing::misuse_recorder recorder;
  frame_resource frame{{.name = "tides"}};
  auto const bridge = [&frame] {
    memory_scope scope{frame};
    return std::make_unique<boost_bridge<frame_scope>>(scope);
  }();
  BOOST_CHECK_THROW((void)bridge->allocate(8), std::bad_alloc);
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 1U);
}

BOOST_AUTO_TEST_CASE(a_null_resource_does_not_compile) {
  BOOST_TEST((!std::is_constructible_v<boost_bridge<frame_resource>, std::nullptr_t>));
  BOOST_TEST((!std::is_constructible_v<std_bridge, std::nullptr_t>));
  BOOST_TEST((std::is_constructible_v<std_bridge, boost_pmr::memory_resource*>));
  BOOST_TEST((!std::is_copy_constructible_v<boost_bridge<frame_resource>>));
  BOOST_TEST((!std::is_copy_constructible_v<std_bridge>));
}
