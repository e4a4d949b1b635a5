// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/stats.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/with_scope.hpp>
#include <vector>

#include "support/toy_pool.hpp"

using namespace tidemark;
using tidemark::testing::checked_upstream;

namespace {

constexpr std::string_view long_text = "a text that is too long for the small buffer";

struct not_movable {
  explicit not_movable(int v) : value(v) {}
  not_movable(not_movable const&) = delete;
  not_movable& operator=(not_movable const&) = delete;
  int value;
};

struct document {  // a class that uses an allocator, and passes it on
  using allocator_type = std::pmr::polymorphic_allocator<>;
  explicit document(allocator_type a) : title(long_text, a) {}
  document(document&& other, allocator_type a) : title(std::move(other.title), a) {}
  document(document&&) = default;
  std::pmr::string title;
};

class table {  // hides what it holds, and is vouched for below
 public:
  explicit table(std::size_t rows) : rows_(rows, 7) {}
  std::vector<int> const& rows() const { return rows_; }

 private:
  std::vector<int> rows_;
};

}  // namespace

template <>
inline constexpr bool tidemark::may_point_into_pool<table> = false;

static_assert(!may_point_into_pool<marker> && !may_point_into_pool<resource_stats>);
static_assert(!may_point_into_pool<tidemark::source_location> &&
              !may_point_into_pool<resource_name>);
static_assert(may_point_into_pool<misuse> && may_point_into_pool<frame_options>);
static_assert(may_point_into_pool<frame_scope> &&
              may_point_into_pool<memory_scope<rewindable_resource>>);

