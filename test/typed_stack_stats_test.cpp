// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <tidemark/typed_stack_stats.hpp>

#include "support/stack_frames.hpp"
#include "support/stack_options.hpp"

using namespace tidemark;
using test::dual;
using test::in_lanes;

namespace {

template <class T>
std::string printed(T const& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

lane_stats of(typed_stack_resource const& stack, std::string_view element) {
  for (lane_stats const& lane : stack.stats_by_lane().lanes) {
    if (lane.element == element) return lane;
  }
  return {};
}

constexpr lane_stats sample{.element = "double",
                            .bytes_in_use = 1,
                            .bytes_peak = 2,
                            .bytes_reserved = 3,
                            .chunk_count = SIZE_MAX};

}  // namespace

BOOST_AUTO_TEST_CASE(a_lane_prints_as_one_line_with_every_field) {
  BOOST_TEST(printed(sample) ==
             "double: bytes_in_use=1 bytes_peak=2 bytes_reserved=3 "
             "chunk_count=18446744073709551615");
  BOOST_TEST(printed(lane_stats{}) ==
             ": bytes_in_use=0 bytes_peak=0 bytes_reserved=0 chunk_count=0");
}

BOOST_AUTO_TEST_CASE(a_lane_as_json_has_the_names_of_the_fields) {
  BOOST_TEST(to_json(sample) ==
             R"({"element":"double","bytes_in_use":1,"bytes_peak":2,"bytes_reserved":3,)"
             R"("chunk_count":18446744073709551615})");
  BOOST_TEST(to_json(lane_stats{.element = "a<\"b\">"})
                 .starts_with(R"({"element":"a<\"b\">","bytes_in_use":0)"));
}

BOOST_AUTO_TEST_CASE(a_stack_prints_its_total_and_a_line_for_each_lane) {
  typed_stack_stats stats;
  stats.total.name = resource_name{"solver"};
  BOOST_TEST(printed(stats) == printed(stats.total));
  stats.lanes = {{.element = "bytes"}, sample};
  BOOST_TEST(printed(stats) ==
             printed(stats.total) + "\n  " + printed(stats.lanes[0]) + "\n  " + printed(sample));
}

BOOST_AUTO_TEST_CASE(a_stack_as_json_is_one_object) {
  typed_stack_stats stats;
  BOOST_TEST(to_json(stats) == "{\"total\":" + to_json(stats.total) + ",\"lanes\":[]}");
  stats.lanes = {{.element = "bytes"}, sample};
  BOOST_TEST(to_json(stats) == "{\"total\":" + to_json(stats.total) + ",\"lanes\":[" +
                                   to_json(stats.lanes[0]) + "," + to_json(sample) + "]}");
}

BOOST_AUTO_TEST_CASE(the_byte_lane_is_first_and_then_each_type_that_was_used) {
  typed_stack_resource stack{in_lanes()};
  BOOST_TEST(stack.stats_by_lane().lanes.size() == 1U);
  BOOST_TEST(stack.stats_by_lane().lanes[0].element == "bytes");
  {
    memory_scope scope{stack};
    static_cast<void>(scope.bits(100));
    static_cast<void>(scope.acquire<dual<1>>(3));
    static_cast<void>(scope.acquire<double>(3));
  }
  auto const lanes = stack.stats_by_lane().lanes;
  BOOST_REQUIRE(lanes.size() == 4U);
  BOOST_TEST(lanes[1].element == "double");
  BOOST_TEST(lanes[2].element == "bits");
  BOOST_TEST(lanes[3].element.ends_with("dual<1>"));
}

BOOST_AUTO_TEST_CASE(each_lane_counts_its_own) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes(), &upstream};
  static_cast<void>(stack.acquire<double>(100));
  std::size_t const for_doubles = upstream.bytes_outstanding();
  {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(1000));
    static_cast<void>(scope.acquire<float>(12));
    static_cast<void>(scope.allocate(24));
    BOOST_TEST(of(stack, "double").bytes_in_use == 8800U);
    BOOST_TEST(of(stack, "float").bytes_in_use == 48U);
    BOOST_TEST(of(stack, "bytes").bytes_in_use == 24U);
    BOOST_TEST(of(stack, "double").chunk_count == 2U);
  }
  BOOST_TEST(of(stack, "double").bytes_in_use == 800U);
  BOOST_TEST(of(stack, "double").bytes_peak == 8800U);
  BOOST_TEST(of(stack, "double").bytes_reserved > for_doubles);
  BOOST_TEST(of(stack, "float").bytes_in_use == 0U);
  BOOST_TEST(of(stack, "float").bytes_peak == 48U);
  BOOST_TEST(of(stack, "bytes").bytes_peak == 24U);
}

