// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/objects/slot_map.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

using namespace tidemark;
using tidemark::testing::checked_upstream;

namespace {

constexpr char long_text[] = "a text that does not fit into the string itself";

int alive = 0;

struct counted {
  explicit counted(int v = 0) : value(v) {
    if (v < 0) throw std::runtime_error("as asked");
    ++alive;
  }
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() { --alive; }
  int value;
};

using texts = slot_map<std::pmr::string>;
using text_handle = texts::handle_type;

// Handles of another type of element do not compile.
static_assert(!std::is_convertible_v<slot_handle<int>, slot_handle<counted>>);
static_assert(sizeof(slot_handle<counted>) == 8);
static_assert(std::is_trivially_copyable_v<slot_handle<counted>>);
static_assert(!std::is_copy_constructible_v<texts> && !std::is_copy_assignable_v<texts>);
static_assert(std::is_nothrow_move_constructible_v<texts>);
static_assert(std::is_nothrow_move_assignable_v<texts>);
static_assert(!std::is_constructible_v<texts, std::nullptr_t>);

}  // namespace

BOOST_AUTO_TEST_CASE(an_element_is_found_by_its_handle) {
  texts map;
  auto const a = map.insert("first");
  auto const b = map.emplace(3U, 'b');
  BOOST_TEST(map.size() == 2U);
  BOOST_TEST(map.contains(a));
  BOOST_TEST(*map.find(a) == "first");
  BOOST_TEST(map.at(b) == "bbb");
  map.at(b) += "c";
  BOOST_TEST(*std::as_const(map).find(b) == "bbbc");
  BOOST_TEST(std::as_const(map).at(a) == "first");
}

