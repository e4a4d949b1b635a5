// SPDX-License-Identifier: BSL-1.0
//
// What does a budget add to an allocation or a free, alone and below others?

#include <string>
#include <tidemark/adaptors/budget.hpp>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>

#include "support/charge.hpp"

namespace {

using namespace tidemark::literals;

void add_row(perf::charge_rows& rows, std::string const& row, tidemark::frame_resource& frame,
             tidemark::budget_resource<tidemark::frame_resource>& adaptor) {
  rows.add_pairs(row, "ours", adaptor);
  rows.add_pairs(row, "bare", frame);
  rows.add_fetch_add(row);
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::charge_rows rows{program};
  tidemark::frame_resource frame{perf::arena_bytes};

  tidemark::budget root{"root", 512_MiB, 1_GiB};
  tidemark::budget_resource over_root{&frame, root};
  add_row(rows, "budget", frame, over_root);

  tidemark::budget middle{"middle", 256_MiB, 512_MiB, &root};
  tidemark::budget_resource over_middle{&frame, middle};
  add_row(rows, "budget_1_parent", frame, over_middle);

  tidemark::budget leaf{"leaf", 128_MiB, 256_MiB, &middle};
  tidemark::budget_resource over_leaf{&frame, leaf};
  add_row(rows, "budget_2_parents", frame, over_leaf);

  return program.run();
}
