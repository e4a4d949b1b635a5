// SPDX-License-Identifier: BSL-1.0

// An account that knows by itself where a block came from. Those that do not are in
// scope_ledger_test.cpp.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <new>
#include <tidemark/adaptors/counted_scope.hpp>
#include <tidemark/adaptors/counting_adaptor.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <utility>
#include <vector>

#include "support/book_adaptor.hpp"
#include "support/level1.hpp"

using namespace tidemark;

namespace {

struct block_list {
  std::vector<void*> blocks{};
  bool empty() const noexcept { return blocks.empty(); }
  void add(block_list&& more) {
    blocks.insert(blocks.end(), more.blocks.begin(), more.blocks.end());
  }
};

struct list_log {
  std::vector<void*> refunded;
  std::vector<void*> dropped;
  bool refuses = false;  // what the wrapped resource cannot serve
};

class list_account {
 public:
  using count = detail::owned_count;
  using served = void*;
  template <class Count>
  class holding {
   public:
    using content = block_list;
    explicit holding(list_account& account) : account_(&account) {}
    content take_all() { return std::exchange(held_, {}); }
    void add(content&& more) { held_.add(std::move(more)); }
    bool contains(void const* block) const {
      return std::ranges::find(held_.blocks, block) != held_.blocks.end();
    }
    list_account* account_;
    block_list held_;
  };

  explicit list_account(list_log& log) noexcept : log_(&log) {}

  template <class M, class IsOpen>
  served allocate(M& from, std::size_t bytes, std::size_t alignment, IsOpen is_open) {
    void* const block = from.allocate(bytes, alignment);
    if (log_->refuses || !is_open()) throw std::bad_alloc();
    return block;
  }
  static void* block_of(served got) noexcept { return got; }
  template <class Holding>
  void hold(Holding& holder, served got, std::size_t) {
    holder.held_.blocks.push_back(got);
  }
  void drop(served got, std::size_t) { log_->dropped.push_back(got); }
  template <class M>
  void deallocate(M& from, void* block, std::size_t bytes, std::size_t alignment) {
    from.deallocate(block, bytes, alignment);
  }
  void refund(block_list&& held) {
    log_->refunded.insert(log_->refunded.end(), held.blocks.begin(), held.blocks.end());
  }

 private:
  list_log* log_;
};

template <class R>
class list_adaptor final : public detail::counting_adaptor<R, list_account> {
 public:
  list_adaptor(R* wrapped, list_log& log) noexcept
      : detail::counting_adaptor<R, list_account>(wrapped, log) {}
};

}  // namespace

BOOST_AUTO_TEST_CASE(each_checkpoint_is_told_what_it_holds) {
  frame_resource pool;
  list_log log;
  list_adaptor<frame_resource> adaptor{&pool, log};
  void* const lasting = adaptor.allocate(8);
  marker const outer = adaptor.checkpoint();
  void* const first = adaptor.allocate(8);
  marker const inner = adaptor.checkpoint();
  void* const second = adaptor.resource_of(inner)->allocate(8);
  adaptor.rewind(inner);
  BOOST_TEST(log.refunded == std::vector{second});
  adaptor.rewind(outer);
  BOOST_TEST(log.refunded == (std::vector{second, first}));
  (void)lasting;
}

BOOST_AUTO_TEST_CASE(keep_passes_on_what_was_held) {
  frame_resource pool;
  list_log log;
  {
    list_adaptor<frame_resource> adaptor{&pool, log};
    marker const mark = adaptor.checkpoint();
    void* const block = adaptor.allocate(8);
    adaptor.keep(mark);
    BOOST_TEST(log.refunded.empty());
    (void)block;
  }
  BOOST_TEST(log.refunded.size() == 1U);
}

BOOST_AUTO_TEST_CASE(over_a_resource_without_marks_its_end_tells_what_is_left) {
  std::pmr::monotonic_buffer_resource memory;
  list_log log;
  void* block;
  {
    list_adaptor<std::pmr::monotonic_buffer_resource> adaptor{&memory, log};
    block = adaptor.allocate(8);
  }
  BOOST_TEST(log.refunded == std::vector{block});
}

BOOST_AUTO_TEST_CASE(a_refusal_holds_nothing) {
  frame_resource pool;
  list_log log{.refunded = {}, .dropped = {}, .refuses = true};
  {
    list_adaptor<frame_resource> adaptor{&pool, log};
    BOOST_CHECK_THROW((void)adaptor.allocate(8), std::bad_alloc);
    memory_scope scope{adaptor};
    BOOST_CHECK_THROW((void)scope.allocate(8), std::bad_alloc);
    BOOST_TEST(adaptor.try_allocate(8) == nullptr);
    BOOST_TEST(scope.try_allocate(8) == nullptr);
  }
  BOOST_TEST(log.refunded.empty());
}

// Not even from somewhere else.
BOOST_AUTO_TEST_CASE(a_closed_checkpoint_is_not_served) {
  testing::misuse_recorder recorder;
  frame_resource pool;
  list_log log;
  list_adaptor<frame_resource> adaptor{&pool, log};
  marker const mark = adaptor.checkpoint();
  auto* const resource = adaptor.resource_of(mark);
  pool.rewind(mark);  // behind the adaptor's back
  BOOST_CHECK_THROW((void)resource->allocate(8), std::bad_alloc);
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 1U);
}

BOOST_AUTO_TEST_CASE(an_adaptor_above_asks_it_whose_a_block_is) {
  frame_resource pool;
  list_log log;
  support::book b;
  using inner_type = list_adaptor<frame_resource>;
  inner_type inner{&pool, log};
  support::book_adaptor<inner_type> outer{&inner, b};
  void* const block = outer.allocate(8);
  marker const mark = outer.checkpoint();
  (void)outer.allocate(8);
  outer.deallocate(block, 8);
  outer.rewind(mark);
  BOOST_TEST((b.held == detail::charge{}));
}

BOOST_AUTO_TEST_CASE(of_a_checkpoint_that_upstream_closed_nothing_is_served) {
  testing::misuse_recorder recorder;
  level1::inviting_upstream upstream;
  frame_resource pool{&upstream};
  list_log log;
  list_adaptor<frame_resource> adaptor{&pool, log};
  marker const mark = adaptor.checkpoint();
  auto* const resource = adaptor.resource_of(mark);
  upstream.during = [&] { adaptor.rewind(mark); };
  BOOST_CHECK_THROW((void)resource->allocate(8), std::bad_alloc);
  BOOST_TEST(log.refunded.empty());
}
