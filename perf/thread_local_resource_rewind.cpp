// SPDX-License-Identifier: BSL-1.0
//
// What does it cost to give back n blocks of 64 bytes that a mark owns, for each of them?
// Dense: nothing else is in the pool. Sparse: they lie scattered among 250 000 that stay alive.

#include <memory_resource>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#include "support/peers.hpp"
#include "support/program.hpp"
#include "support/rewinds.hpp"

int main(int argc, char** argv) {
  perf::program program(argc, argv);

  tidemark::thread_local_resource pool;
  std::pmr::synchronized_pool_resource std_pool;
  perf::rewind_rows dense(program, "local_rewind_");
  dense.add_ours(pool);
  dense.add_heap("mimalloc", *tidemark::mimalloc_resource());
  dense.add_heap("std sync", std_pool);

  tidemark::thread_local_resource large_pool;
  perf::scattered const in_pool(large_pool);
  perf::scattered const in_mimalloc(*tidemark::mimalloc_resource());
  perf::rewind_rows sparse(program, "local_rewind_sparse_");
  sparse.add_ours(large_pool, &in_pool);
  sparse.add_heap("mimalloc", *tidemark::mimalloc_resource(), &in_mimalloc);

  return program.run();
}
