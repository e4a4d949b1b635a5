// SPDX-License-Identifier: BSL-1.0
#pragma once

// The frames of a frame_resource that are over, kept unreadable for a while.
//
//   chain   [depth 0] | [chunk][chunk]  in use by the outermost checkpoint
//                       '---- close ---> ring: newest, ..., oldest ---> back to the chain
//
// Each outermost checkpoint begins in a chunk of its own, so that its pages hold nothing else.
//
// Thread rule: that of the frame.
//
// Invariants:
//  1. Chunks in the ring are inaccessible but for their first page, which holds the header.
//  2. At most `capacity` retired frames wait; a limit of the frame lets them go earlier.

#include <array>
#include <cstddef>
#include <cstdint>
#include <tidemark/detail/code_trace.hpp>
#include <tidemark/detail/fault_table.hpp>
#include <tidemark/frame_resource.hpp>

namespace tidemark::detail {

class frame_quarantine {
 public:
  /// Around the closing of `depth`: if that is the outermost checkpoint, or 0 for all, what it used
  /// goes into quarantine.
  class retirement {
   public:
    retirement(frame_resource& frame, std::uint32_t depth, source_location where,
               void const* caller) noexcept;
    ~retirement();
    retirement(retirement const&) = delete;
    retirement& operator=(retirement const&) = delete;

   private:
    frame_resource* frame_ = nullptr;  // null: nothing retires
    std::uint32_t depth_ = 0;
    chunk* last_ = nullptr;  // the newest chunk in use
    source_location opened_{};
    source_location closed_{};
    void const* caller_ = nullptr;
  };

  static std::uint32_t count_of(std::size_t asked) noexcept;
  /// Throws:     `std::bad_alloc` without memory for the ring or the first chunk.
  static void before_outermost(frame_resource& frame);
  /// Returns:    False if nothing is in quarantine.
  static bool release_oldest(frame_resource& frame) noexcept;
  static void destroy(frame_quarantine* quarantine) noexcept;

 private:
  static constexpr std::uint32_t capacity = 64;
  struct retired_frame {
    chunk* chain = nullptr;   // linked by `next`
    chunk* beside = nullptr;  // likewise
  };

  static frame_quarantine* made(frame_resource& frame) noexcept;
  void put(frame_resource& frame, retired_frame retired, fault_place const& place) noexcept;

  std::array<retired_frame, capacity> ring_{};
  std::uint32_t oldest_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace tidemark::detail
