// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

using namespace tidemark;

BOOST_AUTO_TEST_CASE(arrays_of_each_type_and_containers_obey_one_scope) {
  typed_stack_resource stack;
  {
    memory_scope outer{stack};
    auto const numbers = outer.acquire<double>(100);
    numbers[99] = 1;
    {
      memory_scope inner{stack};
      auto const more = inner.acquire<double>(5000);
      std::pmr::vector<std::pmr::string> names{inner};
      names.emplace_back("a text that is beyond the small buffer");
      BOOST_TEST(more.size() == 5000U);
      BOOST_TEST(stack.depth() == 2U);
    }
    BOOST_TEST(numbers[99] == 1);
  }
  BOOST_TEST(stack.stats().bytes_in_use == 0U);
}
