// SPDX-License-Identifier: BSL-1.0
#include <cstring>
#include <tidemark/detail/poison.hpp>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define TIDEMARK_VALGRIND(request) request
#else
#define TIDEMARK_VALGRIND(request) static_cast<void>(0)
#endif

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
__attribute__((weak)) void __asan_poison_memory_region(void const volatile*, std::size_t);
__attribute__((weak)) void __asan_unpoison_memory_region(void const volatile*, std::size_t);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
}

namespace tidemark::detail {

bool address_sanitizer_present() noexcept { return __asan_poison_memory_region != nullptr; }

void make_dead(void* begin, std::size_t bytes) noexcept {
  if (bytes == 0) return;
  make_accessible(begin, bytes);
  std::memset(begin, dead_fill, bytes);
  if (__asan_poison_memory_region != nullptr) __asan_poison_memory_region(begin, bytes);
  TIDEMARK_VALGRIND(VALGRIND_MAKE_MEM_NOACCESS(begin, bytes));
}

void make_live(void* begin, std::size_t bytes) noexcept {
  if (bytes == 0) return;
  make_accessible(begin, bytes);
  std::memset(begin, fresh_fill, bytes);
  TIDEMARK_VALGRIND(VALGRIND_MAKE_MEM_UNDEFINED(begin, bytes));
}

void make_accessible(void* begin, std::size_t bytes) noexcept {
  if (__asan_unpoison_memory_region != nullptr) __asan_unpoison_memory_region(begin, bytes);
  TIDEMARK_VALGRIND(VALGRIND_MAKE_MEM_DEFINED(begin, bytes));
}

}  // namespace tidemark::detail
