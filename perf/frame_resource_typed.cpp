// SPDX-License-Identifier: BSL-1.0
//
// What does `make<T>` cost where the pool's type is known, so that no call is virtual?
// One round: a list of 1000 nodes is built, then everything is released.

#include <cstdint>
#include <memory_resource>
#include <new>
#include <tidemark/frame_resource.hpp>

#include "support/floor.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

constexpr std::uint32_t node_count = 1000;

struct node {
  node(node* rest, std::uint32_t number) noexcept : next(rest), key(number) {}
  node* next;
  std::uint64_t key;
};

template <class Make>
node* build(Make make) {
  node* head = nullptr;
  for (std::uint32_t key = 0; key < node_count; ++key) {
    head = make(head, key);
    perf::escape(head);
  }
  return head;
}

// `Copy`: each contestant's loop exists three times, as the floors do.
template <int Copy, class Make, class Reset>
void add(perf::program& program, std::string const& name, Make make, Reset reset) {
  auto const round = [make, reset] {
    build(make);
    reset();
  };
  auto const check = [make, reset] {
    std::uint64_t sum = 1;
    for (node const* at = build(make); at != nullptr; at = at->next) sum = sum * 31 + at->key;
    reset();
    return sum;
  };
  program.add("frame_typed_inline", name + "." + std::to_string(Copy), node_count, round, check);
}

template <int Copy>
void add_ours(perf::program& program, tidemark::frame_resource& frame) {
  add<Copy>(
      program, "ours",
      [&frame](node* rest, std::uint32_t key) { return frame.make<node>(rest, key); },
      [&frame] { frame.reset(); });
}

template <int Copy>
void add_floor(perf::program& program, perf::inline_bump<Copy>& floor) {
  add<Copy>(
      program, "floor",
      [&floor](node* rest, std::uint32_t key) {
        return ::new (floor.allocate(sizeof(node), alignof(node))) node(rest, key);
      },
      [&floor] { floor.reset(); });
}

template <int Copy>
void add_std(perf::program& program, std::pmr::monotonic_buffer_resource& resource) {
  add<Copy>(
      program, "std mono",
      [&resource](node* rest, std::uint32_t key) {
        return ::new (resource.allocate(sizeof(node), alignof(node))) node(rest, key);
      },
      [&resource] { resource.release(); });
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);

  tidemark::frame_resource frame(perf::arena_bytes);
  add_ours<1>(program, frame);
  add_ours<2>(program, frame);
  add_ours<3>(program, frame);

  perf::three<perf::inline_bump> floors;
  add_floor(program, floors.first);
  add_floor(program, floors.second);
  add_floor(program, floors.third);

  perf::warm_buffer buffer;
  std::pmr::monotonic_buffer_resource std_mono(buffer.bytes.data(), buffer.bytes.size());
  add_std<1>(program, std_mono);
  add_std<2>(program, std_mono);
  add_std<3>(program, std_mono);

  return program.run();
}
