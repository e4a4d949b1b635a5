// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <thread>
#include <tidemark/marker.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <type_traits>
#include <vector>

using tidemark::marker;
using tidemark::detail::marker_access;

namespace {

// Opens the protected function that a user's own pool calls.
struct own_pool : tidemark::rewindable_resource {
  using rewindable_resource::new_marker;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_default_marker_has_no_serial_and_equals_only_its_like) {
  constexpr marker null;
  BOOST_TEST(marker_access::serial(null) == 0U);
  BOOST_TEST(marker_access::depth(null) == 0U);
  BOOST_TEST((null == marker{}));
  BOOST_TEST((null != marker_access::make(1, 0, 0)));
}

BOOST_AUTO_TEST_CASE(a_marker_keeps_its_parts) {
  constexpr auto made = marker_access::make(0xFEDCBA9876543210U, 5, 9);
  BOOST_TEST(marker_access::serial(made) == 0xFEDCBA9876543210U);
  BOOST_TEST(marker_access::depth(made) == 5U);
  BOOST_TEST(marker_access::origin(made) == 9U);
  static_assert(std::is_trivially_copyable_v<marker>);
}

BOOST_AUTO_TEST_CASE(a_new_marker_has_the_depth_asked_for_and_is_not_null) {
  const auto made = own_pool::new_marker(3);
  BOOST_TEST(marker_access::depth(made) == 3U);
  BOOST_TEST(marker_access::serial(made) != 0U);
}

BOOST_AUTO_TEST_CASE(new_markers_of_four_threads_are_unique) {
  constexpr std::size_t each = 20000;
  std::vector<std::uint64_t> serials(4 * each);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&serials, t] {
      for (std::size_t i = 0; i < each; ++i) {
        serials[t * each + i] = marker_access::serial(own_pool::new_marker(1));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::sort(serials.begin(), serials.end());
  BOOST_TEST((std::adjacent_find(serials.begin(), serials.end()) == serials.end()));
  // Invariant 2 of serial_source: its serials lie below all of these.
  BOOST_TEST(serials.front() >= std::uint64_t{1} << 63U);
}
