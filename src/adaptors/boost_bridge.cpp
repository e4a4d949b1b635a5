// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/container/throw_exception.hpp>
#include <cstdint>
#include <cstring>
#include <new>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/detail/alignment.hpp>

namespace tidemark {

using boost_resource = boost::container::pmr::memory_resource;

namespace {

// What any Boost resource honours, in bytes.
constexpr std::size_t common_alignment = boost_resource::max_align;
static_assert(common_alignment >= sizeof(void*), "an address fits in front of an aligned block");

// Zero bytes: Boost's monotonic_buffer_resource would return null for them.
std::size_t at_least_one(std::size_t bytes) noexcept { return std::max<std::size_t>(bytes, 1); }

void* allocate_from(boost_resource& resource, std::size_t bytes, std::size_t alignment) {
  try {
    return resource.allocate(bytes, alignment);
  } catch (boost::container::bad_alloc_t const&) {
    // Boost.Container may be configured to throw std's.
    if constexpr (std::derived_from<boost::container::bad_alloc_t, std::bad_alloc>) {
      throw;
    } else {
      throw std::bad_alloc();
    }
  }
}

// An over-aligned block, somewhere in what upstream gave:
//
//   room            | address of room | block, aligned
//   ^ at least common_alignment, at most alignment, bytes of the room are skipped
//
// Source: the usual way over malloc; Boost.Align's `aligned_alloc` does the same.
std::byte* align_in(std::byte* room, std::size_t alignment) noexcept {
  std::byte* const block =
      room + common_alignment + detail::padding_to(room + common_alignment, alignment);
  std::memcpy(block - sizeof(room), static_cast<void const*>(&room), sizeof(room));
  return block;
}

std::byte* room_of(void* block) noexcept {
  std::byte* room;
  std::memcpy(static_cast<void*>(&room), static_cast<std::byte*>(block) - sizeof(room),
              sizeof(room));
  return room;
}

}  // namespace

bool detail::boost_bridge_base::do_is_equal(boost_resource const& other) const noexcept {
  auto const* const bridge = dynamic_cast<boost_bridge_base const*>(&other);
  return bridge != nullptr && *upstream_ == *bridge->upstream_;
}

std_bridge::std_bridge(boost_resource* wrapped) noexcept
    : upstream_(wrapped),
      honours_alignment_(dynamic_cast<detail::boost_bridge_base const*>(wrapped) != nullptr) {}

void* std_bridge::do_allocate(std::size_t bytes, std::size_t alignment) {
  std::size_t const least = at_least_one(bytes);
  if (alignment <= common_alignment || honours_alignment_) {
    return allocate_from(*upstream_, least, alignment);
  }
  if (least > SIZE_MAX - alignment) throw std::bad_alloc();
  void* const room = allocate_from(*upstream_, least + alignment, common_alignment);
  return align_in(static_cast<std::byte*>(room), alignment);
}

void std_bridge::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  std::size_t const least = at_least_one(bytes);
  if (alignment <= common_alignment || honours_alignment_) {
    upstream_->deallocate(block, least, alignment);
  } else {
    upstream_->deallocate(room_of(block), least + alignment, common_alignment);
  }
}

// Both must keep over-aligned blocks in the same way.
bool std_bridge::do_is_equal(std::pmr::memory_resource const& other) const noexcept {
  auto const* const bridge = dynamic_cast<std_bridge const*>(&other);
  return bridge != nullptr && honours_alignment_ == bridge->honours_alignment_ &&
         *upstream_ == *bridge->upstream_;
}

}  // namespace tidemark
