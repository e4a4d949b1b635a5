// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a checked pool knows of every block it handed out: the block headers, kept beside the
// blocks.
//
//   address -> { bytes, live | freed | closed, of which scope }
//   depth   -> the blocks of that checkpoint, live or freed
//
// Beside and not in front of the blocks, because an overrun would reach a header first, and because
// a block that is gone must still be known. Memory is malloc's, never the pool's upstream's.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. Every live block is in the list of its checkpoint's depth; so is a freed one until that
//     closes.
//  2. A closed block is in no list; it stays known until its address is handed out again.
//  3. Entries never move and are never given back, so there is one for each address ever used.

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <new>
#include <tidemark/config.hpp>
#include <tidemark/detail/code_trace.hpp>
#include <vector>

namespace tidemark::detail {

/// Allocates with malloc: the program's operator new may lead back into the pool.
template <class T>
struct malloc_allocator {
  using value_type = T;
  malloc_allocator() noexcept = default;
  template <class U>
  malloc_allocator(malloc_allocator<U> const&) noexcept {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t count) {
    if (count > SIZE_MAX / sizeof(T)) throw std::bad_array_new_length();
    if (void* const memory = std::malloc(count * sizeof(T))) return static_cast<T*>(memory);
    throw std::bad_alloc();
  }
  void deallocate(T* memory, std::size_t) noexcept { std::free(memory); }
  friend bool operator==(malloc_allocator, malloc_allocator) noexcept { return true; }
  friend bool operator!=(malloc_allocator, malloc_allocator) noexcept { return false; }
};

enum class block_state : std::uint8_t { live, freed, closed };

using block_hook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

struct known_block : block_hook {
  std::byte* address = nullptr;
  std::size_t bytes = 0;      // as asked for, without its red zone
  std::uint64_t serial = 0;   // of the checkpoint that took it
  std::uint64_t closing = 0;  // what `remember` returned for the end of its scope; 0: not known
  block_state state = block_state::live;
  std::uint8_t alignment_exponent = 0;  // as asked for; of frames not used
};

/// A checkpoint that is gone, for reports about what outlived it.
struct closed_scope {
  std::uint64_t serial = 0;
  source_location opened{};
  source_location closed{};  // empty if the call carried no place
  code_trace closed_by{};
};

class block_book {
 public:
  using list = boost::intrusive::list<known_block, boost::intrusive::constant_time_size<false>>;

  static constexpr std::size_t remembered_scopes = 64;

  block_book() = default;
  ~block_book();
  block_book(block_book const&) = delete;
  block_book& operator=(block_book const&) = delete;

  /// Makes room for one more block at `depth`, so that the next `add` there cannot fail.
  /// Throws:     `std::bad_alloc`; nothing is changed then.
  void prepare(std::uint32_t depth) {
    if (lists_.size() <= depth || spare_ == nullptr) prepare_slow(depth);
  }
  /// Preconditions: prepare(depth) was called since the last `add`.
  /// Returns:       What is known of it from now on.
  known_block& add(std::byte* address, std::size_t bytes, std::uint32_t depth,
                   std::uint64_t serial) noexcept;
  /// Returns:    What is known of the block that begins at `address`; null if there never was one.
  /// Complexity: O(1) on average.
  known_block* find(void const* address) noexcept;

  bool is_live(void const* address) noexcept {
    known_block const* const known = find(address);
    return known != nullptr && known->state == block_state::live;
  }

  /// The blocks of one checkpoint. Preconditions: depth < depth_count().
  list& at(std::uint32_t depth) noexcept { return lists_[depth]; }
  std::uint32_t depth_count() const noexcept { return static_cast<std::uint32_t>(lists_.size()); }
  /// The blocks of `depth` and deeper are closed.
  void close(std::uint32_t depth) noexcept;
  /// The blocks of `depth` pass to depth - 1. Preconditions: depth > 0.
  void keep(std::uint32_t depth) noexcept;

  /// Returns:    The number of this closing, not 0: numbers rise.
  std::uint64_t remember(closed_scope const& scope) noexcept;
  /// Returns:    What was remembered under that number, if it is among the last 64; else null.
  closed_scope const* find_closing(std::uint64_t number) const noexcept;
  /// Returns:    The newest closing of that checkpoint among the last 64; else null.
  closed_scope const* find_scope(std::uint64_t serial) const noexcept;

 private:
  void prepare_slow(std::uint32_t depth);
  void grow_table();
  // Where the block is, or belongs. Preconditions: the table is not empty.
  known_block*& slot_of(std::byte const* address) noexcept;

  std::deque<known_block, malloc_allocator<known_block>> entries_;
  known_block* spare_ = nullptr;  // the last entry, if no block has it yet
  std::vector<known_block*, malloc_allocator<known_block*>> table_;  // by address; half is null
  std::vector<list, malloc_allocator<list>> lists_;                  // by depth
  closed_scope scopes_[remembered_scopes];                           // of closing n at index n % 64
  std::uint64_t closings_ = 0;                                       // number of the newest
};

}  // namespace tidemark::detail
