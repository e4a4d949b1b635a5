// SPDX-License-Identifier: BSL-1.0

#include <boost/json.hpp>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <request_maker.hpp>
#include <service.hpp>
#include <service_memory.hpp>
#include <string>
#include <string_view>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark_memory.hpp>

#include "request_service_fixtures.hpp"

namespace {

using namespace request_service;
namespace json = boost::json;

std::string const many_places = [] {
  std::string text = R"("list":"countries","codes":[)";
  for (int i = 0; i != 1000; ++i) text += R"("BT",)";
  return get(text += R"("BT"])");
}();

template <class Memory>
struct service_on {
  typename Memory::shared_part shared;
  Memory memory{shared};
  service<Memory> served;

  explicit service_on(std::pmr::memory_resource* heap = std::pmr::new_delete_resource(),
                      memory_limits limits = {}, std::size_t cached_entries = 4)
      : shared(heap, limits, 1), served(places(), memory, cached_entries) {}

  std::string ask(std::string_view text) {
    std::string answer;
    served.handle(text, [&](std::string_view sent) { answer = sent; });
    return answer;
  }
};

using memories = boost::mpl::list<heap_memory, pool_memory, monotonic_memory, tidemark_memory>;

// Its cache has room for a few entries only, by its budget.
class small_cache_memory : public heap_memory {
 public:
  using heap_memory::heap_memory;
  json::storage_ptr cache_storage() noexcept { return &bridge_; }
  std::pmr::memory_resource* cache_memory() noexcept { return &bounded_; }

 private:
  tidemark::budget budget_{"cache", {.hard_bytes = 2048}};
  tidemark::budget_resource<std::pmr::memory_resource> bounded_{std::pmr::new_delete_resource(),
                                                                budget_};
  tidemark::boost_bridge<std::pmr::memory_resource> bridge_{&bounded_};
};

}  // namespace

BOOST_AUTO_TEST_CASE(requests_of_one_seed_are_the_same_and_mostly_right) {
  auto const requests = all_kinds_of_requests();
  BOOST_TEST((requests == all_kinds_of_requests()));
  BOOST_TEST(request_maker(places(), 8).next() != requests.front());
  service_on<heap_memory> on_heap;
  for (std::string const& each : requests) on_heap.ask(each);
  BOOST_TEST(on_heap.served.counts().results > 270U);
  BOOST_TEST(on_heap.served.counts().errors > 0U);
}

BOOST_AUTO_TEST_SUITE(service_on_each_memory)

