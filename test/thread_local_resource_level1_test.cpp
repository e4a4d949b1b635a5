// SPDX-License-Identifier: BSL-1.0

// What a checked pool for many threads reports. Each heap has a ledger; a free looks for its block
// in all of them.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <vector>

#include "support/level1.hpp"

using namespace tidemark;
using level1::elsewhere;
using level1::scribble;
using testing::misuse_recorder;

namespace {

struct checked_pool {
  thread_local_resource pool{{.name = "tides", .check = check_level::on}};
  misuse_recorder recorder;

  void check_told(misuse_kind kind, void const* address) const {
    BOOST_REQUIRE(recorder.seen.size() == 1U);
    BOOST_TEST((recorder.seen[0].kind == kind));
    BOOST_TEST((recorder.seen[0].address == address));
    BOOST_TEST((recorder.seen[0].resource == "tides"));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(legal_use_is_silent_at_level_1, checked_pool) {
  for (std::size_t const bytes : {0U, 8U, 100U, 5000U, 20'000U, 70'000U}) {
    void* const mine = pool.allocate(bytes);
    void* const others = pool.allocate(bytes, 64);
    elsewhere([&] { pool.deallocate(others, bytes, 64); });
    pool.deallocate(mine, bytes);
    memory_scope scope{pool};
    void* const held = scope.allocate(bytes);
    static_cast<void>(scope.allocate(bytes));
    elsewhere([&] { pool.deallocate(held, bytes); });
  }
  BOOST_TEST(recorder.seen.empty());
  BOOST_TEST(pool.stats().bytes_in_use == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_second_free_is_reported_whichever_thread_it_comes_from, checked_pool) {
  void* const block = pool.allocate(64);
  pool.deallocate(block, 64);
  elsewhere([&] { pool.deallocate(block, 64); });
  check_told(misuse_kind::double_free, block);
  void* const fresh = pool.allocate(64);
  BOOST_TEST((pool.allocate(64) != fresh));
}

BOOST_FIXTURE_TEST_CASE(a_free_in_flight_is_not_repeated, checked_pool) {
  void* const block = pool.allocate(64);
  elsewhere([&] { pool.deallocate(block, 64); });
  pool.deallocate(block, 64);
  check_told(misuse_kind::double_free, block);
}

BOOST_FIXTURE_TEST_CASE(a_block_of_nobody_is_foreign, checked_pool) {
  alignas(64) std::byte block[64];
  pool.deallocate(block, sizeof block);
  check_told(misuse_kind::foreign_block, block);
}

BOOST_FIXTURE_TEST_CASE(another_size_is_another_block, checked_pool) {
  void* const block = pool.allocate(64);
  pool.deallocate(block, 48);
  check_told(misuse_kind::foreign_block, block);
  pool.deallocate(block, 64);
  BOOST_TEST(recorder.seen.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_block_freed_after_its_scope_outlived_it, checked_pool) {
  void* block = nullptr;
  {
    memory_scope scope{pool};
    block = scope.allocate(64);
  }
  pool.deallocate(block, 64);
  check_told(misuse_kind::outlived, block);
  BOOST_TEST((recorder.seen[0].opened.line != 0U));
}

BOOST_FIXTURE_TEST_CASE(an_overrun_is_told_when_the_block_ends, checked_pool) {
  void* const block = pool.allocate(40);
  scribble(static_cast<char*>(block) + 40, 1);
  elsewhere([&] { pool.deallocate(block, 40); });
  check_told(misuse_kind::overrun, block);
}

BOOST_FIXTURE_TEST_CASE(an_overrun_is_told_when_the_scope_ends, checked_pool) {
  std::optional<memory_scope<thread_local_resource>> scope{pool};
  void* const block = scope->allocate(70'000);
  scribble(static_cast<char*>(block) + 70'000, 1);
  scope.reset();
  check_told(misuse_kind::overrun, block);
}

BOOST_FIXTURE_TEST_CASE(a_scope_of_another_thread_gives_nothing, checked_pool) {
  memory_scope scope{pool};
  std::pmr::memory_resource* const resource = scope.resource();
  elsewhere([&] {
    BOOST_CHECK_THROW(static_cast<void>(resource->allocate(8)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(scope.allocate(8)), std::bad_alloc);
  });
  BOOST_TEST(recorder.count(misuse_kind::wrong_thread) == 2U);
  BOOST_TEST(recorder.seen.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(blocks_of_an_ended_thread_are_still_known, checked_pool) {
  void* block = nullptr;
  elsewhere([&] {
    memory_scope scope{pool};
    scope.keep();
    block = scope.allocate(64);
  });
  pool.deallocate(block, 64);
  BOOST_TEST(recorder.seen.empty());
  pool.deallocate(block, 64);
  check_told(misuse_kind::double_free, block);
}
