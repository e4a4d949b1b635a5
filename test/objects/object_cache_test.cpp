// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <stdexcept>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/objects/object_cache.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <type_traits>
#include <vector>

using namespace tidemark;
using tidemark::testing::checked_upstream;

namespace {

using numbers = std::pmr::vector<int>;

int alive = 0;

struct counted {
  explicit counted(int v = 0) : value(v) {
    if (v < 0) throw std::runtime_error("as asked");
    ++alive;
  }
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() { --alive; }
  int value;
};

struct reset_that_may_throw {
  void operator()(counted& object) const {
    if (object.value == 13) throw std::runtime_error("as asked");
    object.value = -1;
  }
};

// An object that owns objects of its own cache.
struct branch {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  explicit branch(allocator_type a) : twigs(a) { ++alive; }
  ~branch() { --alive; }
  branch(branch const&) = delete;
  branch& operator=(branch const&) = delete;
  void clear() { twigs.clear(); }
  std::pmr::vector<cached_ptr<branch>> twigs;
};
struct keep_twigs {
  template <class T>
  void operator()(T&) const noexcept {}
};
struct stem {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  explicit stem(allocator_type a) : twigs(a) { ++alive; }
  ~stem() { --alive; }
  stem(stem const&) = delete;
  stem& operator=(stem const&) = delete;
  std::pmr::vector<cached_ptr<stem, keep_twigs>> twigs;
};

object_cache_stats counts(std::size_t idle, std::size_t in_use, std::size_t made,
                          std::size_t reused, std::size_t destroyed) {
  return {idle, in_use, made, reused, destroyed};
}

template <class Cache>
void give_back(Cache& cache, int count) {
  std::vector<typename Cache::pointer> held;
  for (int i = 0; i < count; ++i) held.push_back(cache.acquire());
}

static_assert(std::is_move_constructible_v<cached_ptr<int>>);
static_assert(!std::is_copy_constructible_v<cached_ptr<int>>);
static_assert(sizeof(cached_ptr<int>) == 2 * sizeof(void*));
static_assert(!std::is_copy_constructible_v<object_cache<int>>);
static_assert(!std::is_move_constructible_v<object_cache<int>>);
static_assert(!std::is_constructible_v<object_cache<int>, std::nullptr_t>);
static_assert(!std::is_constructible_v<object_cache<int>, object_cache_options, std::nullptr_t>);

}  // namespace

