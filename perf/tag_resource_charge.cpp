// SPDX-License-Identifier: BSL-1.0
//
// What do a tag and statistics add to an allocation or a free?

#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/adaptors/tag.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/thread_local_resource.hpp>

#include "support/charge.hpp"

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::charge_rows rows{program};
  tidemark::frame_resource frame{perf::arena_bytes};

  tidemark::tag owned{"owned"};
  tidemark::tag_resource tagged{&frame, owned};
  rows.add_pairs("tag_owned", "ours", tagged);
  rows.add_pairs("tag_owned", "bare", frame);
  rows.add_floor("tag_owned");

  tidemark::frame_resource other{perf::arena_bytes};
  tidemark::tag_resource tagged_other{&other, owned};
  tidemark::memory_scope tagged_scope{tagged_other};
  rows.add_pairs("tag_owned_scope", "ours", *tagged_scope.resource());
  tidemark::frame_resource third{perf::arena_bytes};
  tidemark::memory_scope bare_scope{third};
  rows.add_pairs("tag_owned_scope", "bare", *bare_scope.resource());
  rows.add_floor("tag_owned_scope");

  tidemark::statistics_resource counted{&frame};
  rows.add_pairs("statistics", "ours", counted);
  rows.add_pairs("statistics", "bare", frame);
  rows.add_floor("statistics");

  tidemark::shared_tag shared{"shared"};
  tidemark::tag_resource tagged_shared{&frame, shared};
  rows.add_pairs("tag_shared", "ours", tagged_shared);
  rows.add_pairs("tag_shared", "bare", frame);
  rows.add_fetch_add("tag_shared");

  tidemark::thread_local_resource pool;
  tidemark::tag_resource tagged_pool{&pool, shared};
  rows.add_pairs("tag_shared_adaptor", "ours", tagged_pool);
  rows.add_pairs("tag_shared_adaptor", "bare", pool);
  rows.add_fetch_add("tag_shared_adaptor");

  return program.run();
}
