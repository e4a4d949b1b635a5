// SPDX-License-Identifier: BSL-1.0

// Construction, sizes and alignments of a frame. Marks, scopes, keep, destructors, counts: see the
// other test/frame_resource_*_test.cpp.

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <span>
#include <string>
#include <thread>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <type_traits>
#include <vector>

#include "support/is_aligned.hpp"
#include "support/unchecked.hpp"

using namespace tidemark;
using namespace tidemark::literals;
using tidemark::test::is_aligned;

namespace {

template <class... Args>
constexpr bool nothrow_from = std::is_nothrow_constructible_v<frame_resource, Args...>;

static_assert(std::is_final_v<frame_resource>);
static_assert(std::is_base_of_v<rewindable_resource, frame_resource>);
static_assert(!std::is_copy_constructible_v<frame_resource>);
static_assert(!std::is_move_constructible_v<frame_resource>);
static_assert(!std::is_copy_assignable_v<frame_resource>);
static_assert(!std::is_move_assignable_v<frame_resource>);
static_assert(nothrow_from<>);
static_assert(nothrow_from<std::pmr::memory_resource*>);
static_assert(nothrow_from<std::size_t>);
static_assert(nothrow_from<std::size_t, std::pmr::memory_resource*>);
static_assert(nothrow_from<frame_options>);
static_assert(nothrow_from<frame_options, std::pmr::memory_resource*>);
static_assert(nothrow_from<void*, std::size_t>);
static_assert(nothrow_from<void*, std::size_t, std::pmr::memory_resource*>);
static_assert(nothrow_from<std::span<std::byte>>);
static_assert(nothrow_from<std::span<std::byte>, std::pmr::memory_resource*>);
static_assert(!std::is_constructible_v<frame_resource, std::nullptr_t>);
static_assert(!std::is_constructible_v<frame_resource, std::nullptr_t, std::size_t>);
static_assert(!std::is_convertible_v<std::size_t, frame_resource>);

bool contains(std::span<std::byte const> buffer, void const* block) {
  auto const* const place = static_cast<std::byte const*>(block);
  return place >= buffer.data() && place < buffer.data() + buffer.size();
}

}  // namespace