BOOST_AUTO_TEST_CASE(an_object_comes_again_empty_with_the_memory_it_has_grown) {
  checked_upstream upstream;
  {
    object_cache<numbers> cache{&upstream};
    auto first = cache.acquire();
    first->assign(1000, 7);
    numbers const* const place = first.get();
    first.reset();
    auto const calls = upstream.calls();
    auto const second = cache.acquire();
    BOOST_TEST(second.get() == place);
    BOOST_TEST(second->empty());
    second->resize(1000);
    BOOST_TEST(upstream.calls() == calls);
    BOOST_TEST((cache.stats() == counts(0, 1, 1, 1, 0)));
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(the_resource_reaches_the_objects) {
  checked_upstream upstream;
  object_cache<numbers> cache{&upstream};
  BOOST_TEST(cache.acquire()->get_allocator().resource() == &upstream);
  BOOST_TEST(cache.resource() == &upstream);
}

BOOST_AUTO_TEST_CASE(arguments_make_an_object_and_are_not_used_for_an_idle_one) {
  object_cache<std::pmr::string, keep_twigs> cache;
  BOOST_TEST(*cache.acquire(3U, 'a') == "aaa");
  BOOST_TEST(*cache.acquire(2U, 'b') == "aaa");
}

BOOST_AUTO_TEST_CASE(the_object_that_came_back_last_goes_first) {
  object_cache<counted> cache;
  auto a = cache.acquire(1);
  auto b = cache.acquire(2);
  auto c = cache.acquire(3);
  b.reset();
  c.reset();
  a.reset();
  a = cache.acquire();
  b = cache.acquire();
  c = cache.acquire();
  BOOST_TEST(a->value == 1);
  BOOST_TEST(b->value == 3);
  BOOST_TEST(c->value == 2);
}

BOOST_AUTO_TEST_CASE(an_object_without_clear_comes_again_as_it_was) {
  object_cache<int> cache;
  *cache.acquire() = 5;
  BOOST_TEST(*cache.acquire() == 5);
}

BOOST_AUTO_TEST_CASE(a_reset_of_ones_own_may_have_state) {
  struct counting_reset {
    int* resets;
    void operator()(counted& object) const {
      ++*resets;
      object.value = 0;
    }
  };
  int resets = 0;
  object_cache<counted, counting_reset> cache{default_upstream(), counting_reset{&resets}};
  cache.acquire()->value = 9;
  BOOST_TEST(resets == 1);
  BOOST_TEST(cache.acquire()->value == 0);
  BOOST_TEST(resets == 2);
}

BOOST_AUTO_TEST_CASE(an_object_whose_reset_throws_is_destroyed_and_nothing_is_lost) {
  checked_upstream upstream;
  {
    object_cache<counted, reset_that_may_throw> cache{&upstream};
    auto good = cache.acquire(1);
    cache.acquire(13).reset();
    BOOST_TEST(alive == 1);
    BOOST_TEST((cache.stats() == counts(0, 1, 2, 0, 1)));
    good.reset();
    BOOST_TEST((cache.stats() == counts(1, 0, 2, 0, 1)));
    BOOST_TEST(cache.acquire()->value == -1);
  }
  BOOST_TEST(alive == 0);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(what_comes_back_to_a_full_cache_is_destroyed) {
  object_cache<counted> cache{{.max_idle = 2}};
  give_back(cache, 5);
  BOOST_TEST(cache.max_idle() == 2U);
  BOOST_TEST((cache.stats() == counts(2, 0, 5, 0, 3)));
  BOOST_TEST(alive == 2);
}

BOOST_AUTO_TEST_CASE(a_cache_of_no_idle_objects_keeps_none) {
  object_cache<counted> cache{{.max_idle = 0}};
  give_back(cache, 2);
  BOOST_TEST((cache.stats() == counts(0, 0, 2, 0, 2)));
}

BOOST_AUTO_TEST_CASE(trim_destroys_the_idle_and_gives_their_memory_back) {
  checked_upstream upstream;
  object_cache<numbers> cache{&upstream};
  auto const before = upstream.bytes_outstanding();
  auto used = cache.acquire();
  auto const with_one = upstream.bytes_outstanding();
  give_back(cache, 3);
  BOOST_TEST(cache.trim() == 3U);
  BOOST_TEST(upstream.bytes_outstanding() == with_one);
  BOOST_TEST((cache.stats() == counts(0, 1, 4, 0, 3)));
  BOOST_TEST(cache.trim() == 0U);
  used.reset();
  BOOST_TEST(cache.trim() == 1U);
  BOOST_TEST(upstream.bytes_outstanding() == before);
}

BOOST_AUTO_TEST_CASE(trim_by_age_destroys_what_was_not_used_for_so_many_ticks) {
  object_cache<counted> cache;
  auto oldest = cache.acquire(1);
  auto middle = cache.acquire(2);
  auto newest = cache.acquire(3);
  oldest.reset();
  cache.tick();
  middle.reset();
  cache.tick();
  cache.tick();
  newest.reset();
  BOOST_TEST(cache.trim(4) == 0U);
  BOOST_TEST(cache.trim(3) == 1U);
  BOOST_TEST(cache.trim(3) == 0U);
  BOOST_TEST(cache.trim(1) == 1U);
  BOOST_TEST(cache.stats().idle == 1U);
  BOOST_TEST(cache.acquire()->value == 3);
}

BOOST_AUTO_TEST_CASE(use_makes_an_object_young_again) {
  object_cache<counted> cache;
  give_back(cache, 2);
  cache.tick();
  give_back(cache, 1);
  BOOST_TEST(cache.trim(1) == 1U);
  BOOST_TEST(cache.stats().idle == 1U);
}

BOOST_AUTO_TEST_CASE(a_pointer_may_outlive_the_cache) {
  checked_upstream upstream;
  {
    cached_ptr<counted> kept;
    cached_ptr<counted> other;
    {
      object_cache<counted> cache{&upstream};
      kept = cache.acquire(4);
      other = cache.acquire(5);
      give_back(cache, 3);
      BOOST_TEST(alive == 5);
    }
    BOOST_TEST(alive == 2);
    BOOST_TEST(kept->value == 4);
    other.reset();
    BOOST_TEST(alive == 1);
  }
  BOOST_TEST(alive == 0);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_reset_may_give_objects_back) {
  object_cache<branch> cache;
  {
    auto root = cache.acquire();
    for (int i = 0; i < 3; ++i) root->twigs.push_back(cache.acquire());
    root->twigs[0]->twigs.push_back(cache.acquire());
  }
  BOOST_TEST((cache.stats() == counts(5, 0, 5, 0, 0)));
  std::vector<cached_ptr<branch>> again;
  for (int i = 0; i < 5; ++i) {
    again.push_back(cache.acquire());
    BOOST_TEST(again.back()->twigs.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_reset_that_fills_the_cache_leaves_no_room_for_its_object) {
  object_cache<branch> cache{{.max_idle = 2}};
  {
    auto root = cache.acquire();
    for (int i = 0; i < 3; ++i) root->twigs.push_back(cache.acquire());
  }
  BOOST_TEST((cache.stats() == counts(2, 0, 4, 0, 2)));
}

BOOST_AUTO_TEST_CASE(a_destructor_may_give_objects_back_to_a_trim_and_to_a_closing_cache) {
  checked_upstream upstream;
  {
    object_cache<stem, keep_twigs> cache{&upstream};
    {
      auto root = cache.acquire();
      root->twigs.push_back(cache.acquire());
      root->twigs[0]->twigs.push_back(cache.acquire());
    }
    BOOST_TEST((cache.stats() == counts(1, 2, 3, 0, 0)));
    BOOST_TEST(cache.trim() == 1U);
    BOOST_TEST((cache.stats() == counts(1, 1, 3, 0, 1)));
  }
  BOOST_TEST(alive == 0);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_constructor_that_throws_changes_nothing) {
  checked_upstream upstream;
  object_cache<counted> cache{&upstream};
  auto const before = upstream.bytes_outstanding();
  BOOST_CHECK_THROW(static_cast<void>(cache.acquire(-1)), std::runtime_error);
  BOOST_TEST(upstream.bytes_outstanding() == before);
  BOOST_TEST((cache.stats() == object_cache_stats{}));
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_nothing_is_lost) {
  auto const failures = testing::fail_each_allocation([](std::pmr::memory_resource* resource) {
    object_cache<numbers> cache{resource};
    auto first = cache.acquire(10U, 1);
    auto const before = cache.stats();
    try {
      auto const second = cache.acquire(20U, 2);
    } catch (std::bad_alloc const&) {
      BOOST_TEST((cache.stats() == before));
      throw;
    }
    first.reset();
    BOOST_TEST(cache.stats().idle == 2U);
  });
  BOOST_TEST(failures == 5U);
}

BOOST_AUTO_TEST_CASE(objects_may_be_over_aligned) {
  struct alignas(256) wide {
    char byte = 0;
  };
  checked_upstream upstream;
  object_cache<wide> cache{&upstream};
  auto const object = cache.acquire();
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(object.get()) % 256 == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_is_a_resource_and_null_means_the_default) {
  frame_resource frame;
  memory_scope scope{frame};
  object_cache<numbers> in_scope{scope};
  BOOST_TEST(in_scope.acquire()->get_allocator().resource() == scope.resource());
  std::pmr::memory_resource* const none = nullptr;
  BOOST_TEST(object_cache<numbers>{none}.resource() == default_upstream());
}
