// SPDX-License-Identifier: BSL-1.0
#pragma once

// A frame_space with an outer and an inner scope, on static memory: what tests play the engine
// with.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory>
#include <new>
#include <tidemark/detail/frame_space.hpp>

#include "support/chunk_shelf.hpp"

namespace tidemark::test {

struct space_on_shelf {
  static constexpr detail::frame_sizes usual{
      .initial_bytes = 4096, .max_chunk_bytes = 65536, .recycle_outgrown = true, .checked = false};

  chunk_shelf shelf;
  detail::frame_space space{usual};
  detail::scope_record outer;
  detail::scope_record inner;

  /// Begins anew with other sizes.
  void start(detail::frame_sizes sizes) {
    std::destroy_at(&space);
    ::new (&space) detail::frame_space{sizes};
    outer = inner = {};
  }

  std::byte* taken(detail::scope_record& r, bool on_top, std::size_t bytes, std::size_t alignment) {
    detail::chunk_request wanted;
    auto* const block = static_cast<std::byte*>(space.take(r, on_top, bytes, alignment, wanted));
    BOOST_REQUIRE((block != nullptr));
    return block;
  }

  /// What the space wants; it must have no room.
  detail::chunk_request refused(detail::scope_record& r, bool on_top, std::size_t bytes,
                                std::size_t alignment) {
    detail::chunk_request wanted;
    BOOST_REQUIRE((space.take(r, on_top, bytes, alignment, wanted) == nullptr));
    return wanted;
  }

  /// A block, with a chunk from the shelf if the space wants one.
  std::byte* get(detail::scope_record& r, bool on_top, std::size_t bytes,
                 std::size_t alignment = 8) {
    bool const had_chain = space.current() != nullptr;
    detail::chunk_request wanted;
    void* block = space.take(r, on_top, bytes, alignment, wanted);
    if (block == nullptr) {
      shelf.serve(space, wanted);
      block = taken(r, on_top, bytes, alignment);
    }
    if (!had_chain && space.current() != nullptr) begin_at_head(outer);
    BOOST_REQUIRE(detail::padding_to(block, alignment) == 0U);
    return static_cast<std::byte*>(block);
  }

  /// Takes blocks on top until the space wants a chunk.
  detail::chunk_request next_refusal(detail::scope_record& r, std::size_t bytes) {
    detail::chunk_request wanted;
    void* block = nullptr;
    do {
      block = space.take(r, true, bytes, 8, wanted);
    } while (block != nullptr);
    return wanted;
  }

  /// The scope begins where the chain does, as every scope that was opened before it.
  void begin_at_head(detail::scope_record& r) const {
    r.at = space.head();
    r.cursor = r.at->begin;
  }

  /// The scope begins at the cursor.
  void open(detail::scope_record& r) {
    r.at = space.current();
    r.cursor = space.main.cursor;
    space.main.floor = space.main.cursor;
  }

  /// What a scope on top may free: up to the cursor.
  detail::scope_extent to_cursor() const { return {space.current(), space.main.cursor}; }
  std::size_t used() const { return space.used_bytes(space.main.cursor); }
  std::size_t peak() const { return space.peak_bytes(space.main.cursor); }
};

}  // namespace tidemark::test
