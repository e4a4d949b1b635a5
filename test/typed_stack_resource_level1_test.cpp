// SPDX-License-Identifier: BSL-1.0

// Level 1 of a typed stack: what its arrays and blocks are, and who may come in.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <optional>
#include <support/level1.hpp>
#include <tidemark/detail/poison.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/typed_stack_resource.hpp>

#include "support/sanitized.hpp"
#include "support/stack_frames.hpp"

#ifdef __has_include
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#endif
#endif

using namespace tidemark;
using level1::elsewhere;
using level1::scribble;
using test::dual;
using testing::misuse_recorder;

namespace {

struct checked_stack {
  typed_stack_resource stack{{.name = "tides", .check = check_level::on}};
  misuse_recorder bugs;
  std::size_t reports = 0;

  // One more report than before, and of this kind.
  void expect(misuse_kind kind, void const* address = nullptr) {
    BOOST_REQUIRE(bugs.seen.size() == ++reports);
    BOOST_TEST(bugs.seen.back().kind == kind);
    BOOST_TEST(bugs.seen.back().resource == "tides");
    if (address != nullptr) BOOST_TEST(bugs.seen.back().address == address);
  }
};

// Whether the byte is dead: filled, and under AddressSanitizer poisoned as well.
[[gnu::noinline, gnu::no_sanitize_address]] bool is_dead(void const* byte) {
#ifdef ASAN_POISON_MEMORY_REGION
  if (test::address_sanitized && __asan_address_is_poisoned(byte) == 0) return false;
#endif
  return *static_cast<unsigned char const volatile*>(byte) == detail::dead_fill;
}
bool is_dead(void const* begin, std::size_t bytes) {
  auto const* const first = static_cast<unsigned char const*>(begin);
  for (std::size_t i = 0; i < bytes; ++i) {
    if (!is_dead(first + i)) return false;
  }
  return true;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_write_behind_an_array_is_found_when_its_scope_ends, checked_stack) {
  for (int i = 0; i < 2; ++i) {
    double* array = nullptr;
    {
      memory_scope scope{stack};
      array = scope.acquire<double>(5).data();
      static_cast<void>(scope.acquire<double>(5));
      scribble(array + 5, 1);
      BOOST_TEST(bugs.seen.size() == reports);
    }
    expect(misuse_kind::overrun, array);
  }
}

BOOST_FIXTURE_TEST_CASE(a_write_behind_an_array_of_any_kind_is_found, checked_stack) {
  marker const mark = stack.checkpoint<double, dual<1>>();
  auto const others = stack.acquire<dual<1>>(3);
  scribble(others.data() + 3, 16);
  stack.rewind(mark);
  expect(misuse_kind::overrun, others.data());
  auto const unscoped = stack.bits(100);
  scribble(unscoped.words().data() + 2, 1);
  stack.reset();
  expect(misuse_kind::overrun, unscoped.words().data());
  memory_scope outer{stack};
  memory_scope inner{stack};
  auto const below = outer.acquire<char>(3);
  scribble(below.data() + 3, 1);
  inner.reset();
  BOOST_TEST(bugs.seen.size() == reports);  // not its scope
  stack.reset();
  expect(misuse_kind::overrun, below.data());
}

BOOST_FIXTURE_TEST_CASE(every_lane_that_is_rewound_is_dead, checked_stack) {
  static_cast<void>(stack.zeros(10));
  auto const alive = stack.ones(10);
  marker const mark = stack.checkpoint();
  auto const a = stack.zeros(100);
  auto const b = stack.zeros<float>(7);
  auto const c = stack.acquire<dual<1>>(3);
  auto const d = stack.trues(100);
  auto const e = stack.acquire<test::over_aligned>(2);
  auto const f = stack.zeros(100'000);
  auto const objects = stack.acquire_objects<int>(9, 1);
  stack.rewind(mark);
  BOOST_TEST(is_dead(a.data(), a.size_bytes()));
  BOOST_TEST(is_dead(b.data(), b.size_bytes()));
  BOOST_TEST(is_dead(c.data(), c.size_bytes()));
  BOOST_TEST(is_dead(d.words().data(), 16));
  BOOST_TEST(is_dead(e.data(), e.size_bytes()));
  BOOST_TEST(is_dead(f.data(), f.size_bytes()));
  BOOST_TEST(is_dead(objects.data(), objects.size_bytes()));
  for (double const each : alive) BOOST_TEST(each == 1.0);
}

BOOST_FIXTURE_TEST_CASE(what_a_scope_or_a_reset_drops_is_dead, checked_stack) {
  void const* in_scope = nullptr;
  void const* below = nullptr;
  {
    memory_scope outer{stack};
    {
      memory_scope inner{stack};
      in_scope = inner.acquire<float>(50).data();
      below = outer.acquire<float>(50).data();
    }
    BOOST_TEST(is_dead(in_scope, 200));
    BOOST_TEST(!is_dead(below, 200));
  }
  BOOST_TEST(is_dead(below, 200));
  void const* const unscoped = stack.acquire<dual<1>>(5).data();
  stack.reset();
  BOOST_TEST(is_dead(unscoped, 80));
}

BOOST_FIXTURE_TEST_CASE(an_array_is_not_zero_by_chance, checked_stack) {
  memory_scope scope{stack};
  auto const fresh = scope.acquire<unsigned char>(100);
  for (unsigned char const each : fresh) BOOST_TEST(each == detail::fresh_fill);
}

BOOST_FIXTURE_TEST_CASE(a_block_freed_twice_or_of_somebody_else_is_reported, checked_stack) {
  memory_scope scope{stack};
  void* const block = scope.allocate(100);
  scope.deallocate(block, 100);
  scope.deallocate(block, 100);
  expect(misuse_kind::double_free, block);
  double outside[4];
  stack.deallocate(outside, sizeof outside);
  expect(misuse_kind::foreign_block, outside);
  auto const array = scope.acquire<double>(4);
  stack.deallocate(array.data() + 1, 8);
  expect(misuse_kind::foreign_block, array.data() + 1);
}

BOOST_FIXTURE_TEST_CASE(a_container_that_outlives_its_scope_is_reported, checked_stack) {
  std::optional<std::pmr::vector<int>> late;
  {
    memory_scope scope{stack};
    late.emplace(10, 1, scope);
  }
  void const* const block = late->data();
  late.reset();
  expect(misuse_kind::outlived, block);
}

BOOST_FIXTURE_TEST_CASE(a_closed_scope_gives_no_array, checked_stack) {
  memory_scope scope{stack, {"tides.cpp", 7}};
  static_cast<void>(scope.acquire<double>(1));
  stack.reset();
  resource_stats const before = stack.stats();
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire<double>(8)), std::bad_alloc);
  expect(misuse_kind::scope_closed);
  BOOST_TEST(bugs.seen.back().opened.line == 7U);
  BOOST_CHECK_THROW(static_cast<void>(scope.bits(8)), std::bad_alloc);
  expect(misuse_kind::scope_closed);
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire_objects<int>(8)), std::bad_alloc);
  expect(misuse_kind::scope_closed);
  BOOST_CHECK_THROW(static_cast<void>(scope.allocate(8)), std::bad_alloc);
  expect(misuse_kind::scope_closed);
  BOOST_TEST((stack.stats() == before));
}

