// SPDX-License-Identifier: BSL-1.0
#include <tidemark/scratch_scope.hpp>

using namespace tidemark;

int main() {
  frame_resource frame;
#ifdef TIDEMARK_CONTROL
  scratch_scope good{&frame};
#else
  scratch_scope bad{nullptr};
#endif
}
