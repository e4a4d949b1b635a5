// SPDX-License-Identifier: BSL-1.0
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/adaptors/recovery_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/narrow_upstream.hpp"

using namespace tidemark;
using support::large_bytes;
using support::small_bytes;

namespace {

using all_pools = boost::mpl::list<frame_resource, typed_stack_resource, fixed_block_resource,
                                   thread_local_resource>;
using enum recovery_action;

// A resource that refuses its first calls and says in the exception which one that was.
class reluctant_resource final : public std::pmr::memory_resource {
 public:
  explicit reluctant_resource(std::size_t refusals) : refusals_(refusals) {}
  std::size_t calls = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (++calls <= refusals_) throw resource_exhausted{resource_name{"reluctant"}, bytes, calls};
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }

  std::size_t refusals_;
};

auto always(recovery_action action) {
  return [action](recovery_request const&) { return action; };
}

// What a pool gives back when it is trimmed, one number for each time.
struct fake_pool {
  std::size_t trim() noexcept { return times < gives.size() ? gives[times++] : 0; }
  std::vector<std::size_t> gives{};
  std::size_t times = 0;
};

// As much memory as a small machine has.
class bounded_resource final : public std::pmr::memory_resource {
 public:
  explicit bounded_resource(std::size_t bytes) : free_bytes_(bytes) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes > free_bytes_) throw std::bad_alloc{};
    void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    free_bytes_ -= bytes;
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
    free_bytes_ += bytes;
  }
  bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }

  std::size_t free_bytes_;
};

bool counts(recovery_statistics const& statistics, recovery_statistics const& expected) {
  return statistics == expected;
}

}  // namespace

BOOST_AUTO_TEST_CASE(over_a_pool_with_marks_it_has_marks) {
  using handler = decltype(always(retry));
  using plain = recovery_resource<std::pmr::memory_resource, handler>;
  BOOST_TEST((std::is_base_of_v<rewindable_resource, recovery_resource<frame_resource, handler>>));
  BOOST_TEST((!std::is_base_of_v<rewindable_resource, plain>));
  BOOST_TEST((!std::is_copy_constructible_v<plain>));
  BOOST_TEST((!recovery_handler<int>));
}

BOOST_AUTO_TEST_CASE(what_is_served_asks_nobody) {
  reluctant_resource wrapped{0};
  recovery_resource memory{&wrapped, [](recovery_request const&) -> recovery_action { throw 1; }};
  memory.deallocate(memory.allocate(8), 8);
  BOOST_TEST(memory.upstream_resource() == &wrapped);
  BOOST_TEST(memory.secondary() == nullptr);
  BOOST_TEST(counts(memory.statistics(), {}));
}

BOOST_AUTO_TEST_CASE(retry_asks_again) {
  reluctant_resource wrapped{2};
  recovery_resource memory{&wrapped, always(retry)};
  memory.deallocate(memory.allocate(8), 8);
  BOOST_TEST(wrapped.calls == 3U);
  BOOST_TEST(counts(memory.statistics(), {.recoveries = 1, .retries = 2}));
}

BOOST_AUTO_TEST_CASE(use_fallback_asks_the_secondary) {
  testing::checked_upstream second;
  reluctant_resource wrapped{1};
  recovery_resource memory{&wrapped, always(use_fallback), &second};
  void* const block = memory.allocate(8, 256);
  void* const other = memory.allocate(8, 256);
  BOOST_TEST(memory.secondary() == &second);
  BOOST_TEST(memory.secondary_blocks() == 1U);
  memory.deallocate(other, 8, 256);
  memory.deallocate(block, 8, 256);
  BOOST_TEST(second.calls() == 1U);
  BOOST_TEST(second.complaint() == "");
  BOOST_TEST(counts(memory.statistics(), {.recoveries = 1, .fallbacks = 1}));
}

BOOST_AUTO_TEST_CASE(give_up_throws_what_was_thrown) {
  reluctant_resource wrapped{9};
  recovery_resource memory{&wrapped, always(give_up), std::pmr::new_delete_resource()};
  try {
    (void)memory.allocate(8);
    BOOST_ERROR("nothing was thrown");
  } catch (resource_exhausted const& refusal) {
    BOOST_TEST(refusal.resource == "reluctant");
    BOOST_TEST(refusal.requested_bytes == 8U);
  }
  BOOST_TEST(memory.try_allocate(8) == nullptr);
  BOOST_TEST(counts(memory.statistics(), {.given_up = 2}));
}

BOOST_AUTO_TEST_CASE(use_fallback_without_a_secondary_gives_up) {
  reluctant_resource wrapped{9};
  recovery_resource memory{&wrapped, always(use_fallback)};
  BOOST_CHECK_THROW((void)memory.allocate(8), resource_exhausted);
  BOOST_TEST(counts(memory.statistics(), {.given_up = 1}));
}

