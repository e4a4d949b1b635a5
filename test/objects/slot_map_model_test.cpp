// SPDX-License-Identifier: BSL-1.0

// Random operations on a slot map and on a std::map that remembers every handle ever given out.

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tidemark/objects/slot_map.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <utility>
#include <vector>

using namespace tidemark;
using tidemark::testing::checked_upstream;

namespace {

template <class Map>
class model {
 public:
  using handle = typename Map::handle_type;

  model(checked_upstream& upstream, std::uint64_t seed)
      : upstream_(upstream), map_(&upstream), random_(seed) {}

  void run(int operations) {
    for (int i = 0; i < operations; ++i) {
      step();
      BOOST_REQUIRE(map_.size() == live_.size());
      BOOST_REQUIRE(map_.capacity() >= map_.size());
      look_up(any_handle());
      if (i % 1000 == 0) compare_all();
    }
    compare_all();
  }

  std::size_t handles() const { return ever_.size(); }

 private:
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_);
  }

  void step() {
    std::size_t const dice = below(1000);
    if (dice < 2) return clear();
    if (dice < 6) return move();
    if (dice < 10) return map_.reserve(map_.size() + below(200));
    if (dice < 60) return insert_without_memory();
    // Now it grows, now it shrinks.
    if (dice < (phase_++ / 2000 % 2 == 0 ? 650U : 400U)) return insert();
    erase(any_handle());
  }

  std::string text() { return std::string(below(40), static_cast<char>('a' + below(26))); }

  void insert() {
    auto const value = text();
    handle const given = map_.emplace(value);
    BOOST_REQUIRE(ever_set_.insert(given).second);
    ever_.push_back(given);
    live_.emplace(given, value);
    places_.emplace(given, map_.find(given));
  }
  void insert_without_memory() {
    upstream_.fail_at(1 + below(2));
    try {
      insert();
    } catch (std::bad_alloc const&) {
    }
    upstream_.fail_at(0);
  }
  void erase(handle h) {
    BOOST_REQUIRE(map_.erase(h) == (live_.erase(h) == 1));
    places_.erase(h);
    BOOST_REQUIRE(!map_.contains(h));
  }
  void clear() {
    map_.clear();
    live_.clear();
    places_.clear();
  }
  void move() {
    Map other{std::move(map_)};
    if (below(2) == 0) map_.emplace(text());  // is given up by the assignment
    map_ = std::move(other);
  }

  // One that was given out, live or not, or now and then one that may never have been.
  handle any_handle() {
    if (ever_.empty() || below(20) == 0) {
      return {static_cast<std::uint32_t>(below(2000)), static_cast<std::uint32_t>(below(9))};
    }
    std::size_t const recent = std::min<std::size_t>(ever_.size(), 500);
    return ever_[ever_.size() - 1 - below(recent)];
  }
  void look_up(handle h) {
    auto const found = live_.find(h);
    if (found == live_.end()) {
      BOOST_REQUIRE(map_.find(h) == nullptr);
    } else {
      BOOST_REQUIRE(map_.find(h) == places_.at(h));
      BOOST_REQUIRE(map_.at(h) == found->second.c_str());
    }
  }
  // Handles are ordered by index first, so both run in storage order.
  void compare_all() {
    auto expected = live_.begin();
    for (auto it = map_.begin(); it != map_.end(); ++it, ++expected) {
      BOOST_REQUIRE((expected != live_.end()));
      BOOST_REQUIRE((it.handle() == expected->first));
      BOOST_REQUIRE(*it == expected->second.c_str());
    }
    BOOST_REQUIRE((expected == live_.end()));
    for (auto const& each : ever_) BOOST_REQUIRE(map_.contains(each) == live_.contains(each));
  }

  checked_upstream& upstream_;
  Map map_;
  std::mt19937_64 random_;
  std::size_t phase_ = 0;
  std::map<handle, std::string> live_;
  std::map<handle, std::pmr::string const*> places_;
  std::set<handle> ever_set_;
  std::vector<handle> ever_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(random_operations_agree_with_a_map) {
  checked_upstream upstream;
  {
    model<slot_map<std::pmr::string>> random{upstream, 20261121};
    random.run(100'000);
    BOOST_TEST(random.handles() > 30'000U);
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(random_operations_agree_with_a_map_where_slots_retire) {
  checked_upstream upstream;
  {
    model<slot_map<std::pmr::string, 7>> random{upstream, 7};
    random.run(20'000);
    BOOST_TEST(random.handles() > 6'000U);
  }
  BOOST_TEST(upstream.complaint() == "");
}
