// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <boost/test/unit_test.hpp>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/with_scope.hpp>
#include <type_traits>
#include <vector>

using namespace tidemark;

namespace {

// A pool, a tag and an adaptor, in the order in which they must end.
template <class Pool, class Tag>
struct tagged_pool {
  explicit tagged_pool(std::pmr::memory_resource* upstream) : pool(upstream) {}
  Pool pool;
  Tag charged{"charged"};
  tag_resource<Pool, Tag> adaptor{&pool, charged};
};

template <class Pool, class Tag>
void check_conforms(bool always_steady) {
  testing::conformance_traits traits;
  if (!always_steady) traits.not_claimed = {testing::rows::steady_state};
  auto const report = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<tagged_pool<Pool, Tag>>(upstream);
        return std::shared_ptr<std::pmr::memory_resource>{all, &all->adaptor};
      },
      traits);
  BOOST_TEST(report.passed(), report);
}

// The resource of the lower one of two checkpoints.
template <class Pool, class Tag>
void check_scopes_conform() {
  testing::conformance_traits const traits{
      .not_claimed = {testing::rows::steady_state, testing::rows::lazy}};
  auto const report = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<tagged_pool<Pool, Tag>>(upstream);
        marker const outer = all->adaptor.checkpoint();
        (void)all->adaptor.checkpoint();
        return std::shared_ptr<std::pmr::memory_resource>{all, all->adaptor.resource_of(outer)};
      },
      traits);
  BOOST_TEST(report.passed(), report);
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_passes_the_battery_over_every_pool) {
  check_conforms<frame_resource, tag>(true);
  check_conforms<typed_stack_resource, tag>(true);
  check_conforms<fixed_block_resource, tag>(false);
  check_conforms<thread_local_resource, tag>(false);
  check_conforms<frame_resource, shared_tag>(true);
  check_conforms<thread_local_resource, shared_tag>(false);
}

BOOST_AUTO_TEST_CASE(the_resources_of_its_checkpoints_pass_the_battery) {
  check_scopes_conform<frame_resource, tag>();
  check_scopes_conform<typed_stack_resource, tag>();
  check_scopes_conform<fixed_block_resource, tag>();
  check_scopes_conform<thread_local_resource, shared_tag>();
}

BOOST_AUTO_TEST_CASE(it_passes_the_battery_over_a_plain_resource) {
  shared_tag charged{"charged"};
  auto const report = testing::conformance(
      [&](std::pmr::memory_resource* upstream) {
        return std::make_unique<tag_resource<std::pmr::memory_resource, shared_tag>>(upstream,
                                                                                     charged);
      },
      {.not_claimed = {testing::rows::steady_state, testing::rows::gives_back_live}});
  BOOST_TEST(report.passed(), report);
  BOOST_TEST(charged.stats().bytes == 0U);
}

BOOST_AUTO_TEST_CASE(two_parts_over_one_pool_are_told_apart) {
  frame_resource frame;
  tag physics{"physics"};
  tag audio{"audio"};
  tag_resource for_physics{&frame, physics};
  tag_resource for_audio{&frame, audio};
  memory_scope scope{for_physics};
  (void)scope.allocate(100);
  (void)for_audio.allocate(7);
  BOOST_TEST(physics.stats().bytes == 100U);
  BOOST_TEST(audio.stats().bytes == 7U);
  BOOST_TEST(&for_audio.charged() == &audio);
}

BOOST_AUTO_TEST_CASE(containers_are_charged_what_they_ask_for) {
  fixed_block_resource blocks;
  tag names{"names"};
  tag_resource memory{&blocks, names};
  {
    std::pmr::map<int, int> ages{&memory};
    for (int i = 0; i < 50; ++i) ages[i] = i;
    BOOST_TEST(names.stats().blocks == 50U);
    ages.erase(7);
    BOOST_TEST(names.stats().blocks == 49U);
  }
  BOOST_TEST(names.stats().bytes == 0U);
  BOOST_TEST(names.stats().bytes_peak >= 50 * sizeof(std::pair<int const, int>));
}

BOOST_AUTO_TEST_CASE(an_adaptor_for_each_scope_leaves_only_the_peak) {
  frame_resource frame;
  tag parse{"parse"};
  for (int i = 0; i < 10; ++i) {
    tag_resource memory{&frame, parse};
    memory_scope scope{memory};
    std::pmr::vector<int> numbers{scope};
    numbers.resize(100);
    BOOST_TEST(parse.stats().bytes == 400U);
  }
  BOOST_TEST(parse.stats().bytes == 0U);
  BOOST_TEST(parse.stats().blocks == 0U);
  BOOST_TEST(parse.stats().bytes_peak == 400U);
}

