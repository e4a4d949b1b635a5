// SPDX-License-Identifier: BSL-1.0

// Every array begins at a multiple of 16 bytes, wherever it lies: what was taken before it, of
// which type and how much, does not show.

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <span>
#include <tidemark/memory_scope.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <tidemark/upstream/page_resource.hpp>
#include <vector>

#include "support/is_aligned.hpp"
#include "support/lane_bytes.hpp"
#include "support/stack_options.hpp"

using namespace tidemark;
using test::in_lanes;
using test::is_aligned;

namespace {

// Aligned to one byte: by itself it would lie anywhere.
template <std::size_t Bytes>
struct element {
  std::array<unsigned char, Bytes> value;
};

struct filled {
  std::span<std::byte> bytes;
  std::byte value;
};

// Arrays that were filled, each with a byte of its own as long as there are no more than 255.
struct arrays {
  std::vector<filled> taken;

  template <class T>
  void add(std::span<T> array) {
    BOOST_TEST(is_aligned(array.data(), 16));
    std::byte const value{static_cast<unsigned char>(taken.size() % 255 + 1)};
    taken.push_back({std::as_writable_bytes(array), value});
    std::ranges::fill(taken.back().bytes, value);
  }
  void check() const {
    for (filled const& each : taken) {
      BOOST_TEST(std::ranges::all_of(each.bytes, [&](std::byte b) { return b == each.value; }));
    }
  }
};

// Odd counts of elements of `Bytes`, past the ends of some chunks.
template <std::size_t Bytes, class Owner>
void take_odd_counts(Owner& owner, arrays& taken) {
  for (std::size_t count = 1; count < 48; count += 2) {
    taken.add(owner.template acquire<element<Bytes>>(count));
  }
}

template <class Owner>
void take_all(Owner& owner, arrays& taken) {
  take_odd_counts<1>(owner, taken);
  take_odd_counts<2>(owner, taken);
  take_odd_counts<3>(owner, taken);
  take_odd_counts<4>(owner, taken);
  take_odd_counts<8>(owner, taken);
  take_odd_counts<12>(owner, taken);
  take_odd_counts<24>(owner, taken);
  for (std::size_t i = 0; i < 3; ++i) {  // types whose lanes are built in, and the other words
    taken.add(owner.template acquire<double>(2 * i + 1));
    taken.add(owner.template acquire<float>(2 * i + 1));
    taken.add(owner.template zeros<bool>(2 * i + 1));
    taken.add(std::span(owner.template ones<double>(3, 2 * i + 1).data(), 3 * (2 * i + 1)));
    taken.add(owner.bits(64 * (2 * i + 1)).words());
    taken.add(owner.similar(std::array<char, 5>{}));
  }
  static_cast<void>(owner.template acquire<char>(0));  // takes a place, too
  taken.add(owner.template acquire<char>(1));
}

// Outside all scopes, through the stack and the scope on top, and through a scope below that.
void use(typed_stack_resource& stack) {
  arrays taken;
  take_all(stack, taken);
  memory_scope outer{stack};
  take_all(stack, taken);
  take_all(outer, taken);
  {
    memory_scope inner{stack};
    arrays passing;
    take_all(inner, passing);
    take_all(outer, taken);
    take_all(stack, passing);
    passing.check();
  }
  take_all(outer, taken);
  taken.check();
}

}  // namespace

BOOST_AUTO_TEST_CASE(arrays_in_lanes_begin_at_multiples_of_16) {
  typed_stack_resource stack{in_lanes({.initial_bytes = 100, .max_chunk_bytes = 4096})};
  use(stack);
  BOOST_TEST(test::lane_called(stack, "double").bytes_reserved != 0U);
}

BOOST_AUTO_TEST_CASE(arrays_of_a_checked_stack_begin_at_multiples_of_16) {
  typed_stack_resource stack{{.check = check_level::on}};
  use(stack);
}

BOOST_AUTO_TEST_CASE(arrays_of_a_stack_that_is_not_pooled_begin_at_multiples_of_16) {
  for (check_level const level : {check_level::off, check_level::on}) {
    typed_stack_resource stack{{.check = level, .pooled = false}};
    use(stack);
  }
}

BOOST_AUTO_TEST_CASE(arrays_on_a_buffer_that_begins_anywhere_begin_at_multiples_of_16) {
  std::vector<std::byte> buffer(8000);
  for (std::size_t const offset : {0U, 1U, 8U, 15U}) {
    typed_stack_resource stack{std::span(buffer).subspan(offset)};
    use(stack);
  }
}

BOOST_AUTO_TEST_CASE(arrays_in_quarantine_and_on_reserved_pages_begin_at_multiples_of_16) {
  page_resource pages;
  typed_stack_resource quarantined{in_lanes({.quarantine_count = 2}), &pages};
  use(quarantined);
  page_resource reserved{{.reserve_bytes = std::size_t{16} << 20U}};
  typed_stack_resource contiguous{in_lanes(), &reserved};
  use(contiguous);
}

BOOST_AUTO_TEST_CASE(arrays_behind_large_ones_begin_at_multiples_of_16) {
  typed_stack_resource stack{in_lanes({.max_chunk_bytes = 4096})};
  memory_scope scope{stack};
  arrays taken;
  for (std::size_t const count : {1023U, 1025U, 2051U, 100'001U, 7U}) {
    taken.add(scope.acquire<char>(count));
    taken.add(scope.acquire<element<3>>(count));
  }
  taken.check();
}

BOOST_AUTO_TEST_CASE(arrays_of_one_lane_lie_16_bytes_apart_or_as_far_as_they_are_long) {
  typed_stack_resource stack{in_lanes()};
  memory_scope scope{stack};
  auto const one = scope.acquire<char>(1);
  auto const many = scope.acquire<char>(33);
  auto const last = scope.acquire<char>(16);
  BOOST_TEST(many.data() - one.data() == 16);
  BOOST_TEST(last.data() - many.data() == 48);
  BOOST_TEST(scope.acquire<char>(1).data() - last.data() == 16);
  BOOST_TEST(test::lane_bytes<char>(stack) == 96U);
}
