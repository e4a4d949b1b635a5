// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/slab.hpp>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark::detail;

namespace {

constexpr std::size_t small_slab = 65536;
constexpr std::size_t wide_slab = 262144;

slab_layout layout_of_stride(std::size_t stride, std::size_t slab_bytes) {
  return layout_of(stride, stride, 8, slab_bytes);
}

std::size_t first_offset_of(std::size_t count, std::size_t alignment) {
  return round_up(sizeof(slab) + 2 * count, std::max<std::size_t>(alignment, 64));
}

/// A slab somewhere: blocks have addresses, and no memory.
struct distant_slab : slab {
  explicit distant_slab(slab_layout const& layout) {
    first = reinterpret_cast<std::byte*>(std::uintptr_t{1} << 44U) + layout.first_offset;
    reciprocal = layout.reciprocal;
  }
};

/// Memory for one slab, full of what was there before.
struct in_memory {
  slab_layout const layout = layout_of(100, 104, 8, 4096);
  alignas(4096) std::byte memory[4096];
  slab_group group;
  slab& formatted;
  int owner = 0;

  in_memory() : formatted(make()) {
    formatted.group = &group;
    format(formatted, layout, 5, &owner);
  }

 private:
  slab& make() {
    std::memset(memory, 0xEE, sizeof memory);
    return *::new (memory) slab;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(slab_)

BOOST_AUTO_TEST_CASE(the_index_is_exact_for_every_block_of_every_stride) {
  std::size_t wrong = 0;
  for (std::size_t const slab_bytes : {std::size_t{512}, small_slab, wide_slab}) {
    for (std::size_t stride = 8; stride < slab_bytes; ++stride) {
      slab_layout const layout = layout_of_stride(stride, slab_bytes);
      distant_slab const one{layout};
      for (std::size_t i = 0; i < layout.block_count; ++i) {
        if (one.index_of(one.first + i * stride) != i) ++wrong;
      }
    }
  }
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE(the_index_is_exact_at_the_end_of_slabs_of_two_gibibytes) {
  std::size_t const slab_bytes = std::size_t{1} << 31U;
  std::size_t wrong = 0;
  for (std::size_t stride = 8; stride < slab_bytes; stride = stride + stride / 3000 + 1) {
    slab_layout const layout = layout_of_stride(stride, slab_bytes);
    distant_slab const one{layout};
    std::size_t const count = layout.block_count;
    for (std::size_t i = count - std::min<std::size_t>(count, 20); i < count; ++i) {
      if (one.index_of(one.first + i * stride) != i) ++wrong;
    }
  }
  BOOST_TEST(wrong == 0U);
}

// A slab of 32 GiB had two blocks of just under 16 GiB, and the second one's index was 3.
BOOST_AUTO_TEST_CASE(a_slab_that_an_index_cannot_span_has_one_block) {
  std::size_t const gibibyte = std::size_t{1} << 30U;
  slab_layout const huge = layout_of(16 * gibibyte - 256, 16 * gibibyte - 256, 64, 32 * gibibyte);
  BOOST_TEST(huge.block_count == 1U);
  distant_slab const one{huge};
  BOOST_TEST(one.index_of(one.first) == 0U);
  BOOST_TEST(layout_of(8, 8, 8, 4 * gibibyte).block_count == 1U);
  BOOST_TEST(layout_of(gibibyte / 2, gibibyte / 2, 8, 2 * gibibyte).block_count == 3U);
}

BOOST_AUTO_TEST_CASE(as_many_aligned_blocks_lie_behind_the_stamps_as_fit) {
  std::size_t wrong = 0;
  for (std::size_t const slab_bytes : {std::size_t{512}, std::size_t{4096}, wide_slab}) {
    for (std::size_t const alignment : {8U, 16U, 64U, 256U, 4096U}) {
      for (std::size_t stride = alignment; stride < slab_bytes; stride += alignment) {
        slab_layout const made = layout_of(stride, stride, alignment, slab_bytes);
        std::size_t const count = made.block_count;
        bool const more_fit =
            first_offset_of(count + 1, alignment) + (count + 1) * stride <= slab_bytes;
        bool const lies_well =
            count == 0 ||
            (made.first_offset >= sizeof(slab) + 2 * count && made.first_offset % alignment == 0 &&
             made.first_offset % 64 == 0 && made.first_offset + count * stride <= slab_bytes);
        if (more_fit || !lies_well) ++wrong;
      }
    }
  }
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE(a_layout_keeps_what_it_was_made_of) {
  slab_layout const made = layout_of(100, 128, 16, small_slab);
  BOOST_TEST(made.block_bytes == 100U);
  BOOST_TEST(made.stride_bytes == 128U);
  BOOST_TEST(made.slab_bytes == small_slab);
}

BOOST_AUTO_TEST_CASE(a_stride_up_to_what_header_and_stamp_leave_fits_once) {
  std::size_t const most = small_slab - first_offset_of(1, 8);
  slab_layout const fitting = layout_of(most, most, 8, small_slab);
  BOOST_TEST(fitting.block_count == 1U);
  BOOST_TEST(fitting.reciprocal == 0U);
  BOOST_TEST(layout_of(most + 8, most + 8, 8, small_slab).block_count == 0U);
  BOOST_TEST(layout_of(small_slab, small_slab, 8, small_slab).block_count == 0U);
  BOOST_TEST(layout_of(SIZE_MAX - 7, SIZE_MAX - 7, 8, small_slab).block_count == 0U);
}

BOOST_AUTO_TEST_CASE(no_block_fits_a_slab_that_its_alignment_exceeds) {
  BOOST_TEST(layout_of(4096, 4096, 4096, 4096).block_count == 0U);
  BOOST_TEST(layout_of(64, 4096, 4096, 8192).block_count == 1U);
  BOOST_TEST(layout_of(64, 8192, 8192, 8192).block_count == 0U);
  BOOST_TEST(layout_of(64, 64, std::size_t{1} << 31U, 8192).block_count == 0U);
}

// A slab not larger than its header had a count that wrapped, and was searched from there.
BOOST_AUTO_TEST_CASE(no_block_fits_a_slab_that_its_header_fills) {
  static_assert(sizeof(slab) == 128, "the next line means the header");
  BOOST_TEST(layout_of(8, 8, 8, 128).block_count == 0U);
  BOOST_TEST(layout_of(8, 8, 8, 64).block_count == 0U);
  BOOST_TEST(layout_of(8, 8, 8, 256).block_count == 8U);
}

BOOST_FIXTURE_TEST_CASE(a_formatted_slab_is_all_fresh_with_no_stamp, in_memory) {
  BOOST_TEST(formatted.class_index == 5U);
  BOOST_TEST((formatted.owner == &owner && formatted.group == &group));
  BOOST_TEST(formatted.carved_count() == 0U);
  BOOST_TEST(formatted.free_count == 0U);
  for (std::size_t i = 0; i < layout.block_count; ++i) BOOST_TEST(formatted.stamps()[i] == 0U);
  auto const* const behind = reinterpret_cast<std::byte*>(formatted.stamps() + layout.block_count);
  BOOST_TEST((*behind == std::byte{0xEE}));
  BOOST_TEST((formatted.first == memory + layout.first_offset));
}

BOOST_FIXTURE_TEST_CASE(fresh_blocks_come_one_behind_the_other_until_none_is_left, in_memory) {
  std::byte* expected = memory + layout.first_offset;
  std::size_t count = 0;
  for (; !formatted.is_used_up(); ++count, expected += 104) {
    BOOST_TEST(formatted.carved_count() == count);
    BOOST_TEST((formatted.carve() == expected));
    BOOST_TEST((&formatted.stamp_of(expected) == formatted.stamps() + count));
  }
  BOOST_TEST(count == layout.block_count);
  BOOST_TEST((expected <= memory + sizeof memory));
}

BOOST_FIXTURE_TEST_CASE(a_slab_that_is_formatted_again_forgets_its_blocks, in_memory) {
  while (!formatted.is_used_up()) formatted.stamp_of(formatted.carve()) = 9;
  formatted.free_count = 3;
  slab_layout const other = layout_of(16, 16, 16, 4096);
  format(formatted, other, 1, nullptr);
  for (std::size_t i = 0; i < other.block_count; ++i) BOOST_TEST(formatted.stamps()[i] == 0U);
  BOOST_TEST(formatted.carved_count() == 0U);
  BOOST_TEST(formatted.free_count == 0U);
  BOOST_TEST(formatted.stride_bytes == 16U);
  BOOST_TEST((formatted.group == &group));
}

BOOST_FIXTURE_TEST_CASE(the_slab_is_found_from_every_byte_of_its_blocks, in_memory) {
  BOOST_TEST((slab_of(formatted.first, 4096) == &formatted));
  BOOST_TEST((slab_of(formatted.end - 1, 4096) == &formatted));
  BOOST_TEST((slab_of(memory + 4095, 4096) == &formatted));
}

BOOST_AUTO_TEST_CASE(slabs_enter_and_leave_a_list_in_any_order) {
  std::vector<slab> slabs(4);
  slab_list list;
  BOOST_TEST((list.pop() == nullptr));
  for (slab& each : slabs) list.push(each);
  list.remove(slabs[1]);  // in the midst
  list.remove(slabs[0]);  // the last
  list.remove(slabs[3]);  // the first
  list.push(slabs[1]);
  BOOST_TEST((list.pop() == &slabs[1]));
  BOOST_TEST((list.pop() == &slabs[2]));
  BOOST_TEST((list.pop() == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
