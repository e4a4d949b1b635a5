// SPDX-License-Identifier: BSL-1.0

// A template that makes columns of any type in one scope: the resource goes to those that take one.

#include <cstdlib>
#include <memory_resource>
#include <string>
#include <string_view>
#include <tidemark/tidemark.hpp>
#include <tuple>
#include <vector>

using namespace tidemark;

struct column {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  column(std::string_view title, allocator_type a = {}) : name(title, a), cells(a) {}
  std::pmr::string name;
  std::pmr::vector<double> cells;
};

template <class... Column>
std::tuple<Column...> make_table(std::pmr::polymorphic_allocator<> where) {
  return {make_in<Column>(where, "a name that is too long for the small buffer")...};
}

int main() {
  frame_resource frame;
  memory_scope scope{frame};
  auto const table = make_table<column, std::pmr::string, std::string>(scope);
  auto const& [first, second, third] = table;
  bool const in_scope = first.name.get_allocator().resource() == scope.resource() &&
                        first.cells.get_allocator().resource() == scope.resource() &&
                        second.get_allocator().resource() == scope.resource();
  return in_scope && third == "a name that is too long for the small buffer" ? EXIT_SUCCESS
                                                                             : EXIT_FAILURE;
}
