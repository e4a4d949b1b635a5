// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the parser asks of the memory that it works in, and the first three answers.
//
// Thread rule: an object belongs to one thread.

#include <concepts>
#include <cstddef>
#include <memory_resource>

namespace cpp_outline {

/// scratch(): syntax trees lie here until end_file(). table(): the outline lies here to the end.
/// heap(): what both get their memory from. mark(): an object; its destructor gives back what
/// scratch() handed out since, unless keep() was called. frees_one_by_one: mark() gives nothing
/// back, so that the parser destroys what it drops.
template <class M>
concept scratch_memory = requires(M& memory) {
  { *memory.scratch() } -> std::convertible_to<std::pmr::memory_resource&>;
  { memory.table() } -> std::convertible_to<std::pmr::memory_resource*>;
  { memory.heap() } -> std::convertible_to<std::pmr::memory_resource*>;
  { memory.mark().keep() };
  { memory.end_file() };
  { M::frees_one_by_one } -> std::convertible_to<bool>;
};

/// The mark of a memory that has none.
struct no_mark {
  void keep() noexcept {}
};

/// A general heap, used as it is.
class heap_memory {
 public:
  static constexpr bool frees_one_by_one = true;
  explicit heap_memory(std::pmr::memory_resource* heap) : heap_(heap) {}
  std::pmr::memory_resource* scratch() noexcept { return heap_; }
  std::pmr::memory_resource* table() noexcept { return heap_; }
  std::pmr::memory_resource* heap() noexcept { return heap_; }
  no_mark mark() noexcept { return {}; }
  void end_file() noexcept {}

 private:
  std::pmr::memory_resource* heap_;
};

class pool_memory {
 public:
  static constexpr bool frees_one_by_one = true;
  explicit pool_memory(std::pmr::memory_resource* heap)
      : heap_(heap), scratch_(heap), table_(heap) {}
  std::pmr::unsynchronized_pool_resource* scratch() noexcept { return &scratch_; }
  std::pmr::memory_resource* table() noexcept { return &table_; }
  std::pmr::memory_resource* heap() noexcept { return heap_; }
  no_mark mark() noexcept { return {}; }
  void end_file() noexcept {}

 private:
  std::pmr::memory_resource* heap_;
  std::pmr::unsynchronized_pool_resource scratch_;
  std::pmr::unsynchronized_pool_resource table_;
};

class monotonic_memory {
 public:
  static constexpr bool frees_one_by_one = false;
  explicit monotonic_memory(std::pmr::memory_resource* heap)
      : heap_(heap), scratch_(heap), table_(heap) {}
  std::pmr::monotonic_buffer_resource* scratch() noexcept { return &scratch_; }
  std::pmr::memory_resource* table() noexcept { return &table_; }
  std::pmr::memory_resource* heap() noexcept { return heap_; }
  no_mark mark() noexcept { return {}; }
  void end_file() noexcept { scratch_.release(); }

 private:
  std::pmr::memory_resource* heap_;
  std::pmr::monotonic_buffer_resource scratch_;
  std::pmr::monotonic_buffer_resource table_;
};

}  // namespace cpp_outline
