// SPDX-License-Identifier: BSL-1.0
#pragma once

// Elements that are found by handles which never mean another element.
//
//   handle {index 2, generation 5}
//                     |
//   chunk 0   | 1: A | 4: - | 5: B | 1: C |     odd generation: an element; even: a free slot
//   chunk 1   | 3: D | 0: - | ...               chunks double up to 256 KiB and never move
//
// Use it for objects that refer to each other or are referred to from outside, and may be gone:
// components, connections, timers. A handle is 8 bytes, can be copied and stored, and says for
// itself that its element is gone. Do not use it where elements must lie without gaps.
//
// Thread rule: one thread at a time; const functions by many at once.
//
// Invariants:
//  1. A slot's generation grows with each element put in and taken out. When none is left the slot
//     is retired, so a map never gives out the same handle twice, unless it was moved from.
//  2. An element never moves: pointers to it are valid until it is erased.
//  3. Every slot is in one state: live (odd generation, its bit set), free (even, in the list of
//     free slots), in passage (even, in neither: its constructor or destructor runs), retired.
//
// No copy: the handles of one map would be valid in the other, for elements that drift apart.
//
// Source: the slot map, as in Sean Middleditch, "Data Structures for Game Developers: The Slot Map"
// (2013), and P0661, whose keys are the handles here; with chunks so that elements stay in place.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <tidemark/detail/slot_chunks.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <type_traits>
#include <utility>

namespace tidemark {

/// Names one element of a `slot_map<T>`. The default is never valid.
template <class T>
struct slot_handle {
  std::uint32_t index = 0;       // of the slot
  std::uint32_t generation = 0;  // of the slot, while the element is in it: odd

  /// Returns:        Whether this is not the default.
  constexpr explicit operator bool() const noexcept { return generation != 0; }
  friend constexpr auto operator<=>(slot_handle const&, slot_handle const&) noexcept = default;
};

/// A slot whose generation reached `LastGeneration`, an odd number, is retired with its element: it
/// has served (LastGeneration + 1) / 2 elements, 2^31 by default.
template <class T, std::uint32_t LastGeneration = UINT32_MAX>
  requires(LastGeneration % 2 == 1)
class slot_map {
  template <bool IsConst>
  class basic_iterator;

 public:
  using value_type = T;
  using handle_type = slot_handle<T>;
  using iterator = basic_iterator<false>;
  using const_iterator = basic_iterator<true>;

  /// Asks for no memory; the first element does. A null `resource` of run time means the default.
  /// Preconditions:  `resource` outlives the map, and every map that this one is moved to.
  explicit slot_map(std::pmr::memory_resource* resource = default_upstream()) noexcept
      : resource_(resource != nullptr ? resource : default_upstream()) {}
  explicit slot_map(std::nullptr_t) = delete;
  /// Effects:        Elements keep their places and handles, and bring their resource along.
  ///                 `other` is empty, keeps its resource and begins again with the first handles.
  slot_map(slot_map&& other) noexcept
      : resource_(other.resource_), held_(std::exchange(other.held_, {})) {}
  slot_map& operator=(slot_map&& other) noexcept {
    slot_map taken{std::move(other)};
    std::swap(resource_, taken.resource_);
    std::swap(held_, taken.held_);
    return *this;
  }
  slot_map(slot_map const&) = delete;
  slot_map& operator=(slot_map const&) = delete;
  /// As `clear`, and returns all memory.
  ~slot_map() {
    static_assert(std::is_object_v<T> && !std::is_array_v<T> && !std::is_const_v<T>);
    static_assert(std::is_nothrow_destructible_v<T>);
    clear();
    held_.in.release(*resource_);
  }

  /// Constructs an element by uses-allocator construction with `resource()`.
  /// Throws:         What the resource and the constructor throw; `std::bad_alloc` with
  ///                 `max_size()` slots. Nothing is changed then, but a new chunk may be kept.
  /// Complexity:     O(1); where no slot is free, one chunk from the resource.
  /// Remarks:        Uses the slot that became free last. The constructor may use the map; it does
  ///                 not find its own element yet.
  template <class... Args>
  handle_type emplace(Args&&... args) {
    std::uint32_t const index = held_.in.take(*resource_);
    auto& slot = held_.in.at(index);
    try {
      std::uninitialized_construct_using_allocator(reinterpret_cast<T*>(slot.bytes),
                                                   std::pmr::polymorphic_allocator<>{resource_},
                                                   std::forward<Args>(args)...);
    } catch (...) {
      held_.in.put_back(index);
      throw;
    }
    ++slot.generation;
    held_.in.set_live(index);
    ++held_.size;
    return {index, slot.generation};
  }
  handle_type insert(T const& value) { return emplace(value); }
  handle_type insert(T&& value) { return emplace(std::move(value)); }

  /// Destroys the element.
  /// Returns:        Whether there was one: false for the default, a stale handle or one that no
  ///                 element of this map has. A handle of another map may be that of an element.
  /// Complexity:     O(1).
  /// Remarks:        The destructor may use the map: the element is no longer found, and its slot
  ///                 not yet used again.
  bool erase(handle_type handle) noexcept {
    if (!contains(handle)) return false;
    erase_at(handle.index);
    return true;
  }
  /// Preconditions:  `place` refers to an element.
  /// Returns:        The next one.
  iterator erase(const_iterator place) noexcept {
    erase_at(place.index_);
    return {this, held_.in.next_live(place.index_ + std::size_t{1})};
  }
  /// Destroys every element, in storage order; memory is kept, and no handle becomes valid again.
  /// Complexity:     O(elements + slots / 64).
  /// Remarks:        Destructors may use the map. What they put in is destroyed, too.
  void clear() noexcept {
    while (held_.size != 0) {
      for (auto i = begin(); i != end(); ++i) erase_at(i.index_);
    }
  }

