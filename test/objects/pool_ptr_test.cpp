// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/objects/pool_ptr.hpp>
#include <tidemark/testing/checked_upstream.hpp>

using namespace tidemark;
using tidemark::testing::checked_upstream;

namespace {

int alive = 0;

struct counted {
  explicit counted(bool fails = false) {
    if (fails) throw std::runtime_error("as asked");
    ++alive;
  }
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() { --alive; }
};

struct node {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  explicit node(int v, allocator_type a = {}) : value(v), text(100, 'x', a) {}
  int value;
  std::pmr::string text;
  pool_ptr<node> next;  // node is incomplete here
};

struct shape {
  virtual int corners() const = 0;

 protected:
  ~shape() = default;  // not virtual: the pointer knows how to dispose of the whole
};
struct coloured {
  virtual ~coloured() = default;
  char name[40] = "red";
};
struct alignas(64) square final : coloured, shape, counted {
  int corners() const override { return 4; }
  double sides[9] = {};
};
struct base_without_virtuals {
  int value = 1;
};
struct derived_without_virtuals : base_without_virtuals {
  int more = 2;
};

template <class To, class From>
constexpr bool converts = std::is_convertible_v<pool_ptr<From>, pool_ptr<To>>;
static_assert(converts<shape, square> && converts<square const, square>);
static_assert(converts<shape const, square>);
static_assert(!converts<square, shape> && !converts<square, square const>);
static_assert(!converts<base_without_virtuals, derived_without_virtuals>,
              "the block's size would be lost");
static_assert(sizeof(pool_ptr<square>) == 3 * sizeof(void*));

}  // namespace

BOOST_AUTO_TEST_CASE(the_object_and_its_memory_go_when_the_pointer_goes) {
  checked_upstream upstream;
  {
    auto const p = make_pooled<counted>(&upstream);
    BOOST_TEST(alive == 1);
    BOOST_TEST(upstream.bytes_outstanding() == sizeof(counted));
    BOOST_TEST(p.get_deleter().resource() == &upstream);
  }
  BOOST_TEST(alive == 0);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(the_resource_reaches_the_object) {
  checked_upstream upstream;
  {
    auto first = make_pooled<node>(&upstream, 1);
    first->next = make_pooled<node>(&upstream, 2);
    BOOST_TEST(first->next->value == 2);
    BOOST_TEST(first->next->text.get_allocator().resource() == &upstream);
    BOOST_TEST(upstream.totals().blocks_outstanding == 4U);
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_constructor_that_throws_leaves_nothing) {
  checked_upstream upstream;
  BOOST_CHECK_THROW((void)make_pooled<counted>(&upstream, true), std::runtime_error);
  BOOST_TEST(upstream.calls() == 1U);
  BOOST_TEST(upstream.complaint() == "");
  upstream.fail_at(1);
  BOOST_CHECK_THROW((void)make_pooled<counted>(&upstream), std::bad_alloc);
  BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(a_pointer_to_a_base_returns_the_whole_block) {
  checked_upstream upstream;
  {
    auto p = make_pooled<square>(&upstream);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(p.get()) % 64 == 0U);
    pool_ptr<shape const> base = std::move(p);
    BOOST_TEST(static_cast<void const*>(base.get()) != dynamic_cast<void const*>(base.get()));
    BOOST_TEST(base->corners() == 4);
    BOOST_TEST(alive == 1);
  }
  BOOST_TEST(alive == 0);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_scope_may_hold_the_object) {
  frame_resource frame;
  memory_scope scope{frame};
  {
    auto const p = make_pooled<int const>(scope, 7);
    BOOST_TEST(*p == 7);
    BOOST_TEST(frame.stats().bytes_in_use > 0U);
  }
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(an_empty_pointer_disposes_of_nothing) {
  pool_ptr<node> none;
  BOOST_TEST(!none);
  none = make_pooled<node>(std::pmr::new_delete_resource(), 1);
  none = nullptr;
  BOOST_TEST(!none);
}
