// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests of block pools share.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <string_view>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/misuse_recorder.hpp>

namespace tidemark::test {

using block_scope = memory_scope<fixed_block_resource>;

/// For tests that count bytes: the same numbers with and without sanitizers.
inline fixed_block_options unchecked_blocks(std::size_t bytes) {
  return {.block_bytes = bytes, .check = check_level::off};
}

inline fixed_block_options checked_blocks(std::size_t bytes, std::string_view name = "tides") {
  return {.name = name, .block_bytes = bytes, .check = check_level::on};
}

/// A checked pool of 64-byte blocks, and what it reports.
struct checked_pool {
  fixed_block_resource pool{checked_blocks(64)};
  testing::misuse_recorder bugs;
  std::size_t reports = 0;

  // One more report than before, and of this kind.
  void expect(misuse_kind kind, void const* address = nullptr) {
    BOOST_REQUIRE(bugs.seen.size() == ++reports);
    BOOST_TEST((bugs.seen.back().kind == kind));
    BOOST_TEST((bugs.seen.back().resource == "tides"));
    if (address != nullptr) BOOST_TEST(bugs.seen.back().address == address);
  }
  void expect_nothing() const { BOOST_TEST(bugs.seen.size() == reports); }
};

}  // namespace tidemark::test
