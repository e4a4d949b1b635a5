// SPDX-License-Identifier: BSL-1.0

// A frame with checks on: what is not live is filled, and no sanitizer lets it pass.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <span>
#include <tidemark/detail/poison.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <vector>

using namespace tidemark;

// Only a program with AddressSanitizer has it.
extern "C" __attribute__((weak)) int __asan_address_is_poisoned(void const volatile*);

namespace {

bool is_poisoned(void const* place) { return __asan_address_is_poisoned(place) != 0; }

// That no byte may be read under AddressSanitizer, and that all of them are overwritten without.
void check_dead(char const* begin, std::size_t bytes) {
  if (__asan_address_is_poisoned != nullptr) {
    for (std::size_t i = 0; i < bytes; ++i) BOOST_REQUIRE(is_poisoned(begin + i));
  } else {
    std::vector<char> const dead(bytes, static_cast<char>(detail::dead_fill));
    BOOST_TEST(std::memcmp(begin, dead.data(), bytes) == 0);
  }
}

void check_live(char* begin, std::size_t bytes) {
  if (__asan_address_is_poisoned != nullptr) {
    for (std::size_t i = 0; i < bytes; ++i) BOOST_REQUIRE(!is_poisoned(begin + i));
  }
  std::memset(begin, 'l', bytes);
}

frame_options checked() { return {.check = check_level::on}; }

char* take(auto& from, std::size_t bytes) {
  auto* const block = static_cast<char*>(from.allocate(bytes, 1));
  check_live(block, bytes);
  return block;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_block_is_filled_so_that_no_one_reads_what_was_there_before) {
  frame_resource frame{checked()};
  auto const* const block = static_cast<unsigned char*>(frame.allocate(100));
  for (int i = 0; i < 100; ++i) BOOST_REQUIRE(block[i] == detail::fresh_fill);
}

BOOST_AUTO_TEST_CASE(what_a_rewind_frees_is_dead) {
  frame_resource frame{checked()};
  char* const below = take(frame, 100);
  marker const mark = frame.checkpoint();
  char* const small = take(frame, 100);
  char* const middle = take(frame, 10'000);
  char* const large = take(frame, 300'000);
  frame.rewind(mark);
  check_dead(small, 100);
  check_dead(middle, 10'000);
  check_dead(large, 300'000);
  check_live(below, 100);
  check_live(static_cast<char*>(frame.allocate(50, 1)), 50);
}

BOOST_AUTO_TEST_CASE(what_a_scope_took_beside_the_chain_is_dead_after_it) {
  frame_resource frame{checked()};
  char* beside = nullptr;
  char* unscoped = nullptr;
  {
    memory_scope outer{frame};
    memory_scope inner{frame};
    beside = take(outer, 500);
    unscoped = take(*frame.unscoped(), 500);
  }
  check_dead(beside, 500);
  check_live(unscoped, 500);
  frame.reset();
  check_dead(unscoped, 500);
}

BOOST_AUTO_TEST_CASE(what_a_free_takes_is_dead_at_once) {
  frame_resource frame{checked()};
  memory_scope outer{frame};
  char* const older = take(outer, 100);
  char* const array = take(outer, 5000);
  char* const large = take(outer, 300'000);
  char* const newest = take(outer, 100);
  outer.deallocate(newest, 100, 1);
  outer.deallocate(older, 100, 1);
  outer.deallocate(array, 5000, 1);
  outer.deallocate(large, 300'000, 1);
  check_dead(newest, 100);
  check_dead(older, 100);
  check_dead(array, 5000);
  check_dead(large, 300'000);
}

BOOST_AUTO_TEST_CASE(what_lies_above_the_newest_block_is_dead) {
  frame_resource frame{checked()};
  char* const block = take(frame, 100);
  check_dead(block + 100 + detail::red_zone_bytes, 64);
}

BOOST_AUTO_TEST_CASE(a_block_that_grew_is_live_to_its_new_end) {
  frame_resource frame{checked()};
  char* const block = take(frame, 100);
  BOOST_TEST(frame.try_expand(block, 100, 200));
  BOOST_TEST(block[99] == 'l');
  check_live(block, 200);
  check_dead(block + 200 + detail::red_zone_bytes, 64);
}

BOOST_AUTO_TEST_CASE(a_block_that_is_freed_below_a_mark_by_the_bare_frame_is_dead_but_not_reused) {
  frame_resource frame{checked()};
  char* const below = take(frame, 5000);
  memory_scope scope{frame};
  frame.deallocate(below, 5000, 1);
  check_dead(below, 5000);
  BOOST_TEST(frame.stats().late_frees == 1U);
  for (int i = 0; i < 100; ++i) BOOST_TEST((take(scope, 50) != below));
}

BOOST_AUTO_TEST_CASE(kept_blocks_stay_live) {
  frame_resource frame{checked()};
  char* block = nullptr;
  {
    memory_scope scope{frame};
    block = take(scope, 100);
    scope.keep();
  }
  BOOST_TEST(block[99] == 'l');
  check_live(block, 100);
}

BOOST_AUTO_TEST_CASE(objects_are_live_while_their_destructors_run) {
  struct reader {
    char text[64] = "still there";
    bool* seen;
    explicit reader(bool& result) : seen(&result) {}
    ~reader() { *seen = std::strcmp(text, "still there") == 0; }
  };
  bool seen = false;
  frame_resource frame{checked()};
  {
    memory_scope scope{frame};
    static_cast<void>(scope.make<reader>(seen));
  }
  BOOST_TEST(seen);
}

BOOST_AUTO_TEST_CASE(what_a_destructor_allocates_is_live_and_what_it_frees_is_dead) {
  struct user {
    frame_resource& frame;
    bool* fresh;
    user(frame_resource& owner, bool& result) : frame(owner), fresh(&result) {}
    ~user() {
      auto* const block = static_cast<char*>(frame.allocate(100, 1));
      *fresh = static_cast<unsigned char>(block[99]) == detail::fresh_fill;
      check_live(block, 100);
      frame.deallocate(block, 100, 1);
      check_dead(block, 100);
    }
  };
  bool fresh = false;
  frame_resource frame{checked()};
  {
    memory_scope scope{frame};
    static_cast<void>(scope.make<user>(frame, fresh));
  }
  BOOST_TEST(fresh);
}

BOOST_AUTO_TEST_CASE(memory_goes_back_upstream_accessible) {
  testing::checked_upstream upstream;  // overwrites what it gets back
  {
    frame_resource frame{checked(), &upstream};
    {
      memory_scope scope{frame};
      for (int i = 0; i < 20; ++i) static_cast<void>(scope.allocate(3000));
      static_cast<void>(scope.allocate(300'000));
    }
    BOOST_TEST(frame.trim() > 0U);
    static_cast<void>(frame.allocate(100));
    frame.release();
    static_cast<void>(frame.allocate(100));
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_frame_without_checks_leaves_dead_bytes_alone) {
  frame_resource frame{{.check = check_level::off}};
  char* block = nullptr;
  {
    memory_scope scope{frame};
    block = take(scope, 100);
  }
  BOOST_TEST(block[99] == 'l');
}

BOOST_AUTO_TEST_CASE(checks_change_no_count_of_a_frame_but_bytes) {
  auto const run = [](check_level level) {
    frame_resource frame{{.recycle_outgrown = false, .check = level}};
    std::pmr::vector<int> numbers{frame.unscoped()};
    for (int i = 0; i < 5000; ++i) {
      memory_scope scope{frame};
      numbers.push_back(i);
      static_cast<void>(scope.allocate(static_cast<std::size_t>(i % 700)));
      if (i % 100 == 0) scope.keep();
    }
    resource_stats stats = frame.stats();
    stats.bytes_in_use = stats.bytes_peak = stats.bytes_reserved = 0;  // red zones are bytes, too
    stats.chunk_count = stats.upstream_calls = 0;
    return stats;
  };
  BOOST_TEST((run(check_level::on) == run(check_level::off)));
}
