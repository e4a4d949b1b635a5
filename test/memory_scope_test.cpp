// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <vector>

#include "support/toy_pool.hpp"

using namespace tidemark;
using tidemark::testing::misuse_recorder;

namespace {

struct note {
  note(std::vector<int>& where, int what) : log(where), value(what) {}
  note(note const&) = delete;
  note& operator=(note const&) = delete;
  ~note() { log.push_back(value); }
  std::vector<int>& log;
  int value;
};

std::size_t total(std::pmr::polymorphic_allocator<> where) {
  std::pmr::vector<int> v{{1, 2, 3}, where};
  return v.size();
}

static_assert(!std::is_copy_constructible_v<frame_scope>);
static_assert(!std::is_move_constructible_v<frame_scope>);
static_assert(!std::is_copy_assignable_v<frame_scope>);
static_assert(!std::is_convertible_v<frame_scope, bool>);
static_assert(!std::is_convertible_v<frame_scope, void*>);
static_assert(!std::is_convertible_v<frame_resource&, frame_scope>, "a scope is opened by name");
static_assert(std::is_convertible_v<frame_scope&, std::pmr::memory_resource*>);
static_assert(std::is_convertible_v<frame_scope&, std::pmr::polymorphic_allocator<int>>);

}  // namespace

BOOST_AUTO_TEST_CASE(the_pool_is_as_before_when_a_scope_has_closed) {
  frame_resource frame;
  (void)frame.allocate(100);
  auto const before = frame.stats().bytes_in_use;
  {
    memory_scope scope{frame};
    BOOST_TEST(frame.depth() == 1U);
    BOOST_TEST(scope.is_open());
    BOOST_TEST(&scope.pool() == &frame);
    (void)scope.allocate(1000);
    (void)frame.allocate(50000);
    BOOST_TEST(frame.stats().bytes_in_use >= before + 51000);
  }
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(frame.stats().bytes_in_use == before);
}

BOOST_AUTO_TEST_CASE(a_container_of_an_outer_scope_grows_while_an_inner_one_is_open) {
  frame_resource frame;
  memory_scope outer{frame};
  std::pmr::vector<std::pmr::string> rows{outer};
  for (int i = 0; i < 200; ++i) {
    memory_scope inner{frame};
    std::pmr::string scratch(500, 'x', inner);
    rows.emplace_back(std::to_string(i) + " is a row too long for the small buffer");
    scratch.assign(3000, 'y');
  }
  (void)frame.allocate(100000);
  for (int i = 0; i < 200; ++i)
    BOOST_TEST(rows[static_cast<std::size_t>(i)].starts_with(std::to_string(i) + " is a row"));
}

BOOST_AUTO_TEST_CASE(a_scope_is_a_resource_wherever_one_is_taken) {
  frame_resource frame;
  memory_scope scope{frame};
  std::pmr::vector<int> braces{scope};
  std::pmr::vector<int> filled(3, 7, scope);
  std::pmr::vector<bool> bits(9, true, scope);
  std::pmr::string text{"a text too long for the small buffer", scope};
  std::pmr::list<int> nodes{scope};
  std::pmr::map<int, std::pmr::string> tree{scope};
  std::pmr::memory_resource* const resource = scope;
  tree[1] = text;
  for (auto* used :
       {braces.get_allocator().resource(), filled.get_allocator().resource(),
        bits.get_allocator().resource(), text.get_allocator().resource(),
        nodes.get_allocator().resource(), tree[1].get_allocator().resource(), resource})
    BOOST_TEST(used == scope.resource());
  BOOST_TEST(total(scope) == 3U);
  BOOST_TEST(scope.resource() != &frame);
}

