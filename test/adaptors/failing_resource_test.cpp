// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <new>
#include <thread>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/conformance.hpp>
#include <type_traits>
#include <vector>

using namespace tidemark;

namespace {

bool next_fails(failing_resource& resource) {
  try {
    resource.deallocate(resource.allocate(8), 8);
    return false;
  } catch (std::bad_alloc const&) {
    return true;
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_a_number_nothing_fails) {
  testing::checked_upstream upstream;
  failing_resource resource{&upstream};
  for (int i = 0; i < 10; ++i) BOOST_TEST(!next_fails(resource));
  BOOST_TEST(resource.calls() == 10U);
  BOOST_TEST(resource.failures() == 0U);
  BOOST_TEST(resource.upstream_resource() == &upstream);
}

BOOST_AUTO_TEST_CASE(the_nth_call_fails_and_only_that_without_asking_the_upstream) {
  testing::checked_upstream upstream;
  failing_resource resource{&upstream, 3};
  for (const bool fails : {false, false, true, false, false}) {
    BOOST_TEST(next_fails(resource) == fails);
  }
  BOOST_TEST(resource.calls() == 5U);
  BOOST_TEST(resource.failures() == 1U);
  BOOST_TEST(upstream.calls() == 4U);
}

BOOST_AUTO_TEST_CASE(it_can_be_armed_again_and_disarmed) {
  testing::checked_upstream upstream;
  failing_resource resource{&upstream, 1};
  BOOST_TEST(next_fails(resource));
  resource.fail_at(2);
  BOOST_TEST(!next_fails(resource));
  BOOST_TEST(next_fails(resource));
  resource.fail_at(1);
  resource.fail_at(0);
  BOOST_TEST(!next_fails(resource));
}

BOOST_AUTO_TEST_CASE(frees_go_to_the_upstream_unchanged) {
  testing::checked_upstream upstream;
  failing_resource resource{&upstream, 2};
  void* const block = resource.allocate(24, 64);
  BOOST_TEST(next_fails(resource));
  resource.deallocate(block, 24, 64);
  BOOST_TEST(upstream.complaint().empty());
}

BOOST_AUTO_TEST_CASE(of_many_threads_one_meets_the_failure) {
  testing::checked_upstream upstream;
  failing_resource resource{&upstream, 500};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&resource] {
      for (int i = 0; i < 250; ++i) next_fails(resource);
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(resource.calls() == 1000U);
  BOOST_TEST(resource.failures() == 1U);
}

BOOST_AUTO_TEST_CASE(a_seed_fails_the_same_calls_in_every_run) {
  testing::checked_upstream upstream;
  auto const run = [&upstream](std::uint64_t seed) {
    failing_resource resource{&upstream};
    resource.fail_randomly(0.25, seed);
    std::vector<bool> failed;
    for (int i = 0; i < 1000; ++i) failed.push_back(next_fails(resource));
    return failed;
  };
  BOOST_TEST((run(7) == run(7)));
  BOOST_TEST((run(7) != run(8)));
}

BOOST_AUTO_TEST_CASE(as_many_calls_fail_as_the_probability_says) {
  testing::checked_upstream upstream;
  failing_resource resource{&upstream};
  constexpr std::size_t calls = 20'000;
  resource.fail_randomly(0.1, 42);
  for (std::size_t i = 0; i < calls; ++i) next_fails(resource);
  BOOST_TEST(resource.failures() > calls * 9 / 100);
  BOOST_TEST(resource.failures() < calls * 11 / 100);
  BOOST_TEST(upstream.calls() == calls - resource.failures());
}

BOOST_AUTO_TEST_CASE(probability_1_fails_every_call_and_0_none) {
  testing::checked_upstream upstream;
  failing_resource resource{&upstream};
  resource.fail_randomly(1.0);
  for (int i = 0; i < 100; ++i) BOOST_TEST(next_fails(resource));
  resource.fail_randomly(0.0);
  for (int i = 0; i < 100; ++i) BOOST_TEST(!next_fails(resource));
}

BOOST_AUTO_TEST_CASE(a_random_failure_does_not_put_off_the_counted_one) {
  testing::checked_upstream upstream;
  failing_resource resource{&upstream, 3};
  resource.fail_randomly(1.0);
  for (int i = 0; i < 2; ++i) BOOST_TEST(next_fails(resource));
  resource.fail_randomly(0.0);
  BOOST_TEST(next_fails(resource));
  BOOST_TEST(!next_fails(resource));
}

BOOST_AUTO_TEST_CASE(the_draws_are_those_of_splitmix64) {
  // Its first outputs from seed 1234567: 6457827717110365317, 3203168211198807973,
  // 9817491932198370423, 4593380528125082431, 16408922859458223821.
  testing::checked_upstream upstream;
  failing_resource resource{&upstream};
  resource.fail_randomly(0.25, 1234567);  // fails below 4611686018427387904
  for (bool const fails : {false, true, false, true, false}) {
    BOOST_TEST(next_fails(resource) == fails);
  }
}

BOOST_AUTO_TEST_CASE(however_threads_take_turns_as_many_draws_fail) {
  testing::checked_upstream upstream;
  failing_resource alone{&upstream};
  alone.fail_randomly(0.5, 3);
  for (int i = 0; i < 1000; ++i) next_fails(alone);
  failing_resource shared{&upstream};
  shared.fail_randomly(0.5, 3);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&shared] {
      for (int i = 0; i < 250; ++i) next_fails(shared);
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(shared.failures() == alone.failures());
}

BOOST_AUTO_TEST_CASE(a_null_upstream_does_not_compile) {
  BOOST_TEST((!std::is_constructible_v<failing_resource, std::nullptr_t>));
  BOOST_TEST((std::is_constructible_v<failing_resource, std::pmr::memory_resource*>));
  BOOST_TEST((!std::is_copy_constructible_v<failing_resource>));
}

BOOST_AUTO_TEST_CASE(it_passes_the_battery_as_an_adaptor) {
  const auto make = [](auto* upstream) { return std::make_unique<failing_resource>(upstream); };
  const auto report = testing::conformance(
      make, {.not_claimed = {testing::rows::steady_state, testing::rows::gives_back_live}});
  BOOST_TEST(report.passed(), report);
}
