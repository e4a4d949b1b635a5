// SPDX-License-Identifier: BSL-1.0

// Random histories through adaptors over adaptors, with scopes, raw marks, keeps and resets: what
// each holds is what a model of it holds.

#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory>
#include <random>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <utility>
#include <vector>

using namespace tidemark;

namespace {

using all_pools = boost::mpl::list<frame_resource, typed_stack_resource, fixed_block_resource,
                                   thread_local_resource>;

template <class Pool>
struct tag_outside {
  using inner_type = budget_resource<Pool>;
  using middle_type = statistics_resource<inner_type>;
  using outer_type = tag_resource<middle_type, tag>;

  tag_outside(Pool& pool, budget& b, tag& t)
      : budgeted{&pool, b}, counted{&budgeted}, outer{&counted, t} {}
  inner_type budgeted;
  middle_type counted;
  outer_type outer;
};

template <class Pool>
struct budget_outside {
  using inner_type = tag_resource<Pool, tag>;
  using middle_type = statistics_resource<inner_type>;
  using outer_type = budget_resource<middle_type>;

  budget_outside(Pool& pool, budget& b, tag& t)
      : tagged{&pool, t}, counted{&tagged}, outer{&counted, b} {}
  inner_type tagged;
  middle_type counted;
  outer_type outer;
};

// A stack of adaptors, with a list of what it should hold.
template <class Pool, template <class> class Stack>
class history {
 public:
  using outer_type = typename Stack<Pool>::outer_type;
  using scope_type = memory_scope<outer_type>;

  explicit history(std::uint32_t seed) : random_{seed} {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      if (!is_exact()) BOOST_FAIL("step " << i << ", " << what_);
    }
    while (!levels_.empty()) close(levels_.size());
    BOOST_TEST(is_exact());
    for (block const& b : live_) bare().deallocate(b.address, b.bytes, b.alignment);
    BOOST_TEST(tag_.stats().total_bytes == 0U);
    BOOST_TEST(tag_.stats().total_blocks == 0U);
    BOOST_TEST(budget_.bytes() == 0U);
    BOOST_TEST(stack_.counted.statistics().late_frees == 0U);
  }

 private:
  struct block {
    void* address;
    std::size_t bytes;
    std::size_t alignment;
    std::size_t depth;
    std::pmr::memory_resource* from;
  };
  struct level {
    marker mark;
    std::unique_ptr<scope_type> scope;
  };

  std::size_t below(std::size_t end) { return random_() % end; }
  std::pmr::memory_resource& bare() { return stack_.outer; }
  std::pmr::memory_resource* resource_at(std::size_t depth) {
    if (depth == 0) return stack_.outer.unscoped();
    level& l = levels_[depth - 1];
    return l.scope ? l.scope->resource() : stack_.outer.resource_of(l.mark);
  }
  bool is_exact() {
    auto const t = tag_.stats();
    auto const s = stack_.counted.statistics();
    auto const r = root_.stats();
    return t.bytes == bytes_ && t.blocks == live_.size() && r.total_bytes == bytes_ &&
           r.total_blocks == live_.size() && s.bytes_in_use == bytes_ &&
           s.blocks_in_use == live_.size() && budget_.bytes() == bytes_ &&
           world_.bytes() == bytes_ && s.late_frees == 0;
  }

