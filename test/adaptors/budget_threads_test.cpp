// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>
#include <thread>
#include <tidemark/adaptors/budget.hpp>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <utility>
#include <vector>

using namespace tidemark;

namespace {

constexpr unsigned thread_count = 8;

// Runs f(0) to f(7), each in a thread of its own, all begun at once.
template <class F>
void in_eight_threads(F f) {
  std::atomic<unsigned> waiting{thread_count};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      --waiting;
      while (waiting != 0) std::this_thread::yield();
      f(t);
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace

BOOST_AUTO_TEST_CASE(of_eight_threads_exactly_so_many_requests_fit_as_the_limit_allows) {
  for (std::size_t round = 0; round < 200; ++round) {
    std::size_t const fits = 50 + round;
    budget physics{"physics", {.hard_bytes = fits * 24 + round % 24}};
    std::atomic<std::size_t> granted{0};
    in_eight_threads([&](unsigned) {
      for (int i = 0; i < 50; ++i) granted += physics.try_charge(24) ? 1U : 0U;
    });
    BOOST_REQUIRE_EQUAL(granted.load(), fits);
    BOOST_REQUIRE_EQUAL(physics.bytes(), fits * 24);
    BOOST_REQUIRE_EQUAL(physics.stats().refusals, thread_count * 50 - fits);
    BOOST_REQUIRE_EQUAL(physics.stats().bytes_peak, fits * 24);
  }
}

BOOST_AUTO_TEST_CASE(of_a_tree_the_parent_is_filled_to_its_limit_and_not_over_it) {
  for (std::size_t round = 0; round < 100; ++round) {
    budget game{"game", {.hard_bytes = 100 * 24 + 7}};
    budget first{"first", {.hard_bytes = 60 * 24}, &game};
    budget second{"second", {.hard_bytes = 60 * 24}, &game};
    std::atomic<std::size_t> granted{0};
    in_eight_threads([&](unsigned t) {
      budget& own = t % 2 == 0 ? first : second;
      for (int i = 0; i < 40; ++i) granted += own.try_charge(24) ? 1U : 0U;
    });
    // Whoever was refused while another request was in the air may have fitted: now, at rest, so
    // many fit as there is room for.
    while (first.try_charge(24) || second.try_charge(24)) ++granted;
    BOOST_REQUIRE_EQUAL(granted.load(), 100U);
    BOOST_REQUIRE_EQUAL(game.bytes(), 100U * 24U);
    BOOST_REQUIRE_EQUAL(first.bytes() + second.bytes(), 100U * 24U);
    BOOST_REQUIRE_LE(first.stats().bytes_peak, 60U * 24U);
  }
}

BOOST_AUTO_TEST_CASE(under_churn_no_budget_is_ever_seen_over_its_limit) {
  budget game{"game", 5000, 6000};
  budget first{"first", 2500, 4000, &game};
  budget second{"second", 2500, 4000, &game};
  std::atomic<bool> done{false};
  std::atomic<std::size_t> seen_over{0};
  std::thread reader{[&] {
    while (!done) {
      if (game.bytes() > 6000 || first.bytes() > 4000 || second.bytes() > 4000) ++seen_over;
      std::this_thread::yield();
    }
  }};
  in_eight_threads([&](unsigned t) {
    std::minstd_rand random{t + 1};
    budget& own = t % 2 == 0 ? first : second;
    std::vector<std::size_t> held;
    for (int i = 0; i < 4000; ++i) {
      std::size_t const bytes = random() % 700;
      if (own.try_charge(bytes)) held.push_back(bytes);
      if (held.size() > 3 || (!held.empty() && random() % 2 == 0)) {
        own.refund(held.back());
        held.pop_back();
      }
    }
    for (std::size_t const bytes : held) own.refund(bytes);
  });
  done = true;
  reader.join();
  BOOST_TEST(seen_over == 0U);
  BOOST_TEST(game.bytes() == 0U);
  BOOST_TEST(first.bytes() == 0U);
  BOOST_TEST(second.bytes() == 0U);
  BOOST_TEST(game.stats().bytes_peak <= 6000U);
  BOOST_TEST(first.stats().bytes_peak <= 4000U);
}

BOOST_AUTO_TEST_CASE(reliefs_follow_passes_one_by_one_whatever_the_threads_do) {
  for (int round = 0; round < 100; ++round) {
    budget physics{"physics", 800, SIZE_MAX};
    std::atomic<std::size_t> passed{0}, relieved{0};
    std::pair counts{&passed, &relieved};
    physics.set_event_handler(
        [](budget_event const& event, void* context) {
          auto const& to = *static_cast<decltype(counts)*>(context);
          ++*(event.kind == budget_event_kind::soft_passed ? to.first : to.second);
        },
        &counts);
    in_eight_threads([&](unsigned) {
      for (int i = 0; i < 50; ++i) {
        physics.charge(300);
        physics.refund(300);
      }
    });
    BOOST_REQUIRE_EQUAL(passed.load(), physics.stats().soft_passes);
    BOOST_REQUIRE_EQUAL(relieved.load(), passed.load());
    // No note was left behind: the next pass is told.
    physics.charge(801);
    BOOST_REQUIRE_EQUAL(physics.stats().soft_passes, relieved.load() + 1);
    physics.refund(801);
    BOOST_REQUIRE_EQUAL(passed.load(), relieved.load());
  }
}

BOOST_AUTO_TEST_CASE(what_one_refuses_higher_up_is_not_left_behind_below) {
  budget game{"game", {.hard_bytes = 25}};  // for one at a time
  std::atomic<std::size_t> left{0};
  in_eight_threads([&](unsigned) {
    budget own{"own", {}, &game};
    for (int i = 0; i < 100'000; ++i) {
      if (own.try_charge(24)) own.refund(24);
    }
    left += own.bytes();
  });
  BOOST_TEST(left == 0U);
  BOOST_TEST(game.bytes() == 0U);
  BOOST_TEST(game.stats().bytes_peak == 24U);
}

BOOST_AUTO_TEST_CASE(one_that_is_full_leaves_those_below_alone) {
  budget game{"game", {.hard_bytes = 100}};
  budget physics{"physics", {}, &game};
  game.charge(95);
  std::atomic<std::size_t> seen{0};
  in_eight_threads([&](unsigned t) {
    for (int i = 0; i < 100'000; ++i) {
      if (t % 2 == 0) {
        (void)physics.try_charge(6);
      } else {
        seen += physics.bytes();
      }
    }
  });
  BOOST_TEST(seen == 0U);
  BOOST_TEST(game.stats().refusals == 4U * 100'000U);
}

BOOST_AUTO_TEST_CASE(a_refusal_after_all_was_refunded_is_told_whatever_the_threads_did) {
  for (int round = 0; round < 50; ++round) {
    budget physics{"physics", {.hard_bytes = 1000}};
    std::atomic<std::size_t> told{0};
    physics.set_event_handler(
        [](budget_event const&, void* context) {
          ++*static_cast<std::atomic<std::size_t>*>(context);
        },
        &told);
    in_eight_threads([&](unsigned) {
      for (int i = 0; i < 5000; ++i) {
        if (physics.try_charge(900)) physics.refund(900);  // over 7/8, so each refund ends it
      }
    });
    std::size_t const before = told;
    physics.charge(1000);
    BOOST_REQUIRE(!physics.try_charge(1));
    BOOST_REQUIRE_EQUAL(told.load(), before + 1);
    physics.refund(1000);
  }
}

BOOST_AUTO_TEST_CASE(budgets_may_come_go_change_and_be_reported_meanwhile) {
  budget game{"game", 500, 2000};
  in_eight_threads([&](unsigned t) {
    for (std::size_t i = 0; i < 300; ++i) {
      budget level{"level", {.hard_bytes = 100}, &game};
      (void)level.try_charge(60);
      (void)level.try_charge(60);
      if (i % 30 == 0) (void)game.tree();
      if (i % 50 == t) game.set_limits({.soft_bytes = 400 + i, .hard_bytes = 2000});
      if (i % 40 == t) game.set_event_handler([](budget_event const&, void*) {});
    }
  });
  BOOST_TEST(game.bytes() == 0U);
  BOOST_TEST(game.tree().size() == 1U);
  BOOST_TEST(game.stats().bytes_peak <= 2000U);
}

BOOST_AUTO_TEST_CASE(over_one_pool_eight_threads_get_exactly_what_fits) {
  for (std::size_t round = 0; round < 50; ++round) {
    thread_local_resource pool;
    budget limit{"limit", {.hard_bytes = 100 * 64 + round}};
    budget_resource memory{&pool, limit};
    std::array<std::vector<void*>, thread_count> blocks;
    in_eight_threads([&](unsigned t) {
      for (int i = 0; i < 50; ++i) {
        if (void* const block = memory.try_allocate(64)) blocks[t].push_back(block);
      }
    });
    std::size_t granted = 0;
    for (auto const& of_one : blocks) granted += of_one.size();
    BOOST_REQUIRE_EQUAL(granted, 100U);
    BOOST_REQUIRE_EQUAL(limit.bytes(), 100U * 64U);
    BOOST_REQUIRE_EQUAL(limit.stats().refusals, thread_count * 50U - 100U);
    in_eight_threads([&](unsigned t) {  // freed by another thread than took them
      for (void* const block : blocks[(t + 1) % thread_count]) memory.deallocate(block, 64);
    });
    BOOST_REQUIRE_EQUAL(limit.bytes(), 0U);
  }
}

BOOST_AUTO_TEST_CASE(eight_frames_with_adaptors_of_their_own_share_one_budget_exactly) {
  for (std::size_t round = 0; round < 50; ++round) {
    budget limit{"limit", {.hard_bytes = 100 * 64 + round}};
    std::atomic<std::size_t> granted{0};
    std::atomic<unsigned> waiting{thread_count};
    in_eight_threads([&](unsigned) {
      frame_resource frame;
      budget_resource memory{&frame, limit};
      memory_scope scope{memory};
      for (int i = 0; i < 50; ++i) {
        try {
          (void)scope.allocate(64);
          ++granted;
        } catch (budget_exceeded const&) {
        }
      }
      --waiting;  // nobody refunds while another may ask
      while (waiting != 0) std::this_thread::yield();
    });
    BOOST_REQUIRE_EQUAL(granted.load(), 100U);
    BOOST_REQUIRE_EQUAL(limit.stats().bytes_peak, 100U * 64U);
    BOOST_REQUIRE_EQUAL(limit.bytes(), 0U);
  }
}

BOOST_AUTO_TEST_CASE(under_churn_with_marks_the_limit_is_never_passed) {
  thread_local_resource pool;
  budget total{"total", 3000, 4096};
  budget part{"part", {}, &total};
  budget_resource memory{&pool, part};
  std::atomic<std::size_t> events{0};
  total.set_event_handler([](budget_event const&,
                             void* context) { ++*static_cast<std::atomic<std::size_t>*>(context); },
                          &events);
  std::atomic<std::size_t> seen_over{0};
  in_eight_threads([&](unsigned) {
    for (int i = 0; i < 500; ++i) {
      try {
        memory_scope outer{memory};
        (void)outer.allocate(300);
        memory_scope inner{memory};
        (void)inner.allocate(400);
        if (total.bytes() > 4096) ++seen_over;
        memory.deallocate(memory.allocate(100), 100);
        if (i % 2 == 0) inner.keep();
      } catch (budget_exceeded const&) {
      }
    }
  });
  BOOST_TEST(seen_over == 0U);
  BOOST_TEST(total.bytes() == 0U);
  BOOST_TEST(part.bytes() == 0U);
  BOOST_TEST(total.stats().bytes_peak <= 4096U);
  total.set_event_handler(nullptr);
}
