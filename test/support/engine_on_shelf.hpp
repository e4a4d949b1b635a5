// SPDX-License-Identifier: BSL-1.0
#pragma once

// A frame_engine on static memory, and what a pool does around it: windows, chunks and bookkeeping.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <tidemark/detail/frame_engine.hpp>
#include <utility>

#include "support/chunk_shelf.hpp"

namespace tidemark::test {

struct engine_on_shelf {
  using window = detail::frame_engine::window;

  chunk_shelf shelf;
  std::array<detail::scope_binding, 64> bindings{};
  std::size_t bindings_used = 0;
  detail::frame_engine engine;

  explicit engine_on_shelf(bool checked = false)
      : engine({.initial_bytes = 4096,
                .max_chunk_bytes = 65536,
                .recycle_outgrown = true,
                .checked = checked}) {
    for (std::uint32_t d = 0; d < detail::frame_engine::inline_records; ++d) {
      engine.bind(d, bindings[bindings_used++]);
    }
  }

  /// Opens a checkpoint. Returns: its serial.
  std::uint64_t open(bool scoped = false) {
    window const open{engine};
    if (engine.needs_records()) {
      std::uint32_t const count = 2 * engine.record_count();
      engine.use_records(shelf.bytes(count * sizeof(detail::scope_record)), count);
    }
    if (engine.needs_binding()) {
      BOOST_REQUIRE(bindings_used < bindings.size());
      engine.add_spare(bindings[bindings_used++]);
    }
    engine.make_ready();
    return engine.open(scoped, source_location::current());
  }

  std::byte* get(std::uint32_t depth, std::size_t bytes, std::size_t alignment = 8) {
    window const open{engine};
    detail::chunk_request wanted;
    void* block = engine.take(depth, bytes, alignment, wanted);
    if (block == nullptr) {
      shelf.serve(engine.space, wanted);
      block = engine.take(depth, bytes, alignment, wanted);
    }
    BOOST_REQUIRE((block != nullptr));
    return static_cast<std::byte*>(block);
  }
  std::byte* get_on_top(std::size_t bytes) { return get(engine.depth(), bytes); }

  void rewind(std::uint32_t depth) {
    window const open{engine};
    BOOST_REQUIRE(!engine.blocker(depth));
    engine.rewind_to(depth);
    close_ended();
  }
  void keep(std::uint32_t depth) {
    window const open{engine};
    BOOST_REQUIRE(!engine.blocker(depth));
    engine.keep_to(depth);
    close_ended();
  }
  void close_ended() {
    while (auto const ended = engine.next_ended()) {
      if (ended.how == detail::scope_end::keep) {
        engine.keep_to(ended.depth);
      } else {
        engine.rewind_to(ended.depth);
      }
    }
  }
  /// The end of a scope object.
  void end(std::uint32_t depth, detail::scope_end how) {
    if (engine.blocker(depth)) {
      engine.end_later(depth, how);
    } else if (how == detail::scope_end::keep) {
      keep(depth);
    } else {
      rewind(depth);
    }
  }
  void reset() {
    window const open{engine};
    engine.reset();
  }

  /// Somebody asks for the resource of an open checkpoint.
  detail::scope_binding& hand_out(std::uint32_t depth) {
    detail::scope_binding& binding = *engine.record(depth).binding;
    binding.handed_out = true;
    return binding;
  }

  bool is_open(std::uint64_t serial, std::uint32_t depth) const {
    return engine.is_open(serial, depth);
  }
  std::size_t used() const { return engine.space.used_bytes(engine.main_region().cursor); }
};

struct checked_engine_on_shelf : engine_on_shelf {
  checked_engine_on_shelf() : engine_on_shelf(true) {}
};

/// A finalizer that does what a test says.
struct action : detail::finalizer {
  explicit action(std::function<void()> what) : finalizer{nullptr, &call}, does(std::move(what)) {}
  std::function<void()> does;

 private:
  static void call(finalizer* self) noexcept { static_cast<action*>(self)->does(); }
};

}  // namespace tidemark::test