  void step() {
    std::size_t const choice = below(100);
    if (choice < 45) return allocate();
    if (choice < 78) return free();
    if (choice < 88) return open();
    if (choice < 96) return close_some();
    if (choice < 98) return reset_scope();
    what_ = "set_limits";
    std::size_t const hard = bytes_ + below(20'000);
    budget_.set_limits({.soft_bytes = below(hard + 1), .hard_bytes = hard});
  }
  std::size_t size() {
    if (below(30) == 0) return 40'000 + below(200'000);
    if (below(12) == 0) return below(6000);
    return below(3) == 0 ? below(3) : below(200);
  }
  void allocate() {
    what_ = "allocate";
    std::size_t const bytes = size();
    std::size_t const alignment = std::size_t{1} << (below(15) == 0 ? below(14) : below(5));
    bool const through_bare = below(2) == 0;
    bool const is_block_pool = stack_.outer.unscoped() == &stack_.outer;
    std::size_t const depth =
        through_bare ? (is_block_pool ? 0 : levels_.size()) : below(levels_.size() + 1);
    std::pmr::memory_resource* const from = through_bare ? &bare() : resource_at(depth);
    bool const fits = bytes <= budget_.available_bytes();
    void* got = nullptr;
    if (below(2) == 0) {
      try {
        got = from->allocate(bytes, alignment);
      } catch (std::bad_alloc const&) {
      }
    } else if (through_bare) {
      got = stack_.outer.try_allocate(bytes, alignment);
    } else if (depth != 0 && levels_[depth - 1].scope) {
      got = levels_[depth - 1].scope->try_allocate(bytes, alignment);
    } else {
      return;
    }
    if ((got != nullptr) != fits) BOOST_FAIL("it " << (fits ? "fitted" : "did not fit"));
    if (got == nullptr) return;
    live_.push_back({got, bytes, alignment, depth, from});
    bytes_ += bytes;
  }
  void free() {
    if (live_.empty()) return;
    what_ = "free";
    // The newest rather often: it is what frames take back.
    if (below(3) != 0) std::swap(live_[below(live_.size())], live_.back());
    block const b = live_.back();
    live_.pop_back();
    bytes_ -= b.bytes;
    if (below(2) == 0) {
      bare().deallocate(b.address, b.bytes, b.alignment);
    } else {
      b.from->deallocate(b.address, b.bytes, b.alignment);
    }
  }
  void open() {
    if (levels_.size() == 9) return;
    what_ = "open";
    if (below(2) == 0) {
      levels_.push_back({stack_.outer.checkpoint(), nullptr});
    } else {
      levels_.push_back({marker{}, std::make_unique<scope_type>(stack_.outer)});
    }
  }
  void pass(std::size_t depth, bool kept) {
    for (block& b : live_) {
      if (b.depth < depth) continue;
      if (kept) {
        b.depth = depth - 1;
      } else {
        bytes_ -= b.bytes;
        b.address = nullptr;
      }
    }
    std::erase_if(live_, [](block const& b) { return b.address == nullptr; });
  }
  void close(std::size_t depth, bool kept = false) {
    level& l = levels_[depth - 1];
    what_ = kept ? "keep" : "rewind";
    if (l.scope) {
      if (depth != levels_.size()) std::terminate();
      if (kept) l.scope->keep();
      l.scope.reset();
    } else if (kept) {
      stack_.outer.keep(l.mark);
    } else {
      stack_.outer.rewind(l.mark);
    }
    levels_.resize(depth - 1);
    pass(depth, kept);
  }
  void close_some() {
    if (levels_.empty()) return;
    std::size_t depth = levels_.size();
    while (depth > 1 && !levels_[depth - 1].scope && below(2) == 0) --depth;
    if (levels_[depth - 1].scope && depth != levels_.size()) ++depth;
    close(depth, below(3) == 0);
  }
  void reset_scope() {
    std::size_t depth = levels_.size();
    while (depth > 0 && !levels_[depth - 1].scope) --depth;
    if (depth == 0) return;
    what_ = "reset";
    levels_[depth - 1].scope->reset();
    levels_.resize(depth);
    pass(depth + 1, false);
    for (block& b : live_) {
      if (b.depth >= depth) {
        bytes_ -= b.bytes;
        b.address = nullptr;
      }
    }
    std::erase_if(live_, [](block const& b) { return b.address == nullptr; });
  }

  std::mt19937 random_;
  char const* what_ = "";
  Pool pool_;
  tag root_{"root"};
  tag tag_{"tag", &root_};
  budget world_{"world"};
  budget budget_{"budget", {}, &world_};
  Stack<Pool> stack_{pool_, budget_, tag_};
  std::vector<level> levels_;
  std::vector<block> live_;
  std::size_t bytes_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(tags_over_budgets_hold_what_the_model_holds, Pool, all_pools) {
  for (std::uint32_t seed = 0; seed < 4; ++seed) history<Pool, tag_outside>{seed}.run(2000);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(budgets_over_tags_hold_what_the_model_holds, Pool, all_pools) {
  for (std::uint32_t seed = 0; seed < 4; ++seed) history<Pool, budget_outside>{seed}.run(2000);
}
