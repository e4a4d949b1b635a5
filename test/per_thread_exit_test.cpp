// SPDX-License-Identifier: BSL-1.0

// What becomes of an instance when its thread ends, when its object ends, and in a child of fork.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <thread>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/per_thread.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <vector>

#include "support/child.hpp"
#include "support/no_memory.hpp"
#include "support/sanitized.hpp"

using namespace tidemark;

namespace {

using of_frames = per_thread<frame_resource>;

// For a checkpoint that another thread closes than opened it: a checked frame reports that else.
frame_options const may_move{.owner = frame_owner::lease};

template <class F>
void in_thread(F f) {
  std::thread{f}.join();
}

// In a child: the parent reads it.
void expect(bool kept, char const* promise) {
  if (!kept) std::fprintf(stderr, "broken: %s\n", promise);
}

template <class F>
void check_in_child(F f) {
  std::fflush(stdout);  // or the child may say again what waits there
  auto const result = test::run_in_child([&] {
    ::alarm(120);  // ends a child that hangs
    f();
  });
  BOOST_TEST(result.signal == 0);
  BOOST_TEST(result.status == 0);
  BOOST_TEST(result.errors == "");
}

// Uses its thread's frame; false if another thread does, too.
bool works(of_frames& frames) {
  memory_scope scope{frames.local()};
  auto* const bytes = static_cast<unsigned char*>(scope.allocate(3000, 1));
  std::fill_n(bytes, 3000, static_cast<unsigned char>(3));
  return std::all_of(bytes, bytes + 3000, [](unsigned char each) { return each == 3; });
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_instance_passes_whole_to_the_next_thread_that_asks) {
  of_frames frames;
  frame_resource* of_first = nullptr;
  int* number = nullptr;
  in_thread([&] {
    of_first = &frames.local();
    number = of_first->make<int>(42);
  });
  BOOST_TEST(*number == 42);
  auto const left = of_first->stats();
  in_thread([&] {
    BOOST_TEST(&frames.local() == of_first);
    BOOST_TEST((frames.local().stats() == left));
    BOOST_TEST(frames.local().allocate(8) != number);
    BOOST_TEST(works(frames));
  });
  BOOST_TEST(*number == 42);
  BOOST_TEST(frames.size() == 1U);
}

BOOST_AUTO_TEST_CASE(two_thousand_short_threads_share_as_many_instances_as_live_at_one_time) {
  constexpr std::size_t at_once = 20;
  of_frames frames;
  std::atomic<int> failed{0};
  for (std::size_t round = 0; round < 2000 / at_once; ++round) {
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < at_once; ++t) {
      threads.emplace_back([&] { failed += !works(frames); });
    }
    for (auto& thread : threads) thread.join();
  }
  BOOST_TEST(failed == 0);
  BOOST_TEST(frames.size() <= at_once);
}

