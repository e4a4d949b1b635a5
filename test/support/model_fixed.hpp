// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the model must know of a fixed-block pool.
//
// Thread rule: one thread.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <tidemark/check_level.hpp>
#include <tidemark/detail/poison.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/stats.hpp>

#include "model_source.hpp"

namespace model {

struct fixed_traits {
  using pool = tidemark::fixed_block_resource;
  static constexpr bool bare_is_innermost = false;  // it is no checkpoint's
  static constexpr bool repeatable = false;
  static constexpr bool frees_anywhere = true;
  struct ledger {};
  template <class State>
  struct commands {
    static constexpr std::uint32_t chances = 0;  // in 200
    explicit commands(State&) noexcept {}
  };

  /// A pool with options drawn at random, over `upstream`.
  class instance {
   public:
    instance(command_source& source, tidemark::check_level level,
             std::pmr::memory_resource* upstream)
        : red_zone_(tidemark::checks_enabled(level) ? tidemark::detail::red_zone_bytes : 0) {
      std::size_t const bytes = source.one_in(2) ? 300 : 1 + source.below(6000);
      alignment_ = std::size_t{1} << source.below(9);
      tidemark::fixed_block_options options{.name = "model", .check = level};
      bool const adopts = source.one_in(3);
      if (!adopts) {
        options.block_bytes = bytes;
        options.block_alignment = alignment_;
      }
      if (source.one_in(3)) options.max_slab_bytes = std::size_t{1} << source.below(20);
      options.refuse_larger = source.one_in(8);
      refuses_ = options.refuse_larger || source.one_in(8);
      if (refuses_) options.limit_bytes = 100'000 + source.below(1U << 20U);
      pool_.emplace(options, upstream);
      pool_->deallocate(pool_->allocate(bytes, alignment_), bytes, alignment_);
    }

    tidemark::fixed_block_resource& pool() noexcept { return *pool_; }
    bool limited() const noexcept { return refuses_; }
    bool requires_scope() const noexcept { return false; }
    void destroy() noexcept { pool_.reset(); }

    /// What a block takes of bytes_in_use. A smallest block holds a pointer, a large one 16 bytes.
    std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept {
      std::size_t const pooled = pool_->block_bytes();
      bool const fits = bytes <= pooled && alignment <= std::max<std::size_t>(alignment_, 8);
      return fits ? pooled : std::max<std::size_t>(std::max(bytes, pooled) + red_zone_, 16);
    }

   private:
    std::optional<tidemark::fixed_block_resource> pool_;
    std::size_t red_zone_;
    std::size_t alignment_ = 0;
    bool refuses_ = false;
  };

  static tidemark::resource_stats block_stats(pool const& blocks) { return blocks.stats(); }
};

}  // namespace model
