// SPDX-License-Identifier: BSL-1.0

// The verbs for arrays: on the stack, on its innermost scope and on a scope below another one.

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <climits>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <list>
#include <new>
#include <span>
#include <stdexcept>
#include <tidemark/array_verbs.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <type_traits>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark;
using tidemark::test::is_aligned;

namespace {

struct alignas(128) wide {
  double value;
};
struct alignas(4096) page {
  char bytes[4096];
};
// Neither copying nor a plain start makes one: only its constructor does.
struct constructed {
  int value;
  constructed() noexcept : value(42) {}
  constructed(constructed const& other) noexcept : value(other.value) {}
  constructed& operator=(constructed const&) = default;
};
static_assert(std::is_trivially_destructible_v<constructed>);
// Zero, of which not all bits are 0.
struct biased {
  int value = -1;
  biased() = default;
  explicit biased(int v) : value(v) {}
};

// So that sizes no system has do not reach a sanitizer's heap, which ends the program.
constexpr typed_stack_options limited{.limit_bytes = std::size_t{1} << 30U};

// Calls `f` with each kind of owner that has the verbs.
template <class F>
void on_each(F f) {
  {
    typed_stack_resource stack{limited};
    f(stack, stack);
    memory_scope scope{stack};
    f(stack, stack);
  }
  typed_stack_resource stack{limited};
  memory_scope scope{stack};
  f(scope, stack);
  memory_scope above{stack};
  f(scope, stack);
}

template <class Range>
void fill_and_check(Range const& array) {
  using T = std::remove_cvref_t<decltype(*array.begin())>;
  std::ranges::fill(array, T{});
  BOOST_TEST(is_aligned(array.data(), alignof(T)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_extent_gives_a_span_of_that_many_elements) {
  on_each([](auto& owner, auto&) {
    auto const a = owner.template acquire<double>(5);
    static_assert(std::same_as<decltype(a), std::span<double> const>);
    BOOST_TEST(a.size() == 5U);
    auto const b = owner.template acquire<float>(std::size_t{7});
    auto const c = owner.template acquire<bool>(3U);
    auto const d = owner.template acquire<std::complex<double>>(char{2});
    fill_and_check(a);
    fill_and_check(b);
    fill_and_check(c);
    fill_and_check(d);
  });
}

BOOST_AUTO_TEST_CASE(several_extents_give_an_nd_span_row_by_row) {
  on_each([](auto& owner, auto&) {
    auto const m = owner.template acquire<int>(3, 4U);
    static_assert(std::same_as<decltype(m), nd_span<int, 2> const>);
    BOOST_TEST(m.extent(0) == 3U);
    BOOST_TEST(m.extent(1) == 4U);
    BOOST_TEST(&m(1, 0) == &m(0, 0) + 4);
    auto const cube = owner.template acquire<float>(2, 3, 4);
    static_assert(std::same_as<decltype(cube), nd_span<float, 3> const>);
    BOOST_TEST(cube.size() == 24U);
    auto const same = owner.template acquire<float>(std::array<std::size_t, 3>{2, 3, 4});
    BOOST_TEST((same.extents() == cube.extents()));
    auto const row = owner.template acquire<int>(std::array<std::size_t, 1>{6});
    static_assert(std::same_as<decltype(row), nd_span<int, 1> const>);
    fill_and_check(m);
    fill_and_check(cube);
    fill_and_check(row);
  });
}

BOOST_AUTO_TEST_CASE(arrays_do_not_overlap) {
  on_each([](auto& owner, auto&) {
    std::vector<std::span<int>> arrays;
    for (int i = 0; i < 200; ++i) {
      arrays.push_back(owner.template acquire<int>(i * 7 % 50));
      std::ranges::fill(arrays.back(), i);
      static_cast<void>(owner.template zeros<double>(i % 9));
    }
    for (int i = 0; i < 200; ++i) {
      BOOST_REQUIRE(std::ranges::all_of(arrays[static_cast<std::size_t>(i)],
                                        [i](int value) { return value == i; }));
    }
  });
}

BOOST_AUTO_TEST_CASE(acquire_like_takes_element_type_and_extents_of_what_it_is_shown) {
  on_each([](auto& owner, auto&) {
    std::vector<double> const model(9);
    auto const a = owner.acquire_like(model);
    static_assert(std::same_as<decltype(a), std::span<double> const>);
    BOOST_TEST(a.size() == 9U);
    nd_span<float const, 2> const matrix = owner.template zeros<float>(2, 3);
    auto const b = owner.acquire_like(matrix);
    static_assert(std::same_as<decltype(b), nd_span<float, 2> const>);  // elements may be written
    BOOST_TEST((b.extents() == matrix.extents()));
    BOOST_TEST((b.data() != matrix.data()));
    int const plain[4] = {};
    static_assert(std::same_as<decltype(owner.acquire_like(plain)), std::span<int>>);
    BOOST_TEST(owner.acquire_like(plain).size() == 4U);
    BOOST_TEST(owner.acquire_like(std::list<char>(6)).size() == 6U);
    BOOST_TEST(owner.acquire_like(std::span<double const>(model)).size() == 9U);
  });
}

BOOST_AUTO_TEST_CASE(zeros_and_ones_are_doubles_unless_told_otherwise) {
  on_each([](auto& owner, auto&) {
    std::ranges::fill(owner.template acquire<double>(12), 3.5);  // bytes to be found again
    auto const z = owner.zeros(4);
    static_assert(std::same_as<decltype(z), std::span<double> const>);
    BOOST_TEST(std::ranges::count(z, 0.0) == 4);
    auto const o = owner.ones(2, 3);
    static_assert(std::same_as<decltype(o), nd_span<double, 2> const>);
    BOOST_TEST(std::ranges::count(o, 1.0) == 6);
    BOOST_TEST(std::ranges::count(owner.template ones<std::int32_t>(5), 1) == 5);
    auto const c = owner.template ones<std::complex<float>>(3);
    BOOST_TEST((std::ranges::count(c, std::complex<float>{1}) == 3));
    BOOST_TEST(std::ranges::count(owner.template zeros<bool>(5), false) == 5);
    BOOST_TEST(std::ranges::count(owner.template ones<bool>(5), true) == 5);
    BOOST_TEST(std::ranges::count(owner.template zeros<int*>(5), nullptr) == 5);
    std::array<std::size_t, 2> const extents{2, 2};
    BOOST_TEST(std::ranges::count(owner.template zeros<float>(extents), 0.0F) == 4);
    BOOST_TEST(std::ranges::count(owner.ones(extents), 1.0) == 4);
  });
}

BOOST_AUTO_TEST_CASE(zero_is_what_the_type_says_it_is) {
  on_each([](auto& owner, auto&) {
    auto const z = owner.template zeros<biased>(3);
    BOOST_TEST(std::ranges::all_of(z, [](biased b) { return b.value == -1; }));
    auto const o = owner.template ones<biased>(3);
    BOOST_TEST(std::ranges::all_of(o, [](biased b) { return b.value == 1; }));
    using member = int biased::*;  // null is no pattern of zeros
    for (member m : owner.template zeros<member>(3)) BOOST_TEST((m == nullptr));
  });
}

BOOST_AUTO_TEST_CASE(similar_takes_over_what_is_not_said) {
  on_each([](auto& owner, auto&) {
    auto const m = owner.zeros(2, 3);
    auto const s = owner.similar(m);
    static_assert(std::same_as<decltype(s), nd_span<double, 2> const>);
    BOOST_TEST((s.extents() == m.extents()));
    auto const f = owner.template similar<float>(m);
    static_assert(std::same_as<decltype(f), nd_span<float, 2> const>);
    BOOST_TEST((f.extents() == m.extents()));
    auto const n = owner.similar(m, 5);
    static_assert(std::same_as<decltype(n), std::span<double> const>);
    BOOST_TEST(n.size() == 5U);
    auto const both = owner.template similar<int>(m, 4, 4);
    static_assert(std::same_as<decltype(both), nd_span<int, 2> const>);
    BOOST_TEST(both.size() == 16U);
    auto const shaped = owner.similar(m, std::array<std::size_t, 2>{3, 2});
    BOOST_TEST(shaped.extent(0) == 3U);
    fill_and_check(s);
    fill_and_check(f);
  });
}

BOOST_AUTO_TEST_CASE(reshape_shows_the_same_elements_and_takes_nothing) {
  on_each([](auto& owner, auto& stack) {
    auto const flat = owner.template acquire<int>(12);
    for (int i = 0; int& each : flat) each = i++;
    resource_stats const before = stack.stats();
    auto const m = owner.reshape(flat, 3, 4);
    static_assert(std::same_as<decltype(m), nd_span<int, 2> const>);
    BOOST_TEST(m.data() == flat.data());
    BOOST_TEST(m(1, 2) == 6);
    BOOST_TEST(owner.reshape(m, 12)(7) == 7);
    BOOST_TEST(owner.reshape(m, 2, 3, 2)(1, 0, 1) == 7);
    BOOST_TEST((stack.stats() == before));
  });
}

BOOST_AUTO_TEST_CASE(a_wrong_reshape_is_an_invalid_argument_before_anything_is_taken) {
  on_each([](auto& owner, auto& stack) {
    auto const flat = owner.zeros(12);
    resource_stats const before = stack.stats();
    BOOST_CHECK_THROW(static_cast<void>(owner.reshape(flat, 5)), std::invalid_argument);
    BOOST_CHECK_THROW(static_cast<void>(owner.reshape(flat, 3, 5)), std::invalid_argument);
    BOOST_CHECK_THROW(static_cast<void>(owner.reshape(flat, 0, 12)), std::invalid_argument);
    BOOST_CHECK_THROW(static_cast<void>(owner.reshape(flat, SIZE_MAX, SIZE_MAX)),
                      std::invalid_argument);
    // 2^63 * 2 + 12 of them would be 12 again.
    BOOST_CHECK_THROW(static_cast<void>(owner.reshape(flat, SIZE_MAX / 2 + 1, 2)),
                      std::invalid_argument);
    BOOST_CHECK_THROW(static_cast<void>(owner.reshape(flat, -3, -4)), std::bad_array_new_length);
    BOOST_TEST((stack.stats() == before));
  });
}

BOOST_AUTO_TEST_CASE(bits_are_packed_and_false_unless_they_are_trues) {
  on_each([](auto& owner, auto& stack) {
    std::ranges::fill(owner.template acquire<std::uint64_t>(40), UINT64_MAX);
    std::size_t const before = stack.stats().bytes_in_use;
    bit_span const b = owner.bits(1000);
    BOOST_TEST(stack.stats().bytes_in_use - before >= 128U);
    BOOST_TEST(stack.stats().bytes_in_use - before < 300U);
    BOOST_TEST(b.size() == 1000U);
    BOOST_TEST(b.none());
    BOOST_TEST(owner.falses(100).none());
    bit_span const t = owner.trues(100);
    BOOST_TEST(t.all());
    BOOST_TEST(t.count() == 100U);
    BOOST_TEST(t.words().back() == (std::uint64_t{1} << 36U) - 1);  // the tail is zero
    b[999] = true;
    BOOST_TEST(b.count() == 1U);
    BOOST_TEST(owner.bits(0).empty());
    BOOST_TEST(owner.trues(0).all());
  });
}

BOOST_AUTO_TEST_CASE(an_array_of_no_elements_has_an_address_of_its_own) {
  on_each([](auto& owner, auto&) {
    auto const a = owner.template acquire<double>(0);
    auto const b = owner.template acquire<double>(0);
    auto const c = owner.template acquire<double>(1);
    BOOST_TEST(a.empty());
    BOOST_TEST((a.data() != nullptr));
    BOOST_TEST((a.data() != b.data()));
    BOOST_TEST((b.data() != c.data()));
    BOOST_TEST(owner.template acquire<char>(3, 0).empty());
    BOOST_TEST(owner.template acquire<char>(SIZE_MAX, SIZE_MAX, 0).empty());
    BOOST_TEST(owner.zeros(0).empty());
    BOOST_TEST(owner.ones(0).empty());
    BOOST_TEST(owner.template acquire<page>(0).empty());
  });
}

BOOST_AUTO_TEST_CASE(a_negative_extent_is_a_bad_length_and_changes_nothing) {
  on_each([](auto& owner, auto& stack) {
    resource_stats const before = stack.stats();
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<double>(-1)),
                      std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<double>(3, -1)),
                      std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<double>(-1, 0)),
                      std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(owner.zeros(INT_MIN)), std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(owner.ones(LLONG_MIN)), std::bad_array_new_length);
    BOOST_TEST((stack.stats() == before));
  });
}

