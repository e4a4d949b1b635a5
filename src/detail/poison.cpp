// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
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

namespace {

void make_inaccessible(void* begin, std::size_t bytes) noexcept {
  if (__asan_poison_memory_region != nullptr) __asan_poison_memory_region(begin, bytes);
  TIDEMARK_VALGRIND(VALGRIND_MAKE_MEM_NOACCESS(begin, bytes));
}

}  // namespace

void make_dead(void* begin, std::size_t bytes) noexcept {
  if (bytes == 0) return;
  make_accessible(begin, bytes);
  std::memset(begin, dead_fill, bytes);
  make_inaccessible(begin, bytes);
}

void make_red_zone(void* begin) noexcept {
  make_accessible(begin, red_zone_bytes);
  std::memset(begin, red_fill, red_zone_bytes);
  make_inaccessible(begin, red_zone_bytes);
}

bool is_red_zone_intact(void* begin) noexcept {
  make_accessible(begin, red_zone_bytes);
  auto const* const bytes = static_cast<unsigned char const*>(begin);
  bool const intact = std::all_of(bytes, bytes + red_zone_bytes,
                                  [](unsigned char byte) { return byte == red_fill; });
  make_inaccessible(begin, red_zone_bytes);
  return intact;
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
