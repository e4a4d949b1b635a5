// SPDX-License-Identifier: BSL-1.0
//
// What does a `map<string, vector<string>>` cost that is built and dropped?
// "dropped": the arena is reset under it; "destroyed": its destructors run first, as a heap needs;
// "checked": dropped, with a frame of check level 1.

#include <cstdint>
#include <memory_resource>
#include <new>
#include <tidemark/frame_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "support/floor.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"
#include "support/rows.hpp"

namespace {

using perf::rows::document;

std::uint64_t checksum(document const& of) {
  std::uint64_t sum = 14695981039346656037u;  // FNV-1a
  auto const add = [&sum](std::pmr::string const& text) {
    for (char const c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211u;
  };
  for (auto const& [key, values] : of) {
    add(key);
    for (auto const& value : values) add(value);
  }
  return sum;
}

// The document itself lies in the resource, so that dropping it touches nothing.
template <class Reset>
void add_dropped(perf::program& program, std::string const& row, std::string const& name,
                 std::pmr::memory_resource& from, Reset reset) {
  auto const build = [&from] {
    auto* const any = perf::launder(&from);
    auto* const made = ::new (any->allocate(sizeof(document), alignof(document))) document(any);
    perf::rows::fill(*made, any);
    perf::escape(made);
    return made;
  };
  auto const round = [build, reset] {
    build();
    reset();
  };
  auto const check = [build, reset] {
    std::uint64_t const sum = checksum(*build());
    reset();
    return sum;
  };
  program.add(row, name, 1, round, check);
}

template <class Reset>
void add_destroyed(perf::program& program, std::string const& name, std::pmr::memory_resource& from,
                   Reset reset) {
  auto const round = [&from, reset] {
    {
      auto* const any = perf::launder(&from);
      document made(any);
      perf::rows::fill(made, any);
      perf::escape(&made);
    }
    reset();
  };
  auto const check = [&from, reset] {
    std::uint64_t sum = 0;
    {
      document made(&from);
      perf::rows::fill(made, &from);
      sum = checksum(made);
    }
    reset();
    return sum;
  };
  program.add("frame_document_destroyed", name, 1, round, check);
}

template <class Reset>
void add_arena(perf::program& program, std::string const& name, std::pmr::memory_resource& from,
               Reset reset) {
  add_dropped(program, "frame_document", name, from, reset);
  add_destroyed(program, name, from, reset);
}

void add_at_level(perf::program& program, std::string const& name,
                  tidemark::frame_resource& frame) {
  add_dropped(program, "frame_document_checked", name, frame, [&frame] { frame.reset(); });
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);

  tidemark::frame_resource frame(perf::arena_bytes);
  add_arena(program, "ours", frame, [&] { frame.reset(); });
  tidemark::frame_resource lazy;  // as a user writes it who names no size
  add_arena(program, "frame{}", lazy, [&] { lazy.reset(); });

  perf::three<perf::bump_floor> floors;
  floors.each([&](auto& floor, auto copy) {
    add_arena(program, std::string("floor") + copy, floor, [&floor] { floor.reset(); });
  });

  auto const nothing = [] {};
  add_destroyed(program, "new/delete", *std::pmr::new_delete_resource(), nothing);
  add_destroyed(program, "mimalloc", *tidemark::mimalloc_resource(), nothing);

  perf::warm_buffer a;
  std::pmr::monotonic_buffer_resource std_mono(a.bytes.data(), a.bytes.size());
  add_arena(program, "std mono", std_mono, [&] { std_mono.release(); });
  std::pmr::unsynchronized_pool_resource std_pool;
  add_destroyed(program, "std unsync", std_pool, nothing);

  perf::warm_buffer b;
  perf::boost_monotonic boost_mono(b.bytes.data(), b.bytes.size());
  add_arena(program, "Boost mono", boost_mono, [&] { boost_mono.boost_resource().release(); });
  perf::boost_pool boost_pool;
  add_destroyed(program, "Boost unsync", boost_pool, nothing);

  using tidemark::check_level;
  tidemark::frame_resource checked({.initial_bytes = perf::arena_bytes, .check = check_level::on});
  add_at_level(program, "ours", checked);
  tidemark::frame_resource same({.initial_bytes = perf::arena_bytes, .check = check_level::off});
  add_at_level(program, "level 0", same);

  return program.run();
}
