// SPDX-License-Identifier: BSL-1.0
#pragma once

// An engine of blocks together with what it asks upstream for.
//
//   take --> engine: free or fresh block?  --> groups: idle slab?  --> account: upstream
//
// What the limit forbids is asked for once more after idle memory went back; then it is null, and
// the pool says so by its name. What upstream throws passes through, and nothing is changed.
//
// Thread rule: one thread at a time. Upstream may call back into the pool.

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <tidemark/detail/block_engine.hpp>
#include <tidemark/detail/owned_count.hpp>
#include <tidemark/detail/slab_groups.hpp>
#include <tidemark/detail/upstream_account.hpp>

namespace tidemark::detail {

class block_heap {
 public:
  block_heap(upstream_account& account, bool checked) noexcept
      : engine(checked), account_(account) {}
  block_heap(block_heap const&) = delete;
  block_heap& operator=(block_heap const&) = delete;
  /// Preconditions: release() was called.
  ~block_heap() = default;

  block_engine engine;
  std::array<slab_groups, 2> groups;  // one for each size of slabs

  /// A block of the class for the checkpoint at `depth`; depth 0 is none.
  /// Returns:       Null if the limit forbids it, or the checkpoint was closed when upstream called
  ///                back.
  void* take(std::uint32_t index, std::uint32_t depth);
  /// The same, a block of its own. `owner`: what its header names.
  void* take_large(std::size_t bytes, std::size_t alignment, std::uint32_t depth, void* owner);
  void free_large(large_block& freed) noexcept;

  /// Asked for slabs of `groups[which]` before upstream is.
  /// Returns:       Groups that left another heap, linked by `next`; null if there are none.
  using donor = slab_group* (*)(void* context, std::size_t which) noexcept;
  void use_donor(donor asked, void* context) noexcept { donor_ = asked, donor_context_ = context; }
  /// Groups of `groups[which]` without a live block, for another heap of the same account.
  slab_group* donate(std::size_t which) noexcept;

  /// Makes engine.push possible. `Binding` is what serves a checkpoint, made of `args`.
  /// Returns:       False if the limit, or that of depths, forbids it.
  template <class Binding, class... Args>
  bool prepare_mark(Args&... args) {
    // Upstream may call back, and open checkpoints: all is looked at again after each request.
    while (engine.depth() != block_engine::max_depth) {
      if (engine.needs_records()) {
        std::uint32_t const count = engine.next_record_count();
        void* const memory = take_bookkeeping(count * sizeof(block_record));
        if (memory == nullptr) return false;
        if (count > engine.record_count()) engine.use_records(memory, count);
      } else if (engine.needs_binding() && !engine.spare_deeper_bindings()) {
        std::size_t const count = engine.next_binding_count();
        void* const memory = take_bookkeeping(count * sizeof(Binding));
        if (memory == nullptr) return false;
        for (std::size_t i = 0; i < count; ++i) {
          engine.add_spare(*::new (static_cast<Binding*>(memory) + i) Binding(args...));
        }
      } else {
        engine.make_ready();
        return true;
      }
    }
    return false;
  }

  /// Idle slabs and idle large blocks go back upstream.
  /// Returns:       Their bytes.
  std::size_t trim() noexcept;
  /// All blocks go back upstream. Preconditions: engine.reset() was called.
  void release() noexcept;
  /// The bookkeeping of checkpoints and of the log does. Preconditions: none is opened any more.
  void release_bookkeeping() noexcept;

  /// Groups of slabs, and large blocks.
  std::size_t chunk_count() const noexcept { return chunk_count_.get(); }
  std::size_t chunk_bytes() const noexcept { return chunk_bytes_.get(); }

 private:
  struct bookkeeping;
  struct log_growth;

  /// Returns:       Null if the limit forbids it even when nothing is idle.
  void* ask(std::size_t bytes, std::size_t alignment);
  void* take_bookkeeping(std::size_t bytes);
  void* take_slow(std::uint32_t index, std::uint32_t depth);
  bool prepare_log(log_growth& growth);
  bool obtain_group(slab_groups& wanting);
  bool take_gift(slab_groups& wanting) noexcept;
  void count_chunk(std::size_t bytes) noexcept { chunk_count_.add(1), chunk_bytes_.add(bytes); }
  void forget_chunk(std::size_t bytes) noexcept {
    chunk_count_.subtract(1), chunk_bytes_.subtract(bytes);
  }
  // They return the bytes that went back.
  std::size_t give_back(slab_group* groups, std::size_t alignment) noexcept;
  std::size_t give_back_idle_large() noexcept;

  upstream_account& account_;
  bookkeeping* bookkeeping_ = nullptr;
  donor donor_ = nullptr;
  void* donor_context_ = nullptr;
  owned_count chunk_count_;
  owned_count chunk_bytes_;
};

}  // namespace tidemark::detail
