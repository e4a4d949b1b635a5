// SPDX-License-Identifier: BSL-1.0

// What a hostile reader of the block pools' headers broke. Each case found a bug.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory_resource>
#include <new>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <utility>
#include <vector>

using namespace tidemark;

namespace {

// Runs `act` within its n-th allocation. It may use the pool above, as an upstream that keeps its
// own books in that pool does.
class calling_upstream final : public std::pmr::memory_resource {
 public:
  std::function<void()> act;
  std::size_t calls_before = 0;
  bool has_acted = false;
  testing::checked_upstream books;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (act && !has_acted && calls_before-- == 0) {
      has_acted = true;
      act();
    }
    return books.allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    books.deallocate(block, bytes, alignment);
  }
  bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }
};

// `use(upstream, level)` with `act` at the first call of upstream, at the second, ...
template <class Use>
void at_each_call(Use use) {
  for (check_level const level : {check_level::off, check_level::on}) {
    for (std::size_t call = 0;; ++call) {
      calling_upstream upstream;
      upstream.calls_before = call;
      use(upstream, level);
      BOOST_TEST(upstream.books.complaint() == "");
      if (!upstream.has_acted) break;
      BOOST_REQUIRE(call < 100U);
    }
  }
}

// Allocates `bytes` for a checkpoint until upstream has closed that by `close`.
template <class Pool, class Options, class Close>
void check_closing(Options options, std::size_t bytes, Close close) {
  at_each_call([&](calling_upstream& upstream, check_level level) {
    testing::misuse_recorder seen;
    options.check = level;
    Pool pool{options, &upstream};
    marker const mark = pool.checkpoint();
    std::pmr::memory_resource* const bound = pool.resource_of(mark);
    upstream.act = [&] { close(pool, mark); };
    bool is_refused = false;
    int const count = bytes < 5000 ? 300 : 20;  // of large blocks each is a call of upstream
    for (int i = 0; i < count && !is_refused; ++i) {
      try {
        std::memset(bound->allocate(bytes), 'x', bytes);
      } catch (std::bad_alloc const&) {
        is_refused = true;
      }
    }
    BOOST_TEST(is_refused == upstream.has_acted);
    BOOST_TEST(seen.count(misuse_kind::scope_closed) == (is_refused ? 1U : 0U));
    pool.reset();
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
  });
}

template <class Pool, class Options>
void check_closings(Options options, std::size_t bytes) {
  check_closing<Pool>(options, bytes, [](Pool& pool, marker mark) { pool.rewind(mark); });
  check_closing<Pool>(options, bytes, [](Pool& pool, marker mark) { pool.keep(mark); });
  check_closing<Pool>(options, bytes, [](Pool& pool, marker) { pool.reset(); });
  check_closing<Pool>(options, bytes, [](Pool& pool, marker) { pool.release(); });
  check_closing<Pool>(options, bytes, [](Pool& pool, marker mark) {
    pool.rewind(mark);
    static_cast<void>(pool.checkpoint());  // at the same depth: the block is not that one's
  });
}

// Opens checkpoints until upstream has opened many more.
template <class Pool, class Options>
void check_opening(Options options) {
  at_each_call([&](calling_upstream& upstream, check_level level) {
    options.check = level;
    Pool pool{options, &upstream};
    std::size_t opened = 0;
    upstream.act = [&] {
      for (; opened < 200; ++opened) {
        static_cast<void>(pool.resource_of(pool.checkpoint())->allocate(8));
      }
    };
    for (int i = 0; i < 60; ++i) {
      static_cast<void>(pool.resource_of(pool.checkpoint())->allocate(8));
    }
    BOOST_TEST(pool.depth() == 60 + opened);
    pool.reset();
    BOOST_TEST(pool.depth() == 0U);
    BOOST_TEST(pool.stats().bytes_in_use == 0U);
  });
}

constexpr fixed_block_options small_blocks{.block_bytes = 48, .max_slab_bytes = 512};

}  // namespace

// The block was hung on the record of a checkpoint that is closed: it was lost, or went with the
// next checkpoint at that depth.
BOOST_AUTO_TEST_CASE(a_checkpoint_that_upstream_closes_gets_no_block) {
  check_closings<fixed_block_resource>(small_blocks, 40);
  check_closings<thread_local_resource>(thread_local_options{}, 4000);
}

// The same of blocks that are upstream's.
BOOST_AUTO_TEST_CASE(a_checkpoint_that_upstream_closes_gets_no_large_block) {
  check_closings<fixed_block_resource>(small_blocks, 5000);
  check_closings<thread_local_resource>(thread_local_options{}, 50'000);
}

// Records of more checkpoints were copied into memory for fewer.
BOOST_AUTO_TEST_CASE(upstream_may_open_checkpoints_while_one_is_opened) {
  check_opening<fixed_block_resource>(small_blocks);
  check_opening<thread_local_resource>(thread_local_options{});
  check_opening<frame_resource>(frame_options{});
}

// A slab was as large as the limit. With a checkpoint open first there was no room for it ever, and
// with a slab there none for a checkpoint's bookkeeping.
BOOST_AUTO_TEST_CASE(a_limit_leaves_room_for_blocks_beside_the_bookkeeping_of_checkpoints) {
  for (std::size_t limit = 4096; limit <= 256 * 1024; limit *= 2) {
    fixed_block_resource pool{{.block_bytes = 64, .limit_bytes = limit}};
    {
      memory_scope scope{pool};
      BOOST_TEST(scope.try_allocate(64) != nullptr);
    }
    BOOST_TEST(pool.try_allocate(64) != nullptr);

    fixed_block_resource other{{.block_bytes = 64, .limit_bytes = limit}};
    BOOST_TEST(other.try_allocate(64) != nullptr);
    memory_scope scope{other};
    BOOST_TEST(scope.try_allocate(64) != nullptr);
  }
}
