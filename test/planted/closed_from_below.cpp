// SPDX-License-Identifier: BSL-1.0

// Planted: a mark is rewound while a scope above it is open. With an argument the scope ends first.

#include <optional>
#include <tidemark/tidemark.hpp>

int main(int argc, char**) {
  tidemark::frame_resource frame{{.name = "planted"}};
  tidemark::marker const below = frame.checkpoint();
  std::optional<tidemark::frame_scope> scope{std::in_place, frame};
  if (argc != 1) scope.reset();
  frame.rewind(below);
}