BOOST_AUTO_TEST_CASE(the_default_handle_is_never_valid) {
  slot_map<int> map;
  slot_handle<int> const none;
  BOOST_TEST(!none);
  BOOST_TEST(!map.contains(none));
  BOOST_TEST(bool{map.insert(1)});
  BOOST_TEST(map.find(none) == nullptr);
  BOOST_TEST(!map.erase(none));
  BOOST_TEST(map.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_handle_does_not_mean_the_element_that_took_the_slot) {
  slot_map<int> map;
  auto const old = map.insert(1);
  BOOST_TEST(map.erase(old));
  auto const young = map.insert(2);
  BOOST_TEST(young.index == old.index);
  BOOST_TEST((young != old));
  BOOST_TEST(!map.contains(old));
  BOOST_TEST(map.find(old) == nullptr);
  BOOST_TEST(!map.erase(old));
  BOOST_CHECK_THROW(map.at(old), std::out_of_range);
  BOOST_CHECK_THROW(std::as_const(map).at(old), std::out_of_range);
  BOOST_TEST(map.at(young) == 2);
}

BOOST_AUTO_TEST_CASE(handles_that_no_element_has_are_refused) {
  slot_map<int> map;
  auto const live = map.insert(1);
  auto const gone = map.insert(2);
  map.erase(gone);
  std::vector<slot_handle<int>> const wrong{{live.index, live.generation + 1},
                                            {live.index, live.generation + 2},
                                            {live.index, 0},
                                            {gone.index, gone.generation + 1},
                                            {gone.index, gone.generation + 2},
                                            {2, 0},
                                            {2, 1},
                                            {1'000'000, 1},
                                            {UINT32_MAX, 1},
                                            {UINT32_MAX, UINT32_MAX}};
  for (auto const each : wrong) {
    BOOST_TEST(!map.contains(each));
    BOOST_TEST(map.find(each) == nullptr);
    BOOST_TEST(!map.erase(each));
  }
  BOOST_TEST(map.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_the_memory_held_before_is_no_element) {
  std::vector<std::byte> ones(4096, std::byte{1});
  std::pmr::monotonic_buffer_resource dirty{ones.data(), ones.size(),
                                            std::pmr::null_memory_resource()};
  slot_map<int> map{&dirty};
  map.reserve(10);
  BOOST_TEST(!map.contains({5, 0x01010101}));
  map.insert(1);
  BOOST_TEST(!map.contains({0, 0x01010101}));
}

BOOST_AUTO_TEST_CASE(elements_stay_where_they_are) {
  slot_map<int> map;
  std::vector<std::pair<slot_handle<int>, int*>> places;
  for (int i = 0; i < 100'000; ++i) {
    auto const handle = map.insert(i);
    places.emplace_back(handle, map.find(handle));
  }
  int wrong = 0;
  for (int i = 0; i < 100'000; ++i) {
    auto const [handle, place] = places[static_cast<std::size_t>(i)];
    if (map.find(handle) != place || *place != i) ++wrong;
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(a_slot_without_generations_left_is_retired) {
  slot_map<int, 5> map;  // three elements for each slot
  std::vector<slot_handle<int>> handles;
  for (int i = 0; i < 3; ++i) {
    handles.push_back(map.insert(i));
    BOOST_TEST(handles.back().index == 0U);
    BOOST_TEST(map.erase(handles.back()));
  }
  auto const next = map.insert(3);
  BOOST_TEST(next.index == 1U);
  for (auto const each : handles) BOOST_TEST(!map.contains(each));
  BOOST_TEST(map.capacity() == 63U);
  map.reserve(64);
  BOOST_TEST(map.capacity() >= 64U);
}

BOOST_AUTO_TEST_CASE(no_handle_is_given_out_twice) {
  slot_map<int, 7> map;
  std::unordered_set<slot_handle<int>> seen;
  std::vector<slot_handle<int>> live;
  for (int i = 0; i < 5000; ++i) {
    live.push_back(map.insert(i));
    BOOST_REQUIRE(seen.insert(live.back()).second);
    if (live.size() > 5) {
      BOOST_REQUIRE(map.erase(live[static_cast<std::size_t>(i) % 5]));
      live.erase(live.begin() + i % 5);
    }
  }
  BOOST_TEST(map.size() == 5U);
}

BOOST_AUTO_TEST_CASE(clear_destroys_all_and_keeps_memory_and_generations) {
  checked_upstream upstream;
  {
    slot_map<counted> map{&upstream};
    std::vector<slot_handle<counted>> handles;
    for (int i = 0; i < 1000; ++i) handles.push_back(map.emplace(i));
    auto const capacity = map.capacity();
    auto const calls = upstream.calls();
    map.clear();
    BOOST_TEST(alive == 0);
    BOOST_TEST(map.empty());
    BOOST_TEST(map.capacity() == capacity);
    for (int i = 0; i < 1000; ++i) map.emplace(i);
    BOOST_TEST(upstream.calls() == calls);
    for (auto const each : handles) BOOST_REQUIRE(!map.contains(each));
  }
  BOOST_TEST(alive == 0);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_map_without_elements_asks_for_no_memory) {
  checked_upstream upstream;
  slot_map<int> map{&upstream};
  map.clear();
  BOOST_TEST((map.begin() == map.end()));
  BOOST_TEST(map.capacity() == 0U);
  slot_map<int> const other{std::move(map)};
  BOOST_TEST(other.empty());
  BOOST_TEST(upstream.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(after_reserve_so_many_elements_need_no_memory) {
  checked_upstream upstream;
  slot_map<int> map{&upstream};
  map.reserve(1000);
  BOOST_TEST(map.capacity() >= 1000U);
  auto const calls = upstream.calls();
  for (int i = 0; i < 1000; ++i) map.insert(i);
  map.reserve(10);
  BOOST_TEST(upstream.calls() == calls);
}

BOOST_AUTO_TEST_CASE(a_reserve_that_fails_or_cannot_be_changes_nothing) {
  checked_upstream upstream;
  slot_map<int> map{&upstream};
  auto const handle = map.insert(1);
  auto const capacity = map.capacity();
  upstream.fail_at(3);
  BOOST_CHECK_THROW(map.reserve(10'000), std::bad_alloc);
  BOOST_CHECK_THROW(map.reserve(SIZE_MAX), std::bad_alloc);
  BOOST_CHECK_THROW(map.reserve(slot_map<int>::max_size() + 1), std::bad_alloc);
  BOOST_TEST(map.capacity() == capacity);
  BOOST_TEST(map.at(handle) == 1);
}

BOOST_AUTO_TEST_CASE(a_constructor_that_throws_changes_nothing) {
  slot_map<counted> map;
  auto const kept = map.emplace(1);
  BOOST_CHECK_THROW(map.emplace(-1), std::runtime_error);
  BOOST_TEST(map.size() == 1U);
  BOOST_TEST(map.at(kept).value == 1);
  BOOST_TEST(std::distance(map.begin(), map.end()) == 1);
  BOOST_TEST(map.emplace(2).index == 1U);
}

BOOST_AUTO_TEST_CASE(wherever_memory_runs_out_nothing_is_lost) {
  auto const failures = testing::fail_each_allocation([](std::pmr::memory_resource* resource) {
    texts map{resource};
    std::vector<text_handle> handles;
    for (int i = 0; i < 200; ++i) {
      auto const capacity = map.capacity();
      try {
        handles.push_back(map.emplace(long_text));
      } catch (std::bad_alloc const&) {
        BOOST_TEST(map.size() == handles.size());
        BOOST_TEST((map.capacity() == capacity || map.size() == capacity));
        for (auto const each : handles) BOOST_REQUIRE(map.at(each) == long_text);
        throw;
      }
    }
  });
  BOOST_TEST(failures > 200U);
}

BOOST_AUTO_TEST_CASE(the_resource_reaches_the_elements) {
  checked_upstream upstream;
  {
    texts map{&upstream};
    auto const handle = map.insert(std::pmr::string{long_text});
    BOOST_TEST(map.at(handle).get_allocator().resource() == &upstream);
    BOOST_TEST(map.resource() == &upstream);
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_scope_is_a_resource_and_null_means_the_default) {
  frame_resource frame;
  memory_scope scope{frame};
  BOOST_TEST(texts{scope}.resource() == scope.resource());
  std::pmr::memory_resource* const none = nullptr;
  BOOST_TEST(texts{none}.resource() == default_upstream());
}

BOOST_AUTO_TEST_CASE(a_move_keeps_places_and_handles_and_takes_the_resource_along) {
  checked_upstream first;
  checked_upstream second;
  {
    texts from{&first};
    auto const handle = from.insert(long_text);
    auto const* const place = from.find(handle);
    texts constructed{std::move(from)};
    BOOST_TEST(constructed.find(handle) == place);
    texts assigned{&second};
    assigned.insert(long_text);
    assigned = std::move(constructed);
    BOOST_TEST(assigned.find(handle) == place);
    BOOST_TEST(assigned.size() == 1U);
    BOOST_TEST(assigned.resource() == &first);
    BOOST_TEST(second.complaint() == "");
    BOOST_TEST(constructed.empty());  // NOLINT(bugprone-use-after-move)
    BOOST_TEST(!constructed.contains(handle));
    BOOST_TEST(constructed.contains(constructed.insert("usable")));
  }
  BOOST_TEST(first.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_map_moved_to_itself_is_as_it_was) {
  checked_upstream upstream;
  texts map{&upstream};
  auto const handle = map.insert(long_text);
  auto& same = map;
  map = std::move(same);
  BOOST_TEST(map.at(handle) == long_text);
  BOOST_TEST(map.resource() == &upstream);
}

BOOST_AUTO_TEST_CASE(elements_may_be_over_aligned_or_larger_than_a_chunk) {
  struct alignas(4096) wide {
    char byte = 0;
  };
  struct large {
    char bytes[300'000] = {};
  };
  checked_upstream upstream;
  {
    slot_map<wide> wides{&upstream};
    slot_map<large> larges{&upstream};
    for (int i = 0; i < 5; ++i) {
      auto const* const place = wides.find(wides.emplace());
      BOOST_TEST(reinterpret_cast<std::uintptr_t>(place) % 4096 == 0U);
      BOOST_TEST(larges.at(larges.emplace()).bytes[299'999] == 0);
    }
  }
  BOOST_TEST(upstream.complaint() == "");
}
