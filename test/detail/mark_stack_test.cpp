// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <tidemark/detail/mark_stack.hpp>
#include <vector>

using namespace tidemark::detail;
using tidemark::source_location;

namespace {

struct plain_marks : mark_stack<mark_record> {
  explicit plain_marks(bool held = false) : mark_stack(held) {
    begin(first_);
    for (std::uint32_t d = 0; d < inline_records; ++d) bind(d, bindings_[d]);
  }
  void ready() {
    if (needs_records()) {
      std::uint32_t const count = next_record_count();
      memory_.push_back(std::make_unique<std::byte[]>(count * sizeof(mark_record)));
      use_records(memory_.back().get(), count);
    }
    if (needs_binding() && !spare_deeper_bindings()) {
      more_.push_back(std::make_unique<scope_binding>());
      add_spare(*more_.back());
    }
    make_ready();
  }
  std::uint64_t open(bool scoped = false) {
    if (!can_open()) ready();
    return push(scoped, source_location::current()).serial;
  }
  void close() { retire(top().kept), step_down(); }
  void keep() { pass_bindings(), step_down(); }
  void run_finalizers_of(std::uint32_t depth) { finalizing_ = depth + 1; }
  std::size_t bindings_made() const { return more_.size(); }
  using mark_stack::settle_top;

 private:
  mark_record first_[inline_records];
  scope_binding bindings_[inline_records];
  std::vector<std::unique_ptr<std::byte[]>> memory_;
  std::vector<std::unique_ptr<scope_binding>> more_;
};

struct marked {
  plain_marks marks;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mark_stack_, marked)

BOOST_AUTO_TEST_CASE(record_0_is_the_pool_itself) {
  BOOST_TEST(marks.depth() == 0U);
  BOOST_TEST(marks.top_serial() == scope_binding::base);
  BOOST_TEST(marks.is_open(scope_binding::base, 0));
  BOOST_TEST(!marks.is_open(0, 0));
}

BOOST_AUTO_TEST_CASE(serials_rise_and_closed_ones_are_not_open) {
  std::uint64_t const outer = marks.open();
  std::uint64_t const inner = marks.open();
  BOOST_TEST(inner > outer);
  BOOST_TEST((marks.is_open(outer, 1) && marks.is_open(inner, 2) && !marks.is_open(outer, 2)));
  marks.pop_plain();
  BOOST_TEST((!marks.is_open(inner, 2) && marks.top_serial() == outer));
}

BOOST_AUTO_TEST_CASE(records_outlast_the_growth_of_their_array) {
  std::vector<std::uint64_t> serials;
  for (int i = 0; i < 100; ++i) serials.push_back(marks.open());
  for (std::uint32_t d = 1; d <= 100; ++d) BOOST_TEST(marks.is_open(serials[d - 1], d));
  while (marks.depth() > 0) marks.close();
  BOOST_TEST(marks.top_serial() == scope_binding::base);
}

BOOST_AUTO_TEST_CASE(what_is_ready_opens_without_help) {
  while (marks.can_open()) marks.push(false, source_location::current());
  BOOST_TEST(marks.depth() == plain_marks::inline_records - 1);
  BOOST_TEST(marks.needs_records());
}

BOOST_AUTO_TEST_CASE(a_stack_that_holds_all_is_never_ready) {
  plain_marks held{true};
  BOOST_TEST(!held.can_open());
  BOOST_TEST(held.top().eventful);
  marks.open();
  marks.hold_all(true);
  BOOST_TEST((!marks.can_open() && marks.top().eventful && marks.holds_all()));
  marks.hold_all(false);
  BOOST_TEST(marks.can_open());
}

BOOST_AUTO_TEST_CASE(a_held_outermost_checkpoint_is_slow_and_its_inner_ones_are_not) {
  marks.hold_outermost();
  BOOST_TEST(!marks.can_open());
  marks.open();
  marks.settle_top();
  BOOST_TEST(marks.top().eventful);
  marks.open();  // the first one inside says what is ready
  BOOST_TEST(marks.can_open());
  marks.settle_top();
  BOOST_TEST(!marks.top().eventful);
  marks.close();
  marks.close();
  BOOST_TEST(!marks.can_open());
}

BOOST_AUTO_TEST_CASE(an_open_scope_above_blocks_and_a_raw_checkpoint_does_not) {
  marks.open();
  marks.open(true);
  marks.open();
  BOOST_TEST((marks.blocker(1).scope == &marks.record(2)));
  BOOST_TEST(!marks.blocker(2));
  BOOST_TEST(!marks.blocker(3));
}

BOOST_AUTO_TEST_CASE(a_running_finalizer_blocks_what_encloses_it) {
  marks.open();
  marks.open();
  marks.run_finalizers_of(1);
  BOOST_TEST(marks.blocker(1).in_finalizer);
  BOOST_TEST(!marks.blocker(2));
  BOOST_TEST(marks.in_finalizer());
}

BOOST_AUTO_TEST_CASE(a_scope_that_ends_below_another_is_next_when_that_is_gone) {
  marks.open(true);
  marks.open(true);
  marks.end_later(1, scope_end::keep);
  BOOST_TEST(!marks.next_ended());
  marks.close();
  auto const ended = marks.next_ended();
  BOOST_TEST(ended.depth == 1U);
  BOOST_TEST((ended.how == scope_end::keep));
  marks.keep();
  BOOST_TEST(!marks.next_ended());
}

BOOST_AUTO_TEST_CASE(a_kept_resource_that_was_handed_out_means_the_encloser) {
  std::uint64_t const outer = marks.open();
  marks.open();
  scope_binding& inner = *marks.top().binding;
  inner.handed_out = true;
  marks.keep();
  BOOST_TEST((marks.is_open(inner) && inner.serial == outer && inner.depth == 1));
  marks.open();
  BOOST_TEST((marks.top().binding != &inner));
  marks.close();
  marks.close();
  BOOST_TEST(!marks.is_open(inner));
  BOOST_TEST(inner.serial == scope_binding::closed);
}

BOOST_AUTO_TEST_CASE(a_resource_is_followed_through_two_keeps) {
  marks.open();
  marks.open();
  marks.open();
  scope_binding& inner = *marks.top().binding;
  inner.handed_out = true;
  marks.keep();
  marks.keep();
  marks.resolve(inner);
  BOOST_TEST((marks.is_open(inner) && inner.depth == 1));
}

BOOST_AUTO_TEST_CASE(a_resource_that_nobody_holds_stays_with_its_record) {
  marks.open();
  marks.open();
  scope_binding const* const inner = marks.top().binding;
  marks.keep();
  marks.open();
  BOOST_TEST((marks.top().binding == inner));
}

BOOST_AUTO_TEST_CASE(bindings_of_deeper_records_serve_before_new_ones_are_made) {
  for (int i = 0; i < 20; ++i) marks.open();
  std::size_t const made = marks.bindings_made();
  while (marks.depth() > 1) marks.close();
  for (int i = 0; i < 10; ++i) {
    marks.open();
    marks.top().binding->handed_out = true;
    marks.keep();  // its binding stays with the encloser
  }
  BOOST_TEST(marks.bindings_made() == made);
}

BOOST_AUTO_TEST_SUITE_END()
