// SPDX-License-Identifier: BSL-1.0
//
// What does it cost to give back n blocks of 64 bytes that a mark owns, for each of them?
// Dense: nothing else is in the pool. Sparse: they lie scattered among 250 000 that stay alive.

#include <memory_resource>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "support/peers.hpp"
#include "support/program.hpp"
#include "support/rewinds.hpp"

namespace {

constexpr tidemark::fixed_block_options options{.block_bytes = perf::rows::churn_block_bytes};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);

  tidemark::fixed_block_resource pool(options);
  perf::plain_new_delete new_delete;
  std::pmr::unsynchronized_pool_resource std_pool;
  perf::rewind_rows dense(program, "fixed_rewind_");
  dense.add_ours(pool);
  dense.add_heap("new/delete", new_delete);
  dense.add_heap("mimalloc", *tidemark::mimalloc_resource());
  dense.add_heap("std unsync", std_pool);

  tidemark::fixed_block_resource large_pool(options);
  perf::scattered const in_pool(large_pool);
  perf::scattered const in_new_delete(new_delete);
  perf::scattered const in_mimalloc(*tidemark::mimalloc_resource());
  perf::rewind_rows sparse(program, "fixed_rewind_sparse_");
  sparse.add_ours(large_pool, &in_pool);
  sparse.add_heap("new/delete", new_delete, &in_new_delete);
  sparse.add_heap("mimalloc", *tidemark::mimalloc_resource(), &in_mimalloc);

  return program.run();
}
