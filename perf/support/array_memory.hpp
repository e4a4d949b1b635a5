// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where the arrays of a workload come from: one interface for stacks, heaps and arenas.
//
//   typename Memory::template scope<double, float> s(memory);   what it takes; most do not ask
//   double* const a = s.template take<double>(n);               lives until the scope ends
//
// Thread rule: one thread.
//
// Invariants:
//  1. A scope ends before the one that it was opened in.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string>
#include <tidemark/bit_span.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "peers.hpp"
#include "program.hpp"

namespace perf {

/// Ours, as a user writes it.
class stack_memory {
 public:
  template <class...>
  class scope {
   public:
    explicit scope(stack_memory& from) : scope_(from.stack) {}
    template <class T>
    T* take(std::size_t count) {
      return scope_.acquire<T>(count).data();
    }
    tidemark::bit_span bits(std::size_t count) { return scope_.bits(count); }

   private:
    tidemark::stack_scope scope_;
  };

  tidemark::typed_stack_resource stack;
};

/// Ours, with the lanes saved at once: those that a scope takes from, or every lane.
template <bool All>
class listed_memory {
 public:
  template <class... Ts>
  class scope {
   public:
    explicit scope(listed_memory& from) : stack_(from.stack), mark_(open(from.stack)) {}
    scope(scope const&) = delete;
    scope& operator=(scope const&) = delete;
    ~scope() { stack_.rewind(mark_); }
    template <class T>
    T* take(std::size_t count) {
      return stack_.acquire<T>(count).data();
    }

   private:
    static tidemark::marker open(tidemark::typed_stack_resource& stack) {
      if constexpr (All) {
        return stack.checkpoint_all();
      } else {
        return stack.checkpoint<Ts...>();
      }
    }
    tidemark::typed_stack_resource& stack_;
    tidemark::marker mark_;
  };

  tidemark::typed_stack_resource stack;
};

/// Packed bits of a memory that knows nothing of bits.
template <class Scope>
tidemark::bit_span take_bits(Scope& scope, std::size_t count) {
  std::size_t const words = tidemark::bit_span::words_for(count);
  auto* const first = scope.template take<std::uint64_t>(words);
  std::memset(first, 0, words * sizeof *first);
  return {first, count};
}

/// A heap: each array is freed by itself, the last one first, as owners on the stack would do.
template <class Resource>
class heap_memory {
 public:
  explicit heap_memory(Resource& resource) : resource_(resource) {}

  template <class...>
  class scope {
   public:
    explicit scope(heap_memory& from) : resource_(from.resource_) {}
    scope(scope const&) = delete;
    scope& operator=(scope const&) = delete;
    ~scope() {
      while (count_ != 0) {
        auto const& [first, bytes] = arrays_[--count_];
        resource_.deallocate(first, bytes);
      }
    }
    template <class T>
    T* take(std::size_t count) {
      void* const first = resource_.allocate(count * sizeof(T));
      arrays_[count_++] = {first, count * sizeof(T)};
      return static_cast<T*>(first);
    }
    tidemark::bit_span bits(std::size_t count) { return take_bits(*this, count); }

   private:
    struct array {
      void* first;
      std::size_t bytes;
    };
    static constexpr std::size_t most_arrays = 12;  // of a scope

    Resource& resource_;
    std::size_t count_ = 0;
    array arrays_[most_arrays];
  };

 private:
  Resource& resource_;
};

/// An arena without marks: everything is freed when the outermost scope ends.
class arena_memory {
 public:
  template <class...>
  class scope {
   public:
    explicit scope(arena_memory& from) : from_(from) { ++from.depth_; }
    scope(scope const&) = delete;
    scope& operator=(scope const&) = delete;
    ~scope() {
      if (--from_.depth_ == 0) from_.resource_.release();
    }
    template <class T>
    T* take(std::size_t count) {
      return static_cast<T*>(from_.resource_.allocate(count * sizeof(T), alignof(T)));
    }
    tidemark::bit_span bits(std::size_t count) { return take_bits(*this, count); }

   private:
    arena_memory& from_;
  };

 private:
  warm_buffer buffer_{std::size_t{4} << 20};
  std::pmr::monotonic_buffer_resource resource_{buffer_.bytes.data(), buffer_.bytes.size()};
  std::size_t depth_ = 0;  // count of open scopes
};

/// `work(memory)` does `operations` operations and returns their checksum.
template <class Memory, class Work>
void add_workload(program& to, std::string const& row, std::string const& name, Memory& memory,
                  std::size_t operations, Work work) {
  auto const round = [&memory, work] { benchmark::DoNotOptimize(work(memory)); };
  to.add(row, name, operations, round, [&memory, work] { return work(memory); });
}

/// Ours and its peers.
class array_memories {
 public:
  template <class Work>
  void add(program& to, std::string const& row, std::size_t operations, Work work) {
    add_workload(to, row, "ours", stack_, operations, work);
    add_workload(to, row, "new/delete", heap_, operations, work);
    add_workload(to, row, "mimalloc", mimalloc_, operations, work);
    add_workload(to, row, "std mono", arena_, operations, work);
  }

 private:
  stack_memory stack_;
  plain_new_delete new_delete_;
  heap_memory<plain_new_delete> heap_{new_delete_};
  heap_memory<std::pmr::memory_resource> mimalloc_{*tidemark::mimalloc_resource()};
  arena_memory arena_;
};

}  // namespace perf
