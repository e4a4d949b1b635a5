// SPDX-License-Identifier: BSL-1.0
#pragma once

// A set of lanes on static memory, and somebody who opens and closes checkpoints over it: what
// tests play the engine with.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/lane_set.hpp>

#include "support/chunk_shelf.hpp"

namespace tidemark::test {

struct lanes_on_shelf {
  static constexpr std::size_t initial_bytes = 448;  // a chunk of 512 with its header
  static constexpr std::size_t max_chunk_bytes = 4096;

  chunk_shelf shelf;
  detail::lane_set lanes{initial_bytes, max_chunk_bytes};
  std::uint32_t depth = 0;
  std::array<std::uint64_t, 64> serials{};  // by depth
  std::uint64_t last_serial = 100;
  int journals_given = 0;

  std::uint64_t serial() const { return serials[depth]; }

  /// The lane of T, which is made if there is none.
  template <class T>
  detail::lane& of() {
    std::uint32_t const number = detail::number_of(detail::type_of<T>);
    if (lanes.is_missing(number)) {
      if (lanes.needs_table(number)) {
        std::size_t const size = detail::lane_set::table_size_for(number);
        lanes.use_table(shelf.bytes(size * sizeof(detail::lane*)), size);
      }
      BOOST_REQUIRE(!lanes.needs_table(number));
      lanes.add(shelf.bytes(sizeof(detail::lane)), number);
    }
    detail::lane& l = lanes.find(number);
    l.type = &detail::type_of<T>;
    return l;
  }

  void open() { serials[++depth] = ++last_serial; }
  void rewind(std::uint32_t to) {
    for (; depth >= to; --depth) lanes.unwind(depth);
  }
  void rewind() { rewind(depth); }
  void keep() {
    lanes.keep(depth, serials[depth - 1]);
    --depth;
  }
  void reset() {
    if (depth != 0) rewind(1);
    lanes.reset();
  }

  void touch(detail::lane& l) {
    if (depth == 0) return;
    if (lanes.needs_journal()) {
      std::size_t const size = lanes.journal_size_for(1);
      lanes.use_journal(shelf.bytes(size * sizeof(detail::lane_save)), size);
      ++journals_given;
    }
    BOOST_REQUIRE(!lanes.needs_journal());
    lanes.touch(l, serial(), depth);
  }

  /// An array of the checkpoint on top, with a chunk from the shelf if the lane wants one; null if
  /// it lies in no lane.
  std::byte* take(detail::lane& l, std::size_t bytes) {
    touch(l);
    detail::chunk_request wanted;
    std::byte* array = lanes.take(l, bytes, wanted);
    if (array != nullptr) return array;
    if (wanted.payload_bytes == 0) {
      l.note_peak();
      l.beside_bytes += bytes;
      return nullptr;
    }
    BOOST_REQUIRE(wanted.for_chain);
    BOOST_REQUIRE(wanted.payload_bytes == detail::array_bytes(bytes, 1));
    BOOST_REQUIRE(wanted.wanted_bytes >= wanted.payload_bytes + detail::chunk_alignment);
    lanes.give(l, shelf.make(wanted.wanted_bytes), wanted);
    array = lanes.take(l, bytes, wanted);
    BOOST_REQUIRE((array != nullptr));
    return array;
  }
};

}  // namespace tidemark::test
