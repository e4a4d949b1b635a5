// SPDX-License-Identifier: BSL-1.0

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <thread>
#include <tidemark/detail/upstream_account.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <type_traits>
#include <vector>

using tidemark::detail::upstream_account;
using tidemark::testing::checked_upstream;

namespace {

static_assert(!std::is_copy_constructible_v<upstream_account>);

// Notes what an account says while it waits for this upstream's answer.
struct asked_upstream final : std::pmr::memory_resource {
  upstream_account const* account = nullptr;
  std::size_t reserved = 0;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    reserved = account->reserved_bytes();
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_upstream_gave_is_reserved_until_it_goes_back) {
  checked_upstream upstream;
  upstream_account account{&upstream, SIZE_MAX};
  BOOST_TEST(account.upstream() == &upstream);
  void* const one = account.ask(100, 8);
  void* const two = account.ask(200, 64);
  BOOST_TEST(account.reserved_bytes() == 300U);
  BOOST_TEST(account.available_bytes() == SIZE_MAX - 300);
  BOOST_TEST(account.calls() == 2U);
  account.give_back(one, 100, 8);
  BOOST_TEST(account.reserved_bytes() == 200U);
  account.give_back(two, 200, 64);
  BOOST_TEST(account.reserved_bytes() == 0U);
  BOOST_TEST(account.calls() == 2U);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(the_limit_may_be_met_but_not_exceeded) {
  checked_upstream upstream;
  upstream_account account{&upstream, 1000};
  void* const one = account.ask(600, 8);
  BOOST_TEST(account.ask(401, 8) == nullptr);
  void* const two = account.ask(400, 8);
  BOOST_TEST(two != nullptr);
  BOOST_TEST(account.available_bytes() == 0U);
  BOOST_TEST(account.ask(1, 1) == nullptr);
  account.give_back(one, 600, 8);
  BOOST_TEST(account.available_bytes() == 600U);
  account.give_back(two, 400, 8);
}

BOOST_AUTO_TEST_CASE(what_the_limit_forbids_never_reaches_upstream) {
  checked_upstream upstream;
  upstream_account account{&upstream, 1000};
  for (std::size_t bytes : {std::size_t{1001}, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX}) {
    BOOST_TEST(account.ask(bytes, 8) == nullptr);
  }
  BOOST_TEST(account.calls() == 0U);
  BOOST_TEST(upstream.calls() == 0U);
  BOOST_TEST(account.reserved_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_failure_of_upstream_passes_and_leaves_nothing_reserved) {
  checked_upstream upstream;
  upstream_account account{&upstream, 1000};
  upstream.fail_at(1);
  BOOST_CHECK_THROW(static_cast<void>(account.ask(600, 8)), std::bad_alloc);
  BOOST_TEST(account.reserved_bytes() == 0U);
  BOOST_TEST(account.calls() == 1U);
  account.give_back(account.ask(1000, 8), 1000, 8);
}

BOOST_AUTO_TEST_CASE(bytes_are_reserved_before_upstream_is_asked) {
  asked_upstream upstream;
  upstream_account account{&upstream, 1000};
  upstream.account = &account;
  void* const block = account.ask(600, 8);
  BOOST_TEST(upstream.reserved == 600U);
  account.give_back(block, 600, 8);
}

BOOST_AUTO_TEST_CASE(threads_share_one_limit) {
  checked_upstream upstream;
  upstream_account account{&upstream, 1000};
  auto const use = [&account] {
    std::vector<void*> held;
    for (int i = 0; i < 3000; ++i) {
      if (void* const block = account.ask(150, 8)) held.push_back(block);
      if (i % 3 != 0 || held.empty()) continue;
      account.give_back(held.back(), 150, 8);
      held.pop_back();
    }
    for (void* const block : held) account.give_back(block, 150, 8);
  };
  std::thread one{use};
  std::thread two{use};
  use();
  one.join();
  two.join();
  BOOST_TEST(upstream.totals().bytes_peak <= 1000U);
  BOOST_TEST(account.reserved_bytes() == 0U);
  BOOST_TEST(account.calls() == upstream.calls());
  BOOST_TEST(upstream.complaint() == "");
}
