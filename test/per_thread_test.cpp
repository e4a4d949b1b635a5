// SPDX-License-Identifier: BSL-1.0

// Who gets which instance, how it is made, and what may be done with all of them.

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tidemark/frame_resource.hpp>
#include <tidemark/per_thread.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/sanitized.hpp"
#include "support/wanderer.hpp"

using namespace tidemark;
using testing::checked_upstream;

namespace {

template <class F>
void in_thread(F f) {
  std::thread{f}.join();
}

struct fixed {
  fixed() = default;
  fixed(int first, std::string second) : number(first), text(std::move(second)) {}
  fixed(fixed&&) = delete;
  int number = 0;
  std::string text;
};

template <class R>
std::vector<R*> instances_of(per_thread<R>& all) {
  std::vector<R*> found;
  all.for_each([&](R& each) { found.push_back(&each); });
  return found;
}

using of_frames = per_thread<frame_resource>;
static_assert(std::is_nothrow_default_constructible_v<of_frames>);
static_assert(std::is_nothrow_constructible_v<of_frames, frame_options>);
static_assert(std::is_nothrow_constructible_v<of_frames, std::size_t, checked_upstream*>);
static_assert(!std::is_constructible_v<of_frames, std::nullptr_t>);
static_assert(!std::is_constructible_v<of_frames, std::string>);
static_assert(!std::is_convertible_v<std::size_t, of_frames>);
static_assert(!std::is_copy_constructible_v<of_frames>);
static_assert(!std::is_move_constructible_v<of_frames>);

}  // namespace

BOOST_AUTO_TEST_CASE(an_instance_is_made_when_a_thread_asks_first) {
  checked_upstream upstream;
  of_frames frames{&upstream};
  BOOST_TEST(frames.size() == 0U);
  BOOST_TEST(upstream.calls() == 0U);
  frame_resource& mine = frames.local();
  BOOST_TEST(frames.size() == 1U);
  BOOST_TEST(upstream.calls() == 1U);  // a frame asks for nothing before it is used
  BOOST_TEST(&frames.local() == &mine);
  BOOST_TEST(frames.size() == 1U);
}

BOOST_AUTO_TEST_CASE(threads_at_one_time_have_an_instance_each) {
  per_thread<int> numbers;
  numbers.local() = 1;
  in_thread([&] {
    numbers.local() = 2;
    in_thread([&] { numbers.local() = 3; });
    BOOST_TEST(numbers.local() == 2);
  });
  BOOST_TEST(numbers.local() == 1);
  BOOST_TEST(numbers.size() == 3U);
}

BOOST_AUTO_TEST_CASE(objects_at_one_time_have_an_instance_each) {
  per_thread<int> a, b;
  a.local() = 1;
  b.local() = 2;
  BOOST_TEST(a.local() == 1);
  BOOST_TEST(b.local() == 2);
}

BOOST_AUTO_TEST_CASE(an_object_at_the_address_of_a_former_one_has_instances_of_its_own) {
  std::optional<per_thread<int>> numbers;
  for (int i = 0; i < 9; ++i) {
    numbers.emplace();
    BOOST_TEST(numbers->local() == 0);
    numbers->local() = 5;
  }
}

BOOST_AUTO_TEST_CASE(a_thread_uses_1100_objects_side_by_side) {
  std::deque<of_frames> all(1100);
  std::vector<char*> blocks;
  for (of_frames& each : all) blocks.push_back(static_cast<char*>(each.local().allocate(100)));
  for (std::size_t i = 0; i < 1100; ++i) *blocks[i] = static_cast<char>(i);
  for (std::size_t i = 0; i < 1100; ++i) {
    BOOST_TEST(all[i].size() == 1U);
    BOOST_TEST(all[i].local().stats().bytes_in_use >= 100U);
    BOOST_TEST(*blocks[i] == static_cast<char>(i));
  }
}

BOOST_AUTO_TEST_CASE(each_is_made_from_copies_of_the_arguments) {
  per_thread<fixed> all{7, std::string(100, 'x')};
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(all.local().number == 7);
    BOOST_TEST(all.local().text == std::string(100, 'x'));
    in_thread([&] { BOOST_TEST(all.local().text == std::string(100, 'x')); });
  }
}

BOOST_AUTO_TEST_CASE(each_may_be_what_a_function_returns) {
  checked_upstream upstream;
  std::atomic<int> made{0};
  per_thread<fixed> all{[&] { return fixed{++made, "made"}; }, &upstream};
  BOOST_TEST(all.local().number == 1);
  in_thread([&] { BOOST_TEST(all.local().number == 2); });
  BOOST_TEST(upstream.calls() == 2U);
}

