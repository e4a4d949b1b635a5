// SPDX-License-Identifier: BSL-1.0

// What a frame tells about itself, and the limit it keeps: bytes in use, at peak and reserved.

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <span>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>

#include "support/unchecked.hpp"

using namespace tidemark;
using namespace tidemark::literals;

namespace {

std::size_t in_use(frame_resource const& frame) { return frame.stats().bytes_in_use; }

frame_options limited_to(std::size_t bytes) {
  frame_options options = unchecked({.name = "small"});
  options.limit_bytes = bytes;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(bytes_in_use_count_from_the_chunks_begin_to_its_cursor_with_padding) {
  frame_resource frame{unchecked_first(4096)};
  BOOST_TEST(in_use(frame) == 0U);
  static_cast<void>(frame.allocate(1, 1));
  BOOST_TEST(in_use(frame) == 1U);
  static_cast<void>(frame.allocate(8, 8));  // 7 bytes of padding
  BOOST_TEST(in_use(frame) == 16U);
  static_cast<void>(frame.allocate(0, 1));  // a byte of its own
  BOOST_TEST(in_use(frame) == 17U);
  static_cast<void>(frame.allocate(64, 64));
  BOOST_TEST(in_use(frame) == 128U);
}

BOOST_AUTO_TEST_CASE(the_unused_end_of_a_chunk_is_not_in_use) {
  frame_resource frame{unchecked_first(1024)};
  static_cast<void>(frame.allocate(1000, 1));
  static_cast<void>(frame.allocate(500, 1));
  BOOST_TEST(in_use(frame) == 1500U);
  BOOST_TEST(frame.stats().chunk_count == 2U);
}

BOOST_AUTO_TEST_CASE(bytes_in_use_count_side_chunks_and_own_chunks) {
  frame_resource frame{unchecked()};
  memory_scope outer{frame};
  memory_scope inner{frame};
  static_cast<void>(outer.allocate(100, 1));
  static_cast<void>(frame.unscoped()->allocate(10, 1));
  BOOST_TEST(in_use(frame) == 110U);
  static_cast<void>(inner.allocate(1_MiB, 1));
  static_cast<void>(outer.allocate(1_MiB, 1));
  BOOST_TEST(in_use(frame) == 110 + 2_MiB);
}

BOOST_AUTO_TEST_CASE(the_peak_is_the_most_that_was_ever_in_use) {
  frame_resource frame{unchecked_first(1024)};
  auto const peak = [&] { return frame.stats().bytes_peak; };
  void* const first = frame.allocate(512, 1);
  frame.deallocate(first, 512, 1);
  BOOST_TEST(peak() == 512U);
  {
    memory_scope scope{frame};
    static_cast<void>(scope.allocate(1000, 1));
    static_cast<void>(scope.allocate(2000, 1));
    memory_scope inner{frame};
    static_cast<void>(scope.allocate(1000, 1));
    BOOST_TEST(peak() == 4000U);
  }
  static_cast<void>(frame.allocate(3000, 1));
  BOOST_TEST(peak() == 4000U);
  frame.reset();
  frame.release();
  BOOST_TEST(peak() == 4000U);
  static_cast<void>(frame.allocate(5000, 1));
  BOOST_TEST(peak() == 5000U);
}

// What lies beside the chain shrinks while the chain has a higher cursor behind it.
BOOST_AUTO_TEST_CASE(the_peak_adds_what_was_in_use_at_one_time_only) {
  frame_resource frame{unchecked_first(64_KiB)};
  void* const large = frame.allocate(1_MiB, 1);
  frame.deallocate(large, 1_MiB, 1);
  static_cast<void>(frame.allocate(2000, 1));
  BOOST_TEST(frame.stats().bytes_peak == 1_MiB);
  void* const popped = frame.allocate(1900, 1);
  frame.deallocate(popped, 1900, 1);
  static_cast<void>(frame.allocate(1_MiB, 1));
  BOOST_TEST(frame.stats().bytes_peak == 1_MiB + 2000);
}

// Found by the model: pops leave the peak to the chain, and coalesce gives the chain back.
BOOST_AUTO_TEST_CASE(coalesce_does_not_forget_the_peak) {
  frame_resource frame{unchecked_first(1024)};
  for (std::size_t bytes : {100U, 2900U}) frame.deallocate(frame.allocate(bytes, 1), bytes, 1);
  BOOST_TEST(frame.stats().chunk_count == 2U);
  frame.coalesce();
  BOOST_TEST(frame.stats().chunk_count == 1U);
  BOOST_TEST(frame.stats().bytes_peak == 2900U);
}

BOOST_AUTO_TEST_CASE(bytes_reserved_is_what_upstream_gave) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked(), &upstream};
  auto const same = [&] { return frame.stats().bytes_reserved == upstream.bytes_outstanding(); };
  static_cast<void>(frame.allocate(10'000));
  static_cast<void>(frame.allocate(1_MiB));
  BOOST_TEST(same());
  BOOST_TEST(frame.stats().chunk_count == upstream.totals().blocks_outstanding);
  for (int d = 0; d < 40; ++d) static_cast<void>(frame.checkpoint());
  BOOST_TEST(same());
  frame.reset();
  frame.trim();
  BOOST_TEST(same());
  frame.release();
  BOOST_TEST(same());
  BOOST_TEST(frame.stats().upstream_calls == upstream.calls());
}

BOOST_AUTO_TEST_CASE(reset_keeps_memory_and_release_gives_it_back) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked(), &upstream};
  for (int i = 0; i < 100; ++i) static_cast<void>(frame.allocate(1500));
  static_cast<void>(frame.allocate(1_MiB));
  std::size_t const reserved = upstream.bytes_outstanding();
  frame.reset();
  BOOST_TEST(in_use(frame) == 0U);
  BOOST_TEST(upstream.bytes_outstanding() == reserved);
  frame.release();
  BOOST_TEST(upstream.bytes_outstanding() == 0U);
  BOOST_TEST(frame.stats().chunk_count == 0U);
  BOOST_TEST(frame.allocate(100) != nullptr);
}

