// SPDX-License-Identifier: BSL-1.0
#include <dlfcn.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <set>
#include <support/is_aligned.hpp>
#include <thread>
#include <tidemark/upstream/default_upstream.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>
#include <vector>

namespace data = boost::unit_test::data;
using tidemark::mimalloc_resource;

namespace {

// The shared library's own functions; null where it is not installed.
template <class Function>
Function* of_mimalloc(char const* name) {
  void* library = dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  return reinterpret_cast<Function*>(dlsym(library, name));
}

bool is_mimalloc() { return mimalloc_resource() != std::pmr::new_delete_resource(); }

// The program's own heaps, out of the compiler's sight: it may drop a pair of new and delete.
void* volatile escaped;

}  // namespace

BOOST_AUTO_TEST_CASE(it_is_the_same_resource_in_every_call_and_thread) {
  auto* const here = mimalloc_resource();
  std::pmr::memory_resource* there = nullptr;
  std::thread{[&there] { there = mimalloc_resource(); }}.join();
  BOOST_TEST(here == there);
}

BOOST_AUTO_TEST_CASE(a_machine_with_mimalloc_uses_it) {
  const bool installed = of_mimalloc<void*(std::size_t)>("mi_malloc") != nullptr;
  if (installed) BOOST_TEST(is_mimalloc());
}

BOOST_AUTO_TEST_CASE(malloc_and_operator_new_stay_the_programs_own) {
  mimalloc_resource()->deallocate(mimalloc_resource()->allocate(100), 100);
  // Whichever object the linker finds these two in, it is not mimalloc.
  for (auto const* name : {"malloc", "_Znwm"}) {
    Dl_info info{};
    BOOST_REQUIRE(dladdr(dlsym(RTLD_DEFAULT, name), &info) != 0);
    BOOST_TEST(std::strstr(info.dli_fname, "libmimalloc") == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(only_blocks_of_mimalloc_lie_in_its_heap) {
  auto* const owns = of_mimalloc<bool(void const*)>("mi_is_in_heap_region");
  // Sanitizers and Valgrind shift the address space, and mimalloc does not know its own blocks
  // then.
  if (owns == nullptr || tidemark::default_upstream() != mimalloc_resource()) return;
  escaped = of_mimalloc<void*(std::size_t)>("mi_malloc")(100);
  BOOST_TEST(owns(escaped));  // so "no" below means something
  of_mimalloc<void(void*)>("mi_free")(escaped);
  escaped = std::malloc(100);
  BOOST_TEST(!owns(escaped));
  std::free(escaped);
  escaped = ::operator new(100);
  BOOST_TEST(!owns(escaped));
  ::operator delete(escaped);
}

BOOST_AUTO_TEST_CASE(impossible_sizes_throw) {
  if (!is_mimalloc()) return;  // new/delete under a sanitizer ends the program instead
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2 + 1}) {
    for (const std::size_t alignment : {1U, 8U, 16U, 64U, 4096U}) {
      BOOST_CHECK_THROW((void)mimalloc_resource()->allocate(bytes, alignment), std::bad_alloc);
    }
  }
}

BOOST_AUTO_TEST_CASE(size_0_is_legal_and_unique) {
  for (const std::size_t alignment : {1U, 8U, 16U, 64U}) {
    std::set<void*> blocks;
    for (int i = 0; i < 100; ++i) blocks.insert(mimalloc_resource()->allocate(0, alignment));
    BOOST_TEST(blocks.size() == 100U);
    BOOST_TEST(!blocks.contains(nullptr));
    for (void* block : blocks) {
      BOOST_TEST(tidemark::test::is_aligned(block, alignment));
      mimalloc_resource()->deallocate(block, 0, alignment);
    }
  }
}

BOOST_DATA_TEST_CASE(every_size_is_aligned_as_asked,
                     data::make({1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U, 256U, 512U, 1024U, 2048U,
                                 4096U, 8192U}),
                     alignment) {
  for (std::size_t bytes = 1; bytes <= 1200; ++bytes) {
    // Two at once: the first of a page may be aligned by luck.
    void* const first = mimalloc_resource()->allocate(bytes, alignment);
    void* const second = mimalloc_resource()->allocate(bytes, alignment);
    if (!tidemark::test::is_aligned(first, alignment) ||
        !tidemark::test::is_aligned(second, alignment)) {
      BOOST_ERROR(bytes << " bytes are not aligned to " << alignment);
    }
    std::memset(first, 1, bytes);
    std::memset(second, 2, bytes);
    mimalloc_resource()->deallocate(first, bytes, alignment);
    mimalloc_resource()->deallocate(second, bytes, alignment);
  }
}

BOOST_AUTO_TEST_CASE(sizes_that_do_not_divide_their_alignment_are_aligned_in_a_full_page) {
  struct shape {
    std::size_t bytes, alignment;
  };
  for (const auto [bytes, alignment] :
       {shape{24, 16}, shape{48, 32}, shape{96, 64}, shape{8, 16}, shape{1, 16}}) {
    std::vector<void*> blocks;
    for (int i = 0; i < 5000; ++i) {
      blocks.push_back(mimalloc_resource()->allocate(bytes, alignment));
    }
    std::size_t misaligned = 0;
    for (void* block : blocks) {
      misaligned += tidemark::test::is_aligned(block, alignment) ? 0U : 1U;
      mimalloc_resource()->deallocate(block, bytes, alignment);
    }
    BOOST_TEST(misaligned == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_block_may_be_freed_by_another_thread_after_its_own_has_ended) {
  void* block = nullptr;
  std::thread{[&block] { block = mimalloc_resource()->allocate(64); }}.join();
  std::memset(block, 0x5A, 64);
  std::thread{[block] { mimalloc_resource()->deallocate(block, 64); }}.join();
  BOOST_TEST(block != nullptr);
}

namespace {
// Freed by a static destructor that runs after those of the library: it must still be there.
struct freed_last {
  void* block = nullptr;
  ~freed_last() {
    if (block != nullptr) mimalloc_resource()->deallocate(block, 10);
  }
} last_of_all;
// Made before main, too.
[[maybe_unused]] void* const made_early = last_of_all.block = mimalloc_resource()->allocate(10);
}  // namespace

BOOST_AUTO_TEST_CASE(it_serves_static_objects_before_main_and_after_it) {
  BOOST_TEST(last_of_all.block != nullptr);
}
