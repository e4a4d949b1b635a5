// SPDX-License-Identifier: BSL-1.0
#pragma once

// A function that makes objects of one type, kept in place.
//
// Use it in an object that makes others later and may ask nobody for memory now: `std::function`
// may. What it makes need not be movable.
//
// Thread rule: any thread may call it, if any may call the function.
//
// Invariants:
//  1. The function lives from the constructor to the destructor, in the object itself.

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace tidemark::detail {

template <class R>
class kept_maker {
 public:
  static constexpr std::size_t max_bytes = 192;  // two options with copies of their names, or so

  /// Preconditions:  `make()` is an R, also for a constant function.
  template <class F>
  explicit kept_maker(F make) noexcept(std::is_nothrow_move_constructible_v<F>)
      : make_([](void const* kept) -> R { return (*static_cast<F const*>(kept))(); }),
        drop_([](void* kept) noexcept { static_cast<F*>(kept)->~F(); }) {
    static_assert(sizeof(F) <= max_bytes && alignof(F) <= alignof(std::max_align_t),
                  "it is made from too much: pass a function that refers to that");
    ::new (static_cast<void*>(kept_)) F(std::move(make));
  }
  kept_maker(kept_maker const&) = delete;
  kept_maker& operator=(kept_maker const&) = delete;
  ~kept_maker() { drop_(kept_); }

  R operator()() const { return make_(kept_); }

 private:
  alignas(std::max_align_t) std::byte kept_[max_bytes];
  R (*make_)(void const* kept);
  void (*drop_)(void* kept) noexcept;
};

}  // namespace tidemark::detail