BOOST_AUTO_TEST_CASE(a_product_that_does_not_fit_is_a_bad_length_and_changes_nothing) {
  on_each([](auto& owner, auto& stack) {
    resource_stats const before = stack.stats();
    constexpr std::size_t half = SIZE_MAX / 2 + 1;
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<char>(half, 2)),
                      std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<char>(half, half)),
                      std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<double>(SIZE_MAX)),
                      std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<double>(SIZE_MAX / 8 + 1)),
                      std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire_objects<std::vector<int>>(SIZE_MAX)),
                      std::bad_array_new_length);
    BOOST_TEST((stack.stats() == before));
  });
}

BOOST_AUTO_TEST_CASE(more_than_there_can_be_is_bad_alloc_and_changes_nothing) {
  on_each([](auto& owner, auto& stack) {
    std::size_t const before = stack.stats().bytes_in_use;
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<char>(SIZE_MAX)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<double>(SIZE_MAX / 8)),
                      std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(owner.zeros(SIZE_MAX / 16)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(owner.bits(SIZE_MAX)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(owner.template acquire<page>(SIZE_MAX / 4096)),
                      std::bad_alloc);
    BOOST_TEST(stack.stats().bytes_in_use == before);
    fill_and_check(owner.zeros(10));
  });
}

BOOST_AUTO_TEST_CASE(over_aligned_elements_are_aligned) {
  on_each([](auto& owner, auto&) {
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(owner.template acquire<char>(1));
      BOOST_TEST(is_aligned(owner.template acquire<wide>(3).data(), 128));
      BOOST_TEST(is_aligned(owner.template zeros<wide>(2, 2).data(), 128));
      BOOST_TEST(is_aligned(owner.template acquire<page>(2).data(), 4096));
      BOOST_TEST(is_aligned(owner.template acquire_objects<page>(1).data(), 4096));
    }
  });
}

BOOST_AUTO_TEST_CASE(elements_that_only_a_constructor_begins_are_constructed) {
  on_each([](auto& owner, auto&) {
    for (constructed& each : owner.template acquire<constructed>(20)) {
      BOOST_TEST(each.value == 42);
      each.value = 0;
    }
    auto const m = owner.template acquire<constructed>(2, 3);
    BOOST_TEST(std::ranges::all_of(m, [](constructed const& c) { return c.value == 42; }));
  });
}
