// SPDX-License-Identifier: BSL-1.0

// What a hostile reader of the typed stack's headers broke. Each case found a bug.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory_resource>
#include <new>
#include <span>
#include <string>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

using namespace tidemark;

namespace {

// Tells its constructor, and counts how many there are.
struct told {
  using listener = std::function<void(int)>;

  explicit told(listener const& constructed) : number(made++) {
    if (constructed) constructed(number);
  }
  told(told const&) = delete;
  told& operator=(told const&) = delete;
  ~told() { destroyed.push_back(number); }

  static void forget() {
    made = 0;
    destroyed.clear();
  }

  static inline int made = 0;
  static inline std::vector<int> destroyed;
  int number;
};

// A block of another's, which lies where what was freed did.
template <class Pool>
std::span<unsigned char> take_marked(Pool& pool) {
  std::span<unsigned char> const block{static_cast<unsigned char*>(pool.allocate(2000)), 2000};
  std::memset(block.data(), 'o', block.size());
  return block;
}

bool is_marked(std::span<unsigned char const> block) {
  for (unsigned char const each : block) {
    if (each != 'o') return false;
  }
  return true;
}

typed_stack_options const unpooled_or_not[] = {{}, {.pooled = false}};

}  // namespace

// The objects behind it were constructed in what had been given back, and so was the finalizer.
BOOST_AUTO_TEST_CASE(a_constructor_that_closes_its_array_s_checkpoint_is_the_last_to_run) {
  for (typed_stack_options const& options : unpooled_or_not) {
    testing::misuse_recorder recorder;
    typed_stack_resource stack{options};
    stack_scope const around{stack};
    marker const mark = stack.checkpoint();
    std::span<unsigned char> others;
    told::forget();
    told::listener const closes = [&](int number) {
      if (number != 1) return;
      stack.rewind(mark);
      others = take_marked(stack);
    };
    BOOST_CHECK_THROW(static_cast<void>(stack.acquire_objects<told>(6, closes)), std::bad_alloc);
    BOOST_TEST(told::made == 2);
    BOOST_TEST(told::destroyed.empty());
    BOOST_TEST(is_marked(others.subspan(sizeof(told) * 2 + 64)));
    BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 1U);
  }
}

// Objects that were lost with their checkpoint were destroyed where they had been.
BOOST_AUTO_TEST_CASE(a_constructor_that_closes_the_checkpoint_and_throws_destroys_no_other) {
  for (typed_stack_options const& options : unpooled_or_not) {
    typed_stack_resource stack{options};
    marker const mark = stack.checkpoint();
    told::forget();
    told::listener const throws = [&](int number) {
      if (number != 2) return;
      stack.rewind(mark);
      throw number;
    };
    BOOST_CHECK_THROW(static_cast<void>(stack.acquire_objects<told>(6, throws)), int);
    BOOST_TEST(told::destroyed.empty());
  }
}

// With no checkpoint open, and in a scope that is emptied, the serial is the same afterwards.
BOOST_AUTO_TEST_CASE(a_constructor_that_empties_what_it_is_made_in_makes_nothing) {
  testing::misuse_recorder recorder;
  typed_stack_resource stack;
  frame_resource frame;
  std::span<unsigned char> others;
  auto const expect_refused = [&](auto const& make) {
    told::forget();
    std::size_t const before = recorder.count(misuse_kind::scope_closed);
    BOOST_CHECK_THROW(make(), std::bad_alloc);
    BOOST_TEST(recorder.count(misuse_kind::scope_closed) == before + 1);
    stack.reset();
    frame.reset();
    BOOST_TEST(told::destroyed.empty());
  };
  auto const resets = [&](auto& pool) {
    return told::listener{[&](int) {
      pool.reset();
      others = take_marked(pool);
    }};
  };
  auto const releases = told::listener{[&](int) { stack.release(); }};
  expect_refused([&] { static_cast<void>(stack.acquire_objects<told>(3, resets(stack))); });
  expect_refused([&] { stack.make<told>(resets(stack)); });
  expect_refused([&] { frame.make<told>(resets(frame)); });
  expect_refused([&] { static_cast<void>(stack.acquire_objects<told>(3, releases)); });
  expect_refused([&] { stack.make<told>(releases); });
  stack_scope stacked{stack};
  expect_refused([&] { static_cast<void>(stacked.acquire_objects<told>(3, resets(stacked))); });
  frame_scope framed{frame};
  expect_refused([&] { framed.make<told>(resets(framed)); });
}

// An int did not convert without a warning, and -1 asked upstream for 2^61 bytes.
BOOST_AUTO_TEST_CASE(counts_of_bits_and_objects_are_checked_as_extents_are) {
  typed_stack_resource stack;
  stack_scope scope{stack};
  int const some = 70;
  BOOST_TEST(scope.bits(some).size() == 70U);
  BOOST_TEST(stack.trues(some).count() == 70U);
  BOOST_TEST(scope.acquire_objects<std::string>(some).size() == 70U);
  resource_stats const before = stack.stats();
  int const negative = -1;
  BOOST_CHECK_THROW(static_cast<void>(scope.bits(negative)), std::bad_array_new_length);
  BOOST_CHECK_THROW(static_cast<void>(stack.falses(negative)), std::bad_array_new_length);
  BOOST_CHECK_THROW(static_cast<void>(scope.trues(negative)), std::bad_array_new_length);
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire_objects<char>(negative)),
                    std::bad_array_new_length);
  BOOST_TEST((stack.stats() == before));
}

// Each chunk that was given back made another one idle: trim did not end.
BOOST_AUTO_TEST_CASE(an_upstream_that_uses_the_stack_when_it_is_given_a_chunk_lets_trim_end) {
  struct user : std::pmr::memory_resource {
    typed_stack_resource* stack = nullptr;
    int frees = 0;

    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
      return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
      std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
      if (stack == nullptr || ++frees > 100) return;
      stack_scope scope{*stack};
      static_cast<void>(scope.allocate(500'000));
      static_cast<void>(scope.acquire<double>(10'000));
    }
    bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
      return this == &other;
    }
  };
  for (check_level const level : {check_level::off, check_level::on}) {
    user upstream;
    typed_stack_resource stack{{.check = level}, &upstream};
    {
      stack_scope scope{stack};
      for (int i = 0; i < 10; ++i) static_cast<void>(scope.allocate(3000));
    }
    upstream.stack = &stack;
    stack.trim();
    BOOST_TEST(upstream.frees < 20);
    upstream.stack = nullptr;
  }
}