namespace {

struct late_user {
  of_frames* frames = nullptr;
  frame_resource* expected = nullptr;
  bool* same = nullptr;
  ~late_user() { *same = &frames->local() == expected && works(*frames); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(thread_locals_made_before_and_after_it_find_it_when_they_are_destroyed) {
  of_frames frames;
  bool of_older = false, of_younger = false;
  in_thread([&] {
    static thread_local late_user older;  // destroyed last
    frame_resource& mine = frames.local();
    static thread_local late_user younger;
    older = {&frames, &mine, &of_older};
    younger = {&frames, &mine, &of_younger};
  });
  BOOST_TEST(of_older);
  BOOST_TEST(of_younger);
  BOOST_TEST(frames.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_thread_local_may_be_the_first_to_ask) {
  struct first_user {
    of_frames* frames = nullptr;
    ~first_user() { static_cast<void>(frames->local()); }
  };
  of_frames frames;
  for (int i = 0; i < 3; ++i) {
    in_thread([&] {
      static thread_local first_user user;
      user.frames = &frames;
    });
  }
  BOOST_TEST(frames.size() == 1U);  // so each of them passed on
}

BOOST_AUTO_TEST_CASE(an_instance_left_in_a_checkpoint_passes_on_when_a_visit_has_closed_it) {
  of_frames frames{may_move};
  frame_resource* left = nullptr;
  marker mark;
  in_thread([&] {
    left = &frames.local();
    mark = left->checkpoint();
  });
  BOOST_TEST(left->depth() == 1U);
  in_thread([&] { BOOST_TEST(&frames.local() != left); });
  left->rewind(mark);  // as a coroutine may that holds the scope
  in_thread([&] { BOOST_TEST(&frames.local() != left); });
  BOOST_TEST(frames.size() == 2U);
  frames.for_each([](frame_resource&) {});
  in_thread([&] { BOOST_TEST(&frames.local() == left); });
  BOOST_TEST(frames.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_visit_that_resets_all_lets_all_pass_on) {
  of_frames frames{may_move};
  for (int i = 0; i < 5; ++i) {
    in_thread([&] { static_cast<void>(frames.local().checkpoint()); });
  }
  BOOST_TEST(frames.size() == 5U);
  frames.for_each([](frame_resource& each) { each.reset(); });
  std::latch all_there{5};
  std::vector<std::thread> threads;
  for (int t = 0; t < 5; ++t) {
    threads.emplace_back([&] {
      static_cast<void>(frames.local());
      all_there.arrive_and_wait();
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(frames.size() == 5U);
}

BOOST_AUTO_TEST_CASE(threads_may_end_and_others_may_ask_while_all_are_visited) {
  of_frames frames{may_move};
  std::atomic<int> failed{0};
  for (int round = 0; round < 200; ++round) {
    std::latch done{2};
    auto const work = [&] {
      static_cast<void>(frames.local().checkpoint());
      done.count_down();
    };
    std::thread a{work}, b{work};
    done.wait();  // the threads end just now
    std::thread c;
    frames.for_each([&](frame_resource& each) {
      if (!c.joinable()) c = std::thread{[&] { failed += !works(frames); }};
      if (each.depth() != 0) each.reset();
    });
    a.join();
    b.join();
    c.join();
  }
  BOOST_TEST(failed == 0);
  std::size_t visits = 0, open = 0;
  frames.for_each([&](frame_resource& each) {
    ++visits;
    open += each.depth();
  });
  BOOST_TEST(visits == frames.size());
  BOOST_TEST(open == 0U);  // the visits came after the threads were done
}

BOOST_AUTO_TEST_CASE(an_object_may_end_while_its_threads_end) {
  std::atomic<int> failed{0};
  for (int round = 0; round < 1000; ++round) {
    auto frames = std::make_unique<of_frames>();
    std::latch done{2};
    auto const work = [&] {
      failed += !works(*frames);
      done.count_down();
    };
    std::thread a{work}, b{work};
    done.wait();
    frames.reset();
    a.join();
    b.join();
  }
  BOOST_TEST(failed == 0);
}

BOOST_AUTO_TEST_CASE(a_thread_outlives_objects_that_it_used) {
  of_frames lasting;
  in_thread([&] {
    frame_resource& mine = lasting.local();
    for (int i = 0; i < 100; ++i) {
      of_frames frames;
      BOOST_TEST(works(frames));
      BOOST_TEST(&lasting.local() == &mine);
    }
  });
  in_thread([&] { static_cast<void>(lasting.local()); });
  BOOST_TEST(lasting.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_instance_of_main_serves_static_destructors) {
  check_in_child([] {
    static of_frames frames;
    static struct last_user {
      ~last_user() { expect(works(frames), "it is there while static objects are destroyed"); }
    } const user;
    static_cast<void>(&user);
    expect(works(frames), "it is there");
    std::exit(0);
  });
}

BOOST_AUTO_TEST_CASE(a_static_object_may_end_before_threads_that_used_it) {
  check_in_child([] {
    static std::latch closed{1};
    static struct joins {
      std::thread thread;
      ~joins() {
        closed.count_down();
        thread.join();
      }
    } last;  // destroyed after `frames`
    static of_frames frames;
    std::latch there{1};
    last.thread = std::thread{[&] {
      expect(works(frames), "it is there");
      there.count_down();
      closed.wait();
    }};
    there.wait();
    std::exit(0);
  });
}

BOOST_AUTO_TEST_CASE(a_process_may_end_while_threads_that_use_it_live) {
  check_in_child([] {
    static of_frames frames;
    static std::latch there{1};
    std::thread{[] {
      expect(works(frames), "it is there");
      there.count_down();
      for (;;) ::pause();
    }}.detach();
    there.wait();
    std::exit(0);
  });
}

// Threads of the parent end, ask and begin all the while.
BOOST_AUTO_TEST_CASE(a_child_of_fork_uses_visits_and_destroys_instances) {
  std::optional<of_frames> frames{std::in_place};
  of_frames busy;
  in_thread([&] { static_cast<void>(frames->local().make<int>(7)); });
  frame_resource& mine = frames->local();  // of the thread that ended
  std::latch in_use{1}, enough_seen{1};
  std::thread holder{[&] {
    static_cast<void>(frames->local());
    in_use.count_down();
    enough_seen.wait();
  }};
  in_use.wait();
  std::atomic<bool> enough{false};
  std::thread others{[&] {
    while (!enough) in_thread([&] { static_cast<void>(busy.local()); });
  }};
  for (int i = 0; i < 20; ++i) {
    check_in_child([&] {
      expect(&frames->local() == &mine && works(*frames), "the instance of the thread is there");
      std::size_t visits = 0;
      frames->for_each([&](frame_resource&) { ++visits; });
      expect(visits == 2, "those of threads that the child does not have are visited");
      static_cast<void>(busy.local());  // its mutex is free
      frames.reset();
    });
  }
  enough = true;
  others.join();
  enough_seen.count_down();
  holder.join();
  BOOST_TEST(busy.size() == 1U);
}

// Sanitizers end a program that is refused memory.
BOOST_AUTO_TEST_SUITE(
    without_memory,
    *boost::unit_test::enable_if<!test::thread_sanitized && !test::address_sanitized>())

BOOST_AUTO_TEST_CASE(a_new_instance_that_its_thread_could_not_find_again_is_not_left_behind) {
  check_in_child([] {
    alignas(64) static std::array<std::byte, 16384> bytes;
    std::pmr::monotonic_buffer_resource upstream{bytes.data(), bytes.size()};
    of_frames frames{&upstream};
    in_thread([&] {
      test::use_up_memory();
      bool refused = false;
      try {
        static_cast<void>(frames.local());
      } catch (std::bad_alloc const&) {
        refused = true;
      }
      std::size_t const count = frames.size();
      test::allow_memory();
      expect(refused, "it is refused");
      expect(count == 0, "there is none");
      static_cast<void>(frames.local());
      expect(frames.size() == 1, "with memory there is one");
    });
  });
}

BOOST_AUTO_TEST_CASE(an_idle_instance_that_its_thread_could_not_find_again_passes_to_another) {
  check_in_child([] {
    of_frames frames;
    frame_resource* idle = nullptr;
    in_thread([&] { idle = &frames.local(); });
    in_thread([&] {
      test::use_up_memory();
      bool refused = false;
      try {
        static_cast<void>(frames.local());
      } catch (std::bad_alloc const&) {
        refused = true;
      }
      test::allow_memory();
      expect(refused, "it is refused");
      expect(&frames.local() == idle, "with memory it is there");
    });
    expect(frames.size() == 1, "there is no other");
  });
}

BOOST_AUTO_TEST_SUITE_END()
