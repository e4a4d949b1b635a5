// SPDX-License-Identifier: BSL-1.0

// Retired frames stay unreadable for a while; then their memory serves again.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/upstream/page_resource.hpp>
#include <vector>

#include "support/child.hpp"

using namespace tidemark;
using namespace tidemark::literals;
using test::faults;

namespace {

struct fixture {
  page_resource pages{};
  // Without level 1, whose poison would trap what quarantine lets through.
  frame_resource frame{{.quarantine_count = 3, .check = check_level::off}, &pages};
  std::size_t page = page_resource::page_bytes();

  // A frame of some size, over at once: its first block.
  std::byte* run_frame(std::size_t bytes = 100) {
    memory_scope scope{frame};
    auto* const block = static_cast<std::byte*>(scope.allocate(bytes));
    std::memset(block, 1, bytes);
    return block;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(quarantine_of_a_frame, fixture)

BOOST_AUTO_TEST_CASE(a_read_after_the_outermost_scope_faults_at_once) {
  std::byte* const block = run_frame();
  BOOST_TEST(faults(block));
  BOOST_TEST(faults(block + 99));
}

BOOST_AUTO_TEST_CASE(a_read_after_a_raw_rewind_faults) {
  marker const mark = frame.checkpoint();
  auto* const block = static_cast<std::byte*>(frame.allocate(100));
  BOOST_TEST(!faults(block));
  frame.rewind(mark);
  BOOST_TEST(faults(block));
}

BOOST_AUTO_TEST_CASE(a_read_after_a_reset_faults) {
  auto* const block = static_cast<std::byte*>(frame.allocate(100));
  frame.reset();
  BOOST_TEST(faults(block));
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_read_after_the_outermost_scope_was_emptied_faults) {
  memory_scope scope{frame};
  auto* const block = static_cast<std::byte*>(scope.allocate(100));
  scope.reset();
  BOOST_TEST(faults(block));
  auto* const next = static_cast<std::byte*>(scope.allocate(100));
  BOOST_TEST(!faults(next));
}

BOOST_AUTO_TEST_CASE(what_lies_outside_every_checkpoint_stays_readable) {
  auto* const below = static_cast<std::byte*>(frame.allocate(100));
  std::byte* unscoped = nullptr;
  {
    memory_scope outer{frame};
    memory_scope inner{frame};
    unscoped = static_cast<std::byte*>(frame.unscoped()->allocate(100));
  }
  BOOST_TEST(!faults(below));
  BOOST_TEST(!faults(unscoped));
}

BOOST_AUTO_TEST_CASE(inner_scopes_share_the_frame_of_the_outermost) {
  memory_scope outer{frame};
  std::byte* block = nullptr;
  {
    memory_scope inner{frame};
    block = static_cast<std::byte*>(inner.allocate(100));
  }
  BOOST_TEST(!faults(block));  // only what is over as a whole is kept
}

BOOST_AUTO_TEST_CASE(chunks_beside_the_chain_are_kept_too) {
  std::byte* own = nullptr;
  std::byte* side = nullptr;
  {
    memory_scope outer{frame};
    memory_scope inner{frame};
    own = static_cast<std::byte*>(outer.allocate(3_MiB));
    side = static_cast<std::byte*>(outer.allocate(100));
  }
  BOOST_TEST(faults(own));
  BOOST_TEST(faults(own + 3_MiB - 1));
  BOOST_TEST(faults(side));
}

BOOST_AUTO_TEST_CASE(a_kept_scope_does_not_retire) {
  std::byte* block = nullptr;
  {
    memory_scope scope{frame};
    block = static_cast<std::byte*>(scope.allocate(100));
    scope.keep();
  }
  BOOST_TEST(!faults(block));
  frame.reset();
  BOOST_TEST(faults(block));
}

BOOST_AUTO_TEST_CASE(the_oldest_of_more_than_quarantine_count_frames_serves_again) {
  std::vector<std::byte*> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(run_frame());
  BOOST_TEST(!faults(blocks[0]));
  for (int i = 1; i < 4; ++i) BOOST_TEST(faults(blocks[static_cast<std::size_t>(i)]));
  BOOST_TEST((run_frame() == blocks[0]));
}

BOOST_AUTO_TEST_CASE(in_the_steady_state_upstream_is_asked_for_nothing) {
  std::size_t calls = 0;
  for (int i = 0; i < 20; ++i) {
    {
      memory_scope outer{frame};
      std::pmr::vector<int> numbers{outer};
      memory_scope inner{frame};
      for (int n = 0; n < 50'000; ++n) numbers.push_back(n);
      static_cast<void>(inner.allocate(2_MiB));
    }
    if (i == 5) calls = frame.stats().upstream_calls;
  }
  BOOST_TEST(frame.stats().upstream_calls == calls);
}

BOOST_AUTO_TEST_CASE(a_limit_lets_retired_frames_go_before_an_allocation_fails) {
  frame_resource tight{{.limit_bytes = 40 * page, .quarantine_count = 64}, &pages};
  for (int i = 0; i < 200; ++i) {
    memory_scope scope{tight};
    std::memset(scope.allocate(3 * page), i, 3 * page);
  }
  BOOST_TEST(tight.stats().bytes_reserved <= 40 * page);
}

BOOST_AUTO_TEST_CASE(release_and_the_end_give_every_page_back) {
  for (int i = 0; i < 10; ++i) run_frame(10'000);
  frame.release();
  BOOST_TEST(pages.committed_bytes() == 0U);
  {
    frame_resource other{{.quarantine_count = 2}, &pages};
    memory_scope scope{other};
    static_cast<void>(scope.allocate(100));
  }
  BOOST_TEST(pages.committed_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_frame_in_one_growing_range_is_kept_as_well) {
  page_resource reserved{{.reserve_bytes = 1_GiB}};
  frame_resource growing{{.quarantine_count = 2}, &reserved};
  std::byte* block = nullptr;
  {
    memory_scope scope{growing};
    block = static_cast<std::byte*>(scope.allocate(5_MiB));
    std::memset(block, 1, 5_MiB);
  }
  BOOST_TEST(faults(block));
  BOOST_TEST(faults(block + 5_MiB - 1));
}

BOOST_AUTO_TEST_CASE(without_pages_the_option_has_no_effect) {
  frame_resource plain{{.quarantine_count = 3}, std::pmr::new_delete_resource()};
  {
    memory_scope scope{plain};
    static_cast<void>(scope.allocate(100));
  }
  BOOST_TEST(plain.stats().chunk_count == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
