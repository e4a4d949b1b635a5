// SPDX-License-Identifier: BSL-1.0

// A piece of work with a name, a limit and an end, in one object: what it allocates is charged to
// a tag and to a budget, and gone at the brace, whether the work succeeds or not.

#include <cstdlib>
#include <iostream>
#include <string>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <vector>

using namespace tidemark::literals;

class scoped_memory {
 public:
  scoped_memory(tidemark::frame_resource& frame, tidemark::tag& charged, tidemark::budget& limit)
      : bounded_(&frame, limit), tagged_(&bounded_, charged), scope_(tagged_) {}
  std::pmr::memory_resource* resource() const { return scope_.resource(); }

 private:  // each ends before what it stands on
  using bounded = tidemark::budget_resource<tidemark::frame_resource>;
  using tagged = tidemark::tag_resource<bounded, tidemark::tag>;

  bounded bounded_;
  tagged tagged_;
  tidemark::memory_scope<tagged> scope_;
};

int main() {
  tidemark::frame_resource frame;
  tidemark::tag server{"server"};
  tidemark::tag parse{"parse", &server};
  tidemark::budget limit{"request", {.hard_bytes = 16_KiB}};

  int served = 0;
  int too_large = 0;
  for (std::size_t const size : {10U, 100U, 1'000U, 50U}) {
    try {
      scoped_memory memory{frame, parse, limit};
      std::pmr::vector<std::pmr::string> words{memory.resource()};
      for (std::size_t i = 0; i < size; ++i) words.emplace_back("a word of a request, not short");
      scoped_memory inner{frame, server, limit};  // one within the other: both in one budget
      std::pmr::string const reply{words.back(), inner.resource()};
      served += reply.size() > 20 ? 1 : 0;
    } catch (tidemark::budget_exceeded const& refused) {
      std::cout << refused.resource << ": " << refused.requested_bytes << " bytes asked for, "
                << refused.available_bytes << " left\n";
      ++too_large;
    }
    if (limit.bytes() != 0 || server.stats().total_blocks != 0) return EXIT_FAILURE;
  }
  std::cout << server << limit;
  return served == 3 && too_large == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