BOOST_AUTO_TEST_CASE(after_release_a_frame_grows_from_its_first_chunk_again) {
  frame_resource frame{unchecked_first(1024)};
  static_cast<void>(frame.allocate(10));
  std::size_t const first = frame.stats().bytes_reserved;
  for (int i = 0; i < 100; ++i) static_cast<void>(frame.allocate(1500));
  frame.release();
  static_cast<void>(frame.allocate(10));
  BOOST_TEST(frame.stats().bytes_reserved == first);
}

BOOST_AUTO_TEST_CASE(trim_gives_idle_chunks_back_under_open_scopes_and_says_how_much) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked(), &upstream};
  memory_scope outer{frame};
  auto* const block = static_cast<char*>(outer.allocate(100));
  block[0] = 'b';
  std::size_t const before = upstream.bytes_outstanding();
  {
    memory_scope inner{frame};
    for (int i = 0; i < 100; ++i) static_cast<void>(inner.allocate(1500));
    static_cast<void>(inner.allocate(1_MiB));
    BOOST_TEST(frame.trim() == 0U);  // all of it is in use
  }
  std::size_t const after = upstream.bytes_outstanding();
  BOOST_TEST(frame.trim() == after - before);
  BOOST_TEST(upstream.bytes_outstanding() == before);
  BOOST_TEST(frame.trim() == 0U);
  BOOST_TEST(block[0] == 'b');
}

BOOST_AUTO_TEST_CASE(coalesce_makes_one_chunk_that_the_same_frame_fits) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked(), &upstream};
  auto const fill = [&] {
    for (int i = 0; i < 100; ++i) static_cast<void>(frame.allocate(1500, 1));
  };
  fill();
  frame.coalesce();  // not empty: nothing happens
  std::size_t const several = frame.stats().chunk_count;
  BOOST_TEST(several > 3U);
  frame.reset();
  std::size_t const reserved = frame.stats().bytes_reserved;
  frame.coalesce();
  BOOST_TEST(frame.stats().chunk_count == 1U);
  BOOST_TEST(frame.stats().bytes_reserved == reserved);
  std::size_t const calls = upstream.calls();
  fill();
  frame.reset();
  frame.coalesce();
  BOOST_TEST(upstream.calls() == calls);
  frame.release();
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(coalesce_does_nothing_under_an_open_checkpoint) {
  frame_resource frame{unchecked_first(512)};
  for (int i = 0; i < 10; ++i) static_cast<void>(frame.allocate(400));
  frame.reset();
  memory_scope scope{frame};
  auto const before = frame.stats();
  frame.coalesce();
  BOOST_TEST((frame.stats() == before));
}

