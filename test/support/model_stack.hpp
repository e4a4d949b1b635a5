// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the model must know of a typed stack.
//
// Thread rule: one thread.

#include <array>
#include <cstddef>
#include <memory_resource>
#include <optional>
#include <tidemark/check_level.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

#include "model_arrays.hpp"
#include "model_lanes.hpp"
#include "model_source.hpp"

namespace model {

/// Which stacks a history may be about: any, one that is not pooled, one whose history can be
/// repeated.
enum class stacks { any, disabled, repeatable };

template <stacks Which = stacks::any>
struct stack_traits {
  using pool = tidemark::typed_stack_resource;
  static constexpr bool bare_is_innermost = true;
  static constexpr bool repeatable = Which == stacks::repeatable;
  static constexpr bool frees_anywhere = false;

  /// Bytes in use in each lane, by its kind: exactly what the arrays take that were taken on top.
  struct ledger {
    std::array<std::size_t, lane_kinds.size()> bytes{};
  };
  template <class State>
  using commands = array_commands<State>;

  /// A stack with options drawn at random, over `upstream`.
  class instance {
   public:
    instance(command_source& source, tidemark::check_level level,
             std::pmr::memory_resource* upstream)
        : beside_(tidemark::checks_enabled(level)) {
      bool const any = Which == stacks::any;
      if (any && level == tidemark::check_level::automatic && source.one_in(16)) {
        buffer_.resize(source.below(3000));
        beside_ = beside_ || buffer_.data() != nullptr;
        stack_.emplace(buffer_.data(), buffer_.size(), upstream);
        return;
      }
      tidemark::typed_stack_options options{.name = "model", .check = level};
      if (source.one_in(3)) options.initial_bytes = 1 + source.below(1U << 14U);
      if (source.one_in(4)) options.max_chunk_bytes = std::size_t{2048} << source.below(7);
      if (source.one_in(8)) options.recycle_outgrown = false;
      options.require_scope = requires_scope_ = source.one_in(8);
      options.pooled = Which != stacks::disabled && !(any && source.one_in(16));
      shrinks_ = !options.pooled;
      beside_ = beside_ || !options.pooled;
      max_chunk_bytes_ = options.max_chunk_bytes;
      limited_ = any && source.one_in(8);
      if (limited_) options.limit_bytes = 1000 + source.below(1U << 20U);
      stack_.emplace(options, upstream);
    }

    tidemark::typed_stack_resource& pool() noexcept { return *stack_; }
    bool limited() const noexcept { return limited_; }
    /// Whether no array lies in a lane.
    bool has_arrays_beside() const noexcept { return beside_; }
    std::size_t max_chunk_bytes() const noexcept { return max_chunk_bytes_; }
    bool requires_scope() const noexcept { return requires_scope_; }
    /// Whether it gives memory back that nobody asked for.
    bool shrinks() const noexcept { return shrinks_ || limited_; }
    void destroy() noexcept { stack_.reset(); }

   private:
    std::vector<std::byte> buffer_;
    std::optional<tidemark::typed_stack_resource> stack_;
    std::size_t max_chunk_bytes_ = tidemark::typed_stack_options{}.max_chunk_bytes;
    bool beside_;
    bool limited_ = false;
    bool requires_scope_ = false;
    bool shrinks_ = false;
  };

  static tidemark::resource_stats block_stats(pool const& stack) {
    tidemark::typed_stack_stats const all = stack.stats_by_lane();
    tidemark::resource_stats of_blocks = all.total;
    of_blocks.bytes_in_use = all.lanes.front().bytes_in_use;
    of_blocks.bytes_peak = all.lanes.front().bytes_peak;
    return of_blocks;
  }
};

}  // namespace model