  /// Returns:        The element, or null where `erase` returns false.
  /// Complexity:     O(1).
  T* find(handle_type handle) noexcept {
    return contains(handle) ? element(handle.index) : nullptr;
  }
  T const* find(handle_type handle) const noexcept {
    return contains(handle) ? element(handle.index) : nullptr;
  }
  bool contains(handle_type handle) const noexcept {
    return handle.generation % 2 == 1 && handle.index < held_.in.used() &&
           held_.in.at(handle.index).generation == handle.generation;
  }
  /// Throws:         `std::out_of_range` where `find` gives null.
  T& at(handle_type handle) {
    if (T* const found = find(handle)) return *found;
    refuse();
  }
  T const& at(handle_type handle) const {
    if (T const* const found = find(handle)) return *found;
    refuse();
  }

  /// Elements in storage order, which is not that of insertion. An iterator can be advanced after
  /// its element was erased; whether it meets elements that were put in meanwhile is unspecified.
  /// Complexity:     Of a pass: O(elements + slots / 64 + chunks).
  iterator begin() noexcept { return {this, held_.in.next_live(0)}; }
  iterator end() noexcept { return {this, no_index}; }
  const_iterator begin() const noexcept { return {this, held_.in.next_live(0)}; }
  const_iterator end() const noexcept { return {this, no_index}; }

  /// Returns:        Count of elements.
  std::size_t size() const noexcept { return held_.size; }
  bool empty() const noexcept { return held_.size == 0; }
  /// Returns:        Count of elements for which there is memory: slots that are not retired.
  std::size_t capacity() const noexcept { return held_.in.slots() - held_.retired; }
  /// Returns:        Count of slots that there can be.
  static constexpr std::size_t max_size() noexcept { return slots::max_slots(); }
  /// Effects:        capacity() is `count` or more.
  /// Throws:         What the resource throws; `std::bad_alloc` if there cannot be as many slots.
  ///                 Nothing is changed then.
  void reserve(std::size_t count) {
    if (count > max_size() - held_.retired) throw std::bad_alloc{};
    held_.in.reserve(count + held_.retired, *resource_);
  }
  std::pmr::memory_resource* resource() const noexcept { return resource_; }

 private:
  static constexpr std::uint32_t no_index = UINT32_MAX;
  using slots = detail::slot_chunks<sizeof(T), alignof(T)>;

  struct contents {
    slots in{};
    std::size_t size = 0;     // count of elements
    std::size_t retired = 0;  // count of slots
  };

  static T* object(typename slots::slot& slot) noexcept {
    return std::launder(reinterpret_cast<T*>(slot.bytes));
  }
  T* element(std::uint32_t index) const noexcept { return object(held_.in.at(index)); }

  void erase_at(std::uint32_t index) noexcept {
    auto& slot = held_.in.at(index);
    bool const retires = slot.generation == LastGeneration;
    ++slot.generation;  // even; UINT32_MAX becomes 0
    held_.in.clear_live(index);
    --held_.size;
    std::destroy_at(object(slot));
    if (retires) {
      ++held_.retired;
    } else {
      held_.in.put_back(index);
    }
  }
  [[noreturn, gnu::cold]] static void refuse() {
    throw std::out_of_range{"tidemark::slot_map::at: no element has this handle"};
  }

  std::pmr::memory_resource* resource_;
  contents held_;
};

template <class T, std::uint32_t LastGeneration>
  requires(LastGeneration % 2 == 1)
template <bool IsConst>
class slot_map<T, LastGeneration>::basic_iterator {
  using map_type = std::conditional_t<IsConst, slot_map const, slot_map>;

 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using reference = std::conditional_t<IsConst, T const&, T&>;
  using pointer = std::conditional_t<IsConst, T const*, T*>;

  basic_iterator() noexcept = default;
  template <bool OtherIsConst>
    requires(IsConst && !OtherIsConst)
  basic_iterator(basic_iterator<OtherIsConst> const& other) noexcept  // NOLINT
      : map_(other.map_), index_(other.index_) {}

  reference operator*() const noexcept { return *map_->element(index_); }
  pointer operator->() const noexcept { return map_->element(index_); }
  /// Returns:        The handle of the element.
  handle_type handle() const noexcept { return {index_, map_->held_.in.at(index_).generation}; }

  basic_iterator& operator++() noexcept {
    index_ = map_->held_.in.next_live(index_ + std::size_t{1});
    return *this;
  }
  basic_iterator operator++(int) noexcept {
    basic_iterator const former = *this;
    ++*this;
    return former;
  }
  friend bool operator==(basic_iterator const&, basic_iterator const&) noexcept = default;

 private:
  friend class slot_map;
  template <bool>
  friend class basic_iterator;

  basic_iterator(map_type* map, std::uint32_t index) noexcept : map_(map), index_(index) {}

  map_type* map_ = nullptr;
  std::uint32_t index_ = no_index;  // of a slot; no_index: the end, however the map grows
};

}  // namespace tidemark

template <class T>
struct std::hash<tidemark::slot_handle<T>> {  // NOLINT(cert-dcl58-cpp): a user's type is in it
  std::size_t operator()(tidemark::slot_handle<T> const& handle) const noexcept {
    return std::hash<std::uint64_t>{}(std::uint64_t{handle.generation} << 32U | handle.index);
  }
};
