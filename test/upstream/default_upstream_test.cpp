// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <tidemark/upstream/default_upstream.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

namespace {

// As this program was built, not as the library sees it.
constexpr bool sanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

}  // namespace

BOOST_AUTO_TEST_CASE(it_is_mimalloc_unless_a_tool_watches_the_programs_heap) {
  const bool watched = sanitized || RUNNING_ON_VALGRIND != 0;
  BOOST_TEST(tidemark::default_upstream() ==
             (watched ? std::pmr::new_delete_resource() : tidemark::mimalloc_resource()));
}

BOOST_AUTO_TEST_CASE(it_does_not_follow_the_default_resource) {
  auto* const before = tidemark::default_upstream();
  std::pmr::monotonic_buffer_resource other;
  auto* const former = std::pmr::set_default_resource(&other);
  BOOST_TEST(tidemark::default_upstream() == before);
  std::pmr::set_default_resource(former);
}

BOOST_AUTO_TEST_CASE(it_gives_and_takes_memory) {
  auto* const block = static_cast<char*>(tidemark::default_upstream()->allocate(1000, 64));
  block[0] = block[999] = 'x';
  BOOST_TEST(block[999] == 'x');
  tidemark::default_upstream()->deallocate(block, 1000, 64);
}
