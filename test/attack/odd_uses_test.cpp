// SPDX-License-Identifier: BSL-1.0

// Uses of a frame that nobody means, and that the headers answer for all the same.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <tidemark/testing/testing.hpp>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark;

namespace {

struct at_end {
  std::function<void()> run;
  explicit at_end(std::function<void()> f) : run(std::move(f)) {}
  ~at_end() { run(); }
};

// Throws what is no std::exception at every second call.
class moody_upstream final : public std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (++calls_ % 2 == 1) throw calls_;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
  std::size_t calls_ = 0;
};

template <class F>
void at_each_check_level(F f) {
  for (check_level const level : {check_level::off, check_level::on}) {
    testing::checked_upstream upstream;
    {
      frame_resource frame{frame_options{.check = level}, &upstream};
      f(frame);
    }
    BOOST_TEST(upstream.complaint() == "");
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_destructor_may_reset_the_pool_which_is_reported_and_changes_nothing) {
  at_each_check_level([](frame_resource& frame) {
    testing::misuse_recorder misuse;
    {
      memory_scope const outer{frame};
      memory_scope inner{frame};
      (void)inner.make<at_end>([&] {
        frame.reset();
        frame.release();
      });
    }
    BOOST_TEST(misuse.count(misuse_kind::rewind_in_finalizer) == 2U);
    BOOST_TEST(frame.depth() == 0U);
  });
}

BOOST_AUTO_TEST_CASE(a_destructor_may_destroy_the_scope_around_its_own) {
  at_each_check_level([](frame_resource& frame) {
    testing::misuse_recorder misuse;
    auto outer = std::make_unique<frame_scope>(frame);
    {
      memory_scope inner{frame};
      (void)inner.make<at_end>([&] { outer.reset(); });
    }
    BOOST_TEST(misuse.seen.size() == 1U);
    BOOST_TEST(frame.depth() == 0U);
  });
}

BOOST_AUTO_TEST_CASE(a_destructor_may_leave_a_checkpoint_open) {
  at_each_check_level([](frame_resource& frame) {
    {
      memory_scope scope{frame};
      (void)scope.make<at_end>([&] {
        (void)frame.checkpoint();
        (void)frame.allocate(100);
      });
    }
    BOOST_TEST(frame.depth() == 0U);
    BOOST_TEST(frame.stats().bytes_in_use == 0U);
  });
}

BOOST_AUTO_TEST_CASE(what_a_destructor_makes_while_the_pool_ends_is_destroyed_too) {
  testing::checked_upstream upstream;
  int destroyed = 0;
  {
    frame_resource frame{&upstream};
    (void)frame.make<at_end>([&] {
      ++destroyed;
      (void)frame.allocate(100'000);
      (void)frame.make<at_end>([&] { ++destroyed; });
    });
  }
  BOOST_TEST(destroyed == 2);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_misuse_handler_may_use_the_pool_and_misuse_it_again) {
  frame_resource frame;
  struct state {
    frame_resource& frame;
    int calls;
  } handler_state{frame, 0};
  misuse_hook const former = set_misuse_handler(
      [](misuse const&, void* context) noexcept {
        auto& self = *static_cast<state*>(context);
        if (self.calls++ == 5) return;
        if (self.calls > 5) return;
        memory_scope scope{self.frame};
        (void)scope.allocate(10);
        self.frame.rewind(marker{});
      },
      &handler_state);
  frame.rewind(marker{});
  set_misuse_handler(former.handler, former.context);
  BOOST_TEST(handler_state.calls == 6);
  BOOST_TEST(frame.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(scopes_may_end_in_any_order) {
  at_each_check_level([](frame_resource& frame) {
    testing::misuse_recorder misuse;
    std::array<std::unique_ptr<frame_scope>, 6> scopes;
    for (auto& scope : scopes) {
      scope = std::make_unique<frame_scope>(frame);
      std::memset(frame.allocate(100), 1, 100);
    }
    for (std::size_t const i : {2U, 0U, 4U, 1U, 5U, 3U}) scopes[i].reset();
    BOOST_TEST(frame.depth() == 0U);
    BOOST_TEST(frame.stats().bytes_in_use == 0U);
    BOOST_TEST(misuse.count(misuse_kind::out_of_order) == 4U);
  });
}

BOOST_AUTO_TEST_CASE(whatever_upstream_throws_passes_and_changes_nothing) {
  moody_upstream upstream;
  frame_resource frame{&upstream};
  std::size_t caught = 0;
  for (std::size_t i = 1; i < 100; ++i) {
    auto const before = frame.stats().bytes_in_use;
    try {
      (void)frame.allocate(i * 100);
    } catch (std::size_t) {
      ++caught;
      BOOST_TEST(frame.stats().bytes_in_use == before);
    }
    (void)frame.try_allocate(i * 1000);
  }
  BOOST_TEST(caught > 0U);
}

BOOST_AUTO_TEST_CASE(a_callers_buffer_of_any_size_and_place_is_not_left) {
  constexpr auto canary = std::byte{0x55};
  alignas(64) std::array<std::byte, 512> memory;
  for (std::size_t bytes = 0; bytes < 300; bytes += 7) {
    for (std::size_t const offset : {0U, 1U, 7U, 63U}) {
      memory.fill(canary);
      {
        frame_resource frame{memory.data() + offset, bytes};
        for (std::size_t i = 0; i < 20; ++i) std::memset(frame.allocate(i * 3, 1), 1, i * 3);
        {
          memory_scope{frame}.reset();
        }
        frame.reset();
        frame.coalesce();
        frame.release();
        (void)frame.allocate(1);
      }
      for (std::size_t i = 0; i < memory.size(); ++i) {
        if (i < offset || i >= offset + bytes) BOOST_REQUIRE(memory[i] == canary);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_limit_of_any_size_is_kept) {
  for (std::size_t const limit : {0U, 1U, 63U, 64U, 65U, 127U, 128U, 129U, 1000U, 5000U, 100000U}) {
    testing::checked_upstream upstream;
    frame_resource frame{frame_options{.limit_bytes = limit}, &upstream};
    while (frame.try_allocate(8, 8) != nullptr) {
    }
    try {
      for (;;) (void)frame.checkpoint();
    } catch (std::bad_alloc const&) {
    }
    BOOST_TEST(frame.depth() >= 4U);
    BOOST_TEST(upstream.totals().bytes_peak <= limit);
  }
}

BOOST_AUTO_TEST_CASE(a_frame_with_no_checkpoint_open_may_go_from_thread_to_thread) {
  frame_resource frame;
  for (int round = 0; round < 8; ++round) {
    std::thread{[&] {
      memory_scope scope{frame};
      std::pmr::vector<std::pmr::string> rows{scope};
      for (int i = 0; i < 100; ++i) rows.emplace_back(50, 'x');
    }}.join();
    memory_scope scope{frame};
    std::memset(scope.allocate(1000), round, 1000);
  }
  BOOST_TEST(frame.depth() == 0U);
}
