// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the solver asks of the memory for its temporaries, and the three answers.
//
//   auto s = memory.scope();                      a function's own
//   auto r = s.template acquire<double>(n);       an array, any values
//   auto c = s.template zeros<std::size_t>(n);    an array of zeros
//   auto m = s.bits(n);                           what a bit_span of n bits is made of, none set
//
// With vectors each array owns its memory. With a stack it lies in a lane, and the scope gives it
// back.
//
// Thread rule: an object belongs to one thread.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <ranges>
#include <tidemark/bit_span.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <utility>
#include <vector>

namespace typed_stack_solver {

template <class M>
concept temporaries = requires(M& memory, std::size_t n) {
  { memory.scope().template acquire<double>(n) } -> std::ranges::contiguous_range;
  { memory.scope().template zeros<double>(n) } -> std::ranges::contiguous_range;
  { memory.scope().bits(n) } -> std::convertible_to<tidemark::bit_span>;
};

template <class Vector>
class vector_bits {
 public:
  vector_bits(Vector words, std::size_t size) noexcept : words_(std::move(words)), size_(size) {}
  operator tidemark::bit_span() noexcept { return {words_.data(), size_}; }

 private:
  Vector words_;
  std::size_t size_;  // in bits
};

class vector_memory {
 public:
  struct vectors {
    template <class T>
    std::vector<T> acquire(std::size_t count) const {
      return std::vector<T>(count);
    }
    template <class T>
    std::vector<T> zeros(std::size_t count) const {
      return std::vector<T>(count);
    }
    vector_bits<std::vector<std::uint64_t>> bits(std::size_t count) const {
      return {zeros<std::uint64_t>(tidemark::bit_span::words_for(count)), count};
    }
  };
  vectors scope() const noexcept { return {}; }
};

class pmr_vector_memory {
 public:
  explicit pmr_vector_memory(std::pmr::memory_resource* heap) noexcept : scope_{heap} {}
  struct vectors {
    template <class T>
    std::pmr::vector<T> acquire(std::size_t count) const {
      return std::pmr::vector<T>(count, heap);
    }
    template <class T>
    std::pmr::vector<T> zeros(std::size_t count) const {
      return std::pmr::vector<T>(count, heap);
    }
    vector_bits<std::pmr::vector<std::uint64_t>> bits(std::size_t count) const {
      return {zeros<std::uint64_t>(tidemark::bit_span::words_for(count)), count};
    }
    std::pmr::memory_resource* heap;
  };
  vectors scope() const noexcept { return scope_; }

 private:
  vectors scope_;
};

class stack_memory {
 public:
  explicit stack_memory(std::pmr::memory_resource* heap) noexcept
      : stack_({.name = "solver"}, heap) {}
  tidemark::stack_scope scope() { return tidemark::stack_scope{stack_}; }
  tidemark::typed_stack_resource const& stack() const noexcept { return stack_; }

 private:
  tidemark::typed_stack_resource stack_;
};

static_assert(temporaries<vector_memory> && temporaries<pmr_vector_memory> &&
              temporaries<stack_memory>);

}  // namespace typed_stack_solver
