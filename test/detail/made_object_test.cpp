// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tidemark/detail/made_object.hpp>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark::detail;
using tidemark::test::is_aligned;

namespace {

struct plain {
  double x;
};
struct alignas(256) wide_plain {
  char c;
};

// Counts itself, and throws when it is made as the n-th.
struct counted {
  std::vector<int>* log;
  int number;

  counted(std::vector<int>* to, int* next, int throws_at) : log(to), number((*next)++) {
    if (number == throws_at) throw std::runtime_error("the n-th");
  }
  ~counted() { log->push_back(number); }
};
struct alignas(256) wide_counted : counted {
  using counted::counted;
};

alignas(256) std::array<std::byte, 8192> memory;

bool always() { return true; }

}  // namespace

BOOST_AUTO_TEST_CASE(an_object_without_a_destructor_is_its_whole_block) {
  BOOST_TEST(made_object<plain>::bytes == sizeof(plain));
  BOOST_TEST(made_object<plain>::alignment == alignof(plain));
  BOOST_TEST(made_object<plain>::offset == 0U);
  BOOST_TEST(made_array<wide_plain>::offset == 0U);
  BOOST_TEST(made_array<plain>::bytes(3) == 3 * sizeof(plain));
}

BOOST_AUTO_TEST_CASE(an_object_with_one_lies_aligned_behind_its_finalizer) {
  using made = made_object<wide_counted>;
  BOOST_TEST(made::offset >= sizeof(finalizer));
  BOOST_TEST(made::alignment == 256U);
  BOOST_TEST(made::bytes == made::offset + sizeof(wide_counted));
  BOOST_TEST(is_aligned(made::place(memory.data()), 256));
  BOOST_TEST(is_aligned(made_array<wide_counted>::place(memory.data()), 256));
}

BOOST_AUTO_TEST_CASE(a_finalizer_destroys_its_object) {
  std::vector<int> log;
  int next = 7;
  using made = made_object<counted>;
  ::new (made::place(memory.data())) counted(&log, &next, -1);
  finalizer* const link = ::new (static_cast<void*>(memory.data())) finalizer{nullptr, nullptr};
  BOOST_TEST(log.empty());
  made::destroy(link);
  BOOST_TEST((log == std::vector{7}));
}

BOOST_AUTO_TEST_CASE(the_objects_of_an_array_are_destroyed_last_first) {
  std::vector<int> log;
  int next = 0;
  using made = made_array<counted>;
  counted* const first = made::construct(memory.data(), 4, {}, always, &log, &next, -1);
  BOOST_TEST(first == made::place(memory.data()));
  for (int i = 0; i < 4; ++i) BOOST_TEST(first[i].number == i);
  auto* const node = static_cast<made::node*>(static_cast<void*>(memory.data()));
  node->count = 4;
  finalizer* const link = ::new (static_cast<void*>(memory.data())) finalizer{nullptr, nullptr};
  made::destroy(link);
  BOOST_TEST((log == std::vector{3, 2, 1, 0}));
}

BOOST_AUTO_TEST_CASE(when_a_constructor_throws_those_before_it_are_destroyed_last_first) {
  std::vector<int> log;
  int next = 0;
  auto const make = [&] {
    made_array<counted>::construct(memory.data(), 5, {}, always, &log, &next, 3);
  };
  BOOST_CHECK_THROW(make(), std::runtime_error);
  BOOST_TEST((log == std::vector{2, 1, 0}));
}

BOOST_AUTO_TEST_CASE(when_the_block_is_lost_nothing_more_is_made_nor_destroyed) {
  std::vector<int> log;
  int next = 0;
  auto const has_block = [&] { return next < 2; };
  auto const make = [&](int throws_at) {
    made_array<counted>::construct(memory.data(), 5, {}, has_block, &log, &next, throws_at);
  };
  make(-1);
  BOOST_TEST(next == 2);
  next = 0;
  BOOST_CHECK_THROW(make(1), std::runtime_error);
  BOOST_TEST(next == 2);
  BOOST_TEST(log.empty());
}

BOOST_AUTO_TEST_CASE(objects_are_given_the_allocator_and_each_the_same_arguments) {
  std::pmr::monotonic_buffer_resource resource;
  using made = made_array<std::pmr::string>;
  std::string_view const text = "beyond what a string holds without memory";
  std::pmr::string* const first = made::construct(memory.data(), 3, &resource, always, text);
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(first[i] == text);
    BOOST_TEST(first[i].get_allocator().resource() == &resource);
  }
  made::destroy_last_first(first, 3);
}

BOOST_AUTO_TEST_CASE(a_size_that_does_not_fit_is_said_to_be_the_largest) {
  BOOST_TEST(made_array<counted>::bytes(SIZE_MAX) == SIZE_MAX);
  BOOST_TEST(made_array<counted>::bytes(SIZE_MAX / sizeof(counted)) == SIZE_MAX);
  BOOST_TEST(made_array<plain>::bytes(SIZE_MAX / sizeof(plain) + 1) == SIZE_MAX);
  std::size_t const most = (SIZE_MAX - made_array<counted>::offset) / sizeof(counted);
  BOOST_TEST(made_array<counted>::bytes(most) >= most * sizeof(counted));
  BOOST_TEST(made_array<counted>::bytes(most + 1) == SIZE_MAX);
}

BOOST_AUTO_TEST_CASE(an_array_of_no_objects_has_room_for_an_address_of_its_own) {
  using made = made_array<counted>;
  std::byte const* const first = reinterpret_cast<std::byte*>(made::place(memory.data()));
  BOOST_TEST(first < memory.data() + made::bytes(0));
}
