// SPDX-License-Identifier: BSL-1.0

// Random histories of a block engine, held against maps of what must be live.

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <set>
#include <tidemark/detail/block_engine.hpp>
#include <vector>

#include "support/engine_of_blocks.hpp"
#include "support/is_aligned.hpp"
#include "support/model_source.hpp"

using namespace tidemark::detail;
using tidemark::test::engine_of_blocks;

namespace {

struct block_model {
  std::byte* block;
  std::uint32_t index;
  std::uint32_t depth;
};
struct large_model {
  large_block* block;
  std::uint32_t depth;
  std::size_t bytes;
};

class machine : engine_of_blocks {
 public:
  machine(std::uint64_t seed, bool checked) : engine_of_blocks(checked), source_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      if (i % 16 == 0) compare_counts();
      if (i % 128 == 0) compare_all();
    }
    finish();
  }

 private:
  static constexpr std::uint32_t most_depth = 24;

  void step() {
    // Waves, so that slabs fill and become idle.
    if (step_count_++ % 5000 == 0) growing_ = !growing_;
    std::uint32_t const chosen = source_.below(1000);
    if (chosen < (growing_ ? 600U : 380U)) {
      take_some();
    } else if (chosen < 900) {
      put_some();
    } else if (chosen < 950) {
      use_large();
    } else if (chosen < 977) {
      if (engine.depth() < most_depth) serials_.push_back(open());
    } else if (chosen < 995) {
      close_some();
    } else {
      use_memory();
    }
  }

  void take_some() {
    std::uint32_t const index = source_.below(class_count);
    std::uint32_t const depth = source_.one_in(4) ? 0 : any_depth();
    std::byte* block = nullptr;
    bool const from_list = depth != 0 && source_.one_in(2);
    if (from_list) block = take_inline(index, depth);
    if (block == nullptr) block = take(index, depth);
    BOOST_TEST_REQUIRE(tidemark::test::is_aligned(block, alignments[index]));
    auto const next = tags_.lower_bound(block);
    BOOST_TEST_REQUIRE((next == tags_.end() || block + sizes[index] <= next->first));
    if (next != tags_.begin()) {
      auto const& [begin, tag] = *std::prev(next);
      BOOST_TEST_REQUIRE((begin + sizes[live_.at(tag).index] <= block));
    }
    BOOST_TEST_REQUIRE(stamp(block, index) == depth);
    std::uint64_t const tag = ++last_tag_;  // stands at the block's begin and at its end
    std::memcpy(block, &tag, sizeof tag);
    std::memcpy(block + sizes[index] - sizeof tag, &tag, sizeof tag);
    live_.emplace(tag, block_model{block, index, depth});
    tags_.emplace(block, tag);
    peak_[index] = std::max(peak_[index], ++live_count_[index]);
  }

  void put_some() {
    if (live_.empty()) return;
    // Often the newest, so that entries of the log become stale.
    std::uint64_t const newest = live_.rbegin()->first;
    std::uint64_t const oldest = live_.begin()->first;
    std::uint64_t const age =
        source_.one_in(3) ? 0 : source_.below(static_cast<std::uint32_t>(newest - oldest) + 1);
    auto const found = live_.lower_bound(newest - age);
    block_model const known = found->second;
    expect_contents(found->first, known);
    engine.put(known.block, known.index);
    BOOST_TEST_REQUIRE(stamp(known.block, known.index) == 0U);
    forget(found);
  }

  void use_large() {
    if (!large_.empty() && source_.one_in(2)) {
      auto const found =
          std::next(large_.begin(), source_.below(static_cast<std::uint32_t>(large_.size())));
      BOOST_TEST_REQUIRE(found->block->depth == found->depth);
      large_bytes_ -= found->bytes;
      free_large(*found->block);
      large_.erase(found);
    } else if (large_.size() < 30) {
      std::uint32_t const depth = any_depth();
      std::size_t const bytes = 1000 * (1 + source_.below(4));
      large_.push_back({&take_large(bytes, depth), depth, bytes});
      large_bytes_ += bytes;
      large_peak_ = std::max(large_peak_, large_bytes_);
    }
    if (source_.one_in(20)) give_back_idle_large();
  }

  // What is closed lies at `depth` and above.
  void close_some() {
    if (engine.depth() == 0) return;
    // Mostly the innermost one.
    std::uint32_t const depth =
        source_.one_in(8) ? 1 + source_.below(engine.depth()) : engine.depth();
    closed_from_below_ += engine.depth() - depth;
    switch (source_.below(5)) {
      case 0:
        engine.keep_to(depth);
        for (auto& [tag, known] : live_) known.depth = std::min(known.depth, depth - 1);
        for (large_model& known : large_) known.depth = std::min(known.depth, depth - 1);
        serials_.resize(depth - 1);
        break;
      case 1:
        engine.empty(depth);
        free_down_to(depth);
        serials_.resize(depth);
        break;
      default:
        if (depth == engine.depth() && engine.is_top_plain()) {
          BOOST_TEST_REQUIRE(is_nothing_held_from(depth));
          engine.pop_plain();
        } else {
          engine.rewind_to(depth);
          free_down_to(depth);
        }
        serials_.resize(depth - 1);
    }
    compare_counts();
  }

  void use_memory() {
    std::uint32_t const chosen = source_.below(200);
    if (chosen < 100) {
      engine.compact_log();
      std::size_t held = 0;
      for (auto const& [tag, known] : live_) held += known.depth != 0 ? 1 : 0;
      BOOST_TEST_REQUIRE(engine.log.size() == held);
    } else if (chosen < 150) {
      engine.collect_idle_slabs();
      expect_no_idle_slab_in_use();
    } else if (chosen < 195) {
      trim();
      expect_no_idle_slab_in_use();
    } else {
      bool const abandons = source_.one_in(2);
      closed_from_below_ += engine.depth();
      if (abandons) {
        if (engine.depth() != 0) --closed_from_below_;  // the outermost is kept
        engine.abandon_marks();
        for (auto& [tag, known] : live_) known.depth = 0;
        for (large_model& known : large_) known.depth = 0;
      } else {
        engine.reset();
        free_down_to(0);
      }
      serials_.clear();
    }
    compare_all();
  }

  std::uint32_t any_depth() {
    // Often the innermost one.
    return source_.one_in(3) ? source_.below(engine.depth() + 1) : engine.depth();
  }

  using live_map = std::map<std::uint64_t, block_model>;
  live_map::iterator forget(live_map::iterator found) {
    --live_count_[found->second.index];
    tags_.erase(found->second.block);
    return live_.erase(found);
  }
  void free_down_to(std::uint32_t depth) {
    for (auto i = live_.begin(); i != live_.end();) {
      i = i->second.depth >= depth ? forget(i) : std::next(i);
    }
    std::erase_if(large_, [&](large_model const& known) {
      if (known.depth >= depth) large_bytes_ -= known.bytes;
      return known.depth >= depth;
    });
  }
  bool is_nothing_held_from(std::uint32_t depth) const {
    return std::none_of(live_.begin(), live_.end(),
                        [depth](auto const& each) { return each.second.depth >= depth; }) &&
           std::none_of(large_.begin(), large_.end(),
                        [depth](large_model const& known) { return known.depth >= depth; });
  }

  void expect_contents(std::uint64_t tag, block_model const& known) const {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::memcpy(&first, known.block, sizeof first);
    std::memcpy(&last, known.block + sizes[known.index] - sizeof last, sizeof last);
    BOOST_TEST_REQUIRE((first == tag && last == tag));
  }

  void compare_counts() const {
    std::size_t bytes = large_bytes_;
    std::size_t peak_bytes = large_peak_;
    for (std::uint32_t c = 0; c < class_count; ++c) {
      BOOST_TEST_REQUIRE(live(c) == live_count_[c]);
      BOOST_TEST_REQUIRE(peak(c) == peak_[c]);
      bytes += live_count_[c] * sizes[c];
      peak_bytes += peak_[c] * sizes[c];
    }
    BOOST_TEST_REQUIRE(engine.large_bytes() == large_bytes_);
    BOOST_TEST_REQUIRE(engine.bytes_in_use() == bytes);
    BOOST_TEST_REQUIRE(engine.bytes_peak() == peak_bytes);
    BOOST_TEST_REQUIRE(engine.depth() == serials_.size());
    BOOST_TEST_REQUIRE(engine.closed_from_below() == closed_from_below_);
  }

  // Every block that was ever carved is live, or free with stamp 0, and so many are free.
  void compare_slabs(std::uint32_t c) {
    std::size_t carved = 0;
    std::size_t found_live = 0;
    for (slab* s = infos[c].slabs.first; s != nullptr; s = s->next) {
      BOOST_TEST_REQUIRE(s->class_index == c);
      carved += s->carved_count();
      for (std::size_t i = 0; i < infos[c].layout.block_count; ++i) {
        auto const found = tags_.find(s->first + i * s->stride_bytes);
        bool const is_live = found != tags_.end();
        std::size_t const expected = is_live ? live_.at(found->second).depth : 0;
        BOOST_TEST_REQUIRE(s->stamps()[i] == expected);
        found_live += is_live ? 1 : 0;
      }
    }
    BOOST_TEST_REQUIRE(found_live == live_count_[c]);
    std::set<free_block*> free;
    free_block* block = engine.is_checked() ? infos[c].parked : classes[c].head;
    while (block != nullptr) {
      BOOST_TEST_REQUIRE(free.insert(block).second);
      BOOST_TEST_REQUIRE(tags_.count(reinterpret_cast<std::byte*>(block)) == 0U);
      block = next_of(block);
    }
    BOOST_TEST_REQUIRE(free.size() + found_live == carved);
  }
  free_block* next_of(free_block* block) const {
    if (engine.is_checked()) make_accessible(block, sizeof(free_block));
    free_block* const next = block->next;
    if (engine.is_checked()) make_inaccessible(block, sizeof(free_block));
    return next;
  }

  // Entries name blocks of slabs in use; what a checkpoint holds has one behind its base.
  void compare_log() {
    std::set<slab*> in_use;
    for (block_class_info const& info : infos) {
      for (slab* s = info.slabs.first; s != nullptr; s = s->next) in_use.insert(s);
    }
    std::map<std::byte*, std::size_t> last_entry;
    for (std::size_t i = 0; i < engine.log.size(); ++i) {
      block_log::entry const entry = engine.log[i];
      bool const is_wide = (entry & block_engine::wide) != 0;
      auto* const block = reinterpret_cast<std::byte*>(entry & ~block_engine::wide);
      slab* const holding = slab_of(block, is_wide ? wide_slab : small_slab);
      BOOST_TEST_REQUIRE(in_use.count(holding) == 1U);
      BOOST_TEST_REQUIRE((holding->class_index == 1) == is_wide);
      BOOST_TEST_REQUIRE((block >= holding->first && block < holding->fresh));
      last_entry[block] = i;
    }
    for (std::uint32_t d = 1; d <= engine.depth(); ++d) {
      BOOST_TEST_REQUIRE(engine.is_open(serials_[d - 1], d));
      BOOST_TEST_REQUIRE(engine.record(d).log_base >= engine.record(d - 1).log_base);
      BOOST_TEST_REQUIRE(engine.record(d).log_base <= engine.log.size());
    }
    for (auto const& [tag, known] : live_) {
      if (known.depth == 0) continue;
      auto const found = last_entry.find(known.block);
      BOOST_TEST_REQUIRE((found != last_entry.end()));
      BOOST_TEST_REQUIRE(found->second >= engine.record(known.depth).log_base);
    }
  }

  void compare_all() {
    compare_counts();
    for (auto const& [tag, known] : live_) expect_contents(tag, known);
    for (std::uint32_t c = 0; c < class_count; ++c) compare_slabs(c);
    compare_log();
    if (engine.depth() == 0) BOOST_TEST_REQUIRE(engine.log.size() == 0U);
  }

  void expect_no_idle_slab_in_use() {
    for (std::uint32_t c = 0; c < class_count; ++c) {
      for (slab* s = infos[c].slabs.first; s != nullptr; s = s->next) {
        auto const found = tags_.lower_bound(s->first);
        BOOST_TEST_REQUIRE((found != tags_.end() && found->first < s->end));
      }
    }
  }

  void finish() {
    if (engine.depth() != 0) {
      engine.rewind_to(1);
      free_down_to(1);
      closed_from_below_ += serials_.size() - 1;
      serials_.clear();
    }
    compare_all();
    while (!live_.empty()) {
      engine.put(live_.begin()->second.block, live_.begin()->second.index);
      forget(live_.begin());
    }
    trim();
    compare_all();
    for (block_class_info const& info : infos) BOOST_TEST((info.slabs.first == nullptr));
    for (slab_groups const& each : groups) BOOST_TEST(!each.has_idle());
  }

  model::command_source source_;
  int step_count_ = 0;
  bool growing_ = false;
  live_map live_;                             // by tag, so that a seed tells the whole history
  std::map<std::byte*, std::uint64_t> tags_;  // of live blocks
  std::vector<large_model> large_;
  std::vector<std::uint64_t> serials_;
  std::array<std::size_t, class_count> live_count_{};
  std::array<std::size_t, class_count> peak_{};
  std::size_t large_bytes_ = 0;
  std::size_t large_peak_ = 0;
  std::size_t closed_from_below_ = 0;
  std::uint64_t last_tag_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(block_engine_model_)

BOOST_AUTO_TEST_CASE(an_engine_does_what_its_model_does) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) machine{seed, false}.run(80000);
}

BOOST_AUTO_TEST_CASE(a_checked_engine_does_what_its_model_does) {
  for (std::uint64_t seed = 4; seed <= 6; ++seed) machine{seed, true}.run(70000);
}

BOOST_AUTO_TEST_SUITE_END()
