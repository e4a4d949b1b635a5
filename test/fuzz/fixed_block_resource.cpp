// SPDX-License-Identifier: BSL-1.0

// Histories of a fixed-block pool that libFuzzer writes, held against the model.
//
//   | checks | options of the pool | command | command | ...      see support/model.hpp
//
// A history that the model does not allow ends the program with its text; so does whatever a
// sanitizer sees.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "support/model.hpp"
#include "support/model_fixed.hpp"

namespace {

constexpr std::array levels{tidemark::check_level::off, tidemark::check_level::on};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  model::command_source source{std::span{data + 1, size - 1}};
  try {
    model::run<model::fixed_traits>(source, SIZE_MAX, levels[data[0] % levels.size()]);
  } catch (model::broken const& bug) {
    std::fprintf(stderr, "The pool and the model disagree: %s\n", bug.what());
    std::abort();
  }
  return 0;
}
