// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <thread>
#include <tidemark/testing/misuse_recorder.hpp>
#include <vector>

using namespace tidemark;
using testing::misuse_recorder;

namespace {

misuse bug_of(misuse_kind kind) {
  misuse bug;
  bug.kind = kind;
  bug.resource = resource_name{"parser"};
  bug.used = {"parse.cpp", 9};
  return bug;
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_keeps_what_is_reported_in_order_and_whole) {
  misuse_recorder recorder;
  BOOST_TEST(recorder.seen.empty());
  report_misuse(bug_of(misuse_kind::double_free));
  report_misuse(bug_of(misuse_kind::outlived));
  report_misuse(bug_of(misuse_kind::double_free));
  BOOST_REQUIRE(recorder.seen.size() == 3U);
  BOOST_TEST(recorder.seen[1].kind == misuse_kind::outlived);
  BOOST_TEST(recorder.seen[1].resource == "parser");
  BOOST_TEST(recorder.seen[1].used.line == 9U);
  BOOST_TEST(recorder.count(misuse_kind::double_free) == 2U);
  BOOST_TEST(recorder.count(misuse_kind::stale_marker) == 0U);
}

BOOST_AUTO_TEST_CASE(an_inner_recorder_takes_over_and_hands_back) {
  misuse_recorder outer;
  {
    misuse_recorder inner;
    report_misuse(bug_of(misuse_kind::outlived));
    BOOST_TEST(inner.seen.size() == 1U);
  }
  BOOST_TEST(outer.seen.empty());
  report_misuse(bug_of(misuse_kind::outlived));
  BOOST_TEST(outer.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_former_handler_and_its_context_are_restored) {
  int called = 0;
  const misuse_handler mine = [](misuse const&, void* context) noexcept {
    ++*static_cast<int*>(context);
  };
  const auto before = set_misuse_handler(mine, &called);
  {
    misuse_recorder recorder;
  }
  report_misuse({});
  set_misuse_handler(before.handler, before.context);
  BOOST_TEST(called == 1);
}

BOOST_AUTO_TEST_CASE(threads_may_report_at_once) {
  misuse_recorder recorder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 1000; ++i) report_misuse(bug_of(misuse_kind::concurrent_use));
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(recorder.count(misuse_kind::concurrent_use) == 4000U);
}
