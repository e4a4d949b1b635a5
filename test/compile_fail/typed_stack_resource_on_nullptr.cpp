// SPDX-License-Identifier: BSL-1.0
#include <tidemark/typed_stack_resource.hpp>

using namespace tidemark;

int main() {
#ifdef TIDEMARK_CONTROL
  typed_stack_resource stack{std::pmr::new_delete_resource()};
#else
  typed_stack_resource stack{nullptr};
#endif
}
