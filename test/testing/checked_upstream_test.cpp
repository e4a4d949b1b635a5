// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <new>
#include <string>
#include <support/is_aligned.hpp>
#include <tidemark/testing/checked_upstream.hpp>

using tidemark::testing::checked_upstream;

BOOST_AUTO_TEST_CASE(it_counts_calls_frees_and_bytes_and_remembers_the_peak) {
  checked_upstream upstream;
  void* const a = upstream.allocate(100, 8);
  void* const b = upstream.allocate(50, 64);
  upstream.deallocate(a, 100, 8);
  const auto books = upstream.totals();
  BOOST_TEST(books.calls == 2U);
  BOOST_TEST(books.frees == 1U);
  BOOST_TEST(books.blocks_outstanding == 1U);
  BOOST_TEST(books.bytes_outstanding == 50U);
  BOOST_TEST(books.bytes_peak == 150U);
  BOOST_TEST(upstream.complaint() == "1 blocks of 50 bytes were not given back to the upstream");
  upstream.deallocate(b, 50, 64);
  BOOST_TEST(upstream.complaint().empty());
  BOOST_TEST(upstream.errors().empty());
}

BOOST_AUTO_TEST_CASE(the_nth_call_from_now_fails_and_only_that) {
  checked_upstream upstream;
  upstream.deallocate(upstream.allocate(1), 1);
  upstream.fail_at(2);
  upstream.deallocate(upstream.allocate(1), 1);
  BOOST_CHECK_THROW((void)upstream.allocate(1), std::bad_alloc);
  upstream.deallocate(upstream.allocate(1), 1);
  BOOST_TEST(upstream.totals().failures == 1U);
  BOOST_TEST(upstream.calls() == 4U);
  upstream.fail_at(1);
  upstream.fail_at(0);  // disarmed
  upstream.deallocate(upstream.allocate(1), 1);
}

BOOST_AUTO_TEST_CASE(a_block_is_aligned_as_asked_and_never_better) {
  checked_upstream upstream;
  for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
    void* const block = upstream.allocate(24, alignment);
    BOOST_TEST(tidemark::test::misalignment(block, 2 * alignment) == alignment);
    upstream.deallocate(block, 24, alignment);
  }
  BOOST_TEST(upstream.complaint().empty());
}

BOOST_AUTO_TEST_CASE(a_free_that_does_not_match_is_noted_and_changes_nothing) {
  checked_upstream upstream;
  void* const block = upstream.allocate(24, 8);
  upstream.deallocate(block, 25, 8);
  upstream.deallocate(block, 24, 16);
  int foreign = 0;
  upstream.deallocate(&foreign, sizeof foreign, alignof(int));
  BOOST_REQUIRE(upstream.errors().size() == 3U);
  BOOST_TEST(upstream.errors()[0] ==
             "upstream gave a block of 24 bytes aligned to 8 and was given back 25 bytes aligned "
             "to 8");
  BOOST_TEST(upstream.bytes_outstanding() == 24U);
  BOOST_TEST(upstream.complaint() == upstream.errors()[0]);
  upstream.deallocate(block, 24, 8);
  upstream.deallocate(block, 24, 8);  // a second time
  BOOST_TEST(upstream.errors().size() == 4U);
  BOOST_TEST(upstream.totals().frees == 1U);
}

BOOST_AUTO_TEST_CASE(size_0_is_unique_and_impossible_requests_throw) {
  checked_upstream upstream;
  void* const a = upstream.allocate(0, 1);
  void* const b = upstream.allocate(0, 1);
  BOOST_TEST(a != b);
  upstream.deallocate(a, 0, 1);
  upstream.deallocate(b, 0, 1);
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX / 2 + 1}) {
    for (const std::size_t alignment : {std::size_t{1}, std::size_t{4096}}) {
      BOOST_CHECK_THROW((void)upstream.allocate(bytes, alignment), std::bad_alloc);
    }
  }
  BOOST_TEST(upstream.complaint().empty());
}

BOOST_AUTO_TEST_CASE(what_leaks_goes_back_to_the_backing_at_the_end) {
  checked_upstream backing;
  {
    checked_upstream upstream{&backing};
    (void)upstream.allocate(100);
    BOOST_TEST(backing.totals().blocks_outstanding == 1U);
  }
  BOOST_TEST(backing.complaint().empty());
}
