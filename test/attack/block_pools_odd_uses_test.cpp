// SPDX-License-Identifier: BSL-1.0

// Uses at the edge of what the block pools' headers promise. All of them held from the start.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <thread>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/per_thread.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <type_traits>
#include <vector>

using namespace tidemark;

namespace {

// Runs `use(pool, upstream)` on either pool, without and with checks. Nothing may be left.
template <class Use>
void with_each(Use use) {
  for (check_level const level : {check_level::off, check_level::on}) {
    testing::checked_upstream upstream;
    {
      fixed_block_resource blocks{{.block_bytes = 64, .check = level}, &upstream};
      use(blocks, upstream);
      thread_local_resource locals{thread_local_options{.check = level}, &upstream};
      use(locals, upstream);
    }
    BOOST_TEST(upstream.complaint() == "");
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_resource_that_was_kept_down_to_the_pool_serves_it_until_a_reset) {
  with_each([](auto& pool, testing::checked_upstream&) {
    testing::misuse_recorder seen;
    marker const outer = pool.checkpoint();
    marker const inner = pool.checkpoint();
    std::pmr::memory_resource* const kept = pool.resource_of(inner);
    pool.keep(inner);
    pool.keep(outer);
    void* const block = kept->allocate(40);
    std::memset(block, 'k', 40);
    {
      memory_scope scope{pool};
      static_cast<void>(scope.allocate(40));
      kept->deallocate(kept->allocate(40), 40);
    }
    BOOST_TEST(static_cast<char*>(block)[39] == 'k');
    kept->deallocate(block, 40);
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
    BOOST_TEST(seen.seen.empty());
    pool.reset();
    BOOST_CHECK_THROW(static_cast<void>(kept->allocate(40)), std::bad_alloc);
    BOOST_TEST(seen.count(misuse_kind::scope_closed) == 1U);
  });
}

BOOST_AUTO_TEST_CASE(scopes_that_end_from_the_outside_in_close_with_the_innermost) {
  with_each([](auto& pool, testing::checked_upstream&) {
    testing::misuse_recorder seen;
    auto outer = std::make_optional<memory_scope<std::remove_reference_t<decltype(pool)>>>(pool);
    auto inner = std::make_optional<memory_scope<std::remove_reference_t<decltype(pool)>>>(pool);
    void* const kept = outer->allocate(30);
    static_cast<void>(inner->allocate(30));
    outer->keep();
    outer.reset();
    BOOST_TEST(pool.depth() == 2U);
    BOOST_TEST(seen.count(misuse_kind::out_of_order) == 1U);
    inner.reset();
    BOOST_TEST(pool.depth() == 0U);
    pool.deallocate(kept, 30);
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
    BOOST_TEST(seen.seen.size() == 1U);
  });
}

BOOST_AUTO_TEST_CASE(a_trim_inside_scopes_takes_nothing_that_lives) {
  with_each([](auto& pool, testing::checked_upstream& upstream) {
    memory_scope outer{pool};
    std::pmr::list<int> numbers{outer};
    memory_scope inner{pool};
    for (int i = 0; i < 2000; ++i) {
      numbers.push_back(i);
      std::pmr::list<int> others(10, i, inner);
      if (i % 200 == 0) pool.trim();
    }
    inner.reset();
    pool.trim();
    int expected = 0;
    for (int const number : numbers) BOOST_REQUIRE(number == expected++);
    BOOST_TEST(upstream.bytes_outstanding() >= pool.stats().bytes_reserved);
  });
}

BOOST_AUTO_TEST_CASE(sizes_that_no_memory_has_are_refused_at_every_alignment) {
  // A small limit: such a request must not even reach upstream.
  fixed_block_resource blocks{{.block_bytes = 64, .limit_bytes = 1U << 20U}};
  thread_local_resource locals{thread_local_options{.limit_bytes = 1U << 20U}};
  for (std::size_t const bytes :
       {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 64, SIZE_MAX - 4096, SIZE_MAX / 2 + 1, SIZE_MAX / 2}) {
    for (std::size_t alignment = 1; alignment != 0; alignment *= 2) {
      BOOST_TEST(blocks.try_allocate(bytes, alignment) == nullptr);
      BOOST_TEST(locals.try_allocate(bytes, alignment) == nullptr);
    }
  }
  BOOST_TEST(blocks.stats().bytes_in_use == 0U);
  BOOST_TEST(locals.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_make_a_pool_that_serves_or_refuses) {
  for (std::size_t const bytes : {std::size_t{0}, std::size_t{1}, SIZE_MAX / 2, SIZE_MAX}) {
    for (std::size_t const alignment : {std::size_t{0}, std::size_t{3}, SIZE_MAX}) {
      for (std::size_t const slab : {std::size_t{0}, std::size_t{1}, SIZE_MAX}) {
        fixed_block_resource pool{{.block_bytes = bytes,
                                   .block_alignment = alignment,
                                   .max_slab_bytes = slab,
                                   .limit_bytes = 1U << 20U}};
        for (int round = 0; round < 3; ++round) {
          void* const block = pool.try_allocate(40, 8);
          if (block == nullptr) continue;
          BOOST_TEST(reinterpret_cast<std::uintptr_t>(block) % 8 == 0U);
          std::memset(block, 'o', 40);
          pool.deallocate(block, 40, 8);
          pool.trim();
        }
        BOOST_TEST(pool.stats().bytes_in_use == 0U);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(others_free_what_scopes_of_this_thread_hold) {
  for (check_level const level : {check_level::off, check_level::on}) {
    thread_local_resource pool{thread_local_options{.check = level}};
    for (int round = 0; round < 10; ++round) {
      memory_scope outer{pool};
      std::vector<void*> freed;
      {
        memory_scope inner{pool};
        for (std::size_t i = 0; i < 100; ++i) {
          std::size_t const bytes = i % 5 == 0 ? 40'000 : 64;
          void* const block = i % 2 != 0 ? outer.allocate(bytes) : inner.allocate(bytes);
          if (i % 3 == 0 && bytes == 64) freed.push_back(block);
        }
        std::thread other{[&] {
          for (void* const block : freed) pool.deallocate(block, 64);
        }};
        for (int i = 0; i < 50; ++i) static_cast<void>(inner.allocate(64));
        other.join();
        if (round % 2 != 0) inner.keep();
      }
      pool.trim();
    }
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
  }
}

BOOST_AUTO_TEST_CASE(an_instance_that_could_not_be_made_is_asked_for_again) {
  struct reluctant {
    explicit reluctant(int const& number) {
      static int refused = 0;
      if (refused++ < number) throw std::bad_alloc();
    }
    reluctant(reluctant const&) = delete;
  };
  testing::checked_upstream upstream;
  {
    int const refusals = 2;
    per_thread<reluctant> each{[refusals] { return reluctant(refusals); }, &upstream};
    for (int i = 0; i < refusals; ++i) BOOST_CHECK_THROW(each.local(), std::bad_alloc);
    BOOST_TEST(each.size() == 0U);
    BOOST_TEST(&each.local() == &each.local());
    BOOST_TEST(each.size() == 1U);
  }
  BOOST_TEST(upstream.complaint() == "");
}