BOOST_AUTO_TEST_CASE(the_total_is_the_sum_of_the_lanes) {
  testing::checked_upstream upstream;
  typed_stack_resource stack{in_lanes(), &upstream};
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    model::command_source source{seed};
    memory_scope scope{stack};
    // With nothing of theirs beside them lanes and blocks do not overlap.
    for (int i = 0; i < 20; ++i) {
      switch (source.below(4)) {
        case 0:
          static_cast<void>(scope.allocate(source.below(3000)));
          break;
        case 1:
          static_cast<void>(scope.acquire<dual<2>>(source.below(300)));
          break;
        default:
          static_cast<void>(scope.acquire<double>(source.below(300)));
      }
    }
    typed_stack_stats const all = stack.stats_by_lane();
    lane_stats sum;
    for (lane_stats const& lane : all.lanes) {
      sum.bytes_in_use += lane.bytes_in_use;
      sum.bytes_peak += lane.bytes_peak;
      sum.bytes_reserved += lane.bytes_reserved;
      sum.chunk_count += lane.chunk_count;
    }
    BOOST_TEST(sum.bytes_in_use == all.total.bytes_in_use);
    BOOST_TEST(sum.bytes_peak == all.total.bytes_peak);
    BOOST_TEST(sum.bytes_reserved == all.total.bytes_reserved);
    BOOST_TEST(sum.chunk_count == all.total.chunk_count);
    BOOST_TEST((all.total == stack.stats()));
    BOOST_TEST(all.total.bytes_reserved == upstream.bytes_outstanding());
  }
}

BOOST_AUTO_TEST_CASE(an_array_beside_its_lane_counts_there_and_among_the_bytes) {
  typed_stack_resource stack{in_lanes()};
  {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(100'000));
    BOOST_TEST(of(stack, "double").bytes_in_use == 800'000U);
    BOOST_TEST(of(stack, "double").bytes_reserved == 0U);
    BOOST_TEST(of(stack, "bytes").bytes_in_use == 800'000U);
    BOOST_TEST(stack.stats().bytes_in_use == 800'000U);  // once
  }
  BOOST_TEST(of(stack, "double").bytes_in_use == 0U);
  BOOST_TEST(of(stack, "double").bytes_peak == 800'000U);
  BOOST_TEST(stack.stats().bytes_peak == 800'000U);
  static_cast<void>(stack.acquire<double>(100'000));
  stack.reset();
  BOOST_TEST(of(stack, "double").bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(the_peak_of_a_lane_adds_up_only_what_was_there_at_one_time) {
  typed_stack_resource stack{in_lanes()};
  for (std::size_t const count : {100U, 100U, 100'000U}) {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(count));
  }
  BOOST_TEST(of(stack, "double").bytes_peak == 800'000U);
}

BOOST_AUTO_TEST_CASE(a_checked_stack_counts_every_array_by_lane) {
  typed_stack_resource stack{{.check = check_level::on}};
  memory_scope scope{stack};
  static_cast<void>(scope.acquire<double>(10));
  memory_scope inner{stack};
  static_cast<void>(inner.acquire<double>(5));
  static_cast<void>(inner.acquire<dual<1>>(5));
  BOOST_TEST(of(stack, "double").bytes_in_use == 120U);
  inner.reset();
  BOOST_TEST(of(stack, "double").bytes_in_use == 80U);
  BOOST_TEST(of(stack, "double").bytes_peak == 120U);
}