BOOST_AUTO_TEST_CASE(a_closed_scope_gives_no_array_without_checks_either) {
  typed_stack_resource stack{{.check = check_level::off}};
  memory_scope scope{stack};
  static_cast<void>(scope.acquire<double>(1));
  stack.reset();
  resource_stats const before = stack.stats();
  misuse_recorder bugs;
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire<double>(8)), std::bad_alloc);
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire<dual<8>>(0)), std::bad_alloc);
  BOOST_TEST(bugs.count(misuse_kind::scope_closed) == 2U);
  memory_scope next{stack};  // of the same depth
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire<double>(8)), std::bad_alloc);
  BOOST_TEST(bugs.count(misuse_kind::scope_closed) == 3U);
  BOOST_TEST(stack.stats().bytes_in_use == before.bytes_in_use);
}

BOOST_AUTO_TEST_CASE(stale_and_foreign_markers_change_nothing) {
  for (check_level const level : {check_level::off, check_level::on}) {
    typed_stack_resource stack{{.check = level}};
    typed_stack_resource other{{.check = level}};
    marker const stale = stack.checkpoint<double, dual<2>>();
    stack.rewind(stale);
    marker const foreign = other.checkpoint<double>();
    marker const open = stack.checkpoint<double, float>();
    auto const array = stack.ones(50);
    resource_stats const before = stack.stats();
    misuse_recorder bugs;
    stack.rewind(stale);
    stack.keep(stale);
    stack.rewind(marker{});
    BOOST_TEST(bugs.count(misuse_kind::stale_marker) == 3U);
    stack.rewind(foreign);
    stack.keep(foreign);
    BOOST_TEST(bugs.count(misuse_kind::foreign_marker) == 2U);
    BOOST_TEST(bugs.seen.size() == 5U);
    BOOST_TEST((stack.stats() == before));
    for (double const each : array) BOOST_TEST(each == 1.0);
    stack.rewind(open);
    BOOST_TEST(bugs.seen.size() == 5U);
    BOOST_TEST(other.depth() == 1U);
  }
}