BOOST_AUTO_TEST_CASE(a_coalesced_frame_in_a_buffer_still_starts_in_the_buffer) {
  testing::checked_upstream upstream;
  std::array<std::byte, 256> buffer{};
  frame_resource frame{std::span{buffer}, &upstream};
  for (int i = 0; i < 50; ++i) static_cast<void>(frame.allocate(1000));
  frame.reset();
  frame.coalesce();
  BOOST_TEST(frame.stats().chunk_count == 1U);
  BOOST_TEST(frame.allocate(100, 1) == buffer.data());
  frame.release();
  BOOST_TEST(upstream.bytes_outstanding() == 0U);
}

BOOST_AUTO_TEST_CASE(the_first_chunk_shrinks_to_fit_the_limit) {
  testing::checked_upstream upstream;
  frame_resource frame{limited_to(1024), &upstream};
  static_cast<void>(frame.allocate(500));
  BOOST_TEST(upstream.bytes_outstanding() <= 1024U);
  BOOST_TEST(frame.stats().bytes_reserved == upstream.bytes_outstanding());
}

BOOST_AUTO_TEST_CASE(the_limit_counts_headers_and_bookkeeping) {
  testing::checked_upstream upstream;
  frame_resource frame{limited_to(20'000), &upstream};
  try {
    for (int i = 0;; ++i) {
      static_cast<void>(frame.allocate(100));
      if (i % 10 == 0) static_cast<void>(frame.checkpoint());
    }
  } catch (resource_exhausted const& what) {
    BOOST_TEST((what.resource == "small"));
  }
  BOOST_TEST(upstream.totals().bytes_peak <= 20'000U);
  BOOST_TEST(upstream.totals().bytes_peak > 18'000U);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_whose_bookkeeping_does_not_fit_the_limit_throws) {
  testing::checked_upstream upstream;
  frame_resource frame{limited_to(3000), &upstream};
  for (int d = 0; d < 4; ++d) static_cast<void>(frame.checkpoint());
  try {
    for (;;) static_cast<void>(frame.checkpoint());
  } catch (resource_exhausted const& what) {
    BOOST_TEST(what.requested_bytes > what.available_bytes);
  }
  BOOST_TEST(upstream.totals().bytes_peak <= 3000U);
  BOOST_TEST(frame.depth() >= 4U);
}

BOOST_AUTO_TEST_CASE(exhaustion_names_the_frame_and_the_bytes_and_changes_nothing) {
  frame_resource frame{limited_to(8192)};
  static_cast<void>(frame.allocate(5000));
  auto const before = frame.stats();
  try {
    static_cast<void>(frame.allocate(5000));
    BOOST_TEST(false, "5000 bytes more do not fit 8192");
  } catch (resource_exhausted const& what) {
    BOOST_TEST((what.resource == "small"));
    BOOST_TEST(what.requested_bytes == 5000U);
    BOOST_TEST(what.available_bytes == 8192 - before.bytes_reserved);
  }
  BOOST_TEST((frame.stats() == before));
  BOOST_TEST(frame.try_allocate(5000) == nullptr);
}

BOOST_AUTO_TEST_CASE(idle_chunks_make_room_below_the_limit) {
  frame_resource frame{limited_to(1_MiB)};
  {
    memory_scope scope{frame};
    static_cast<void>(scope.allocate(600'000));
  }
  BOOST_TEST(frame.try_allocate(900'000) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_callers_buffer_is_not_reserved_from_upstream) {
  std::array<std::byte, 4096> buffer{};
  frame_resource frame{std::span{buffer}, std::pmr::null_memory_resource()};
  static_cast<void>(frame.allocate(4000, 1));
  BOOST_TEST(frame.stats().bytes_reserved == 0U);
  BOOST_TEST(frame.stats().chunk_count == 0U);
  BOOST_CHECK_THROW(static_cast<void>(frame.allocate(4000)), std::bad_alloc);
  frame.release();
  BOOST_TEST(frame.allocate(4000, 1) == buffer.data());
}