BOOST_AUTO_TEST_CASE(constructors_ask_upstream_for_nothing) {
  testing::checked_upstream upstream;
  std::array<std::byte, 256> buffer{};
  {
    frame_resource plain{&upstream};
    frame_resource sized{64_KiB, &upstream};
    frame_resource named{frame_options{.name = "named"}, &upstream};
    frame_resource in_buffer{buffer.data(), buffer.size(), &upstream};
    frame_resource in_span{std::span{buffer}, &upstream};
    for (frame_resource* f : {&plain, &sized, &named}) {
      BOOST_TEST(f->stats().bytes_reserved == 0U);
      BOOST_TEST(f->upstream_resource() == &upstream);
      BOOST_TEST(f->depth() == 0U);
    }
    BOOST_TEST(named.name() == "named");
  }
  BOOST_TEST(upstream.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(a_frame_without_an_upstream_takes_the_default_one) {
  frame_resource plain;
  frame_resource sized{8_KiB};
  std::pmr::memory_resource* none = nullptr;
  frame_resource from_null{none};
  BOOST_TEST(plain.upstream_resource() == default_upstream());
  BOOST_TEST(sized.upstream_resource() == default_upstream());
  BOOST_TEST(from_null.upstream_resource() == default_upstream());
}

BOOST_AUTO_TEST_CASE(the_first_chunk_holds_the_initial_bytes) {
  testing::checked_upstream upstream;
  frame_resource frame{10000, &upstream};
  static_cast<void>(frame.allocate(9000, 1));
  static_cast<void>(frame.allocate(1000, 1));
  BOOST_TEST(upstream.calls() == 1U);
}

BOOST_AUTO_TEST_CASE(a_frame_starts_in_the_callers_buffer_and_goes_on_upstream) {
  testing::checked_upstream upstream;
  alignas(64) std::array<std::byte, 1024> buffer{};
  frame_resource frame{std::span{buffer}, &upstream};
  BOOST_TEST(contains(buffer, frame.allocate(1000, 1)));
  BOOST_TEST(upstream.calls() == 0U);
  BOOST_TEST(!contains(buffer, frame.allocate(100, 1)));
  BOOST_TEST(upstream.calls() == 1U);
  frame.release();
  BOOST_TEST(upstream.bytes_outstanding() == 0U);
  BOOST_TEST(contains(buffer, frame.allocate(1000, 1)));
}

BOOST_AUTO_TEST_CASE(a_buffer_may_be_misaligned_tiny_or_empty) {
  testing::checked_upstream upstream;
  alignas(64) std::array<std::byte, 64> buffer{};
  for (std::size_t bytes : {0U, 1U, 7U, 33U}) {
    frame_resource frame{buffer.data() + 3, bytes, &upstream};
    void* const block = frame.allocate(24, 8);
    BOOST_TEST(is_aligned(block, 8));
    std::memset(block, 1, 24);
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_buffer_is_accessible_again_when_the_frame_is_gone) {
  std::array<std::byte, 512> buffer{};
  {
    frame_resource frame{std::span{buffer}};
    static_cast<void>(frame.allocate(100));
  }
  std::memset(buffer.data(), 1, buffer.size());  // AddressSanitizer watches
  BOOST_TEST((buffer[511] == std::byte{1}));
}

BOOST_AUTO_TEST_CASE(a_name_is_copied_up_to_31_bytes) {
  std::string name(40, 'n');
  frame_resource frame{{.name = name}};
  name.clear();
  BOOST_TEST(frame.name() == std::string(31, 'n'));
  BOOST_TEST((frame.stats().name == frame.name()));
}

BOOST_AUTO_TEST_CASE(equality_is_identity) {
  frame_resource one;
  frame_resource two;
  memory_scope scope{one};
  BOOST_TEST(one.is_equal(one));
  BOOST_TEST(!one.is_equal(two));
  BOOST_TEST(!one.is_equal(*scope.resource()));
  BOOST_TEST(scope.resource()->is_equal(*scope.resource()));
  BOOST_TEST(!scope.resource()->is_equal(*one.unscoped()));
}

BOOST_AUTO_TEST_CASE(alignments_from_1_to_8192_are_honoured) {
  frame_resource frame;
  for (int round = 0; round < 3; ++round) {
    memory_scope scope{frame};
    for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
      void* const block = frame.allocate(alignment + 1, alignment);
      BOOST_TEST(is_aligned(block, alignment));
      std::memset(block, 0x5A, alignment + 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(sizes_that_do_not_divide_their_alignment_are_honoured) {
  frame_resource frame;
  struct request {
    std::size_t bytes, alignment;
  };
  for (request const r : {request{24, 16}, request{48, 32}, request{96, 64}, request{1, 4096}}) {
    auto* const first = static_cast<std::byte*>(frame.allocate(r.bytes, r.alignment));
    auto* const second = static_cast<std::byte*>(frame.allocate(r.bytes, r.alignment));
    BOOST_TEST(is_aligned(first, r.alignment));
    BOOST_TEST(is_aligned(second, r.alignment));
    BOOST_TEST((second >= first + r.bytes || first >= second + r.bytes));
  }
}

BOOST_AUTO_TEST_CASE(size_0_is_legal_and_unique) {
  frame_resource frame;
  memory_scope outer{frame};
  memory_scope inner{frame};
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) {
    blocks.push_back(frame.allocate(0, 1));
    blocks.push_back(outer.allocate(0, 1));
    blocks.push_back(frame.unscoped()->allocate(0, 1));
  }
  std::sort(blocks.begin(), blocks.end());
  BOOST_TEST((std::adjacent_find(blocks.begin(), blocks.end()) == blocks.end()));
  BOOST_TEST(blocks.front() != nullptr);
}

BOOST_AUTO_TEST_CASE(sizes_that_no_memory_has_throw_and_change_nothing) {
  testing::checked_upstream upstream;
  frame_resource frame{&upstream};
  static_cast<void>(frame.allocate(100));
  memory_scope outer{frame};
  memory_scope inner{frame};
  auto const before = frame.stats();
  for (std::size_t bytes : {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 8191, SIZE_MAX / 2 + 1}) {
    for (std::size_t alignment : {1U, 16U, 8192U}) {
      BOOST_CHECK_THROW(static_cast<void>(frame.allocate(bytes, alignment)), std::bad_alloc);
      BOOST_CHECK_THROW(static_cast<void>(outer.allocate(bytes, alignment)), std::bad_alloc);
      BOOST_TEST(frame.try_allocate(bytes, alignment) == nullptr);
    }
  }
  std::size_t volatile highest = std::size_t{1} << 63U;  // clang warns of it as a constant
  BOOST_CHECK_THROW(static_cast<void>(frame.allocate(1, highest)), std::bad_alloc);
  BOOST_TEST((frame.stats() == before));
  BOOST_TEST(upstream.calls() == before.upstream_calls);
}

BOOST_AUTO_TEST_CASE(try_allocate_gives_a_block_or_null) {
  testing::checked_upstream upstream;
  frame_resource frame{unchecked(), &upstream};
  void* const block = frame.try_allocate(40, 32);
  BOOST_TEST(is_aligned(block, 32));
  upstream.fail_at(1);
  auto before = frame.stats();
  BOOST_TEST(frame.try_allocate(1_MiB) == nullptr);
  ++before.upstream_calls;  // it was asked
  BOOST_TEST((frame.stats() == before));
  BOOST_TEST(frame.try_allocate(1_MiB) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_frame_serves_containers) {
  frame_resource frame;
  std::pmr::vector<std::pmr::string> rows{&frame};
  for (int i = 0; i < 300; ++i)
    rows.emplace_back("a row that does not fit the small buffer: ") += 'x';
  BOOST_TEST(rows.size() == 300U);
  BOOST_TEST(rows.front() == rows.back());
}

BOOST_AUTO_TEST_CASE(a_frame_may_be_handed_to_another_thread_when_nothing_is_open) {
  frame_resource frame{{.check = check_level::on}};
  for (int round = 0; round < 3; ++round) {
    std::thread{[&frame] {
      memory_scope scope{frame};
      std::memset(scope.allocate(3000), 1, 3000);
    }}.join();
  }
  memory_scope scope{frame};
  std::memset(scope.allocate(3000), 1, 3000);
  BOOST_TEST(frame.depth() == 1U);
}
