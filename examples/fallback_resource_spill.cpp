// SPDX-License-Identifier: BSL-1.0

// Fallible allocation: a small frame serves what it can, the heap the rest, and both fall back with
// the scope. A value whose allocation fails stays with who wanted it placed.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <tidemark/adaptors/fallback_resource.hpp>
#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <utility>
#include <vector>

using namespace tidemark::literals;

struct mesh {
  std::string name;
  float points[10'000][3];
};

// Null if there is no memory; the value is then as it was.
template <class Memory>
mesh* try_place(Memory& memory, mesh& value) {
  void* const block = memory.try_allocate(sizeof(mesh), alignof(mesh));
  return block != nullptr ? ::new (block) mesh{std::move(value)} : nullptr;
}

int main() {
  tidemark::frame_resource frame{{.name = "frame", .limit_bytes = 64_KiB}};
  tidemark::statistics_resource heap{std::pmr::new_delete_resource()};
  tidemark::fallback_resource memory{&frame, &heap};
  bool right = true;

  // Containers know nothing of it.
  for (std::size_t const count : {1'000U, 100'000U, 10U}) {
    tidemark::memory_scope scope{memory};
    std::pmr::vector<int> numbers{scope};
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(static_cast<int>(i));
    std::cout << count << " numbers: " << memory.secondary_blocks() << " blocks on the heap\n";
    right = right && numbers.back() == static_cast<int>(count) - 1;
  }
  right = right && memory.secondary_blocks() == 0;

  // By hand: try, and if that fails place the same value elsewhere.
  auto const value = std::make_unique<mesh>(mesh{.name = "a teapot of many points", .points = {}});
  right = right && try_place(frame, *value) == nullptr && !value->name.empty();
  mesh* const placed = try_place(memory, *value);
  right = right && placed != nullptr && placed->name == "a teapot of many points";
  std::destroy_at(placed);
  memory.deallocate(placed, sizeof(mesh), alignof(mesh));

  right = right && heap.statistics().blocks_in_use == 0 && heap.statistics().allocations != 0;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
