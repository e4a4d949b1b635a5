// SPDX-License-Identifier: BSL-1.0

// Every field of frame_options can be seen from outside.

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <string>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <type_traits>

using namespace tidemark;

static_assert(std::is_aggregate_v<frame_options>);

BOOST_AUTO_TEST_CASE(the_name_is_copied) {
  std::string name = "parser";
  frame_resource frame{{.name = name}};
  name = "changed";
  BOOST_TEST((frame.name() == "parser"));
}

BOOST_AUTO_TEST_CASE(the_first_chunk_holds_initial_bytes) {
  testing::checked_upstream upstream;
  frame_resource frame{{.initial_bytes = 9'600, .check = check_level::off}, &upstream};
  static_cast<void>(frame.allocate(9'599, 1));
  static_cast<void>(frame.allocate(1, 1));
  BOOST_TEST(frame.stats().chunk_count == 1U);
  static_cast<void>(frame.allocate(1, 1));
  BOOST_TEST(frame.stats().chunk_count == 2U);
}

BOOST_AUTO_TEST_CASE(chunks_grow_up_to_max_chunk_bytes) {
  frame_resource frame{{.initial_bytes = 100, .max_chunk_bytes = 8192, .check = check_level::off}};
  for (int i = 0; i < 1000; ++i) static_cast<void>(frame.allocate(100, 1));
  resource_stats const stats = frame.stats();
  BOOST_TEST(stats.bytes_reserved <= stats.chunk_count * 8192);
  BOOST_TEST(stats.chunk_count >= 100'000U / 8192);
}

BOOST_AUTO_TEST_CASE(limit_bytes_bounds_what_upstream_gives) {
  frame_resource frame{{.name = "small", .limit_bytes = 2000}};
  BOOST_CHECK_EXCEPTION(static_cast<void>(frame.allocate(2000)), resource_exhausted,
                        [](resource_exhausted const& e) {
                          return e.requested_bytes == 2000 && e.available_bytes == 2000;
                        });
}

BOOST_AUTO_TEST_CASE(outgrown_arrays_are_reused_only_if_asked) {
  auto const is_reused = [](bool recycle) {
    frame_resource frame{{.recycle_outgrown = recycle, .check = check_level::off}};
    void* const first = frame.allocate(3000);  // holds the table of the others
    void* const array = frame.allocate(3000);
    static_cast<void>(frame.allocate(8));
    frame.deallocate(first, 3000);
    frame.deallocate(array, 3000);
    return frame.allocate(3000) == array;
  };
  BOOST_TEST(is_reused(true));
  BOOST_TEST(!is_reused(false));
}

BOOST_AUTO_TEST_CASE(the_check_option_wins_over_the_default) {
  testing::misuse_recorder seen;
  for (check_level const level : {check_level::off, check_level::on}) {
    frame_resource frame{{.check = level}};
    void* const block = frame.allocate(100);
    static_cast<void>(frame.allocate(8));
    frame.deallocate(block, 100);
    frame.deallocate(block, 100);
  }
  BOOST_TEST(seen.seen.size() == 1U);
}