BOOST_AUTO_TEST_CASE(the_result_leaves_and_the_scope_falls_back) {
  frame_resource frame;
  auto const text = with_scope(frame, [](frame_scope& scope) {
    std::pmr::vector<char> scratch(5000, 'x', scope);
    return std::string(scratch.begin(), scratch.begin() + 40);
  });
  static_assert(std::is_same_v<decltype(text), std::string const>);
  BOOST_TEST(text == std::string(40, 'x'));
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(the_function_sees_the_scope_open_and_may_return_nothing) {
  frame_resource frame;
  bool open = false;
  with_scope(frame, [&](auto& scope) { open = scope.is_open() && &scope.pool() == &frame; });
  BOOST_TEST(open);
  std::pmr::monotonic_buffer_resource results;
  open = false;
  with_scope(frame, &results, [&](frame_scope& scope) { open = scope.is_open(); });
  BOOST_TEST(open);
}

BOOST_AUTO_TEST_CASE(a_result_that_needs_no_remaking_is_not_even_moved) {
  frame_resource frame;
  std::pmr::monotonic_buffer_resource results;
  auto const make = [](frame_scope&) { return not_movable{3}; };
  BOOST_TEST(with_scope(frame, make).value == 3);
  BOOST_TEST(with_scope(frame, &results, make).value == 3);
}

BOOST_AUTO_TEST_CASE(a_class_that_is_vouched_for_leaves) {
  frame_resource frame;
  std::pmr::monotonic_buffer_resource results;
  auto const make = [](frame_scope& scope) { return table{*scope.make<std::size_t>(3U)}; };
  BOOST_TEST(with_scope(frame, make).rows().at(2) == 7);
  BOOST_TEST(with_scope(frame, &results, make).rows().at(2) == 7);
}

BOOST_AUTO_TEST_CASE(an_exception_of_the_function_rewinds) {
  frame_resource frame;
  auto const fails = [](frame_scope& scope) -> int {
    (void)scope.allocate(5000);
    throw std::runtime_error("as asked");
  };
  std::pmr::monotonic_buffer_resource results;
  BOOST_CHECK_THROW(with_scope(frame, fails), std::runtime_error);
  BOOST_CHECK_THROW(with_scope(frame, &results, fails), std::runtime_error);
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(everything_inside_the_result_is_remade_in_the_destination) {
  frame_resource frame;
  checked_upstream results;
  {
    auto const rows = with_scope(frame, &results, [](frame_scope& scope) {
      std::pmr::vector<std::pmr::map<int, std::pmr::string>> made{scope};
      made.emplace_back()[7] = long_text;
      return made;
    });
    frame.release();
    auto const& [key, text] = *rows.at(0).begin();
    BOOST_TEST(key == 7);
    BOOST_TEST(text == long_text);
    for (auto* used : {rows.get_allocator().resource(), rows[0].get_allocator().resource(),
                       text.get_allocator().resource()})
      BOOST_TEST(used == &results);
  }
  BOOST_TEST(results.complaint() == "");
}

BOOST_AUTO_TEST_CASE(holders_are_taken_apart_and_put_together_again) {
  using text = std::pmr::string;
  using everything =
      std::tuple<std::pair<int, text>, std::array<text, 2>, std::optional<text>,
                 std::optional<text>, std::variant<int, text, std::pmr::vector<text>>, std::string>;
  frame_resource frame;
  std::pmr::monotonic_buffer_resource results;
  auto const made = with_scope(frame, &results, [](frame_scope& scope) {
    text const t{long_text, scope};
    std::pmr::vector<text> several(2, t, scope);
    return everything{{1, text{t, scope}}, {text{t, scope}, text{t, scope}},
                      text{t, scope},      std::nullopt,
                      std::move(several),  std::string{long_text}};
  });
  frame.release();
  auto const& [pair, array, optional, nothing, variant, own] = made;
  auto const& several = std::get<2>(variant);
  for (text const* t : {&pair.second, &array[0], &array[1], &*optional, &several[0], &several[1]}) {
    BOOST_TEST(*t == long_text);
    BOOST_TEST(t->get_allocator().resource() == &results);
  }
  BOOST_TEST(pair.first == 1);
  BOOST_TEST(!nothing);
  BOOST_TEST(own == long_text);
}

BOOST_AUTO_TEST_CASE(a_class_that_uses_an_allocator_is_remade_by_it) {
  frame_resource frame;
  std::pmr::monotonic_buffer_resource results;
  auto const made = with_scope(frame, &results, [](frame_scope& s) { return document{s}; });
  BOOST_TEST(made.title == long_text);
  BOOST_TEST(made.title.get_allocator().resource() == &results);
}

BOOST_AUTO_TEST_CASE(an_outer_scope_of_the_same_pool_is_a_destination) {
  frame_resource frame;
  memory_scope outer{frame};
  auto const make = [](frame_scope& s) { return std::pmr::vector<std::pmr::string>(9, "row", s); };
  auto const rows = with_scope(frame, outer, make);
  (void)frame.allocate(5000);
  BOOST_TEST(rows[8] == "row");
  BOOST_TEST(rows.get_allocator().resource() == outer.resource());
}

BOOST_AUTO_TEST_CASE(
    with_the_pool_itself_as_destination_the_result_stays_with_what_is_open_around) {
  frame_resource frame;
  {
    memory_scope outer{frame};
    auto rows = with_scope(frame, &frame, [](frame_scope& scope) {
      (void)scope.allocate(3000);
      return std::pmr::vector<std::pmr::string>(9, std::pmr::string{long_text}, scope);
    });
    BOOST_TEST(frame.depth() == 1U);
    BOOST_TEST(frame.stats().bytes_in_use < 3000U);
    {
      memory_scope overwrites{frame};
      std::pmr::string(5000, '?', overwrites);
      rows.resize(1000);
    }
    for (std::size_t i = 0; i < 9; ++i) BOOST_TEST(rows[i] == long_text);
  }
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
  auto const fails = [](frame_scope&) -> std::pmr::string { throw std::runtime_error("as asked"); };
  BOOST_CHECK_THROW((void)with_scope(frame, &frame, fails), std::runtime_error);
  BOOST_TEST(frame.depth() == 0U);
}

BOOST_AUTO_TEST_CASE(an_adaptor_over_an_outer_scope_or_the_unscoped_pool_is_a_destination) {
  frame_resource frame;
  memory_scope outer{frame};
  failing_resource over_outer{outer.resource()}, over_unscoped{frame.unscoped()};
  for (auto* destination : {&over_outer, &over_unscoped}) {
    auto const text = with_scope(
        frame, destination, [](frame_scope& scope) { return std::pmr::string{long_text, scope}; });
    {
      memory_scope overwrites{frame};
      std::pmr::string(5000, '?', overwrites);
    }
    BOOST_TEST(text == long_text);
    BOOST_TEST(destination->calls() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_pool_known_by_its_base_and_a_user_s_pool_serve_too) {
  frame_resource frame;
  support::toy_pool toy;
  std::pmr::monotonic_buffer_resource results;
  auto const make = [](auto& scope) { return std::pmr::string{long_text, scope}; };
  rewindable_resource& base = frame;
  for (auto const& text : {with_scope(base, &results, make), with_scope(toy, &results, make)})
    BOOST_TEST(text == long_text);
  BOOST_TEST(frame.stats().bytes_in_use + toy.live_blocks() == 0U);
  memory_scope outer{base};
  auto const own = with_scope(base, &frame, make);
  auto const toys = with_scope(toy, &toy, make);
  (void)frame.allocate(1000);
  BOOST_TEST(own == long_text);
  BOOST_TEST(toys == long_text);
  BOOST_TEST(toy.live_blocks() == 1U);
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_nothing_leaks_and_the_pool_is_as_before) {
  auto const failures = tidemark::testing::fail_each_allocation([](std::pmr::memory_resource* m) {
    frame_resource frame{m};
    memory_scope outer{frame};
    auto const before = frame.stats().bytes_in_use;
    try {
      auto const made = with_scope(frame, m, [](frame_scope& scope) {
        std::pmr::vector<std::pmr::string> rows{scope};
        for (int i = 0; i < 40; ++i) rows.emplace_back(200, 'x');
        return std::pair{std::move(rows), std::optional{std::pmr::string{long_text, scope}}};
      });
      BOOST_TEST(made.first.size() == 40U);
    } catch (std::bad_alloc const&) {
      BOOST_TEST(frame.depth() == 1U);
      BOOST_TEST(frame.stats().bytes_in_use == before);
      throw;
    }
  });
  BOOST_TEST(failures > 42U);
}