BOOST_AUTO_TEST_CASE(an_exception_refunds_like_a_normal_end) {
  frame_resource frame;
  tag parse{"parse"};
  tag_resource memory{&frame, parse};
  try {
    memory_scope scope{memory};
    (void)scope.allocate(100);
    throw 1;
  } catch (int) {
  }
  BOOST_TEST(parse.stats().bytes == 0U);
}

BOOST_AUTO_TEST_CASE(with_scope_takes_it_as_a_pool) {
  frame_resource frame;
  tag parse{"parse"};
  tag_resource memory{&frame, parse};
  std::size_t const inside = with_scope(memory, [&](auto& scope) {
    (void)scope.allocate(30);
    return parse.stats().bytes;
  });
  BOOST_TEST(inside == 30U);
  BOOST_TEST(parse.stats().bytes == 0U);
}

BOOST_AUTO_TEST_CASE(adaptors_stack_and_each_counts) {
  frame_resource frame;
  tag game{"game"};
  tag physics{"physics"};
  tag_resource outer{&frame, game};
  tag_resource inner{&outer, physics};
  {
    memory_scope scope{inner};
    (void)scope.allocate(10);
    (void)outer.allocate(1);
    BOOST_TEST(physics.stats().bytes == 10U);
    BOOST_TEST(game.stats().bytes == 11U);
  }
  BOOST_TEST(physics.stats().bytes == 0U);
  BOOST_TEST(game.stats().bytes == 0U);
}

BOOST_AUTO_TEST_CASE(what_upstream_refuses_is_not_charged) {
  failing_resource memory{std::pmr::new_delete_resource(), 2};
  tag parse{"parse"};
  tag_resource adaptor{&memory, parse};
  void* const block = adaptor.allocate(10);
  BOOST_CHECK_THROW((void)adaptor.allocate(20), std::bad_alloc);
  BOOST_TEST(parse.stats().bytes == 10U);
  BOOST_TEST(parse.stats().blocks == 1U);
  BOOST_TEST(parse.stats().bytes_peak == 10U);
  adaptor.deallocate(block, 10);
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_nothing_stays_charged) {
  auto const points = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    frame_resource frame{frame_options{.initial_bytes = 256, .max_chunk_bytes = 1024}, upstream};
    tag parse{"parse"};
    tag_resource memory{&frame, parse};
    auto const run = [&] {
      memory_scope scope{memory};
      std::pmr::vector<std::pmr::string> lines{scope};
      for (int i = 0; i < 50; ++i) lines.emplace_back(100, 'x');
    };
    try {
      run();
    } catch (std::bad_alloc const&) {
      if (parse.stats().bytes != 0) throw std::runtime_error("bytes were left");
      throw;
    }
  });
  BOOST_TEST(points > 3U);
}

BOOST_AUTO_TEST_CASE(eight_threads_charge_one_shared_tag_exactly) {
  thread_local_resource pool;
  shared_tag work{"work"};
  tag_resource memory{&pool, work};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&memory] {
      for (int i = 0; i < 200; ++i) {
        memory_scope outer{memory};
        (void)outer.allocate(64);
        {
          memory_scope inner{memory};
          (void)inner.allocate(32);
          if (i % 2 == 0) inner.keep();
        }
        memory.deallocate(memory.allocate(16), 16);
      }
      (void)memory.allocate(8);
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(work.stats().bytes == 8U * 8U);
  BOOST_TEST(work.stats().blocks == 8U);
  BOOST_TEST(work.stats().bytes_peak >= 64U + 32U);
}

BOOST_AUTO_TEST_CASE(blocks_may_be_freed_by_other_threads) {
  thread_local_resource pool;
  shared_tag work{"work"};
  tag_resource memory{&pool, work};
  std::vector<void*> blocks;
  for (int i = 0; i < 1000; ++i) blocks.push_back(memory.allocate(24));
  std::array<std::thread, 4> threads;
  for (std::size_t t = 0; t < threads.size(); ++t) {
    threads[t] = std::thread{[&, t] {
      for (std::size_t i = t; i < blocks.size(); i += 4) memory.deallocate(blocks[i], 24);
    }};
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(work.stats().bytes == 0U);
  BOOST_TEST(work.stats().blocks == 0U);
}

BOOST_AUTO_TEST_CASE(a_marker_used_on_another_thread_leaves_the_checkpoint_charged) {
  set_misuse_handler([](misuse const&, void*) noexcept {});
  thread_local_resource pool;
  shared_tag work{"work"};
  tag_resource memory{&pool, work};
  marker const mark = memory.checkpoint();
  (void)memory.resource_of(mark)->allocate(40);
  std::thread{[&] { memory.rewind(mark); }}.join();
  set_misuse_handler(nullptr);
  BOOST_TEST(work.stats().bytes == 40U);
  memory.rewind(mark);
  BOOST_TEST(work.stats().bytes == 0U);
}
