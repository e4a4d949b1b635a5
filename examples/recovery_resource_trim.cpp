// SPDX-License-Identifier: BSL-1.0

// Recovery: what to do when memory runs out is said in one place, for each request that is refused.
// First drop what is cached and retry, then serve small requests from the heap, then give up.

#include <array>
#include <cstdlib>
#include <iostream>
#include <list>
#include <memory_resource>
#include <new>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/recovery_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>

using namespace tidemark;
using namespace tidemark::literals;

int main() {
  // A cache and a frame share all the memory that there is.
  budget all{"all", 512_KiB, 512_KiB};
  budget_resource memory{std::pmr::new_delete_resource(), all};
  fixed_block_resource cache{{.name = "cache"}, &memory};
  frame_resource frame{{.name = "frame"}, &memory};

  std::pmr::list<std::array<char, 1000>> images{&cache};
  trimming trim{cache, frame};
  auto const recover = [&](recovery_request const& request) {
    images.clear();
    recovery_action action = trim(request);
    if (action != recovery_action::retry && request.bytes > 100_KiB) {
      action = recovery_action::give_up;
    }
    std::array const words{"retry", "use the fallback", "give up"};
    std::cout << request.bytes << " bytes: " << words[static_cast<std::size_t>(action)] << '\n';
    return action;
  };
  recovery_resource scratch{&frame, recover, std::pmr::new_delete_resource()};

  images.resize(200);  // nearly half of it
  memory_scope scope{scratch};
  (void)scope.allocate(400_KiB);  // the images go
  (void)scope.allocate(100_KiB);  // nothing is left to go
  bool gave_up = false;
  try {
    (void)scope.allocate(200_KiB);
  } catch (std::bad_alloc const& refusal) {
    std::cout << refusal.what() << '\n';
    gave_up = true;
  }
  recovery_statistics const numbers = scratch.statistics();
  std::cout << numbers << '\n';
  recovery_statistics const expected{.recoveries = 2, .retries = 1, .fallbacks = 1, .given_up = 1};
  return gave_up && images.empty() && numbers == expected ? EXIT_SUCCESS : EXIT_FAILURE;
}
