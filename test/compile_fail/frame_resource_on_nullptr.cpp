// SPDX-License-Identifier: BSL-1.0
#include <tidemark/frame_resource.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  frame_resource good{std::pmr::get_default_resource()};
#else
  frame_resource bad{nullptr};
#endif
}
