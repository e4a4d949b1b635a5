// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the model must know of a frame.
//
// Thread rule: one thread.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <tidemark/frame_resource.hpp>
#include <tidemark/stats.hpp>
#include <vector>

#include "model_source.hpp"

namespace model {

struct frame_traits {
  using pool = tidemark::frame_resource;
  static constexpr bool bare_is_innermost = true;  // the bare pool means the innermost checkpoint
  static constexpr bool repeatable = false;        // nothing but the seed decides the history
  static constexpr bool frees_anywhere = false;    // a block is freed through whom it was taken
  struct ledger {};                                // what it counts beside its blocks
  /// Commands that only this pool has.
  template <class State>
  struct commands {
    static constexpr std::uint32_t chances = 0;  // in 200
    explicit commands(State&) noexcept {}
  };

  /// A frame with options drawn at random, over `upstream`.
  class instance {
   public:
    instance(command_source& source, tidemark::check_level level,
             std::pmr::memory_resource* upstream) {
      if (level == tidemark::check_level::automatic && source.one_in(8)) {
        buffer_.resize(source.below(3000));
        frame_.emplace(buffer_.data(), buffer_.size(), upstream);
        return;
      }
      tidemark::frame_options options{.name = "model", .check = level};
      if (source.one_in(3)) options.initial_bytes = 1 + source.below(1U << 17U);
      if (source.one_in(4)) options.max_chunk_bytes = std::size_t{2048} << source.below(7);
      if (source.one_in(8)) options.recycle_outgrown = false;
      limited_ = source.one_in(8);
      if (limited_) options.limit_bytes = 1000 + source.below(1U << 20U);
      frame_.emplace(options, upstream);
    }

    tidemark::frame_resource& pool() noexcept { return *frame_; }
    bool limited() const noexcept { return limited_; }
    bool requires_scope() const noexcept { return false; }
    void destroy() noexcept { frame_.reset(); }

   private:
    std::vector<std::byte> buffer_;
    std::optional<tidemark::frame_resource> frame_;
    bool limited_ = false;
  };

  /// Of the part that serves blocks.
  static tidemark::resource_stats block_stats(pool const& frame) { return frame.stats(); }
  static void coalesce(pool& frame) { frame.coalesce(); }
};

}  // namespace model
