// SPDX-License-Identifier: BSL-1.0
#pragma once

// A block_engine, and what a pool does around it: slabs, large blocks, room in the log, records.
//
// Three classes: 0 and 2 share slabs of 64 KiB, those of 1 have 256 KiB.
//
// Thread rule: one thread.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <tidemark/detail/block_engine.hpp>
#include <tidemark/detail/poison.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <utility>
#include <vector>

namespace tidemark::test {

struct engine_of_blocks {
  static constexpr std::uint32_t class_count = 3;
  static constexpr std::size_t small_slab = 65536;
  static constexpr std::size_t wide_slab = 262144;
  static constexpr std::array<std::size_t, class_count> sizes{200, 3008, 1040};
  static constexpr std::array<std::size_t, class_count> alignments{8, 64, 16};

  testing::checked_upstream upstream;
  std::deque<detail::scope_binding> bindings;
  std::array<detail::slab_groups, 2> groups;
  std::array<detail::block_class, class_count> classes;
  std::array<detail::block_class_info, class_count> infos;
  detail::block_engine engine;

  explicit engine_of_blocks(bool checked = false) : engine(checked) {
    groups[0].configure(small_slab, small_slab, 4 * small_slab);
    groups[1].configure(wide_slab, wide_slab, wide_slab);
    for (std::uint32_t c = 0; c < class_count; ++c) {
      std::size_t const slab_bytes = c == 1 ? wide_slab : small_slab;
      infos[c].layout = detail::layout_of(sizes[c], sizes[c], alignments[c], slab_bytes);
      infos[c].groups = &groups[c == 1 ? 1 : 0];
    }
    engine.use_classes(classes.data(), infos.data(), class_count, this);
    engine.use_slab_sizes(small_slab, wide_slab);
    for (std::uint32_t d = 0; d < detail::block_engine::inline_records; ++d) {
      engine.bind(d, bindings.emplace_back());
    }
  }
  engine_of_blocks(engine_of_blocks const&) = delete;
  engine_of_blocks& operator=(engine_of_blocks const&) = delete;
  ~engine_of_blocks() {
    engine.reset();
    for (detail::slab_groups& each : groups) give_back(each.take_all_groups(), each.slab_bytes());
    give_back_idle_large();
    for (auto const& [memory, bytes] : bookkeeping_) upstream.deallocate(memory, bytes, 16);
    BOOST_TEST(upstream.complaint() == "");
  }

  /// A block of a class for the checkpoint at `depth`; 0 is none.
  std::byte* take(std::uint32_t index, std::uint32_t depth = 0) {
    if (depth != 0) make_room();
    void* block = take_if_there(index, depth);
    if (block == nullptr) {
      detail::slab_groups& wanting = *infos[index].groups;
      std::size_t const bytes = wanting.wanted_bytes(SIZE_MAX);
      wanting.give(upstream.allocate(bytes, wanting.slab_bytes()), bytes);
      block = take_if_there(index, depth);
    }
    BOOST_REQUIRE(block != nullptr);
    if (engine.is_checked()) detail::make_live(block, sizes[index]);
    return static_cast<std::byte*>(block);
  }
  std::vector<std::byte*> take_many(std::size_t count, std::uint32_t index,
                                    std::uint32_t depth = 0) {
    std::vector<std::byte*> taken;
    for (std::size_t i = 0; i < count; ++i) taken.push_back(take(index, depth));
    return taken;
  }
  /// `count` times the same block.
  void take_and_put(std::size_t count, std::uint32_t index, std::uint32_t depth) {
    for (std::size_t i = 0; i < count; ++i) engine.put(take(index, depth), index);
  }
  /// The inline half; null where that is not enough.
  std::byte* take_inline(std::uint32_t index, std::uint32_t depth) {
    void* block = nullptr;
    detail::block_log::entry const size_bit = index == 1 ? detail::block_engine::wide : 0;
    bool const taken = engine.take_free_for(depth, classes[index], infos[index].layout.slab_bytes,
                                            size_bit, block);
    return taken ? static_cast<std::byte*>(block) : nullptr;
  }
  void make_room() {
    if (!engine.log.is_full()) return;
    engine.compact_log();
    if (!engine.log.is_tight()) return;
    std::size_t const capacity = engine.log.next_capacity();
    engine.log.move_to(bookkeeping(capacity * sizeof(detail::block_log::entry)), capacity);
  }

  detail::large_block& take_large(std::size_t bytes, std::uint32_t depth) {
    auto const request = detail::large_request::of(bytes, 16);
    detail::large_block* block = engine.take_idle_large(request.bytes, request.alignment);
    if (block == nullptr) {
      void* const memory = upstream.allocate(request.bytes, request.alignment);
      block = &detail::make_large_block(memory, request, this);
    }
    engine.hold_large(*block, depth);
    if (engine.is_checked()) detail::make_live(block->block(), bytes);
    return *block;
  }
  void free_large(detail::large_block& freed) {
    engine.free_large(freed);
    give_back_large(freed);
  }
  /// Returns: The number of idle large blocks.
  std::size_t give_back_idle_large() {
    std::size_t count = 0;
    detail::large_block* idle = engine.take_all_idle_large();
    for (detail::large_block* next = nullptr; idle != nullptr; idle = next, ++count) {
      next = idle->next;
      give_back_large(*idle);
    }
    return count;
  }

  /// Opens a checkpoint. Returns: its serial.
  std::uint64_t open(bool scoped = false) {
    if (!engine.can_open()) {
      if (engine.needs_records()) {
        std::uint32_t const count = engine.next_record_count();
        engine.use_records(bookkeeping(count * sizeof(detail::block_record)), count);
      }
      if (engine.needs_binding() && !engine.spare_deeper_bindings()) {
        for (std::size_t i = engine.next_binding_count(); i-- > 0;) {
          engine.add_spare(bindings.emplace_back());
        }
      }
      engine.make_ready();
    }
    return engine.open(scoped, source_location::current());
  }

  /// Returns: The number of groups that went back upstream.
  std::size_t trim() {
    engine.collect_idle_slabs();
    std::size_t count = 0;
    for (detail::slab_groups& each : groups) {
      count += give_back(each.take_idle_groups(), each.slab_bytes());
    }
    return count;
  }

  std::size_t live(std::uint32_t index) const { return classes[index].live.get(); }
  std::size_t peak(std::uint32_t index) const { return infos[index].peak.get(); }
  std::uint32_t stamp(void const* block, std::uint32_t index) const {
    return engine.slab_holding(block, index).stamp_of(block);
  }

 private:
  void* take_if_there(std::uint32_t index, std::uint32_t depth) {
    return depth != 0 ? engine.take_for(depth, index) : engine.take(index);
  }
  void* bookkeeping(std::size_t bytes) {
    return bookkeeping_.emplace_back(upstream.allocate(bytes, 16), bytes).first;
  }
  std::size_t give_back(detail::slab_group* group, std::size_t alignment) {
    std::size_t count = 0;
    for (detail::slab_group* next = nullptr; group != nullptr; group = next, ++count) {
      next = group->next;
      upstream.deallocate(group->first, group->bytes, alignment);
    }
    return count;
  }
  void give_back_large(detail::large_block& block) {
    upstream.deallocate(block.upstream_begin(), block.upstream_bytes(), block.alignment);
  }

  std::vector<std::pair<void*, std::size_t>> bookkeeping_;
};

struct checked_engine_of_blocks : engine_of_blocks {
  checked_engine_of_blocks() : engine_of_blocks(true) {}
};

}  // namespace tidemark::test
