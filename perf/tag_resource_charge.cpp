// SPDX-License-Identifier: BSL-1.0
//
// What does an adaptor add to an allocation through `memory_resource*`?
// One round: 1000 requests of mixed size to a floor, alone or below the adaptor. So twice the floor
// is an adaptor that costs as much as one floor allocation.

#include <memory_resource>
#include <string>
#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/adaptors/tag.hpp>
#include <tidemark/adaptors/tag_resource.hpp>

#include "support/blocks.hpp"
#include "support/floor.hpp"
#include "support/program.hpp"

namespace {

using std_resource = std::pmr::memory_resource;
using below = perf::bump_floor<4>;  // the copy that lies below the adaptors

template <class Adaptor>
void add_row(perf::program& program, std::string const& row, perf::blocks& work, Adaptor& adaptor,
             below& wrapped, perf::three<perf::bump_floor>& floors) {
  perf::add_arena<std_resource>(program, row, "ours", work, adaptor,
                                [&wrapped] { wrapped.reset(); });
  floors.each([&](auto& floor, auto copy) {
    perf::add_arena<std_resource>(program, row, std::string("floor") + copy, work, floor,
                                  [&floor] { floor.reset(); });
  });
}

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  perf::blocks work;
  perf::three<perf::bump_floor> floors;
  below wrapped;

  tidemark::tag owned{"owned"};
  tidemark::tag_resource tagged{&wrapped, owned};
  add_row(program, "tag_mixed", work, tagged, wrapped, floors);

  tidemark::shared_tag shared{"shared"};
  tidemark::tag_resource tagged_shared{&wrapped, shared};
  add_row(program, "tag_mixed_shared", work, tagged_shared, wrapped, floors);

  tidemark::statistics_resource counted{&wrapped};
  add_row(program, "statistics_mixed", work, counted, wrapped, floors);

  return program.run();
}