BOOST_FIXTURE_TEST_CASE(another_thread_gets_no_array_and_closes_nothing, checked_stack) {
  std::optional<stack_scope> scope{std::in_place, stack};
  marker const mark = stack.checkpoint<double>();
  static_cast<void>(stack.acquire<double>(10));
  resource_stats const before = stack.stats();
  elsewhere([&] {
    BOOST_CHECK_THROW(static_cast<void>(stack.acquire<double>(8)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(stack.acquire<dual<7>>(8)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(scope->acquire<float>(8)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(stack.acquire_objects<int>(8)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(stack.bits(8)), std::bad_alloc);
    stack.rewind(mark);
    stack.keep(mark);
    stack.reset();
    stack.release();
    BOOST_TEST(stack.trim() == 0U);
    BOOST_TEST(stack.trim<double>() == 0U);
  });
  BOOST_TEST(bugs.count(misuse_kind::wrong_thread) == 11U);
  BOOST_TEST(bugs.seen.size() == 11U);
  BOOST_TEST((stack.stats() == before));
  stack.rewind(mark);
  scope.reset();
  BOOST_TEST(bugs.seen.size() == 11U);
  BOOST_TEST(stack.depth() == 0U);
}

BOOST_FIXTURE_TEST_CASE(another_thread_opens_no_checkpoint, checked_stack) {
  memory_scope scope{stack};
  for (int d = 0; d < 3; ++d) {  // so that one more for all lanes would need memory
    static_cast<void>(stack.checkpoint());
    for (std::uint32_t type = 0; type < 9; ++type) test::take_some_type(stack, type, 10);
  }
  resource_stats const before = stack.stats();
  elsewhere([&] {
    BOOST_TEST((stack.checkpoint() == marker{}));
    BOOST_TEST((stack.checkpoint<double>() == marker{}));
    BOOST_TEST((stack.checkpoint<dual<1>, dual<2>>() == marker{}));
    BOOST_TEST((stack.checkpoint_all() == marker{}));
  });
  BOOST_TEST(bugs.count(misuse_kind::wrong_thread) == 4U);
  BOOST_TEST(bugs.seen.size() == 4U);
  BOOST_TEST((stack.stats() == before));
}

BOOST_FIXTURE_TEST_CASE(a_stack_without_an_open_checkpoint_may_be_handed_over, checked_stack) {
  static_cast<void>(stack.acquire<double>(10));
  elsewhere([&] {
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(10));
    static_cast<void>(scope.acquire<dual<3>>(10));
  });
  static_cast<void>(stack.acquire<double>(10));
  BOOST_TEST(bugs.seen.empty());
}
