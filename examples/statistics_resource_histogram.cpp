// SPDX-License-Identifier: BSL-1.0

// Which blocks would a pool have to keep? Count what a program asks for, by size, then build it.

#include <cstdlib>
#include <iostream>
#include <list>
#include <string>
#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>

struct order {
  int number;
  double price;
};

// The program: orders come and go, and each is described once in a while.
void work(std::pmr::memory_resource* memory) {
  std::pmr::list<order> book{memory};
  for (int i = 0; i < 1000; ++i) {
    book.push_back({i, i * 0.25});
    if (book.size() > 100) book.pop_front();
    if (i % 100 == 0) std::pmr::string const line(200, '-', memory);
  }
}

int main() {
  tidemark::statistics_resource heap{std::pmr::new_delete_resource()};
  work(&heap);
  auto const counted = heap.statistics();
  std::cout << counted << "\n\n";

  // Nearly all of it is one size: that of a list's node.
  constexpr auto node_class = tidemark::allocation_statistics::size_class(sizeof(order) + 16);
  bool right = counted.sizes[node_class] == 1000 && counted.allocations == 1010 &&
               counted.blocks_in_use == 0;

  tidemark::fixed_block_resource blocks;
  tidemark::statistics_resource pool{&blocks};
  work(&pool);
  right = right && pool.statistics() == counted && blocks.stats().upstream_calls < 100;

  // Over a pool with marks: what a rewind takes is refunded, nobody need free it.
  tidemark::frame_resource frame;
  tidemark::statistics_resource scratch{&frame};
  {
    tidemark::memory_scope scope{scratch};
    (void)scope.allocate(500);
    right = right && scratch.statistics().bytes_in_use == 500;
  }
  right = right && scratch.statistics().refunded_blocks == 1 &&
          scratch.statistics().bytes_in_use == 0 && scratch.statistics().bytes_peak == 500;
  std::cout << to_json(scratch.statistics()) << '\n';
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
