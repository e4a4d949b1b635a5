// SPDX-License-Identifier: BSL-1.0

// What a hostile reader of the adaptors' headers broke. Each case found a bug.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <optional>
#include <stdexcept>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/adaptors/budget.hpp>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/fallback_resource.hpp>
#include <tidemark/adaptors/recovery_resource.hpp>
#include <tidemark/adaptors/tag.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/allocator.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/misuse_recorder.hpp>

using namespace tidemark;
using namespace tidemark::literals;

namespace {

struct oddity : std::runtime_error {
  using runtime_error::runtime_error;
};

// A resource that fails for another reason than memory.
class odd_resource final : public std::pmr::memory_resource {
  void* do_allocate(std::size_t, std::size_t) override { throw oddity{"no reason"}; }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override {
    return this == &other;
  }
};

recovery_action throw_oddity(recovery_request const&) { throw oddity{"no reason"}; }

}  // namespace

// The fallback asked the inner adaptor by its `try_allocate`, which gives null whatever was thrown.
BOOST_AUTO_TEST_CASE(what_a_handler_throws_passes_through_a_fallback) {
  testing::checked_upstream heap;
  frame_resource frame{{.limit_bytes = 4_KiB}};
  recovery_resource recovering{&frame, throw_oddity};
  fallback_resource memory{&recovering, &heap};
  BOOST_CHECK_THROW((void)memory.allocate(1_MiB), oddity);
  memory_scope scope{memory};
  BOOST_CHECK_THROW((void)scope.allocate(1_MiB), oddity);
  BOOST_CHECK_THROW((void)memory.allocate(1_MiB), oddity);
  BOOST_TEST(heap.calls() == 0U);
}

// The same of resources that are no pools, under an adaptor.
BOOST_AUTO_TEST_CASE(what_a_resource_throws_passes_through_two_adaptors) {
  testing::checked_upstream heap;
  odd_resource odd;
  tag owner{"owner"};
  tag_resource tagged{&odd, owner};
  fallback_resource over_tag{&tagged, &heap};
  BOOST_CHECK_THROW((void)over_tag.allocate(8), oddity);
  budget limit{"limit", {.hard_bytes = 1_MiB}};
  budget_resource limited{&odd, limit};
  fallback_resource over_budget{&limited, &heap};
  BOOST_CHECK_THROW((void)over_budget.allocate(8), oddity);
  BOOST_TEST(heap.calls() == 0U);
}

// A checkpoint that the handler opened got the block, though it was asked of the closed one.
BOOST_AUTO_TEST_CASE(a_handler_that_opens_another_checkpoint_does_not_serve_the_closed_one) {
  using enum recovery_action;
  for (recovery_action const action : {retry, use_fallback}) {
    testing::misuse_recorder recorder;
    testing::checked_upstream heap;
    frame_resource frame{{.limit_bytes = 64_KiB}};
    marker asked;
    marker opened;
    std::size_t calls = 0;
    auto const reopen = [&](recovery_request const&) {
      ++calls;
      static_cast<rewindable_resource&>(frame).rewind(asked);
      opened = frame.checkpoint();
      return action;
    };
    recovery_resource memory{&frame, reopen, &heap};
    asked = memory.checkpoint();
    BOOST_CHECK_THROW((void)memory.resource_of(asked)->allocate(1_MiB), std::bad_alloc);
    BOOST_TEST(calls == 1U);
    BOOST_TEST(memory.secondary_blocks() == 0U);
    BOOST_TEST(memory.statistics().given_up == 1U);
    frame.rewind(opened);
    BOOST_TEST(recorder.seen.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_handler_may_rewind_and_open_again_through_the_adaptor) {
  testing::checked_upstream heap;
  frame_resource frame{{.limit_bytes = 64_KiB}};
  rewindable_resource* pool = nullptr;
  marker asked;
  marker opened;
  recovery_resource memory{&frame,
                           [&](recovery_request const&) {
                             pool->rewind(asked);
                             opened = pool->checkpoint();
                             return recovery_action::use_fallback;
                           },
                           &heap};
  pool = &memory;
  asked = memory.checkpoint();
  BOOST_CHECK_THROW((void)memory.resource_of(asked)->allocate(1_MiB), std::bad_alloc);
  BOOST_TEST(memory.secondary_blocks() == 0U);
  BOOST_TEST(heap.complaint() == "");
  memory.rewind(opened);
}

// An adaptor reported `stale_marker`, which is what its pool said of the marker.
BOOST_AUTO_TEST_CASE(a_bridge_of_an_adaptors_closed_scope_reports_it_as_closed) {
  testing::misuse_recorder recorder;
  fixed_block_resource blocks;
  tag owner{"owner"};
  tag_resource tagged{&blocks, owner};
  fallback_resource memory{&tagged, std::pmr::new_delete_resource()};
  std::optional<memory_scope<decltype(memory)>> scope{std::in_place, memory};
  boost_bridge bridge{*scope};
  allocator<int, memory_scope<decltype(memory)>> ints{*scope};
  scope.reset();
  BOOST_CHECK_THROW((void)bridge.allocate(8), std::bad_alloc);
  BOOST_CHECK_THROW((void)ints.allocate(1), std::bad_alloc);
  BOOST_TEST(recorder.seen.size() == 2U);
  BOOST_TEST(recorder.count(misuse_kind::scope_closed) == 2U);
}

// It asks for one byte, so that no other block begins where this one ends.
BOOST_AUTO_TEST_CASE(a_secondary_is_asked_for_the_header_and_the_block) {
  testing::checked_upstream heap;
  frame_resource frame{{.limit_bytes = 0}};
  fallback_resource memory{&frame, &heap};
  std::size_t asked = 0;
  auto const take = [&](std::size_t bytes, std::size_t alignment) {
    std::size_t const before = heap.bytes_outstanding();
    (void)memory.unscoped()->allocate(bytes, alignment);
    asked = heap.bytes_outstanding() - before;
  };
  take(0, 1);
  BOOST_TEST(asked == 65U);
  take(1, 64);
  BOOST_TEST(asked == 65U);
  take(10, 4096);
  BOOST_TEST(asked == 4106U);
}
