// SPDX-License-Identifier: BSL-1.0
#pragma once

// Chunks of static memory, for tests of the engines that need no heap.
//
// Thread rule: one shelf at a time; a new one starts over.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <new>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/chunk_list.hpp>
#include <tidemark/detail/frame_space.hpp>
#include <tidemark/detail/poison.hpp>

namespace tidemark::test {

class chunk_shelf {
 public:
  chunk_shelf() = default;
  chunk_shelf(chunk_shelf const&) = delete;
  chunk_shelf& operator=(chunk_shelf const&) = delete;
  ~chunk_shelf() { detail::make_accessible(memory_.data(), memory_.size()); }

  /// Returns: `bytes` that nothing else uses, aligned to a cache line.
  std::byte* bytes(std::size_t bytes) {
    BOOST_REQUIRE(detail::fits(memory_.size() - used_, 0, bytes));
    std::byte* const first = memory_.data() + used_;
    used_ += detail::round_up(bytes, detail::chunk_alignment);
    return first;
  }

  detail::chunk& make(std::size_t upstream_bytes, std::size_t class_bytes) {
    ++chunk_count_;
    return *detail::make_chunk(bytes(upstream_bytes), upstream_bytes, class_bytes);
  }
  detail::chunk& make(std::size_t upstream_bytes) { return make(upstream_bytes, upstream_bytes); }

  /// What a pool without a limit does when its engine asks for a chunk.
  void serve(detail::frame_space& space, detail::chunk_request const& wanted) {
    BOOST_REQUIRE(wanted.payload_bytes != 0U);
    BOOST_REQUIRE(wanted.wanted_bytes >= wanted.payload_bytes + detail::chunk_alignment);
    space.give(make(wanted.wanted_bytes), wanted);
  }

  int chunk_count() const { return chunk_count_; }

 private:
  alignas(4096) static inline std::array<std::byte, std::size_t{1} << 21U> memory_;

  std::size_t used_ = 0;
  int chunk_count_ = 0;  // made since the beginning
};

}  // namespace tidemark::test
