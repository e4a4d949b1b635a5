// SPDX-License-Identifier: BSL-1.0
#pragma once

// Pages from the system, in ranges that can grow where they are.
//
//   |guard| committed ........ | reserved, inaccessible ............ |guard|
//         ^ block              ^ block + bytes                       ^ block + reserve_bytes
//
// Use it as upstream of a pool whose memory shall be contiguous (a frame over a reserved range
// grows without a second chunk), lie on huge pages, or end at a page that traps. Do not allocate
// small blocks from it: the least it gives is a page.
//
// Linux: `mmap`, `mprotect`, `madvise`. Other systems with `mmap` get the same without huge pages;
// on the rest `allocate` throws `std::bad_alloc` and `is_supported()` is false.
//
// Thread rule: any thread; calls share nothing but the counters.
//
// Invariants:
//  1. A range's size follows from the options and the block's size alone: the larger of
//     reserve_bytes and bytes, in pages, and the guards. No bookkeeping stands beside the mapping.
//  2. Bytes beyond the block are inaccessible, up to the next page.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>

namespace tidemark {

struct page_options {
  std::size_t reserve_bytes = 0;  // address space for each block to grow in; 0: just its pages
  bool guard_pages = false;       // an inaccessible page before and after each range
  bool huge_pages = false;        // ranges aligned to 2 MiB, transparent huge pages asked for
};

class page_resource final : public std::pmr::memory_resource {
 public:
  page_resource() noexcept = default;
  explicit page_resource(page_options const& options) noexcept : options_(options) {}
  page_resource(page_resource const&) = delete;
  page_resource& operator=(page_resource const&) = delete;

  /// Grows a block where it is, or gives the pages at its end back.
  /// Preconditions: `block` has `old_bytes` bytes of this resource.
  /// Effects:       Pages that come in are zero; those that go out are returned to the system.
  /// Returns:       Whether the block now has `new_bytes`; false if that exceeds its range, is 0,
  ///                or the system refuses. Nothing is changed then.
  /// Complexity:    A system call, unless the count of pages stays.
  bool try_expand(void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept;

  /// Returns:       The most bytes that a block of `bytes` can grow to where it is.
  std::size_t capacity_of(std::size_t bytes) const noexcept;

  /// Makes the pages that lie wholly in the block's bytes inaccessible, or accessible again with
  /// their contents lost.
  /// Returns:       False if the system refuses.
  bool try_protect(void* block, std::size_t bytes) noexcept;
  bool try_unprotect(void* block, std::size_t bytes) noexcept;

  page_options const& options() const noexcept { return options_; }
  /// Returns:       Bytes of blocks, in whole pages: accessible, though not all need be resident.
  std::size_t committed_bytes() const noexcept {
    return committed_bytes_.load(std::memory_order_relaxed);
  }
  static std::size_t page_bytes() noexcept;
  static bool is_supported() noexcept;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  page_options options_;
  std::atomic<std::size_t> committed_bytes_{0};  // a statistic: orders nothing
};

}  // namespace tidemark
