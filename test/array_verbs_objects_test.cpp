// SPDX-License-Identifier: BSL-1.0

// Arrays of objects that have destructors.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark;

namespace {

constexpr std::string_view long_text = "beyond what a string holds without memory";

// Logs its end; throws when it is made as the n-th.
struct counted {
  struct shared {
    int made = 0;
    int throws_at = -1;
    std::vector<int> ended{};
  };
  shared* of;
  int number;

  explicit counted(shared* s) : of(s), number(s->made) {
    if (number == s->throws_at) throw std::runtime_error("the n-th");
    ++s->made;
  }
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() { of->ended.push_back(number); }
};
struct alignas(512) wide : counted {
  using counted::counted;
};

using numbers = std::vector<int>;

}  // namespace

BOOST_AUTO_TEST_CASE(objects_end_with_their_checkpoint_last_first) {
  counted::shared all;
  typed_stack_resource stack;
  {
    memory_scope scope{stack};
    std::span<counted> const objects = scope.acquire_objects<counted>(3, &all);
    BOOST_TEST(objects.size() == 3U);
    for (int i = 0; counted const& each : objects) BOOST_TEST(each.number == i++);
    static_cast<void>(stack.acquire_objects<counted>(2, &all));
    BOOST_TEST(all.ended.empty());
  }
  BOOST_TEST((all.ended == numbers{4, 3, 2, 1, 0}));
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(objects_of_an_outer_scope_outlive_the_inner_one) {
  counted::shared all;
  typed_stack_resource stack;
  {
    memory_scope outer{stack};
    {
      memory_scope inner{stack};
      static_cast<void>(inner.acquire_objects<counted>(2, &all));
      static_cast<void>(outer.acquire_objects<counted>(2, &all));
    }
    BOOST_TEST((all.ended == numbers{1, 0}));
  }
  BOOST_TEST((all.ended == numbers{1, 0, 3, 2}));
}

BOOST_AUTO_TEST_CASE(objects_and_made_ones_end_newest_first) {
  counted::shared all;
  typed_stack_resource stack;
  memory_scope scope{stack};
  static_cast<void>(scope.make<counted>(&all));
  static_cast<void>(scope.acquire_objects<counted>(2, &all));
  static_cast<void>(scope.make<counted>(&all));
  scope.reset();
  BOOST_TEST((all.ended == numbers{3, 2, 1, 0}));
}

BOOST_AUTO_TEST_CASE(objects_of_no_checkpoint_end_with_reset_release_or_the_stack) {
  counted::shared all;
  {
    typed_stack_resource stack;
    static_cast<void>(stack.acquire_objects<counted>(1, &all));
    stack.reset();
    BOOST_TEST(all.ended.size() == 1U);
    static_cast<void>(stack.acquire_objects<counted>(1, &all));
    stack.release();
    BOOST_TEST(all.ended.size() == 2U);
    static_cast<void>(stack.acquire_objects<counted>(2, &all));
  }
  BOOST_TEST(all.ended.size() == 4U);
}

BOOST_AUTO_TEST_CASE(kept_objects_end_with_the_encloser) {
  counted::shared all;
  typed_stack_resource stack;
  {
    memory_scope outer{stack};
    {
      memory_scope inner{stack};
      static_cast<void>(inner.acquire_objects<counted>(2, &all));
      inner.keep();
    }
    BOOST_TEST(all.ended.empty());
  }
  BOOST_TEST((all.ended == numbers{1, 0}));
}

BOOST_AUTO_TEST_CASE(when_a_constructor_throws_no_object_and_no_byte_is_left) {
  for (int k = 0; k < 5; ++k) {
    counted::shared all;
    typed_stack_resource stack;
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<double>(10));
    std::size_t const before = stack.stats().bytes_in_use;
    all.throws_at = k;
    BOOST_CHECK_THROW(static_cast<void>(scope.acquire_objects<counted>(5, &all)),
                      std::runtime_error);
    BOOST_TEST(all.ended.size() == static_cast<std::size_t>(k));
    for (int i = 0; i < k; ++i) {
      BOOST_TEST(all.ended[static_cast<std::size_t>(i)] == k - 1 - i);
    }
    BOOST_TEST(stack.stats().bytes_in_use == before);
    scope.reset();
    BOOST_TEST(all.ended.size() == static_cast<std::size_t>(k));  // none is destroyed twice
  }
}

