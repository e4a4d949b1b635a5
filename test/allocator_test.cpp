// SPDX-License-Identifier: BSL-1.0
#include <boost/container/flat_map.hpp>
#include <boost/container/vector.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tidemark/allocator.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <unordered_map>
#include <vector>

#include "support/toy_pool.hpp"

using namespace tidemark;
using tidemark::testing::misuse_recorder;

namespace {

template <class T>
using in_frame = allocator<T, frame_resource>;
template <class T>
using in_scope = allocator<T, frame_scope>;
template <class T>
using vec = std::vector<T, in_frame<T>>;
template <class T>
using scope_vec = std::vector<T, in_scope<T>>;

struct alignas(128) wide {
  int value = 0;
};
struct tree {  // T may be incomplete where the container is declared
  vec<tree> children;
};

using traits = std::allocator_traits<in_frame<int>>;
static_assert(!traits::is_always_equal::value);
static_assert(!traits::propagate_on_container_copy_assignment::value);
static_assert(traits::propagate_on_container_move_assignment::value);
static_assert(traits::propagate_on_container_swap::value);
static_assert(std::is_same_v<traits::rebind_alloc<double>, in_frame<double>>);
static_assert(std::is_convertible_v<frame_resource&, in_frame<int>>);
static_assert(std::is_convertible_v<frame_scope&, in_scope<int>>);
static_assert(!std::is_default_constructible_v<in_frame<int>>);
static_assert(!std::is_constructible_v<in_frame<int>, in_scope<int>>);
static_assert(sizeof(in_frame<int>) == sizeof(void*));

}  // namespace

