// SPDX-License-Identifier: BSL-1.0

// A graph whose nodes come and go in any order. Each search takes blocks of the same pool for its
// own lists: they fall back at its brace, and the nodes stay.

#include <array>
#include <cstdlib>
#include <list>
#include <set>
#include <tidemark/tidemark.hpp>
#include <vector>

using namespace tidemark;

struct node {
  int key = 0;
  std::array<node*, 5> edges{};
};

static std::size_t count_reachable(fixed_block_resource& pool, node* from) {
  memory_scope search{pool};
  std::pmr::list<node*> ahead({from}, search);
  std::pmr::set<node*> seen({from}, search);
  for (; !ahead.empty(); ahead.pop_front()) {
    for (node* const next : ahead.front()->edges) {
      if (next != nullptr && seen.insert(next).second) ahead.push_back(next);
    }
  }
  return seen.size();
}  // without a walk over the lists

int main() {
  fixed_block_options options = blocks_for<node>;
  options.name = "graph";
  options.refuse_larger = true;  // what does not fit is a mistake: say so
  fixed_block_resource pool{options};

  std::vector<node*> ring(1000);
  for (auto& each : ring) each = pool.new_object<node>();
  for (std::size_t i = 0; i < ring.size(); ++i) ring[i]->edges[0] = ring[(i + 1) % ring.size()];
  std::size_t const whole = count_reachable(pool, ring[0]);
  std::size_t const calls = pool.stats().upstream_calls;

  // Every third node goes, and its neighbours are linked.
  for (std::size_t i = 1; i < ring.size(); i += 3) {
    ring[i - 1]->edges[0] = ring[i]->edges[0];
    pool.delete_object(ring[i]);
  }
  std::size_t const rest = count_reachable(pool, ring[0]);

  auto const stats = pool.stats();
  bool const right = whole == 1000 && rest == 667;
  bool const only_nodes_left = stats.bytes_in_use == rest * pool.block_bytes();
  return right && only_nodes_left && stats.upstream_calls == calls ? EXIT_SUCCESS : EXIT_FAILURE;
}
