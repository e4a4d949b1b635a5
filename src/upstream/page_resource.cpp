// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <new>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/upstream/page_resource.hpp>

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace tidemark {
#if __has_include(<sys/mman.h>)

namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

// Null if no range can be that large.
std::size_t in_pages(std::size_t bytes, std::size_t page) noexcept {
  return detail::round_up(std::max<std::size_t>(bytes, 1), page);
}

}  // namespace

bool page_resource::is_supported() noexcept { return true; }

std::size_t page_resource::page_bytes() noexcept {
  static auto const bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::size_t page_resource::capacity_of(std::size_t bytes) const noexcept {
  return in_pages(std::max(bytes, options_.reserve_bytes), page_bytes());
}

void* page_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  std::size_t const page = page_bytes();
  std::size_t const guard = options_.guard_pages ? page : 0;
  std::size_t const committed = in_pages(bytes, page);
  std::size_t const range = capacity_of(bytes);
  std::size_t const aligned = std::max(alignment, options_.huge_pages ? huge_page_bytes : page);
  std::size_t const slack = aligned - page;  // where the first page of a multiple may lie
  constexpr std::size_t most = SIZE_MAX / 4;
  if (committed == 0 || range == 0 || range > most || aligned > most) throw std::bad_alloc();

  std::size_t const mapped = range + slack + 2 * guard;
  void* const memory =
      ::mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  auto* const first = static_cast<std::byte*>(memory);
  std::byte* const block = first + guard + detail::padding_to(first + guard, aligned);
  // What alignment skipped goes back, so that the range's size follows from the options again.
  std::byte* const begin = block - guard;
  std::byte* const end = block + range + guard;
  if (begin != first) ::munmap(first, static_cast<std::size_t>(begin - first));
  if (end != first + mapped) ::munmap(end, static_cast<std::size_t>(first + mapped - end));
#ifdef MADV_HUGEPAGE
  // Advice only: where the system has no huge pages, ordinary ones serve.
  if (options_.huge_pages) static_cast<void>(::madvise(block, range, MADV_HUGEPAGE));
#endif
  if (::mprotect(block, committed, PROT_READ | PROT_WRITE) != 0) {
    ::munmap(begin, range + 2 * guard);
    throw std::bad_alloc();
  }
  committed_bytes_.fetch_add(committed, std::memory_order_relaxed);
  return block;
}

void page_resource::do_deallocate(void* block, std::size_t bytes, std::size_t) {
  std::size_t const guard = options_.guard_pages ? page_bytes() : 0;
  ::munmap(static_cast<std::byte*>(block) - guard, capacity_of(bytes) + 2 * guard);
  committed_bytes_.fetch_sub(in_pages(bytes, page_bytes()), std::memory_order_relaxed);
}

bool page_resource::try_expand(void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept {
  std::size_t const before = in_pages(old_bytes, page_bytes());
  std::size_t const after = in_pages(new_bytes, page_bytes());
  if (new_bytes == 0 || after == 0 || after > capacity_of(old_bytes)) return false;
  // A block larger than the reserved range must keep its size: the range is told from it.
  if (old_bytes > options_.reserve_bytes && after != before) return false;
  auto* const first = static_cast<std::byte*>(block);
  if (after > before) {
    if (::mprotect(first + before, after - before, PROT_READ | PROT_WRITE) != 0) return false;
    committed_bytes_.fetch_add(after - before, std::memory_order_relaxed);
  } else if (after < before) {
    // A fresh mapping over the pages gives them back and makes them inaccessible in one call.
    void* const gone = ::mmap(first + after, before - after, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (gone == MAP_FAILED) return false;
#ifdef MADV_HUGEPAGE
    if (options_.huge_pages) static_cast<void>(::madvise(gone, before - after, MADV_HUGEPAGE));
#endif
    committed_bytes_.fetch_sub(before - after, std::memory_order_relaxed);
  }
  return true;
}

namespace {

struct whole_pages {
  void* begin;
  std::size_t bytes;
};

whole_pages pages_in(void* block, std::size_t bytes) noexcept {
  std::size_t const page = page_resource::page_bytes();
  std::size_t const padding = detail::padding_to(block, page);
  if (padding >= bytes) return {block, 0};
  return {static_cast<std::byte*>(block) + padding, (bytes - padding) & ~(page - 1)};
}

}  // namespace

bool page_resource::try_protect(void* block, std::size_t bytes) noexcept {
  whole_pages const pages = pages_in(block, bytes);
  return pages.bytes == 0 || ::mprotect(pages.begin, pages.bytes, PROT_NONE) == 0;
}

bool page_resource::try_unprotect(void* block, std::size_t bytes) noexcept {
  whole_pages const pages = pages_in(block, bytes);
  return pages.bytes == 0 || ::mprotect(pages.begin, pages.bytes, PROT_READ | PROT_WRITE) == 0;
}

#else

bool page_resource::is_supported() noexcept { return false; }
std::size_t page_resource::page_bytes() noexcept { return 4096; }
std::size_t page_resource::capacity_of(std::size_t) const noexcept { return 0; }
void* page_resource::do_allocate(std::size_t, std::size_t) { throw std::bad_alloc(); }
void page_resource::do_deallocate(void*, std::size_t, std::size_t) {}
bool page_resource::try_expand(void*, std::size_t, std::size_t) noexcept { return false; }
bool page_resource::try_protect(void*, std::size_t) noexcept { return false; }
bool page_resource::try_unprotect(void*, std::size_t) noexcept { return false; }

#endif

}  // namespace tidemark
