// SPDX-License-Identifier: BSL-1.0
#pragma once

// An upstream that keeps books on its client.
//
//         allocate(bytes, alignment)                    deallocate(block, bytes, alignment)
//   counted; can be made to fail at the n-th      must match the books, else an error is noted
//   block is aligned as asked, never better       block is overwritten, then given back
//
// Use it below a pool in a test: to see when the pool asks for memory, that it gives back what it
// took in the sizes it took, and what it does when it gets none.
//
// Thread rule: any thread.
//
// Invariants:
//  1. A wrong free changes nothing but `errors()`.
//  2. What is outstanding at the end is given back by the destructor, so that a leak shows in the
//     books and not in the next test.

#include <cstddef>
#include <memory_resource>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace tidemark::testing {

class checked_upstream final : public std::pmr::memory_resource {
 public:
  /// Preconditions: `backing` outlives this resource.
  explicit checked_upstream(
      std::pmr::memory_resource* backing = std::pmr::new_delete_resource()) noexcept
      : backing_(backing) {}
  explicit checked_upstream(std::nullptr_t) = delete;
  ~checked_upstream() override;
  checked_upstream(checked_upstream const&) = delete;
  checked_upstream& operator=(checked_upstream const&) = delete;

  /// Effects:       The `call`-th allocation from now on throws `std::bad_alloc`: 1 is the next.
  ///                0 disarms.
  void fail_at(std::size_t call) noexcept;

  struct books {
    std::size_t calls = 0;     // allocations asked for, those that failed included
    std::size_t frees = 0;     // valid ones
    std::size_t failures = 0;  // allocations that `fail_at` let fail
    std::size_t blocks_outstanding = 0;
    std::size_t bytes_outstanding = 0;
    std::size_t bytes_peak = 0;  // the most bytes_outstanding has been

    friend bool operator==(books const&, books const&) noexcept = default;
  };
  books totals() const;

  std::size_t calls() const { return totals().calls; }
  std::size_t bytes_outstanding() const { return totals().bytes_outstanding; }

  /// Returns:       One sentence for each wrong call, oldest first.
  std::vector<std::string> errors() const;
  /// Returns:       Empty if no call was wrong and nothing is outstanding, else what is amiss.
  std::string complaint() const;

 private:
  struct entry {
    std::size_t bytes;
    std::size_t alignment;
  };

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override;
  void give_back(void* block, entry const& size) noexcept;

  std::pmr::memory_resource* backing_;
  mutable std::mutex mutex_;  // guards all below
  std::unordered_map<void*, entry> live_;
  std::vector<std::string> errors_;
  books totals_;
  std::size_t countdown_ = 0;  // calls up to the failing one, that one included; 0: never
};

}  // namespace tidemark::testing
