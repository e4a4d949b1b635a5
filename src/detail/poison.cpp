// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <tidemark/detail/poison.hpp>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define TIDEMARK_HAS_MEMCHECK 1
#define TIDEMARK_VALGRIND(request) request
#else
#define TIDEMARK_HAS_MEMCHECK 0
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

enum class answer : std::uint8_t { unknown, no, yes };
constinit std::atomic<answer> runs_on_valgrind{answer::unknown};

[[gnu::noinline, gnu::cold]] answer ask_for_valgrind() noexcept {
#if TIDEMARK_HAS_MEMCHECK
  answer const found = RUNNING_ON_VALGRIND != 0 ? answer::yes : answer::no;
#else
  answer const found = answer::no;
#endif
  runs_on_valgrind.store(found, std::memory_order_relaxed);
  return found;
}

// A request is a dozen instructions where there is no Valgrind, so they are made only there.
inline bool on_valgrind() noexcept {
  answer known = runs_on_valgrind.load(std::memory_order_relaxed);
  if (known == answer::unknown) [[unlikely]]
    known = ask_for_valgrind();
  return known == answer::yes;
}

inline void admit([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
  if (__asan_unpoison_memory_region != nullptr) __asan_unpoison_memory_region(begin, bytes);
  if (on_valgrind()) TIDEMARK_VALGRIND(VALGRIND_MAKE_MEM_DEFINED(begin, bytes));
}

inline void forbid([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
  if (__asan_poison_memory_region != nullptr) __asan_poison_memory_region(begin, bytes);
  if (on_valgrind()) TIDEMARK_VALGRIND(VALGRIND_MAKE_MEM_NOACCESS(begin, bytes));
}

// Two words, so that a zone is written and compared without a call.
using zone_words = std::array<std::uint64_t, red_zone_bytes / sizeof(std::uint64_t)>;
constexpr std::uint64_t red_word = red_fill * 0x0101010101010101U;
constexpr zone_words untouched_zone{red_word, red_word};

#if TIDEMARK_HAS_MEMCHECK
// What Valgrind holds of each of the 16 bytes before `block`. It takes them to be a red zone and
// makes them inaccessible with the block, but they may be a chunk's header, or the user's.
class marks_before {
 public:
  explicit marks_before(void* block) noexcept
      : begin_(static_cast<unsigned char*>(block) - red_zone_bytes) {
    for (std::size_t i = 0; i < red_zone_bytes; ++i) {
      accessible_[i] = VALGRIND_GET_VBITS(begin_ + i, &undefined_bits_[i], 1) == 1;
    }
  }
  marks_before(marks_before const&) = delete;
  marks_before& operator=(marks_before const&) = delete;
  ~marks_before() {
    for (std::size_t i = 0; i < red_zone_bytes; ++i) {
      if (!accessible_[i]) continue;
      VALGRIND_MAKE_MEM_DEFINED(begin_ + i, 1);
      static_cast<void>(VALGRIND_SET_VBITS(begin_ + i, &undefined_bits_[i], 1));
    }
  }

 private:
  unsigned char* begin_;
  std::array<bool, red_zone_bytes> accessible_{};
  std::array<unsigned char, red_zone_bytes> undefined_bits_{};
};
#endif

}  // namespace

bool valgrind_present() noexcept { return on_valgrind(); }

void make_accessible(void* begin, std::size_t bytes) noexcept { admit(begin, bytes); }
void make_inaccessible(void* begin, std::size_t bytes) noexcept { forbid(begin, bytes); }

void make_dead(void* begin, std::size_t bytes) noexcept {
  if (bytes == 0) return;
  admit(begin, bytes);
  std::memset(begin, dead_fill, bytes);
  forbid(begin, bytes);
}

void make_live(void* begin, std::size_t bytes) noexcept {
  if (bytes == 0) return;
  admit(begin, bytes);
  std::memset(begin, fresh_fill, bytes);
  if (on_valgrind()) TIDEMARK_VALGRIND(VALGRIND_MAKE_MEM_UNDEFINED(begin, bytes));
}

void make_block(void* begin, std::size_t bytes) noexcept {
  std::byte* const zone = static_cast<std::byte*>(begin) + bytes;
  admit(begin, bytes + red_zone_bytes);
  std::memset(begin, fresh_fill, bytes);
  std::memcpy(zone, &untouched_zone, red_zone_bytes);
  if (on_valgrind()) TIDEMARK_VALGRIND(VALGRIND_MAKE_MEM_UNDEFINED(begin, bytes));
  forbid(zone, red_zone_bytes);
}

void make_red_zone(void* begin) noexcept {
  admit(begin, red_zone_bytes);
  std::memcpy(begin, &untouched_zone, red_zone_bytes);
  forbid(begin, red_zone_bytes);
}

bool is_red_zone_intact(void* begin) noexcept {
  admit(begin, red_zone_bytes);
  zone_words found;
  std::memcpy(&found, begin, red_zone_bytes);
  forbid(begin, red_zone_bytes);
  return ((found[0] ^ red_word) | (found[1] ^ red_word)) == 0;
}

void pool_begins([[maybe_unused]] void const* pool,
                 [[maybe_unused]] std::size_t zone_bytes) noexcept {
  if (on_valgrind()) TIDEMARK_VALGRIND(VALGRIND_CREATE_MEMPOOL(pool, zone_bytes, 0));
}

void pool_ends([[maybe_unused]] void const* pool) noexcept {
  if (on_valgrind()) TIDEMARK_VALGRIND(VALGRIND_DESTROY_MEMPOOL(pool));
}

void block_begins([[maybe_unused]] void const* pool, [[maybe_unused]] void* block,
                  [[maybe_unused]] std::size_t bytes) noexcept {
#if TIDEMARK_HAS_MEMCHECK
  if (!on_valgrind()) return;
  marks_before const kept{block};
  VALGRIND_MEMPOOL_ALLOC(pool, block, bytes);
#endif
}

void block_ends([[maybe_unused]] void const* pool, [[maybe_unused]] void* block) noexcept {
#if TIDEMARK_HAS_MEMCHECK
  if (!on_valgrind()) return;
  marks_before const kept{block};
  VALGRIND_MEMPOOL_FREE(pool, block);
#endif
}

void block_resized([[maybe_unused]] void const* pool, [[maybe_unused]] void* block,
                   [[maybe_unused]] std::size_t bytes) noexcept {
  if (on_valgrind()) TIDEMARK_VALGRIND(VALGRIND_MEMPOOL_CHANGE(pool, block, block, bytes));
}

}  // namespace tidemark::detail
