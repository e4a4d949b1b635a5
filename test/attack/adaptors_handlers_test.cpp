// SPDX-License-Identifier: BSL-1.0

// Handlers that open and close checkpoints while a block is being taken. Once the block was charged
// after they had been told, to what was the innermost checkpoint or its successor then.

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <memory_resource>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/thread_local_resource.hpp>

using namespace tidemark;

namespace {

using all_pools = boost::mpl::list<frame_resource, typed_stack_resource, fixed_block_resource,
                                   thread_local_resource>;
using frames_and_stacks = boost::mpl::list<frame_resource, typed_stack_resource>;

// A budget whose handler runs a function when 1000 bytes are passed.
struct watched_budget {
  watched_budget() {
    limit.set_event_handler(
        [](budget_event const& event, void* self) {
          auto& watched = *static_cast<watched_budget*>(self);
          if (event.kind == budget_event_kind::soft_passed) watched.passed();
        },
        this);
  }
  std::function<void()> passed;
  budget limit{"limit", {.soft_bytes = 1000}};
};

// The ways to ask the bare adaptor for 2000 bytes: one takes its short path, one its long one.
template <class Adaptor, class Check>
void in_each_way(Check check) {
  check([](Adaptor& from) { return from.allocate(2000); });
  check([](Adaptor& from) { return from.try_allocate(2000); });
  check([](Adaptor& from) { return from.allocate(2000, 4096); });
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_handler_rewinds_is_refunded, Pool, frames_and_stacks) {
  using adaptor = budget_resource<Pool>;
  in_each_way<adaptor>([](auto allocate) {
    Pool pool;
    watched_budget watched;
    adaptor memory{&pool, watched.limit};
    marker const mark = memory.checkpoint();
    watched.passed = [&] { memory.rewind(mark); };
    static_cast<void>(allocate(memory));
    BOOST_TEST(watched.limit.bytes() == 0U);
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_handler_frees_by_a_reset_is_refunded, Pool, all_pools) {
  Pool pool;
  watched_budget watched;
  budget_resource<Pool> memory{&pool, watched.limit};
  memory_scope scope{memory};
  watched.passed = [&] { scope.reset(); };
  static_cast<void>(scope.allocate(2000));
  BOOST_TEST(watched.limit.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_next_checkpoint_is_not_charged_with_it, Pool, all_pools) {
  Pool pool;
  watched_budget watched;
  tag part{"part"};
  budget_resource<Pool> inner{&pool, watched.limit};
  tag_resource<budget_resource<Pool>, tag> memory{&inner, part};
  marker mark = memory.checkpoint();
  std::pmr::memory_resource* const scoped = memory.resource_of(mark);
  watched.passed = [&] {
    memory.rewind(mark);
    mark = memory.checkpoint();
  };
  static_cast<void>(scoped->allocate(2000));
  BOOST_TEST(watched.limit.bytes() == 0U);
  BOOST_TEST(part.stats().bytes == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_checkpoint_that_a_handler_opens_does_not_hold_the_block, Pool,
                              frames_and_stacks) {
  using adaptor = budget_resource<Pool>;
  in_each_way<adaptor>([](auto allocate) {
    Pool pool;
    watched_budget watched;
    adaptor memory{&pool, watched.limit};
    marker const outer = memory.checkpoint();
    marker inner;
    watched.passed = [&] {
      inner = memory.checkpoint();
      static_cast<void>(memory.allocate(10));
    };
    static_cast<void>(allocate(memory));
    BOOST_TEST(watched.limit.bytes() == 2010U);
    memory.rewind(inner);
    BOOST_TEST(watched.limit.bytes() == 2000U);
    memory.rewind(outer);
    BOOST_TEST(watched.limit.bytes() == 0U);
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nor_does_one_opened_through_an_adaptor_above, Pool,
                              frames_and_stacks) {
  using adaptor = tag_resource<budget_resource<Pool>, tag>;
  in_each_way<adaptor>([](auto allocate) {
    Pool pool;
    watched_budget watched;
    tag part{"part"};
    budget_resource<Pool> inside{&pool, watched.limit};
    adaptor memory{&inside, part};
    marker const outer = memory.checkpoint();
    marker inner;
    watched.passed = [&] { inner = memory.checkpoint(); };
    static_cast<void>(allocate(memory));
    memory.rewind(inner);
    BOOST_TEST(watched.limit.bytes() == 2000U);
    BOOST_TEST(part.stats().bytes == 2000U);
    memory.rewind(outer);
    BOOST_TEST(part.stats().bytes == 0U);
  });
}
