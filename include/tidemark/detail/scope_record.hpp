// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a frame remembers of one open checkpoint.
//
//   record[0]  the pool itself: what `unscoped()` holds
//   record[1]  outermost checkpoint   .at/.cursor: where it began, .side: what it took while ...
//   record[2]  innermost checkpoint                                 ... this one was on top
//
// Records lie outside the arena: a scope costs the arena nothing.
//
// Thread rule: one thread at a time.
//
// Invariants:
//  1. A closed record has empty lists and no table, so opening one writes a handful of words.
//  2. `eventful` is false only while the scope has done nothing but bump, pop and push: then
//     closing it restores three words.

#include <cstddef>
#include <tidemark/detail/array_recycler.hpp>
#include <tidemark/detail/bump_region.hpp>
#include <tidemark/detail/chunk_list.hpp>
#include <tidemark/detail/finalizer_list.hpp>
#include <tidemark/detail/mark_record.hpp>

namespace tidemark::detail {

struct scope_record : mark_record {
  chunk* at = nullptr;               // the chunk in use when it was opened
  std::byte* cursor = nullptr;       // and the cursor in it
  std::byte* outer_floor = nullptr;  // the enclosing scope's floor, given back at the end

  bump_region side;        // where it allocates while it is not on top
  chunk_list side_chunks;  // the first one holds `side`
  chunk_list own_chunks;   // one block each, too large for the chain
  array_recycler* outgrown = nullptr;
  finalizer_list finalizers;
};

}  // namespace tidemark::detail