BOOST_AUTO_TEST_CASE(the_name_in_options_is_kept) {
  auto const text = std::make_unique<std::string>("a name that no small string holds");
  std::size_t const limit = 12345;
  of_frames frames{frame_options{.name = *text, .limit_bytes = limit}};
  text->assign(text->size(), '#');
  BOOST_TEST(frames.local().name() == "a name that no small string hol");  // 31 bytes
  BOOST_CHECK_THROW(static_cast<void>(frames.local().allocate(limit)), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(the_last_argument_gives_memory_to_instances_and_to_what_they_hold) {
  checked_upstream upstream;
  {
    of_frames frames{frame_options{.name = "f"}, &upstream};
    BOOST_TEST(frames.local().upstream_resource() == &upstream);
    BOOST_TEST(upstream.bytes_outstanding() >= sizeof(frame_resource));
    static_cast<void>(frames.local().allocate(1000));
    BOOST_TEST(upstream.calls() == 2U);
  }
  BOOST_TEST(upstream.bytes_outstanding() == 0U);
  BOOST_TEST(upstream.errors().empty());
}

BOOST_AUTO_TEST_CASE(instances_share_no_cache_line) {
  checked_upstream upstream;  // which aligns no better than it is asked to
  per_thread<char> all{[] { return 'a'; }, &upstream};
  static_cast<void>(all.local());
  in_thread([&] {
    static_cast<void>(all.local());
    in_thread([&] { static_cast<void>(all.local()); });
  });
  std::set<std::uintptr_t> lines;
  for (char* const each : instances_of(all)) {
    lines.insert(reinterpret_cast<std::uintptr_t>(each) / 64);
  }
  BOOST_TEST(lines.size() == 3U);
  BOOST_TEST(upstream.bytes_outstanding() % 64 == 0U);  // nothing else comes into their lines
}

BOOST_AUTO_TEST_CASE(an_over_aligned_instance_is_aligned) {
  struct alignas(512) wide {
    char bytes[3] = {};
  };
  per_thread<wide> all;
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(&all.local()) % 512 == 0U);
}

BOOST_AUTO_TEST_CASE(instances_are_destroyed_with_the_object) {
  static int alive;
  struct counted {
    counted() { ++alive; }
    counted(counted&&) = delete;
    ~counted() { --alive; }
  };
  alive = 0;
  checked_upstream upstream;
  {
    per_thread<counted> all{[] { return counted(); }, &upstream};
    static_cast<void>(all.local());
    in_thread([&] { static_cast<void>(all.local()); });
    BOOST_TEST(alive == 2);
  }
  BOOST_TEST(alive == 0);
  BOOST_TEST(upstream.bytes_outstanding() == 0U);
  BOOST_TEST(upstream.errors().empty());
}

BOOST_AUTO_TEST_CASE(each_is_visited_once) {
  per_thread<int> numbers;
  numbers.local() = 1;
  in_thread([&] {
    numbers.local() = 10;
    in_thread([&] { numbers.local() = 100; });
  });
  int sum = 0;
  numbers.for_each([&](int& each) { sum += each; });
  BOOST_TEST(sum == 111);  // of ended threads, too
  numbers.for_each([](int& each) { each = 0; });
  BOOST_TEST(numbers.local() == 0);
}

BOOST_AUTO_TEST_CASE(a_visitor_may_ask_for_its_own_even_for_the_first_time) {
  per_thread<int> numbers;
  in_thread([&] { numbers.local() = 1; });
  int visits = 0;
  numbers.for_each([&](int& each) {
    ++visits;
    BOOST_TEST(&numbers.local() != &each);
  });
  BOOST_TEST(visits == 1);
  BOOST_TEST(numbers.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_a_visitor_throws_ends_the_visit) {
  per_thread<int> numbers;
  in_thread([&] { numbers.local() = 1; });
  BOOST_CHECK_THROW(numbers.for_each([](int&) { throw std::runtime_error("enough"); }),
                    std::runtime_error);
  BOOST_TEST(numbers.local() == 1);  // which passes on only if nobody visits it
}

BOOST_AUTO_TEST_CASE(an_instance_that_cannot_be_made_leaves_nothing_behind) {
  struct refusing {
    explicit refusing(bool const& refuse) {
      if (refuse) throw std::runtime_error("refused");
    }
  };
  checked_upstream upstream;
  bool refuse = true;
  per_thread<refusing> all{[&] { return refusing(refuse); }, &upstream};
  BOOST_CHECK_THROW(all.local(), std::runtime_error);
  BOOST_TEST(all.size() == 0U);
  BOOST_TEST(upstream.totals().blocks_outstanding == 0U);
  BOOST_TEST(upstream.errors().empty());
  refuse = false;
  static_cast<void>(all.local());
  BOOST_TEST(all.size() == 1U);
}

BOOST_AUTO_TEST_CASE(without_memory_nothing_is_changed_whatever_allocation_fails) {
  auto const failures = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    of_frames frames{frame_options{.name = "f"}, upstream};
    auto const use = [&] {
      std::size_t const before = frames.size();
      try {
        static_cast<void>(frames.local());
      } catch (std::bad_alloc const&) {
        BOOST_TEST(frames.size() == before);
        throw;
      }
      static_cast<void>(frames.local().allocate(5000));
    };
    use();
    std::exception_ptr failure;
    in_thread([&] {
      try {
        use();
      } catch (...) {
        failure = std::current_exception();
      }
    });
    if (failure != nullptr) std::rethrow_exception(failure);
  });
  BOOST_TEST(failures == 4U);  // an instance and its chunk for each thread
}

// With the look-up inline clang 19 at -O2 gives the first thread's instance each time.
BOOST_AUTO_TEST_CASE(
    a_function_that_goes_on_in_another_thread_gets_the_instance_of_that_thread,
    *boost::unit_test::enable_if<!test::thread_sanitized && !test::address_sanitized>()) {
  per_thread<fixed> all;
  std::vector<fixed*> own, found;
  test::wanderer task{[&](test::wanderer& self) {
    found.push_back(&all.local());
    self.suspend();
    found.push_back(&all.local());
    self.suspend();
    found.push_back(&all.local());
  }};
  auto const resume_here = [&] {
    own.push_back(&all.local());
    task.resume();
  };
  resume_here();
  std::thread{[&] {
    resume_here();
    in_thread(resume_here);
  }}.join();
  BOOST_TEST((found == own));
  BOOST_TEST(std::set<fixed*>(own.begin(), own.end()).size() == 3U);
}
