// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <optional>
#include <string>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <tidemark/with_scope.hpp>
#include <vector>

using namespace tidemark;
using namespace tidemark::literals;

BOOST_AUTO_TEST_CASE(it_charges_the_bytes_that_are_asked_for_and_refunds_those_freed) {
  fixed_block_resource blocks;
  budget names{"names"};
  budget_resource memory{&blocks, names};
  void* const block = memory.allocate(48, 8);
  (void)memory.allocate(40, 8);
  BOOST_TEST(names.bytes() == 88U);
  memory.deallocate(block, 48, 8);
  BOOST_TEST(names.bytes() == 40U);
  BOOST_TEST(names.stats().bytes_peak == 88U);
  BOOST_TEST(&memory.charged() == &names);
  BOOST_TEST(memory.upstream_resource() == &blocks);
}

BOOST_AUTO_TEST_CASE(it_refuses_exactly_what_is_over_the_limit_and_asks_nobody) {
  testing::checked_upstream upstream;
  budget limit{"limit", {.hard_bytes = 100}};
  budget_resource<std::pmr::memory_resource> memory{&upstream, limit};
  void* const block = memory.allocate(60);
  BOOST_CHECK_THROW((void)memory.allocate(41), budget_exceeded);
  BOOST_TEST(memory.try_allocate(41) == nullptr);
  BOOST_TEST(upstream.calls() == 1U);
  void* const rest = memory.try_allocate(40);
  BOOST_TEST(rest != nullptr);
  BOOST_TEST(limit.stats().refusals == 2U);
  memory.deallocate(block, 60);
  memory.deallocate(rest, 40);
  BOOST_TEST(limit.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_full_parent_refuses_for_all_below) {
  frame_resource frame;
  budget game{"game", {.hard_bytes = 1000}};
  budget physics{"physics", {}, &game};
  budget audio{"audio", {}, &game};
  budget_resource for_physics{&frame, physics};
  budget_resource for_audio{&frame, audio};
  (void)for_physics.allocate(900);
  try {
    (void)for_audio.allocate(101);
    BOOST_ERROR("it was granted");
  } catch (budget_exceeded const& refused) {
    BOOST_TEST(std::string_view{refused.resource} == "game");
    BOOST_TEST(refused.available_bytes == 100U);
  }
  BOOST_TEST(audio.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_budget_of_1_mib_over_a_frame_with_64_kib_per_frame_never_runs_out) {
  frame_resource frame;
  budget physics{"physics", {.hard_bytes = 1_MiB}};
  budget_resource memory{&frame, physics};
  for (int i = 0; i < 1000; ++i) {
    memory_scope scope{memory};
    for (int k = 0; k < 64; ++k) (void)scope.allocate(1_KiB);
  }
  BOOST_TEST(physics.bytes() == 0U);
  BOOST_TEST(physics.stats().bytes_peak == 64_KiB);
  BOOST_TEST(physics.stats().refusals == 0U);
}

BOOST_AUTO_TEST_CASE(nor_if_the_frame_is_reset_behind_the_back_of_an_adaptor_for_each) {
  frame_resource frame;
  budget physics{"physics", {.hard_bytes = 1_MiB}};
  for (int i = 0; i < 1000; ++i) {
    budget_resource memory{&frame, physics};
    for (int k = 0; k < 64; ++k) (void)memory.allocate(1_KiB);
    frame.reset();
  }
  BOOST_TEST(physics.bytes() == 0U);
  BOOST_TEST(physics.stats().bytes_peak == 64_KiB);
}

BOOST_AUTO_TEST_CASE(nor_over_any_other_pool_with_marks) {
  constexpr std::size_t block_bytes = 1_KiB;  // clang 14 calls literals in generic lambdas
  budget limit{"limit", {.hard_bytes = 1_MiB}};
  auto const run = [&](auto& pool) {
    budget_resource memory{&pool, limit};
    for (int i = 0; i < 100; ++i) {
      memory_scope scope{memory};
      for (int k = 0; k < 64; ++k) (void)scope.allocate(block_bytes);
    }
    BOOST_TEST(limit.bytes() == 0U);
  };
  typed_stack_resource stack;
  fixed_block_resource blocks;
  thread_local_resource pool;
  run(stack);
  run(blocks);
  run(pool);
  BOOST_TEST(limit.stats().bytes_peak == 64_KiB);
}

BOOST_AUTO_TEST_CASE(nested_checkpoints_refund_their_own_and_keep_passes_it_on) {
  frame_resource frame;
  budget limit{"limit"};
  budget_resource memory{&frame, limit};
  memory_scope outer{memory};
  (void)outer.allocate(100);
  {
    memory_scope inner{memory};
    (void)inner.allocate(20);
    (void)outer.allocate(7);
    BOOST_TEST(limit.bytes() == 127U);
  }
  BOOST_TEST(limit.bytes() == 107U);
  {
    memory_scope inner{memory};
    (void)inner.allocate(20);
    inner.keep();
  }
  BOOST_TEST(limit.bytes() == 127U);
  outer.reset();
  BOOST_TEST(limit.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(its_destructor_refunds_what_is_still_charged) {
  frame_resource frame;
  budget limit{"limit"};
  {
    budget_resource memory{&frame, limit};
    (void)memory.allocate(100);
    marker const mark = memory.checkpoint();
    (void)memory.allocate(30);
    frame.rewind(mark);
    BOOST_TEST(limit.bytes() >= 100U);
  }
  BOOST_TEST(limit.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(what_the_wrapped_resource_refuses_leaves_no_trace) {
  failing_resource failing{std::pmr::new_delete_resource(), 1};
  budget game{"game", 10, 1000};
  budget physics{"physics", {}, &game};
  budget_resource memory{&failing, physics};
  budget_stats const before = game.stats();
  BOOST_CHECK_THROW((void)memory.allocate(500), std::bad_alloc);
  failing.fail_at(1);
  BOOST_TEST(memory.try_allocate(500) == nullptr);
  BOOST_TEST(game.stats() == before);  // the peak and the soft limit included
  BOOST_TEST(physics.stats().bytes_peak == 0U);
  memory.deallocate(memory.allocate(500), 500);
  BOOST_TEST(game.stats().bytes_peak == 500U);
}

BOOST_AUTO_TEST_CASE(sizes_that_nobody_can_serve_leave_no_trace) {
  frame_resource frame;
  budget limit{"limit"};
  budget_resource memory{&frame, limit};
  std::size_t volatile most = SIZE_MAX;  // not seen by the compiler, which would warn
  BOOST_CHECK_THROW((void)memory.allocate(most), std::bad_alloc);
  BOOST_TEST(memory.try_allocate(most - 4096) == nullptr);
  BOOST_TEST(limit.stats().bytes_peak == 0U);
  (void)memory.allocate(0);
  BOOST_TEST(limit.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_nothing_stays_charged) {
  auto const points = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    frame_resource frame{frame_options{.initial_bytes = 256, .max_chunk_bytes = 1024}, upstream};
    budget parse{"parse", {.hard_bytes = 1_MiB}};
    budget_resource memory{&frame, parse};
    auto const run = [&] {
      memory_scope scope{memory};
      std::pmr::vector<std::pmr::string> lines{scope};
      for (int i = 0; i < 50; ++i) lines.emplace_back(100, 'x');
    };
    try {
      run();
    } catch (std::bad_alloc const&) {
      if (parse.bytes() != 0) throw std::runtime_error("bytes were left");
      throw;
    }
  });
  BOOST_TEST(points > 3U);
}

BOOST_AUTO_TEST_CASE(no_value_is_lost_when_a_container_is_refused_memory) {
  thread_local_resource pool;
  budget limit{"limit", {.hard_bytes = 4096}};
  budget_resource memory{&pool, limit};
  {
    auto const text = [](std::size_t i) {
      return std::string(50, static_cast<char>('a' + i % 26));
    };
    std::pmr::vector<std::pmr::string> names{&memory};
    std::size_t served = 0;
    std::pmr::string next{&memory};
    try {
      for (;; ++served) {
        next = text(served);
        names.push_back(std::move(next));
        next = std::pmr::string{&memory};
      }
    } catch (budget_exceeded const&) {
    }
    BOOST_TEST(served > 5U);
    BOOST_REQUIRE(names.size() == served);
    for (std::size_t i = 0; i < served; ++i) BOOST_TEST(std::string_view{names[i]} == text(i));
    // The one that did not fit is whole, unless it was itself what could not be made.
    BOOST_TEST((next.empty() || std::string_view{next} == text(served)));
  }
  BOOST_TEST(limit.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_gives_null_where_the_budget_refuses) {
  frame_resource frame;
  budget limit{"limit", {.hard_bytes = 100}};
  budget_resource memory{&frame, limit};
  memory_scope scope{memory};
  BOOST_TEST(scope.try_allocate(101) == nullptr);
  BOOST_TEST(scope.try_allocate(100) != nullptr);
  BOOST_CHECK_THROW((void)scope.allocate(1), budget_exceeded);
}

BOOST_AUTO_TEST_CASE(it_may_stand_above_or_below_a_tag) {
  frame_resource frame;
  budget limit{"limit", {.hard_bytes = 100}};
  tag physics{"physics"};
  budget_resource bounded{&frame, limit};
  tag_resource tagged{&bounded, physics};
  {
    memory_scope scope{tagged};
    (void)scope.allocate(60);
    BOOST_CHECK_THROW((void)scope.allocate(60), budget_exceeded);
    BOOST_TEST(physics.stats().bytes == 60U);
    BOOST_TEST(limit.bytes() == 60U);
  }
  BOOST_TEST(physics.stats().bytes == 0U);
  BOOST_TEST(limit.bytes() == 0U);

  tag_resource below{&frame, physics};
  budget_resource above{&below, limit};
  memory_scope scope{above};
  (void)scope.allocate(100);
  BOOST_CHECK_THROW((void)scope.allocate(1), budget_exceeded);
  BOOST_TEST(physics.stats().blocks == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_tried_and_served_counts_like_any_other) {
  frame_resource frame;
  budget limit{"limit", 100, 1000};
  budget_resource memory{&frame, limit};
  BOOST_TEST(memory.try_allocate(200) != nullptr);
  BOOST_TEST(limit.stats().bytes_peak == 200U);
  BOOST_TEST(limit.stats().soft_passes == 1U);
}

BOOST_AUTO_TEST_CASE(a_block_that_is_freed_after_its_checkpoint_is_not_refunded_twice) {
  testing::misuse_recorder const recorder;  // where pools check, they report it
  frame_resource frame;
  budget limit{"limit"};
  limit.charge(100);
  budget_resource memory{&frame, limit};
  void* block = nullptr;
  {
    memory_scope scope{memory};
    block = scope.allocate(40);
  }
  memory.deallocate(block, 40);
  BOOST_TEST(limit.bytes() == 100U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_allocate_through_the_same_adaptor) {
  frame_resource frame;
  budget limit{"limit", 500, 1000};
  struct state {
    budget_resource<frame_resource> memory;
    std::optional<std::pmr::string> note;
  } state{{&frame, limit}, {}};
  limit.set_event_handler(
      [](budget_event const& event, void* context) {
        auto& s = *static_cast<struct state*>(context);
        if (event.kind == budget_event_kind::relieved) return;
        s.note.emplace("here the soft limit was passed, or a request refused", &s.memory);
        (void)s.memory.allocate(5000);  // refused, thrown and dropped
      },
      &state);
  (void)state.memory.allocate(600);
  BOOST_TEST(state.note->size() > 40U);
  BOOST_TEST(limit.bytes() == 600 + state.note->capacity() + 1);
  BOOST_TEST(limit.stats().dropped_exceptions == 1U);
  BOOST_TEST(limit.stats().refusals == 1U);
  BOOST_TEST(state.memory.try_allocate(900) == nullptr);
  BOOST_TEST(limit.stats().dropped_exceptions == 2U);
  limit.set_event_handler(nullptr);
}

BOOST_AUTO_TEST_CASE(a_handler_may_open_checkpoints_when_a_rewind_brings_relief) {
  frame_resource frame;
  budget limit{"limit", 500, 1000};
  budget_resource memory{&frame, limit};
  limit.set_event_handler(
      [](budget_event const& event, void* context) {
        if (event.kind != budget_event_kind::relieved) return;
        auto& m = *static_cast<budget_resource<frame_resource>*>(context);
        memory_scope scope{m};
        (void)scope.allocate(5);
        throw event.bytes;  // drops the scope, too
      },
      &memory);
  {
    memory_scope scope{memory};
    (void)scope.allocate(600);
  }
  BOOST_TEST(limit.bytes() == 0U);
  BOOST_TEST(limit.stats().dropped_exceptions == 1U);
  BOOST_TEST(frame.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_allocate_and_free_when_a_free_brings_relief) {
  fixed_block_resource blocks;
  budget limit{"limit", 100, 1000};
  struct state {
    budget_resource<fixed_block_resource> memory;
    std::optional<std::pmr::string> note;
  } state{{&blocks, limit}, {}};
  void* const first = state.memory.allocate(64);
  void* const second = state.memory.allocate(64);
  limit.set_event_handler(
      [](budget_event const&, void* context) {
        auto& s = *static_cast<struct state*>(context);
        s.memory.deallocate(s.memory.allocate(64), 64);
        s.note.emplace("there is room again for a note", &s.memory);
      },
      &state);
  state.memory.deallocate(second, 64);
  limit.set_event_handler(nullptr);
  BOOST_TEST(limit.bytes() == 64 + state.note->capacity() + 1);
  void* const third = state.memory.allocate(64);
  std::memset(first, 1, 64);
  std::memset(third, 2, 64);
  BOOST_TEST(std::string_view{*state.note} == "there is room again for a note");
  state.memory.deallocate(first, 64);
  state.memory.deallocate(third, 64);
  state.note.reset();
  BOOST_TEST(limit.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(with_scope_takes_it_as_a_pool) {
  frame_resource frame;
  budget parse{"parse", {.hard_bytes = 100}};
  budget_resource memory{&frame, parse};
  std::size_t const inside = with_scope(memory, [&](auto& scope) {
    (void)scope.allocate(30);
    return parse.bytes();
  });
  BOOST_TEST(inside == 30U);
  BOOST_TEST(parse.bytes() == 0U);
}
