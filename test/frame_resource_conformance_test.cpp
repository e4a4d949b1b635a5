// SPDX-License-Identifier: BSL-1.0

// A frame, and each of the resources it hands out, in the battery for every resource.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <tidemark/frame_resource.hpp>
#include <tidemark/testing/conformance.hpp>

using namespace tidemark;

namespace {

// A frame with two checkpoints open, known by a resource that it hands out.
using choose = std::pmr::memory_resource* (*)(frame_resource& frame, marker outer, marker inner);

testing::conformance_report conformance_of(choose resource_of) {
  testing::conformance_traits traits;
  // A run of these ends with the checkpoint, which the battery cannot close.
  traits.not_claimed = {testing::rows::steady_state};
  return testing::conformance(
      [resource_of](std::pmr::memory_resource* upstream) {
        auto const frame = std::make_shared<frame_resource>(upstream);
        marker const outer = frame->checkpoint();
        marker const inner = frame->checkpoint();
        return std::shared_ptr<std::pmr::memory_resource>{frame, resource_of(*frame, outer, inner)};
      },
      traits);
}

void check_passed(testing::conformance_report const& report) {
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(report.rows.size() > 10U);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_frame_conforms) {
  check_passed(testing::conformance([](std::pmr::memory_resource* upstream) {
    return std::make_shared<frame_resource>(upstream);
  }));
}

BOOST_AUTO_TEST_CASE(a_checked_frame_conforms) {
  check_passed(testing::conformance([](std::pmr::memory_resource* upstream) {
    return std::make_shared<frame_resource>(frame_options{.check = check_level::on}, upstream);
  }));
}

BOOST_AUTO_TEST_CASE(a_frame_with_small_chunks_conforms) {
  check_passed(testing::conformance([](std::pmr::memory_resource* upstream) {
    return std::make_shared<frame_resource>(
        frame_options{.initial_bytes = 1, .max_chunk_bytes = 2048}, upstream);
  }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_the_innermost_checkpoint_conforms) {
  check_passed(conformance_of(
      [](frame_resource& frame, marker, marker inner) { return frame.resource_of(inner); }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_an_outer_checkpoint_conforms) {
  check_passed(conformance_of(
      [](frame_resource& frame, marker outer, marker) { return frame.resource_of(outer); }));
}

BOOST_AUTO_TEST_CASE(the_unscoped_resource_conforms_under_open_checkpoints) {
  check_passed(
      conformance_of([](frame_resource& frame, marker, marker) { return frame.unscoped(); }));
}

BOOST_AUTO_TEST_CASE(the_resource_of_a_kept_checkpoint_conforms) {
  check_passed(conformance_of([](frame_resource& frame, marker, marker inner) {
    std::pmr::memory_resource* const kept = frame.resource_of(inner);
    frame.keep(inner);
    return kept;
  }));
}
