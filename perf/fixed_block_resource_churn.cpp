// SPDX-License-Identifier: BSL-1.0
//
// What does it cost to free a block of 64 bytes and to allocate another, with 10 000 alive?
// Without a mark, while a mark is open, and when the blocks belong to the mark.

#include <memory_resource>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "support/churn.hpp"
#include "support/foonathan_blocks.hpp"
#include "support/heaps.hpp"
#include "support/list_floor.hpp"
#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

constexpr std::size_t block_bytes = perf::rows::churn_block_bytes;
constexpr tidemark::fixed_block_options options{.block_bytes = block_bytes};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  auto const equal = perf::rows::churn_sizes::equal;

  tidemark::fixed_block_resource pool(options);
  tidemark::fixed_block_resource adopting;  // as a user writes it who names no size
  tidemark::fixed_block_resource marked(options);
  tidemark::memory_scope const mark(marked);
  tidemark::fixed_block_resource scoped(options);
  tidemark::memory_scope const scope(scoped);
  perf::three<perf::list_floor> floors;
  perf::plain_new_delete new_delete;
  std::pmr::unsynchronized_pool_resource std_pool;
  perf::boost_pool boost_pool;
  perf::boost_blocks boost_blocks(block_bytes);
  perf::foonathan_blocks foonathan_blocks(block_bytes);

  perf::churn_row plain(program, "fixed_churn", equal);
  plain.add("ours", pool);
  plain.add("adopting", adopting);
  floors.each([&](auto& floor, auto copy) { plain.add(std::string("floor") + copy, floor); });
  plain.add("new/delete", new_delete);
  plain.add("mimalloc", *tidemark::mimalloc_resource());
  plain.add("std unsync", std_pool);
  plain.add("Boost unsync", boost_pool);
  plain.add("Boost.Pool", boost_blocks);
  plain.add("foonathan", foonathan_blocks);
  plain.add("tbbmalloc", *perf::tbbmalloc());
  plain.add("jemalloc", *perf::jemalloc());

  perf::churn_row under_mark(program, "fixed_churn_marked", equal);
  under_mark.add("ours", marked);
  under_mark.add("mimalloc", *tidemark::mimalloc_resource());

  perf::churn_row in_scope(program, "fixed_churn_scoped", equal);
  in_scope.add("ours", *scope.resource());
  in_scope.add("mimalloc", *tidemark::mimalloc_resource());

  return program.run();
}