BOOST_AUTO_TEST_CASE_TEMPLATE(entries_are_answered_by_code, Memory, memories) {
  service_on<Memory> on;
  auto const expected = R"({"jsonrpc":"2.0","result":[)" + iceland + R"(,null],"id":1})";
  BOOST_TEST(on.ask(get(R"("list":"countries","codes":["IS","XX"])")) == expected);
  BOOST_TEST(on.ask(get(R"("list":"countries","codes":["IS","XX"])")) == expected);
  BOOST_TEST(on.served.counts().hits == 1U);
  BOOST_TEST(on.served.counts().misses == 1U);
  BOOST_TEST(on.ask(get(R"("list":"cities","codes":["thimphu"],"fields":["inhabitants","x"])")) ==
             R"({"jsonrpc":"2.0","result":[{"inhabitants":114551}],"id":1})");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_search_finds_first_what_has_most_words, Memory, memories) {
  service_on<Memory> on;
  BOOST_TEST(on.ask(request(R"("method":"search","params":{"list":"countries",)"
                            R"("query":"New GUIN","limit":2})")) ==
             R"({"jsonrpc":"2.0","result":[{"code":"PG","name":"Papua New Guinea"},)"
             R"({"code":"GN","name":"Guinea"}],"id":1})");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_request_that_is_wrong_gets_an_error_and_the_next_is_served, Memory,
                              memories) {
  service_on<Memory> on;
  auto const whole = get(R"("list":"countries","codes":["IS"])");
  auto const right = on.ask(whole);
  for (std::size_t bytes = 0; bytes != whole.size(); ++bytes) {
    BOOST_TEST(on.ask(std::string_view{whole}.substr(0, bytes)) ==
               R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null})");
  }
  BOOST_TEST(on.ask(get(R"("list":"rivers","codes":[])")) ==
             R"({"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params"},"id":1})");
  BOOST_TEST(on.ask(whole) == right);
  BOOST_TEST(on.served.counts().results == 2U);
  BOOST_TEST(on.served.counts().errors == whole.size() + 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_notification_is_not_answered_unless_it_is_none, Memory, memories) {
  service_on<Memory> on;
  BOOST_TEST(on.ask(R"({"jsonrpc":"2.0","method":"put"})") == "");
  BOOST_TEST(on.ask(R"({"jsonrpc":"2.0","method":"get",)"
                    R"("params":{"list":"cities","codes":["thimphu"]}})") == "");
  BOOST_TEST(on.served.counts().notifications == 2U);
  BOOST_TEST(on.ask("{}").find("-32600") != std::string::npos);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(answers_do_not_depend_on_memory_or_cache, Memory, memories) {
  service_on<heap_memory> reference{std::pmr::new_delete_resource(), {}, 100};
  tidemark::testing::checked_upstream heap;
  {
    service_on<Memory> on{&heap, {}, 1};
    for (std::string const& each : all_kinds_of_requests()) {
      BOOST_REQUIRE(on.ask(each) == reference.ask(each));
    }
    BOOST_TEST(on.served.counts().evicted > 100U);
  }
  BOOST_TEST(heap.bytes_outstanding() == 0U);
  BOOST_TEST(heap.errors().empty());
}

// Not of std's pools: when their upstream fails, those of libstdc++ 12 crash.
using failing_memories = boost::mpl::list<heap_memory, monotonic_memory, tidemark_memory>;

BOOST_AUTO_TEST_CASE_TEMPLATE(no_failure_of_the_heap_is_more_than_a_refused_request, Memory,
                              failing_memories) {
  auto const whole = get(R"("list":"colours","codes":["#88ff00","#ff8800"])");
  auto const right = service_on<Memory>{}.ask(whole);
  auto const points = tidemark::testing::fail_each_allocation([&](auto* heap) {
    service_on<Memory> on{heap};
    for (int i = 0; i != 3; ++i) {
      auto const refused = on.served.counts().refused;
      auto const answer = on.ask(whole);
      if (on.served.counts().refused == refused) {
        BOOST_TEST(answer == right);
      } else {
        BOOST_TEST(answer.find(R"({"code":-32001,"message":"Out of memory"})") != answer.npos);
      }
    }
    BOOST_TEST(on.served.counts().refused <= 1U);
  });
  BOOST_TEST(points > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(service_on_tidemark)

BOOST_AUTO_TEST_CASE(the_second_time_the_heap_is_not_asked) {
  tidemark::testing::checked_upstream heap;
  service_on<tidemark_memory> on{&heap};
  for (std::string const& each : all_kinds_of_requests()) on.ask(each);
  auto const calls = heap.calls();
  for (std::string const& each : all_kinds_of_requests()) on.ask(each);
  BOOST_TEST(heap.calls() == calls);
}

BOOST_AUTO_TEST_CASE(a_request_over_a_budget_is_refused_and_the_next_is_served) {
  std::string const refused = R"({"jsonrpc":"2.0","error":{"code":-32000,)"
                              R"("message":"Request exceeds a memory budget"},"id":)";
  auto const few = get(R"("list":"countries","codes":["BT"])");
  {
    service_on<tidemark_memory> on{std::pmr::new_delete_resource(), {.answer_bytes = 32 * 1024}};
    auto const right = on.ask(few);
    BOOST_TEST(on.ask(many_places) == refused + "1}");
    BOOST_TEST(on.ask(few) == right);
    BOOST_TEST(on.served.counts().refused == 1U);
  }
  service_on<tidemark_memory> on{std::pmr::new_delete_resource(), {.parse_bytes = 16 * 1024}};
  auto const right = on.ask(few);
  BOOST_TEST(on.ask(many_places) == refused + "null}");
  BOOST_TEST(on.ask(few) == right);
}

BOOST_AUTO_TEST_CASE(older_entries_make_room_in_the_budget_of_the_cache) {
  service_on<heap_memory> reference;
  service_on<small_cache_memory> on{std::pmr::new_delete_resource(), {}, 1000};
  for (std::string const& each : all_kinds_of_requests()) {
    BOOST_REQUIRE(on.ask(each) == reference.ask(each));
  }
  BOOST_TEST(on.served.counts().evicted > 50U);
}

BOOST_AUTO_TEST_CASE(a_request_of_unusual_size_gives_its_memory_back) {
  service_on<tidemark_memory> on;
  auto const few = get(R"("list":"countries","codes":["BT"])");
  on.ask(many_places);
  on.ask(few);
  BOOST_TEST(on.memory.answer().stats().bytes_reserved <= 256U * 1024);
  BOOST_TEST(on.shared.tags().stats().total_bytes_peak > 256U * 1024);
  BOOST_TEST(on.shared.tags().stats().total_bytes == on.shared.budgets().stats().bytes);
}

BOOST_AUTO_TEST_SUITE_END()
