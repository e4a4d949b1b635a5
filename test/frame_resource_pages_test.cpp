// SPDX-License-Identifier: BSL-1.0

// Random histories of frames over pages, in ranges that grow or not, with and without quarantine:
// no two live blocks overlap, and nothing changes their contents.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <random>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/upstream/page_resource.hpp>
#include <vector>

using namespace tidemark;
using namespace tidemark::literals;

namespace {

struct block {
  unsigned char* begin;
  std::size_t bytes;
  std::size_t alignment;
  unsigned char fill;
  std::size_t depth;
};

class history {
 public:
  history(unsigned seed, check_level level) : random_(seed), level_(level) {}

  ~history() {
    while (!scopes_.empty()) scopes_.pop_back();  // a vector would end the outermost first
  }

  void run(int operations) {
    for (int i = 0; i < operations; ++i) {
      unsigned const choice = below(100);
      if (choice < 55)
        allocate();
      else if (choice < 75)
        free();
      else if (choice < 85)
        open();
      else if (choice < 96)
        close();
      else if (choice < 98)
        frame_.trim();
      else if (below(10) == 0)
        start_again();
      BOOST_REQUIRE(frame_.stats().bytes_in_use >= live_bytes());
    }
    for (block const& b : live_) check(b);
  }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_()) % bound; }

  void check(block const& b) {
    for (std::size_t i = 0; i < b.bytes; ++i) BOOST_REQUIRE(b.begin[i] == b.fill);
  }
  std::size_t live_bytes() const {
    std::size_t sum = 0;
    for (block const& b : live_) sum += b.bytes;
    return sum;
  }

  void allocate() {
    if (live_.size() > 200) return close();
    std::size_t const bytes = 1 + (below(20) == 0 ? below(400'000) : below(4'000));
    std::size_t const alignment = std::size_t{1} << below(13);
    std::size_t const depth = below(static_cast<unsigned>(scopes_.size()) + 1);
    void* const memory = depth == 0 ? frame_.unscoped()->allocate(bytes, alignment)
                                    : scopes_[depth - 1]->allocate(bytes, alignment);
    block const made{static_cast<unsigned char*>(memory), bytes, alignment, ++fill_, depth};
    for (block const& b : live_) {
      BOOST_REQUIRE((made.begin + bytes <= b.begin || b.begin + b.bytes <= made.begin));
    }
    std::memset(memory, fill_, bytes);
    live_.push_back(made);
  }

  void free() {
    if (live_.empty()) return;
    std::size_t const index = below(2) == 0 ? live_.size() - 1 : below(unsigned(live_.size()));
    block const b = live_[index];
    check(b);
    live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(index));
    if (b.depth == 0) {
      frame_.unscoped()->deallocate(b.begin, b.bytes, b.alignment);
    } else {
      scopes_[b.depth - 1]->deallocate(b.begin, b.bytes, b.alignment);
    }
  }

  void open() {
    if (scopes_.size() < 8) scopes_.push_back(std::make_unique<frame_scope>(frame_));
  }

  void close() {
    if (scopes_.empty()) return;
    std::size_t const depth = scopes_.size();
    bool const kept = below(4) == 0;
    if (kept) scopes_.back()->keep();
    scopes_.pop_back();
    std::erase_if(live_, [&](block& b) {
      if (b.depth != depth) return false;
      --b.depth;
      return !kept;
    });
  }

  void start_again() {
    while (!scopes_.empty()) scopes_.pop_back();
    live_.clear();
    frame_.reset();
    BOOST_REQUIRE(frame_.stats().bytes_in_use == 0U);
    if (below(2) == 0) frame_.release();
    if (below(2) == 0) frame_.coalesce();
  }

  std::mt19937 random_;
  check_level level_;
  page_resource pages_{{.reserve_bytes = below(2) == 0 ? 1_GiB : 0, .guard_pages = below(2) == 0}};
  frame_resource frame_{{.initial_bytes = below(10'000),
                         .max_chunk_bytes = std::size_t{1} << (12 + below(8)),
                         .quarantine_count = below(4),
                         .check = level_},
                        &pages_};
  std::vector<std::unique_ptr<frame_scope>> scopes_;
  std::vector<block> live_;
  unsigned char fill_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(no_history_over_pages_changes_a_live_block) {
  for (unsigned seed = 0; seed < 16; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) { history{seed, check_level::off}.run(1000); }
  }
}

BOOST_AUTO_TEST_CASE(no_history_over_pages_changes_a_live_block_at_level_1) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) { history{seed, check_level::on}.run(500); }
  }
}