BOOST_AUTO_TEST_CASE(the_verbs_of_the_pool_are_bound_to_the_scope) {
  frame_resource frame;
  memory_scope outer{frame};
  memory_scope inner{frame};
  auto* const block = static_cast<char*>(outer.allocate(64, 64));
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(block) % 64 == 0U);
  BOOST_TEST(outer.try_expand(block, 64, 128));
  BOOST_TEST(outer.try_allocate(SIZE_MAX) == nullptr);
  auto* const second = outer.try_allocate(32);
  BOOST_TEST(second != nullptr);
  BOOST_TEST(!outer.try_expand(block, 128, 256));
  outer.deallocate(second, 32);
  BOOST_TEST(outer.allocate(32) == second);
  BOOST_CHECK_THROW((void)outer.allocate(SIZE_MAX), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(what_a_scope_makes_is_destroyed_with_it_newest_first) {
  std::vector<int> log;
  frame_resource frame;
  memory_scope outer{frame};
  {
    memory_scope inner{frame};
    (void)outer.make<note>(log, 1);
    (void)inner.make<note>(log, 2);
    (void)inner.make<note>(log, 3);
    auto* const text = inner.make<std::pmr::string>(100, 'x');
    BOOST_TEST(text->get_allocator().resource() == inner.resource());
  }
  BOOST_TEST(log == (std::vector{3, 2}), boost::test_tools::per_element());
  outer.reset();
  BOOST_TEST(log == (std::vector{3, 2, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(reset_empties_a_scope_and_leaves_it_open) {
  frame_resource frame;
  memory_scope scope{frame};
  auto* const first = scope.allocate(100);
  (void)frame.checkpoint();
  scope.reset();
  BOOST_TEST(scope.is_open());
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
  BOOST_TEST(scope.allocate(100) == first);
}

BOOST_AUTO_TEST_CASE(reset_from_below_an_open_scope_is_out_of_order) {
  misuse_recorder misuse;
  frame_resource frame;
  memory_scope outer{frame};
  memory_scope inner{frame};
  auto* const text = static_cast<char*>(inner.allocate(4));
  *text = 'x';
  outer.reset();
  BOOST_TEST(misuse.count(misuse_kind::out_of_order) == 1U);
  BOOST_TEST(inner.is_open());
  BOOST_TEST(*text == 'x');
}

BOOST_AUTO_TEST_CASE(keep_passes_the_blocks_to_the_enclosing_scope) {
  frame_resource frame;
  memory_scope outer{frame};
  std::optional<std::pmr::vector<int>> kept;
  {
    memory_scope inner{frame};
    kept.emplace(100, 7, inner);
    inner.keep();
    BOOST_TEST(frame.depth() == 2U);
  }
  kept->resize(5000, 8);
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST((*kept)[99] == 7);
  BOOST_TEST((*kept)[4999] == 8);
  kept.reset();
  outer.reset();
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(nested_opens_on_the_same_pool_above_every_open_scope) {
  frame_resource frame;
  memory_scope outer{frame};
  memory_scope middle{frame};
  {
    auto inner = outer.nested();
    BOOST_TEST(frame.depth() == 3U);
    BOOST_TEST(&inner.pool() == &frame);
  }
  BOOST_TEST(frame.depth() == 2U);
}

BOOST_AUTO_TEST_CASE(a_scope_destroyed_too_early_is_reported_and_closes_with_the_one_above) {
  misuse_recorder misuse;
  frame_resource frame;
  std::optional<frame_scope> outer;
  outer.emplace(frame, source_location{"outer.cpp", 1});
  std::optional<frame_scope> inner;
  inner.emplace(frame, source_location{"inner.cpp", 2});
  std::pmr::string text(100, 'x', *inner);
  outer.reset();
  BOOST_REQUIRE(misuse.seen.size() == 1U);
  BOOST_TEST((misuse.seen[0].kind == misuse_kind::out_of_order));
  BOOST_TEST(misuse.seen[0].opened.line == 2U);
  BOOST_TEST(text[99] == 'x');
  text = std::pmr::string{*inner};
  inner.reset();
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_reset_of_the_pool_closes_scopes_and_leaves_their_ends_harmless) {
  misuse_recorder misuse;
  frame_resource frame;
  {
    memory_scope scope{frame};
    frame.reset();
    BOOST_TEST(!scope.is_open());
    BOOST_CHECK_THROW((void)scope.allocate(8), std::bad_alloc);
    BOOST_TEST(misuse.count(misuse_kind::scope_closed) == 1U);
    BOOST_TEST(scope.try_allocate(8) == nullptr);
  }
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(misuse.seen.size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_exception_through_many_scopes_leaves_the_pool_as_at_the_outer_mark) {
  std::vector<int> log;
  frame_resource frame;
  memory_scope outer{frame};
  (void)outer.allocate(10);
  auto const before = frame.stats().bytes_in_use;
  auto const descend = [&](auto const& self, int depth) -> void {
    memory_scope scope{frame};
    (void)scope.make<note>(log, depth);
    (void)frame.allocate(700);
    std::pmr::string text(3000, 'x', scope);
    if (depth == 40) throw std::runtime_error("too deep");
    self(self, depth + 1);
  };
  BOOST_CHECK_THROW(descend(descend, 1), std::runtime_error);
  BOOST_TEST(frame.depth() == 1U);
  BOOST_TEST(frame.stats().bytes_in_use == before);
  BOOST_TEST(log.size() == 40U);
  BOOST_TEST(log.front() == 40);
}

BOOST_AUTO_TEST_CASE(a_scope_that_cannot_be_opened_changes_nothing) {
  tidemark::testing::checked_upstream upstream;
  {
    frame_resource frame{&upstream};
    std::list<frame_scope> scopes;
    upstream.fail_at(1);
    std::size_t opened = 0;
    BOOST_CHECK_THROW(for (; opened < 100; ++opened) scopes.emplace_back(frame), std::bad_alloc);
    BOOST_TEST(frame.depth() == opened);
    scopes.emplace_back(frame);
    BOOST_TEST(frame.depth() == opened + 1);
    while (!scopes.empty()) scopes.pop_back();
    BOOST_TEST(frame.depth() == 0U);
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_scope_serves_a_pool_known_only_by_its_base) {
  frame_resource frame;
  rewindable_resource& pool = frame;
  {
    memory_scope scope{pool};
    static_assert(std::is_same_v<decltype(scope), memory_scope<rewindable_resource>>);
    auto inner = scope.nested();
    std::pmr::vector<int> numbers(1000, 1, scope);
    (void)scope.allocate(100);
    scope.deallocate(inner.allocate(64), 64);
    BOOST_TEST(frame.depth() == 2U);
  }
  BOOST_TEST(frame.depth() == 0U);
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_of_the_user_has_scopes_of_the_same_kind) {
  misuse_recorder misuse;
  support::toy_pool pool;
  std::pmr::vector<int> cache(10, 1, &pool);
  {
    memory_scope outer{pool};
    {
      std::pmr::vector<std::pmr::string> rows{outer};
      {
        memory_scope inner{pool};
        std::pmr::string text(100, 'x', inner);
        rows.emplace_back(text);
        cache.resize(1000);
      }
      BOOST_TEST(rows.front().back() == 'x');
      BOOST_TEST(pool.live_blocks() == 3U);
    }
    {
      auto kept = outer.nested();
      (void)kept.allocate(10);
      kept.keep();
    }
    BOOST_TEST(pool.live_blocks() == 2U);
    outer.reset();
    BOOST_TEST(pool.live_blocks() == 1U);
  }
  BOOST_TEST(pool.depth() == 0U);
  BOOST_TEST(pool.live_blocks() == 1U);
  BOOST_TEST(misuse.seen.empty());
}