BOOST_AUTO_TEST_CASE(any_container_lives_in_the_pool) {
  frame_resource frame;
  {
    vec<double> numbers{frame};
    std::list<int, in_frame<int>> nodes{frame};
    std::deque<int, in_frame<int>> queue{frame};
    std::map<int, int, std::less<>, in_frame<std::pair<int const, int>>> sorted{frame};
    std::unordered_map<int, int, std::hash<int>, std::equal_to<>,
                       in_frame<std::pair<int const, int>>>
        hashed{frame};
    std::basic_string<char, std::char_traits<char>, in_frame<char>> text{frame};
    boost::container::vector<int, in_frame<int>> boosts{in_frame<int>{frame}};
    boost::container::flat_map<int, int, std::less<>, in_frame<std::pair<int, int>>> flat{
        in_frame<std::pair<int, int>>{frame}};
    for (int i = 0; i < 300; ++i) {
      numbers.push_back(i);
      nodes.push_back(i);
      queue.push_back(i);
      sorted[i] = i;
      hashed[i] = i;
      text += 'x';
      boosts.push_back(i);
      flat[i] = i;
    }
    BOOST_TEST(numbers[299] + nodes.back() + queue.back() + sorted[299] + hashed[299] == 5 * 299.0);
    BOOST_TEST(text.size() + static_cast<std::size_t>(boosts[299] + flat[299]) == 898U);
    BOOST_TEST(frame.stats().bytes_in_use > 300 * (8 + 3 * 4 + 4 * 16));
  }
  frame.reset();
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_type_may_hold_a_container_of_itself) {
  frame_resource frame;
  tree root{vec<tree>{frame}};
  root.children.push_back(tree{vec<tree>{frame}});
  BOOST_TEST(root.children.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_copied_container_stays_in_the_pool_of_the_original) {
  frame_resource frame;
  vec<int> original(10, 7, frame);
  auto const copy = original;
  BOOST_TEST((copy.get_allocator() == original.get_allocator()));
  BOOST_TEST(frame.stats().bytes_in_use >= 80U);
}

BOOST_AUTO_TEST_CASE(an_assigned_container_keeps_its_own_pool) {
  frame_resource here, there;
  vec<int> target(1, 1, here);
  vec<int> const source(100, 7, there);
  target = source;
  BOOST_TEST((target.get_allocator() == in_frame<int>{here}));
  BOOST_TEST(target[99] == 7);
}

BOOST_AUTO_TEST_CASE(a_moved_or_swapped_container_takes_its_pool_along) {
  frame_resource here, there;
  vec<int> target(1, 1, here);
  vec<int> source(100, 7, there);
  auto const* const elements = source.data();
  target = std::move(source);
  BOOST_TEST(target.data() == elements);
  BOOST_TEST((target.get_allocator() == in_frame<int>{there}));
  vec<int> other(1, 2, here);
  swap(target, other);
  BOOST_TEST(other.data() == elements);
  BOOST_TEST((target.get_allocator() == in_frame<int>{here}));
}

BOOST_AUTO_TEST_CASE(allocators_are_equal_if_they_free_each_other_s_blocks) {
  frame_resource here, there;
  memory_scope outer{here};
  memory_scope inner{here};
  BOOST_TEST((in_frame<int>{here} == in_frame<double>{here}));
  BOOST_TEST((in_frame<int>{here} != in_frame<int>{there}));
  BOOST_TEST((in_frame<int>{in_frame<double>{here}} == in_frame<int>{here}));
  BOOST_TEST((in_scope<int>{outer} == in_scope<double>{outer}));
  BOOST_TEST((in_scope<int>{outer} != in_scope<int>{inner}));
}

BOOST_AUTO_TEST_CASE(bound_to_a_scope_it_allocates_for_that_scope) {
  frame_resource frame;
  memory_scope outer{frame};
  scope_vec<int> rows{outer};
  {
    memory_scope inner{frame};
    scope_vec<int> scratch(1000, 1, inner);
    rows.assign(scratch.begin(), scratch.end());
  }
  (void)frame.allocate(8000);
  BOOST_TEST(rows[999] == 1);
}

BOOST_AUTO_TEST_CASE(it_does_not_dangle_with_the_scope_object) {
  misuse_recorder misuse;
  frame_resource frame;
  std::optional<scope_vec<int>> late;
  {
    memory_scope scope{frame};
    late.emplace(scope);
    late->push_back(1);
  }
  memory_scope other{frame};
  BOOST_CHECK_THROW(late->resize(100), std::bad_alloc);
  BOOST_REQUIRE(misuse.seen.size() == 1U);
  BOOST_TEST((misuse.seen[0].kind == misuse_kind::scope_closed));
  late.reset();
  BOOST_TEST(frame.stats().bytes_in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_known_by_its_base_and_its_scopes_serve_too) {
  support::toy_pool toy;
  {
    rewindable_resource& base = toy;
    memory_scope scope{base};
    std::vector<int, allocator<int, support::toy_pool>> bare{toy};
    std::vector<int, allocator<int, rewindable_resource>> through_base{base};
    std::vector<int, allocator<int, memory_scope<rewindable_resource>>> scoped{scope};
    std::list<int, allocator<int, memory_scope<rewindable_resource>>> nodes{scope};
    bare.resize(10);
    through_base.resize(10);
    scoped.resize(10);
    nodes.resize(10);
    BOOST_TEST(toy.live_blocks() == 13U);
    nodes.clear();
    BOOST_TEST(toy.live_blocks() == 3U);
  }
  BOOST_TEST(toy.live_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(over_aligned_elements_are_aligned) {
  frame_resource frame;
  memory_scope scope{frame};
  (void)frame.allocate(1);
  for (int n = 1; n < 5; ++n) {
    vec<wide> a(static_cast<std::size_t>(n), frame);
    scope_vec<wide> b(static_cast<std::size_t>(n), scope);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(a.data()) % 128 == 0U);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(b.data()) % 128 == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_count_whose_bytes_do_not_fit_is_refused_before_the_pool_is_asked) {
  frame_resource frame;
  in_frame<std::uint64_t> bytes{frame};
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  BOOST_CHECK_THROW((void)bytes.allocate(most / 8 + 1), std::bad_array_new_length);
  BOOST_CHECK_THROW((void)bytes.allocate(most / 8), std::bad_alloc);
  auto* const none = bytes.allocate(0);
  BOOST_TEST(none != nullptr);
  bytes.deallocate(none, 0);
}
