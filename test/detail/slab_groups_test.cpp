// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <tidemark/detail/poison.hpp>
#include <tidemark/detail/slab_groups.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <vector>

#include "support/is_aligned.hpp"

using namespace tidemark::detail;

namespace {

constexpr std::size_t slab_bytes = 4096;
constexpr std::size_t unused = 96;  // of each slab

struct grouped {
  tidemark::testing::checked_upstream upstream;
  slab_groups groups;

  grouped() { groups.configure(slab_bytes, slab_bytes - unused, 8 * slab_bytes); }
  ~grouped() {
    give_back(groups.take_all_groups());
    BOOST_TEST(upstream.complaint() == "");
  }

  /// Returns: Bytes of the new group.
  std::size_t grow(std::size_t available = SIZE_MAX) {
    std::size_t const bytes = groups.wanted_bytes(available);
    groups.give(upstream.allocate(bytes, slab_bytes), bytes);
    return bytes;
  }
  std::vector<slab*> take_all() {
    std::vector<slab*> taken;
    while (slab* const one = groups.take()) taken.push_back(one);
    return taken;
  }
  /// Returns: The number of groups.
  std::size_t give_back(slab_group* group) {
    std::size_t count = 0;
    for (slab_group* next = nullptr; group != nullptr; group = next, ++count) {
      next = group->next;
      std::size_t const bytes = group->bytes;
      void* const memory = group->first;
      std::memset(memory, 0, bytes);  // it is all there, and nobody reads it any more
      upstream.deallocate(memory, bytes, slab_bytes);
    }
    return count;
  }
  std::size_t trim() { return give_back(groups.take_idle_groups()); }
};

std::size_t bytes_of(std::size_t slabs) { return slabs * slab_bytes - unused; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(slab_groups_, grouped)

BOOST_AUTO_TEST_CASE(without_memory_there_is_no_slab) {
  BOOST_TEST((groups.take() == nullptr));
  BOOST_TEST(!groups.has_idle());
  BOOST_TEST(groups.slab_bytes() == slab_bytes);
  BOOST_TEST((groups.take_idle_groups() == nullptr));
}

BOOST_AUTO_TEST_CASE(groups_double_up_to_the_largest) {
  for (std::size_t const slabs : {1U, 2U, 4U, 8U, 8U}) BOOST_TEST(grow() == bytes_of(slabs));
  BOOST_TEST(take_all().size() == 23U);
}

BOOST_AUTO_TEST_CASE(the_largest_group_need_not_be_a_power_of_two_of_slabs) {
  groups.configure(slab_bytes, slab_bytes, 5 * slab_bytes + 1);
  for (std::size_t const slabs : {1U, 2U, 4U, 5U, 5U}) BOOST_TEST(grow() == slabs * slab_bytes);
}

BOOST_AUTO_TEST_CASE(groups_of_less_than_a_slab_have_one) {
  groups.configure(slab_bytes, slab_bytes, slab_bytes - 1);
  for (int i = 0; i < 3; ++i) BOOST_TEST(grow() == slab_bytes);
}

BOOST_AUTO_TEST_CASE(each_slab_is_aligned_in_its_group_and_the_first_is_taken_first) {
  grow();
  grow();
  grow();
  std::set<slab*> found;
  for (slab_group* last = nullptr; slab* const one = groups.take();) {
    BOOST_TEST(tidemark::test::is_aligned(one, slab_bytes));
    if (one->group != last) BOOST_TEST((one == one->group->first));
    last = one->group;
    auto const* const begin = reinterpret_cast<std::byte*>(last->first);
    auto const* const at = reinterpret_cast<std::byte*>(one);
    BOOST_TEST((at >= begin && at + slab_bytes - unused <= begin + last->bytes));
    found.insert(one);
  }
  BOOST_TEST(found.size() == 7U);
}

BOOST_AUTO_TEST_CASE(a_slab_that_became_idle_is_the_next_one_taken) {
  grow();
  grow();
  std::vector<slab*> const taken = take_all();
  groups.put_idle(*taken[1]);
  BOOST_TEST(groups.has_idle());
  BOOST_TEST((groups.take() == taken[1]));
  BOOST_TEST((groups.take() == nullptr));
}

BOOST_AUTO_TEST_CASE(a_group_is_the_largest_within_what_is_available_and_one_slab_at_least) {
  for (int slabs = 1; slabs < 8; slabs *= 2) grow();
  for (std::size_t available = 0; available < 10 * slab_bytes; available += 8) {
    std::size_t const bytes = groups.wanted_bytes(available);
    std::size_t const slabs = (bytes + unused) / slab_bytes;
    BOOST_TEST_REQUIRE(bytes == bytes_of(slabs));
    BOOST_TEST_REQUIRE((slabs >= 1 && slabs <= 8));
    BOOST_TEST_REQUIRE((bytes <= available || slabs == 1));
    BOOST_TEST_REQUIRE((bytes_of(slabs + 1) > available || slabs == 8));
  }
  BOOST_TEST(groups.wanted_bytes(SIZE_MAX) == bytes_of(8));
}

BOOST_AUTO_TEST_CASE(a_group_that_what_is_available_cut_short_holds_as_many_slabs) {
  grow();
  grow();
  take_all();
  BOOST_TEST(grow(bytes_of(3)) == bytes_of(3));
  BOOST_TEST(take_all().size() == 3U);
}

BOOST_AUTO_TEST_CASE(groups_leave_when_all_their_slabs_are_idle) {
  grow();
  grow();
  grow();
  std::vector<slab*> const taken = take_all();
  for (slab* const one : taken) {
    if (one != one->group->first || one->group->slab_count == 2) groups.put_idle(*one);
  }
  BOOST_TEST(trim() == 1U);
  BOOST_TEST(take_all().size() == 3U);  // of the group of 4
  BOOST_TEST(upstream.bytes_outstanding() == bytes_of(1) + bytes_of(4));
}

BOOST_AUTO_TEST_CASE(any_group_may_leave_and_the_others_serve_on) {
  for (std::size_t leaving = 0; leaving < 3; ++leaving) {
    std::vector<std::vector<slab*>> slabs;
    for (int i = 0; i < 3; ++i) {
      grow();
      slabs.push_back(take_all());
    }
    std::size_t const leaving_bytes = slabs[leaving].front()->group->bytes;
    std::size_t const with_all = upstream.bytes_outstanding();
    for (slab* const one : slabs[leaving]) groups.put_idle(*one);
    BOOST_TEST(trim() == 1U);
    BOOST_TEST(upstream.bytes_outstanding() == with_all - leaving_bytes);
    BOOST_TEST((groups.take() == nullptr));
    slabs.erase(slabs.begin() + static_cast<std::ptrdiff_t>(leaving));
    for (auto const& staying : slabs) {
      for (slab* const one : staying) groups.put_idle(*one);
    }
    BOOST_TEST(trim() == 2U);
    BOOST_TEST(upstream.bytes_outstanding() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(idle_slabs_that_leave_are_not_taken_any_more) {
  grow();
  grow();
  slab* const kept = groups.take();
  BOOST_TEST(trim() == 1U);
  std::vector<slab*> const rest = take_all();
  BOOST_TEST(rest.size() == 1U);
  BOOST_TEST((rest[0]->group == kept->group));
}

BOOST_AUTO_TEST_CASE(a_group_whose_slab_came_back_may_leave_later) {
  grow();
  slab* const one = groups.take();
  BOOST_TEST(trim() == 0U);
  groups.put_idle(*one);
  BOOST_TEST(trim() == 1U);
  BOOST_TEST(upstream.bytes_outstanding() == 0U);
}

BOOST_AUTO_TEST_CASE(when_all_groups_leave_they_grow_from_one_slab_again) {
  grow();
  grow();
  groups.take();
  BOOST_TEST(give_back(groups.take_all_groups()) == 2U);
  BOOST_TEST(!groups.has_idle());
  BOOST_TEST(grow() == bytes_of(1));
  BOOST_TEST(take_all().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_group_that_left_serves_the_groups_that_adopt_it) {
  slab_groups others;
  others.configure(slab_bytes, slab_bytes - unused, 8 * slab_bytes);
  grow();
  grow();
  for (slab_group *group = groups.take_idle_groups(), *next; group != nullptr; group = next) {
    next = group->next;
    others.adopt(*group);
  }
  BOOST_TEST(!groups.has_idle());
  std::size_t count = 0;
  slab* one = nullptr;
  for (; slab* const taken = others.take(); one = taken) ++count;
  BOOST_TEST(count == 3U);
  BOOST_TEST((others.take_idle_groups() == nullptr));
  others.put_idle(*one);
  BOOST_TEST(give_back(others.take_all_groups()) == 2U);
}

// What a checked engine poisoned was returned upstream as it was.
BOOST_AUTO_TEST_CASE(groups_leave_accessible) {
  grow();
  grow();
  std::vector<slab*> const taken = take_all();
  for (slab* const one : taken) make_dead(one + 1, slab_bytes - unused - sizeof(slab));
  groups.put_idle(*taken[0]);
  groups.put_idle(*taken[1]);
  BOOST_TEST(trim() == 1U);  // writes to all of it
  BOOST_TEST(give_back(groups.take_all_groups()) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
