// SPDX-License-Identifier: BSL-1.0
#pragma once

// A memory resource of std's as one of Boost's, or the other way: they have a base class each.
//
//   boost_bridge bridge{&frame};       a std resource, for boost::container::pmr and Boost.JSON
//   std_bridge back{&boost_resource};  a Boost resource, for std::pmr
//
// Use `boost_bridge` for Boost's containers in a pool, and for JSON documents that die with their
// scope; `std_bridge` for a Boost resource under std's containers, or under a pool as its upstream.
// Do not use them between pools and std's containers: pools are std resources.
//
// Thread rule: that of the wrapped resource.
//
// Invariants:
//  1. Every alignment is honoured if the wrapped resource keeps its own contract: none is ignored.
//  2. Bridges over equal resources are equal, and free each other's blocks.
//  3. A bridge owns nothing and has no marks: those stay with the pool.

#include <boost/container/pmr/memory_resource.hpp>
#include <boost/json/memory_resource.hpp>
#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <tidemark/allocator.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>

namespace tidemark {

namespace detail {

/// What every bridge to Boost has: the std resource by which it is compared.
class boost_bridge_base : public boost::container::pmr::memory_resource {
 public:
  boost_bridge_base(boost_bridge_base const&) = delete;
  boost_bridge_base& operator=(boost_bridge_base const&) = delete;
  /// Returns:        The std resource that serves this bridge: of a scope its own.
  std::pmr::memory_resource* upstream_resource() const noexcept { return upstream_; }

 protected:
  explicit boost_bridge_base(std::pmr::memory_resource* upstream) noexcept : upstream_(upstream) {}
  ~boost_bridge_base() override = default;

 private:
  bool do_is_equal(boost::container::pmr::memory_resource const& other) const noexcept override;

  std::pmr::memory_resource* upstream_;  // outlives this object
};

/// Whether a free changes nothing but what the pool reuses next, whatever alignment it names.
template <class R>
inline constexpr bool frees_may_be_left_out = false;
template <>
inline constexpr bool frees_may_be_left_out<frame_resource> = true;
template <>
inline constexpr bool frees_may_be_left_out<frame_scope> = true;

template <class T>
inline constexpr bool is_memory_scope = false;
template <class R>
inline constexpr bool is_memory_scope<memory_scope<R>> = true;

}  // namespace detail

/// A std resource as a Boost one. R is the resource's type: `boost_bridge bridge{&frame}` calls the
/// pool's own inline functions, so that a call costs one virtual call in all; over a plain
/// `std::pmr::memory_resource*` it costs two. Or R is a scope's: `boost_bridge bridge{scope}`.
/// Throws:         What the wrapped resource throws.
/// Complexity:     That of the wrapped resource.
/// Thread safety:  That of the wrapped resource.
/// Remarks:        Blocks of alignment 1 are taken at `max_align`, but of a frame: see `settled`.
template <class R>
  requires std::derived_from<R, std::pmr::memory_resource> || detail::is_memory_scope<R>
class boost_bridge final : public detail::boost_bridge_base {
 public:
  /// Preconditions: `wrapped` is not null and outlives the bridge.
  explicit boost_bridge(R* wrapped) noexcept
    requires std::derived_from<R, std::pmr::memory_resource>
      : boost_bridge_base(wrapped), target_(*wrapped) {}
  /// Serves the scope as `allocator` does: refers to its pool, not to the scope object. Once the
  /// scope is closed, be it kept, an allocation is reported as `scope_closed` and throws
  /// `std::bad_alloc`.
  /// Preconditions: The pool outlives the bridge.
  explicit boost_bridge(R& scope) noexcept
    requires detail::is_memory_scope<R>
      : boost_bridge_base(scope.resource()), target_(scope) {}
  explicit boost_bridge(std::nullptr_t) = delete;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return target_.allocate(bytes, settled(alignment));
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    target_.deallocate(block, bytes, settled(alignment));
  }

  // Where a text breaks off behind a key, Boost.JSON frees the key at `max_align`, though it took
  // it at alignment 1 (boostorg/json#1181; 1.81 has it). A pool of blocks would put it back among
  // blocks of another size. So both are the same here; other alignments go on unchanged.
  static constexpr std::size_t settled(std::size_t alignment) noexcept {
    return alignment == 1 && !detail::frees_may_be_left_out<R> ? max_align : alignment;
  }

  detail::allocator_target<R> target_;
};

/// A Boost resource as a std one. Boost lets a resource fall back to `max_align` where it does not
/// support more, and Boost 1.81's own do: new_delete_resource and the pools hand out misaligned
/// blocks, monotonic_buffer_resource throws. So an alignment over `max_align` is asked for as so
/// many bytes more, and the block is aligned here; only a `boost_bridge` is known to honour it, and
/// gets it as it is.
/// Returns:        As std says: 0 bytes are legal and unique, also where Boost returns null.
/// Throws:         What the wrapped resource throws, but `std::bad_alloc` in place of
///                 `boost::container::bad_alloc`, which is none.
/// Complexity:     That of the wrapped resource; over-aligned blocks take `alignment` bytes more.
/// Thread safety:  That of the wrapped resource.
class std_bridge final : public std::pmr::memory_resource {
 public:
  /// Preconditions: `wrapped` is not null and outlives the bridge.
  explicit std_bridge(boost::container::pmr::memory_resource* wrapped) noexcept;
  explicit std_bridge(std::nullptr_t) = delete;
  std_bridge(std_bridge const&) = delete;
  std_bridge& operator=(std_bridge const&) = delete;

  boost::container::pmr::memory_resource* upstream_resource() const noexcept { return upstream_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override;

  boost::container::pmr::memory_resource* upstream_;  // outlives this object
  bool honours_alignment_;                            // of upstream_: every power of two
};

}  // namespace tidemark

/// A Boost.JSON array or object in a frame is dropped, not destroyed: its destructor frees nothing
/// and reads nothing of the frame, so that it may run after the scope closed. That is right because
/// a free never gives back what the scope would not: it only lets the frame reuse the newest block,
/// or with `recycle_outgrown` a large one, before the scope closes. A document that is changed for
/// long in one scope grows by what it drops, as in `boost::json::monotonic_resource`.
/// Remarks:        Boost 1.81 asks this for arrays, objects and keys. A `boost::json::string`, or a
///                 value that is one, frees its characters: it ends before the scope.
template <class R>
struct boost::json::is_deallocate_trivial<tidemark::boost_bridge<R>> {
  static constexpr bool value = tidemark::detail::frees_may_be_left_out<R>;
};
