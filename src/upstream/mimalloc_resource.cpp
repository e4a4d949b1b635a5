// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <new>
#include <tidemark/upstream/mimalloc_resource.hpp>

// The build defines TIDEMARK_STATIC_MIMALLOC if it links a static mimalloc that it has seen leave
// `malloc` alone.
#ifdef TIDEMARK_STATIC_MIMALLOC
#include <mimalloc.h>
#else
#include <dlfcn.h>
#endif

namespace tidemark {
namespace {

class mimalloc final : public std::pmr::memory_resource {
 public:
  /// Finds the library; true if there is one. Called once, before anyone can use the resource.
  bool load() noexcept {
#ifdef TIDEMARK_STATIC_MIMALLOC
    malloc_ = &mi_malloc;
    malloc_aligned_at_ = &mi_malloc_aligned_at;
    free_ = &mi_free;
    return true;
#else
    // RTLD_LOCAL: nobody else finds its `malloc`. Never closed: blocks may live to the very end.
    void* library = dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
    find(library, "mi_malloc", malloc_);
    find(library, "mi_malloc_aligned_at", malloc_aligned_at_);
    find(library, "mi_free", free_);
    return malloc_ != nullptr && malloc_aligned_at_ != nullptr && free_ != nullptr;
#endif
  }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes > PTRDIFF_MAX) throw std::bad_alloc{};
    // Not mi_malloc_aligned: 2.0.9 believes that its blocks of 256, 512 and 1024 bytes are aligned
    // to their size, and they are not.
    void* block = alignment <= natural_alignment ? malloc_(padded(bytes, alignment))
                                                 : malloc_aligned_at_(bytes, alignment, 0);
    if (block == nullptr) throw std::bad_alloc{};
    return block;
  }

  void do_deallocate(void* block, std::size_t, std::size_t) override { free_(block); }

  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }

  static constexpr std::size_t natural_alignment = alignof(std::max_align_t);

  // A block of mimalloc is aligned to 16 if its size is a multiple of 16, to 8 if it is smaller:
  // for 8 bytes at alignment 16, or none, it must be asked for 16. Cannot wrap: see the caller.
  static std::size_t padded(std::size_t bytes, std::size_t alignment) noexcept {
    if (alignment <= sizeof(void*)) return bytes;
    return bytes == 0 ? alignment : (bytes + alignment - 1) & ~(alignment - 1);
  }

#ifndef TIDEMARK_STATIC_MIMALLOC
  template <class Function>
  static void find(void* library, char const* name, Function*& function) noexcept {
    function = reinterpret_cast<Function*>(dlsym(library, name));
  }
#endif

  // Written by load, read by everyone after it.
  void* (*malloc_)(std::size_t) = nullptr;
  void* (*malloc_aligned_at_)(std::size_t, std::size_t, std::size_t) = nullptr;
  void (*free_)(void*) = nullptr;
};

// Its destructor never runs: blocks are freed by static objects that end after this file's would.
union immortal {
  mimalloc resource;
  constexpr immortal() noexcept : resource{} {}
  ~immortal() {}  // NOLINT(modernize-use-equals-default): would be deleted
};
constinit immortal heap;

}  // namespace

std::pmr::memory_resource* mimalloc_resource() noexcept {
  static std::pmr::memory_resource* const chosen =
      heap.resource.load() ? &heap.resource : std::pmr::new_delete_resource();
  return chosen;
}

}  // namespace tidemark
