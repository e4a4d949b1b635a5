// SPDX-License-Identifier: BSL-1.0
#pragma once

// Random histories of a pool with marks, held against a model.
//
//   model::run<model::frame_traits>(source, operations, level);
//
// A pool joins with a traits class (model_frame.hpp has one): the pool's type, whether the bare
// pool means the innermost checkpoint, and an `instance` made from the source, the check level and
// an upstream, which says whether it is limited. Verbs that a pool does not have are left out; its
// `commands` are those that no other has.
//
// Thread rule: one thread.
//
// Source: stateful property tests; the invariants are those of marks: depth, markers, no overlap,
// contents, bytes in use after a close, destructors, upstream's books, misuse.

#include <cstddef>
#include <cstdint>
#include <string>
#include <tidemark/check_level.hpp>

#include "model_blocks.hpp"
#include "model_commands.hpp"
#include "model_marks.hpp"
#include "model_source.hpp"
#include "model_state.hpp"

namespace model {

template <class Traits>
class machine {
 public:
  machine(command_source& source, tidemark::check_level level)
      : state_(source, level), blocks_{state_}, marks_{state_, foreign_}, own_{state_} {}

  void step() {
    if constexpr (own_commands::chances != 0) {
      if (state_.source.below(200) < own_commands::chances) {
        own_.step();
        return after_step();
      }
    }
    std::uint32_t const chosen = state_.source.below(200);
    if (state_.blocks.size() > most_blocks || chosen < 30) {
      blocks_.free();
    } else if (chosen < 90) {
      blocks_.allocate();
    } else if (chosen < 136) {
      use_blocks(chosen);
    } else if (chosen < 192) {
      use_marks(chosen);
    } else {
      use_pool(chosen);
    }
    after_step();
  }

  /// Closes everything and empties the pool, which keeps its memory.
  void start_over() {
    end_all();
    marks_.reset();
    after_close();
    state_.leftovers.clear();
    state_.stale.clear();
    check();
  }
  std::size_t upstream_calls() const { return state_.upstream.calls(); }

  /// Closes everything, destroys the pool and sees that it gave everything back.
  void finish() {
    end_all();
    check();
    state_.closed_all();
    state_.leftovers.clear();
    state_.levels.clear();
    state_.instance.destroy();
    require(state_.log == state_.expected_log, "the pool's end ran other destructors than its own");
    require(state_.upstream.complaint().empty(), state_.upstream.complaint().c_str());
  }

 private:
  static constexpr std::size_t most_blocks = 160;
  using traits = Traits;
  using own_commands = typename Traits::template commands<state<Traits>>;

  void check() {
    state_.check();
    if constexpr (own_commands::chances != 0) own_.check();
  }
  void after_step() {
    check();
    if (after_close()) check();
    if (++steps_ % 16 == 0) state_.verify_contents();
  }
  void end_all() {
    state_.upstream.fail_at(0);
    state_.verify_contents();
    state_.containers.clear();
    while (state_.depth() > 0) {
      marks_.close_top();
      after_close();
    }
  }

  void use_blocks(std::uint32_t chosen) {
    if (chosen < 94) return blocks_.churn();
    if (chosen < 100) return blocks_.free_through_wrong_handle();
    if (chosen < 112) return blocks_.expand();
    if (chosen < 118) return blocks_.make();
    if (chosen < 122) return blocks_.make_container();
    if (chosen < 130) return blocks_.grow_container();
    if (chosen < 134) return blocks_.end_container();
    blocks_.allocate_impossible();
  }
  void use_marks(std::uint32_t chosen) {
    if (chosen < 145) return marks_.open_raw();
    if (chosen < 157) return marks_.open_scope();
    if (chosen < 162) return marks_.hand_out();
    if (chosen < 177) return marks_.close_top();
    if (chosen < 180) return marks_.close_any();
    if (chosen < 184) return marks_.use_bad_marker();
    if (chosen < 186) return marks_.empty_scope();
    if (chosen < 189) return marks_.use_leftover();
    marks_.throw_through(1 + state_.source.below(6));
  }
  void use_pool(std::uint32_t chosen) {
    if (Traits::repeatable) return;  // what is given back is asked for again
    if (chosen < 194) return marks_.arm_failure();
    if (chosen < 196) return marks_.trim();
    if (chosen < 198) return marks_.template coalesce<traits>();
    if (!state_.source.one_in(8)) return;  // rare: it ends every long history
    chosen == 198 ? marks_.reset() : marks_.release();
  }

  /// What comes too late, while nobody has the memory yet. Returns: Whether anything did.
  bool after_close() {
    bool const closed =
        !state_.just_dropped.empty() || !state_.just_closed.empty() || !state_.outlived.empty();
    blocks_.free_just_dropped();
    blocks_.use_just_closed();
    return closed;
  }

  state<Traits> state_;
  typename Traits::pool foreign_;
  block_commands<state<Traits>> blocks_;
  mark_commands<state<Traits>> marks_;
  own_commands own_;
  std::size_t steps_ = 0;
};

/// Runs the same `operations` commands twice on one pool. The second time must ask upstream for
/// nothing.
/// Throws: `broken`.
template <class Traits>
void run_twice(std::uint64_t seed, std::size_t operations, tidemark::check_level level) {
  static_assert(Traits::repeatable);
  command_source source{seed};
  machine<Traits> history{source, level};
  std::size_t calls = 0;
  for (int round = 0; round < 2; ++round) {
    calls = history.upstream_calls();
    source = command_source{seed};
    for (std::size_t done = 0; done < operations; ++done) history.step();
    history.start_over();
  }
  require(history.upstream_calls() == calls, "the second of two equal histories asked upstream");
  history.finish();
}

/// Runs `operations` commands, or fewer if the source ends.
/// Throws: `broken`, with the index of the command in its text.
template <class Traits>
void run(command_source& source, std::size_t operations, tidemark::check_level level) {
  std::size_t done = 0;
  try {
    machine<Traits> history{source, level};
    for (; done < operations && !source.exhausted(); ++done) history.step();
    history.finish();
  } catch (broken const& bug) {
    throw broken{"operation " + std::to_string(done) + ": " + bug.what()};
  }
}

}  // namespace model