BOOST_AUTO_TEST_CASE(what_the_secondary_refuses_is_given_up) {
  reluctant_resource wrapped{9};
  recovery_resource memory{&wrapped, always(use_fallback), std::pmr::null_memory_resource()};
  BOOST_CHECK_THROW((void)memory.allocate(8), std::bad_alloc);
  BOOST_TEST(memory.secondary_blocks() == 0U);
  BOOST_TEST(counts(memory.statistics(), {.given_up = 1}));
}

BOOST_AUTO_TEST_CASE(a_handler_is_told_the_request) {
  for (bool const has_fallback : {false, true}) {
    std::vector<recovery_request> seen;
    auto const handler = [&](recovery_request const& request) {
      seen.push_back(request);
      return request.attempt < 3 ? retry : give_up;
    };
    reluctant_resource wrapped{9};
    recovery_resource memory{&wrapped, handler,
                             has_fallback ? std::pmr::new_delete_resource() : nullptr};
    BOOST_TEST(memory.try_allocate(40, 128) == nullptr);
    BOOST_REQUIRE(seen.size() == 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      BOOST_TEST(seen[i].bytes == 40U);
      BOOST_TEST(seen[i].alignment == 128U);
      BOOST_TEST(seen[i].attempt == i + 1);
      BOOST_TEST(seen[i].has_fallback == has_fallback);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_handler_that_always_retries_is_asked_so_often_and_no_more) {
  for (std::size_t const most : {0U, 1U, 3U}) {
    std::size_t asked = 0;
    auto const handler = [&](recovery_request const&) {
      ++asked;
      return retry;
    };
    reluctant_resource wrapped{99};
    recovery_resource memory{
        &wrapped, handler, std::pmr::new_delete_resource(), {.max_attempts = most}};
    try {
      (void)memory.allocate(8);
      BOOST_ERROR("nothing was thrown");
    } catch (resource_exhausted const& refusal) {
      BOOST_TEST(refusal.available_bytes == most + 1);  // the last one's
    }
    BOOST_TEST(asked == most);
    BOOST_TEST(wrapped.calls == most + 1);
    BOOST_TEST(counts(memory.statistics(), {.retries = most, .given_up = 1}));
  }
}

BOOST_AUTO_TEST_CASE(by_default_it_is_asked_eight_times) {
  reluctant_resource wrapped{99};
  recovery_resource memory{&wrapped, always(retry)};
  BOOST_TEST(memory.try_allocate(8) == nullptr);
  BOOST_TEST(wrapped.calls == 9U);
}

BOOST_AUTO_TEST_CASE(trimming_makes_room_where_another_pool_has_it) {
  bounded_resource machine{256 * 1024};
  fixed_block_resource cache{fixed_block_options{.block_bytes = 1024}, &machine};
  frame_resource frame{&machine};
  recovery_resource memory{&frame, trimming{cache, frame}};
  {
    memory_scope full{cache};
    for (int i = 0; i < 100; ++i) (void)full.allocate(1024);
  }
  BOOST_TEST(frame.try_allocate(200'000) == nullptr);
  BOOST_TEST(memory.allocate(200'000) != nullptr);
  BOOST_TEST(counts(memory.statistics(), {.recoveries = 1, .retries = 1}));
  BOOST_TEST(memory.try_allocate(200'000) == nullptr);  // nothing is idle any more
  BOOST_TEST(counts(memory.statistics(), {.recoveries = 1, .retries = 1, .given_up = 1}));
}

BOOST_AUTO_TEST_CASE(trimming_retries_as_long_as_a_pool_gives_memory_back) {
  fake_pool a{.gives = {0, 5}};
  fake_pool b{.gives = {7, 0, 0, 9}};
  trimming handler{a, b};
  recovery_request const request{};
  BOOST_TEST((handler(request) == retry));
  BOOST_TEST((handler(request) == retry));
  BOOST_TEST((handler(request) == give_up));
  BOOST_TEST((handler({.has_fallback = true}) == retry));
  BOOST_TEST((handler({.has_fallback = true}) == use_fallback));
  BOOST_TEST(b.times == 4U);
}

BOOST_AUTO_TEST_CASE(any_callable_is_a_handler) {
  struct counting_handler {
    std::unique_ptr<std::size_t> asked = std::make_unique<std::size_t>(0);
    recovery_action operator()(recovery_request const&) { return ++*asked < 3 ? retry : give_up; }
  };
  reluctant_resource wrapped{99};
  recovery_resource moved{&wrapped, counting_handler{}};
  BOOST_TEST(moved.try_allocate(8) == nullptr);
  BOOST_TEST(wrapped.calls == 3U);
  counting_handler kept;
  recovery_resource referring{&wrapped, std::ref(kept)};
  BOOST_TEST(referring.try_allocate(8) == nullptr);
  BOOST_TEST(*kept.asked == 3U);
  recovery_resource erased{&wrapped,
                           std::function<recovery_action(recovery_request)>{always(retry)}};
  BOOST_TEST(erased.try_allocate(8) == nullptr);
}

BOOST_AUTO_TEST_CASE(another_exception_asks_no_handler) {
  class odd_resource final : public std::pmr::memory_resource {
    void* do_allocate(std::size_t, std::size_t) override { throw 1; }
    void do_deallocate(void*, std::size_t, std::size_t) override {}
    bool do_is_equal(memory_resource const& o) const noexcept override { return this == &o; }
  } wrapped;
  std::size_t asked = 0;
  recovery_resource memory{&wrapped, [&](recovery_request const&) {
                             ++asked;
                             return retry;
                           }};
  BOOST_CHECK_THROW((void)memory.allocate(8), int);
  BOOST_TEST(asked == 0U);
  BOOST_TEST(counts(memory.statistics(), {}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_the_secondary_serves_falls_back_with_its_checkpoint, Pool,
                              all_pools) {
  support::narrow_upstream first;
  testing::checked_upstream second;
  Pool pool{&first};
  recovery_resource memory{&pool, always(use_fallback), &second};
  memory_scope outer{memory};
  (void)outer.allocate(large_bytes);
  {
    memory_scope inner{memory};
    (void)inner.allocate(large_bytes);
    (void)inner.allocate(small_bytes);
    (void)outer.allocate(large_bytes);
    BOOST_TEST(memory.secondary_blocks() == 3U);
  }
  BOOST_TEST(memory.secondary_blocks() == 2U);
  outer.reset();
  BOOST_TEST(second.complaint() == "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(over_every_pool_it_conforms, Pool, all_pools) {
  for (recovery_action const action : {retry, give_up}) {
    struct chain {
      chain(std::pmr::memory_resource* upstream, recovery_action answer)
          : pool(upstream), memory(&pool, always(answer)) {}
      Pool pool;
      recovery_resource<Pool, decltype(always(retry))> memory;
    };
    auto const report = testing::conformance(
        [action](std::pmr::memory_resource* upstream) {
          auto const all = std::make_shared<chain>(upstream, action);
          return std::shared_ptr<std::pmr::memory_resource>{all, &all->memory};
        },
        {.not_claimed = {testing::rows::steady_state}});
    BOOST_TEST(report.passed(), report);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(over_a_pool_that_refuses_it_conforms, Pool, all_pools) {
  struct chain {
    explicit chain(std::pmr::memory_resource* upstream)
        : memory(&pool, always(use_fallback), upstream) {}
    Pool pool{std::pmr::null_memory_resource()};
    recovery_resource<Pool, decltype(always(retry))> memory;
  };
  auto const report = testing::conformance(
      [](std::pmr::memory_resource* upstream) {
        auto const all = std::make_shared<chain>(upstream);
        return std::shared_ptr<std::pmr::memory_resource>{all, &all->memory};
      },
      {.not_claimed = {testing::rows::steady_state}});
  BOOST_TEST(report.passed(), report);
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_nothing_is_lost) {
  for (recovery_action const action : {retry, use_fallback, give_up}) {
    auto const points = testing::fail_each_allocation([&](std::pmr::memory_resource* upstream) {
      frame_resource frame{frame_options{.initial_bytes = 256, .max_chunk_bytes = 1024}, upstream};
      recovery_resource memory{&frame, always(action), upstream};
      memory_scope scope{memory};
      std::pmr::vector<std::pmr::string> lines{scope};
      for (std::size_t i = 0; i < 40; ++i) {
        std::size_t const size = lines.size();
        try {
          lines.emplace_back(i * 20, 'x');
        } catch (std::bad_alloc const&) {
          if (lines.size() != size) throw std::logic_error("a line was lost");
          throw;
        }
      }
    });
    BOOST_TEST(points > 3U);
  }
}

BOOST_AUTO_TEST_CASE(tags_go_under_it_and_over_it) {
  support::narrow_upstream first;
  testing::checked_upstream second;
  frame_resource frame{&first};
  tag under{"under"};
  tag over{"over"};
  tag_resource primary{&frame, under};
  recovery_resource memory{&primary, always(use_fallback), &second};
  tag_resource tagged{&memory, over};
  {
    memory_scope scope{tagged};
    (void)scope.allocate(small_bytes);
    (void)scope.allocate(large_bytes);
    BOOST_TEST(under.stats().bytes == small_bytes);
    BOOST_TEST(over.stats().bytes == small_bytes + large_bytes);
  }
  BOOST_TEST(under.stats().bytes == 0U);
  BOOST_TEST(over.stats().bytes == 0U);
  BOOST_TEST(second.complaint() == "");
}

BOOST_AUTO_TEST_CASE(its_numbers_are_written_as_text_and_as_json) {
  recovery_statistics const statistics{
      .recoveries = 1, .retries = 2, .fallbacks = 3, .given_up = 4};
  std::ostringstream text;
  text << statistics;
  BOOST_TEST(text.str() == "recoveries=1 retries=2 fallbacks=3 given_up=4");
  BOOST_TEST(to_json(statistics) == R"({"recoveries":1,"retries":2,"fallbacks":3,"given_up":4})");
}
