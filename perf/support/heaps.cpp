// SPDX-License-Identifier: BSL-1.0
#include "heaps.hpp"

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace perf {
namespace {

class library {
 public:
  // RTLD_LOCAL: nobody else finds its `malloc`. Never closed: blocks may live to the very end.
  explicit library(char const* name) : name_(name), handle_(dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) give_up();
  }
  template <class Function>
  void find(char const* symbol, Function*& function) const {
    function = reinterpret_cast<Function*>(dlsym(handle_, symbol));
    if (function == nullptr) give_up();
  }

 private:
  [[noreturn]] void give_up() const {
    std::fprintf(stderr, "perf: %s: %s\n", name_, dlerror());
    std::exit(EXIT_FAILURE);
  }

  char const* name_;
  void* handle_;
};

// What both have in common.
class opened_heap : public std::pmr::memory_resource {
 protected:
  void* do_allocate(std::size_t bytes, std::size_t alignment) final {
    if (alignment > alignof(std::uint64_t)) throw std::bad_alloc();
    if (void* const block = malloc_(bytes)) return block;
    throw std::bad_alloc();
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept final {
    return this == &other;
  }

  void* (*malloc_)(std::size_t) = nullptr;
};

// A free that is told the size: what jemalloc does fastest.
class sized_jemalloc final : public opened_heap {
 public:
  sized_jemalloc() {
    library const opened("libjemalloc.so.2");
    opened.find("malloc", malloc_);
    opened.find("sdallocx", free_);
  }

 private:
  void do_deallocate(void* block, std::size_t bytes, std::size_t) override {
    free_(block, bytes, 0);
  }

  void (*free_)(void*, std::size_t, int) = nullptr;
};

class scalable_tbbmalloc final : public opened_heap {
 public:
  scalable_tbbmalloc() {
    library const opened("libtbbmalloc.so.2");
    opened.find("scalable_malloc", malloc_);
    opened.find("scalable_free", free_);
  }

 private:
  void do_deallocate(void* block, std::size_t, std::size_t) override { free_(block); }

  void (*free_)(void*) = nullptr;
};

}  // namespace

std::pmr::memory_resource* jemalloc() {
  static sized_jemalloc heap;
  return &heap;
}

std::pmr::memory_resource* tbbmalloc() {
  static scalable_tbbmalloc heap;
  return &heap;
}

}  // namespace perf
