// SPDX-License-Identifier: BSL-1.0

// A cache and a loader share one budget. The cache drops what it used last time when the soft limit
// is passed, so that the loader never meets the hard one. The event only says that it is time: the
// program gives memory back where that is safe.

#include <cstdlib>
#include <deque>
#include <iostream>
#include <tidemark/adaptors/budget.hpp>
#include <tidemark/literals.hpp>
#include <vector>

using namespace tidemark::literals;

class texture_cache {
 public:
  explicit texture_cache(tidemark::budget& total)
      : held_("textures", {.soft_bytes = 6_MiB, .relief_bytes = 4_MiB}, &total) {
    held_.set_event_handler(&on_event, this);
  }
  void load(std::size_t bytes) {
    held_.charge(bytes);  // throws, with nothing loaded, if it does not fit
    textures_.emplace_back(bytes);
    while (is_tight_) {
      held_.refund(textures_.front().size());  // the last one that is needed tells `relieved`
      textures_.pop_front();
      ++evictions_;
    }
  }
  std::size_t size() const { return textures_.size(); }
  std::size_t evictions() const { return evictions_; }

 private:
  static void on_event(tidemark::budget_event const& event, void* self) {
    static_cast<texture_cache*>(self)->is_tight_ =
        event.kind == tidemark::budget_event_kind::soft_passed;
  }

  tidemark::budget held_;
  std::deque<std::vector<char>> textures_;
  std::size_t evictions_ = 0;
  bool is_tight_ = false;
};

int main() {
  tidemark::budget total{"assets", {.hard_bytes = 8_MiB}};
  texture_cache textures{total};
  for (int i = 0; i < 20; ++i) textures.load(1_MiB);
  std::cout << total;
  bool const right = textures.size() + textures.evictions() == 20 && textures.size() <= 6 &&
                     total.stats().refusals == 0 && total.stats().bytes_peak == 7_MiB;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
