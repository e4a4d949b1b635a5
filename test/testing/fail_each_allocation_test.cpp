// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <vector>

using tidemark::testing::allocation_failure_mishandled;
using tidemark::testing::fail_each_allocation;

namespace {

bool says(std::exception const& e, std::string_view part) {
  return std::string_view{e.what()}.find(part) != std::string_view::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_allocation_is_a_failure_point) {
  BOOST_TEST(fail_each_allocation([](auto*) {}) == 0U);
  BOOST_TEST(fail_each_allocation([](auto* memory) {
               // Not both(2, text, memory): libc++ 19's loses its array if the second copy throws.
               std::pmr::vector<std::pmr::string> both{memory};
               both.reserve(2);
               both.emplace_back(40, 'x');
               both.emplace_back(40, 'y');
             }) == 3U);
}

BOOST_AUTO_TEST_CASE(f_runs_once_more_than_it_has_failure_points_and_each_fails_at_its_own) {
  std::vector<int> reached;
  const auto points = fail_each_allocation([&](auto* memory) {
    reached.push_back(0);
    for (int i = 0; i < 3; ++i) {
      memory->deallocate(memory->allocate(8), 8);
      reached.back() = i + 1;
    }
  });
  BOOST_TEST(points == 3U);
  BOOST_TEST((reached == std::vector<int>{0, 1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(a_failure_that_f_handles_counts_too) {
  const auto points = fail_each_allocation([](auto* memory) {
    for (int i = 0; i < 2; ++i) {
      try {
        memory->deallocate(memory->allocate(8), 8);
      } catch (std::bad_alloc const&) {  // goes on without it
      }
    }
  });
  BOOST_TEST(points == 2U);
}

BOOST_AUTO_TEST_CASE(a_leak_on_the_way_out_is_found_and_its_round_is_named) {
  const auto leaky = [](std::pmr::memory_resource* memory) {
    auto* const first = memory->allocate(8);
    auto* const second = memory->allocate(24);  // the first leaks if this fails
    memory->deallocate(second, 24);
    memory->deallocate(first, 8);
  };
  BOOST_CHECK_EXCEPTION(fail_each_allocation(leaky), allocation_failure_mishandled, [](auto& e) {
    return says(e, "allocation 2") && says(e, "1 blocks of 8 bytes");
  });
}

BOOST_AUTO_TEST_CASE(a_free_in_another_size_is_found) {
  const auto wrong = [](std::pmr::memory_resource* memory) {
    memory->deallocate(memory->allocate(8), 16);
  };
  BOOST_CHECK_THROW(fail_each_allocation(wrong), allocation_failure_mishandled);
}

BOOST_AUTO_TEST_CASE(another_exception_after_the_failure_is_found_and_nested) {
  const auto translating = [](std::pmr::memory_resource* memory) {
    try {
      memory->deallocate(memory->allocate(8), 8);
    } catch (std::bad_alloc const&) {
      throw std::runtime_error{"something"};
    }
  };
  try {
    fail_each_allocation(translating);
    BOOST_ERROR("nothing was thrown");
  } catch (allocation_failure_mishandled const& e) {
    BOOST_TEST(says(e, "allocation 1"));
    BOOST_CHECK_THROW(std::rethrow_if_nested(e), std::runtime_error);
  }
}

BOOST_AUTO_TEST_CASE(what_f_throws_without_a_failure_passes) {
  BOOST_CHECK_THROW(fail_each_allocation([](auto*) { throw std::domain_error{"own"}; }),
                    std::domain_error);
  BOOST_CHECK_THROW(fail_each_allocation([](auto*) { throw std::bad_alloc{}; }), std::bad_alloc);
}
