// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <string_view>
#include <tidemark/detail/remake.hpp>
#include <unordered_map>
#include <vector>

using tidemark::detail::remade_whole;
using tidemark::detail::remake;
using text = std::pmr::string;

namespace {

struct with_text {
  text value;
};
struct takes_no_allocator {  // says that it uses one, but has no constructor for it
  using allocator_type = std::pmr::polymorphic_allocator<>;
  text value;
};
struct by_table {
  int const* table;
  bool operator()(int a, int b) const { return table[a] < table[b]; }
};
struct by_remainder {
  int divisor;
  bool operator()(int a, int b) const { return a % divisor < b % divisor; }
};

static_assert(remade_whole<void> && remade_whole<int> && remade_whole<std::string>);
static_assert(remade_whole<text> && remade_whole<text const>);
static_assert(remade_whole<std::pmr::vector<std::pmr::map<text, std::pmr::vector<text>>>>);
static_assert(remade_whole<std::pmr::vector<std::pair<text, std::string>>>);
static_assert(remade_whole<std::stack<text, std::pmr::deque<text>>>);
static_assert(remade_whole<std::tuple<int, std::optional<std::array<std::pair<int, text>, 2>>>>);
static_assert(remade_whole<std::variant<int, std::pmr::vector<int>>>);

static_assert(!remade_whole<int*> && !remade_whole<int&> && !remade_whole<std::string_view>);
static_assert(!remade_whole<std::vector<text>> && !remade_whole<std::map<int, text>>);
static_assert(!remade_whole<std::pmr::vector<std::vector<text>>>);
static_assert(!remade_whole<std::pmr::vector<std::string_view>>);
static_assert(!remade_whole<std::pmr::map<int, int*>>);
static_assert(!remade_whole<std::stack<int*, std::pmr::deque<int*>>>);
static_assert(!remade_whole<std::optional<std::vector<text>>>);
static_assert(!remade_whole<with_text> && !remade_whole<std::pmr::vector<with_text>>);
static_assert(!remade_whole<takes_no_allocator>);
// What orders the elements is copied as it is.
static_assert(remade_whole<std::pmr::set<int, by_remainder>>);
static_assert(remade_whole<std::pmr::unordered_map<text, text>>);
static_assert(!remade_whole<std::pmr::set<int, by_table>>);
static_assert(!remade_whole<std::pmr::map<int, text, by_table>>);
static_assert(!remade_whole<std::pmr::map<int, text, std::function<bool(int, int)>>>);
static_assert(!remade_whole<std::priority_queue<int, std::pmr::vector<int>, by_table>>);
static_assert(remade_whole<std::priority_queue<int, std::pmr::vector<int>, by_remainder>>);
// A container moves an optional as it is; only what stands outside of containers is taken apart.
static_assert(!remade_whole<std::pmr::vector<std::optional<text>>>);

}  // namespace

BOOST_AUTO_TEST_CASE(what_moves_between_equal_resources_is_not_copied) {
  std::pmr::monotonic_buffer_resource memory;
  text original(100, 'x', &memory);
  auto const* const letters = original.data();
  auto const moved = remake<text>(std::move(original), &memory);
  BOOST_TEST(moved.data() == letters);
}

BOOST_AUTO_TEST_CASE(parts_that_are_const_are_copied) {
  std::pmr::monotonic_buffer_resource from, to;
  std::pair<text const, int const> original{text(100, 'x', &from), 7};
  auto const made = remake<std::pair<text const, int const>>(std::move(original), &to);
  BOOST_TEST(made.first == original.first);
  BOOST_TEST(made.first.get_allocator().resource() == &to);
  BOOST_TEST(made.second == 7);
}

BOOST_AUTO_TEST_CASE(a_variant_keeps_its_alternative_also_among_equal_types) {
  using either = std::variant<text, text>;
  std::pmr::monotonic_buffer_resource from, to;
  either original{std::in_place_index<1>, 100, 'x', &from};
  auto const made = remake<either>(std::move(original), &to);
  BOOST_TEST(made.index() == 1U);
  BOOST_TEST(std::get<1>(made).get_allocator().resource() == &to);
}