BOOST_AUTO_TEST_CASE(each_object_is_made_of_the_same_arguments) {
  typed_stack_resource stack;
  memory_scope scope{stack};
  for (auto const& text : scope.acquire_objects<std::string>(4, std::size_t{60}, 'x')) {
    BOOST_TEST(text == std::string(60, 'x'));
  }
  for (auto const& empty : scope.acquire_objects<std::vector<int>>(3)) BOOST_TEST(empty.empty());
  for (int each : scope.acquire_objects<int>(3, 7)) BOOST_TEST(each == 7);
  for (double each : scope.acquire_objects<double>(3)) BOOST_TEST(each == 0.0);
}

BOOST_AUTO_TEST_CASE(objects_take_their_memory_from_the_scope_they_are_for) {
  typed_stack_resource stack;
  memory_scope outer{stack};
  auto const strings = outer.acquire_objects<std::pmr::string>(2, long_text);
  memory_scope inner{stack};
  auto const below = outer.acquire_objects<std::pmr::string>(2, long_text);
  auto const above = inner.acquire_objects<std::pmr::string>(2, long_text);
  auto const bare = stack.acquire_objects<std::pmr::string>(2, long_text);
  for (auto const& each : strings) {
    BOOST_TEST(each.get_allocator().resource() == outer.resource());
    BOOST_TEST(std::string_view(each) == long_text);
  }
  for (auto const& each : below) {
    BOOST_TEST(each.get_allocator().resource() == outer.resource());
  }
  for (auto const& each : above) {
    BOOST_TEST(each.get_allocator().resource() == inner.resource());
  }
  for (auto const& each : bare) BOOST_TEST(each.get_allocator().resource() == inner.resource());
}

BOOST_AUTO_TEST_CASE(objects_of_no_checkpoint_take_their_memory_outside_all_of_them) {
  typed_stack_resource stack;
  auto const strings = stack.acquire_objects<std::pmr::string>(1, long_text);
  {
    memory_scope scope{stack};
    strings[0].append(1000, 'x');
  }
  BOOST_TEST(strings[0].get_allocator().resource() == stack.unscoped());
  BOOST_TEST(strings[0].size() == long_text.size() + 1000);
  BOOST_TEST(strings[0].ends_with('x'));
}

BOOST_AUTO_TEST_CASE(a_scope_that_has_closed_makes_no_objects) {
  counted::shared all;
  typed_stack_resource stack;
  memory_scope scope{stack};
  stack.reset();
  testing::misuse_recorder bugs;
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire_objects<counted>(1, &all)), std::bad_alloc);
  BOOST_TEST(bugs.count(misuse_kind::scope_closed) == 1U);
  BOOST_TEST(all.made == 0);
}

BOOST_AUTO_TEST_CASE(a_constructor_that_closes_its_own_checkpoint_is_told) {
  struct closing {
    int* ended;
    closing(typed_stack_resource* stack, int* count) : ended(count) { stack->reset(); }
    ~closing() { ++*ended; }
  };
  int ended = 0;
  typed_stack_resource stack;
  static_cast<void>(stack.allocate(8));
  memory_scope scope{stack};
  testing::misuse_recorder bugs;
  BOOST_CHECK_THROW(static_cast<void>(scope.acquire_objects<closing>(1, &stack, &ended)),
                    std::bad_alloc);
  BOOST_TEST(bugs.count(misuse_kind::scope_closed) == 1U);
  stack.reset();
  BOOST_TEST(ended == 0);  // it is nobody's any more
}

BOOST_AUTO_TEST_CASE(no_objects_have_an_address_of_their_own) {
  typed_stack_resource stack{{.check = check_level::off}};
  memory_scope scope{stack};
  counted::shared all;
  auto const none = scope.acquire_objects<counted>(0, &all);
  void const* const next = scope.allocate(1, 1);
  auto const plain = scope.acquire_objects<char>(0);
  void const* const last = scope.allocate(1, 1);
  BOOST_TEST(none.empty());
  BOOST_TEST((none.data() != next));
  BOOST_TEST((plain.data() != last));
  BOOST_TEST(all.made == 0);
}

BOOST_AUTO_TEST_CASE(over_aligned_objects_are_aligned_and_destroyed) {
  counted::shared all;
  {
    typed_stack_resource stack;
    memory_scope scope{stack};
    static_cast<void>(scope.acquire<char>(3));
    auto const objects = scope.acquire_objects<wide>(3, &all);
    for (wide const& each : objects) BOOST_TEST(test::is_aligned(&each, 512));
  }
  BOOST_TEST((all.ended == numbers{2, 1, 0}));
}
