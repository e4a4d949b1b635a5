// SPDX-License-Identifier: BSL-1.0

// Boost.JSON documents in a frame.

#include <boost/json/src.hpp>  // the whole library: any installed one is built for one std library
#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <vector>

#include "support/unchecked.hpp"

using namespace tidemark;
namespace json = boost::json;

namespace {

constexpr std::string_view text = R"({
  "name": "a string that no small buffer of a value holds, so it has a block",
  "nested": [1, [2.5, [true, [null, {"deep": {"deeper": "another string beyond any buffer"}}]]]],
  "list": ["one", "two", "three", "a fourth one with more letters than the others together"]
})";

bool is_right(json::value const& document) {
  auto const& deepest = document.at_pointer("/nested/1/1/1/1/deep/deeper");
  return deepest == "another string beyond any buffer" &&
         document.at("list").as_array().size() == 4 && document.at_pointer("/nested/0") == 1 &&
         document.at("name").as_string().ends_with("it has a block");
}

// Parses every beginning of the text: all but the whole is refused.
template <class R>
void check_broken_off(R& wrapped) {
  boost_bridge bridge{&wrapped};
  for (std::size_t length = 0; length <= text.size(); ++length) {
    json::error_code error;
    json::value const document = json::parse(text.substr(0, length), error, &bridge);
    BOOST_TEST(error.failed() == (length != text.size()));
  }
}

template <class Pool>
void check_broken_off_in() {
  for (check_level const level : {check_level::off, check_level::on}) {
    testing::checked_upstream upstream;
    testing::misuse_recorder recorder;
    {
      Pool pool{{.check = level}, &upstream};
      check_broken_off(pool);
      pool.reset();
      BOOST_TEST(pool.stats().bytes_in_use == 0U);
    }
    BOOST_TEST(recorder.seen.empty());
    BOOST_TEST(upstream.complaint() == "");
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_document_is_parsed_into_a_scope_and_dies_with_it) {
  testing::checked_upstream upstream;
  {
    frame_resource frame{unchecked(), &upstream};
    std::size_t calls = 0;
    for (int i = 0; i < 10; ++i) {
      {
        memory_scope scope{frame};
        boost_bridge bridge{scope};
        json::value const document = json::parse(text, &bridge);
        BOOST_TEST(is_right(document));
        BOOST_TEST(frame.stats().bytes_in_use > text.size() / 2);
      }
      BOOST_TEST(frame.stats().bytes_in_use == 0U);
      if (i == 0) calls = upstream.calls();
    }
    BOOST_TEST(upstream.calls() == calls);
  }
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(frees_of_a_document_in_a_frame_are_left_out) {
  frame_resource frame{unchecked()};
  memory_scope scope{frame};
  boost_bridge of_frame{&frame};
  boost_bridge of_scope{scope};
  boost_bridge of_plain{scope.resource()};
  BOOST_TEST(json::storage_ptr{&of_frame}.is_deallocate_trivial());
  BOOST_TEST(json::storage_ptr{&of_scope}.is_deallocate_trivial());
  BOOST_TEST(!json::storage_ptr{&of_plain}.is_deallocate_trivial());  // it may be of any pool

  std::optional<json::value> document{json::parse(text, &of_scope)};
  auto const full = frame.stats().bytes_in_use;
  document.reset();
  BOOST_TEST(frame.stats().bytes_in_use == full);
  BOOST_TEST(frame.stats().late_frees == 0U);
}

// Under AddressSanitizer, and at level 1, the frame's memory must not even be read.
BOOST_AUTO_TEST_CASE(the_destructor_of_a_document_may_run_after_its_scope_closed) {
  for (check_level const level : {check_level::off, check_level::on}) {
    testing::misuse_recorder recorder;
    frame_resource frame{{.check = level}};
    std::optional<json::value> document;
    std::optional<boost_bridge<frame_scope>> bridge;
    {
      memory_scope scope{frame};
      bridge.emplace(scope);
      document.emplace(json::parse(text, &*bridge));
      BOOST_TEST(is_right(*document));
    }
    document.reset();
    BOOST_TEST(recorder.seen.empty());
    BOOST_TEST(frame.stats().late_frees == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_document_changed_in_its_scope_falls_back_whole) {
  for (bool const recycle : {false, true}) {
    for (check_level const level : {check_level::off, check_level::on}) {
      frame_resource frame{{.recycle_outgrown = recycle, .check = level}};
      {
        memory_scope scope{frame};
        boost_bridge bridge{scope};
        json::value document = json::parse(text, &bridge);
        json::array& list = document.at("list").as_array();
        for (int i = 0; i < 2000; ++i) list.emplace_back(std::string(100, 'x'));  // outgrows 2 KiB
        document.as_object().erase("nested");
        BOOST_TEST(list.size() == 2004U);
        BOOST_TEST((list[2003].as_string() == std::string(100, 'x')));
        BOOST_TEST(list[0] == "one");
      }
      BOOST_TEST(frame.stats().bytes_in_use == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(parsing_loses_nothing_wherever_memory_runs_out) {
  auto const points = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    boost_bridge bridge{upstream};
    BOOST_TEST(is_right(json::parse(text, &bridge)));
  });
  BOOST_TEST(points > 8U);
}

BOOST_AUTO_TEST_CASE(parsing_into_a_frame_loses_nothing_wherever_memory_runs_out) {
  auto const points = testing::fail_each_allocation([](std::pmr::memory_resource* upstream) {
    frame_resource frame{{.initial_bytes = 64, .max_chunk_bytes = 256}, upstream};
    memory_scope scope{frame};
    boost_bridge bridge{scope};
    BOOST_TEST(is_right(json::parse(text, &bridge)));
  });
  BOOST_TEST(points > 2U);
}

BOOST_AUTO_TEST_CASE(a_text_that_breaks_off_anywhere_leaves_nothing_behind) {
  testing::checked_upstream upstream;
  check_broken_off(upstream);
  BOOST_TEST(upstream.complaint() == "");
  check_broken_off_in<frame_resource>();
  check_broken_off_in<typed_stack_resource>();
  check_broken_off_in<fixed_block_resource>();
  check_broken_off_in<thread_local_resource>();
}

BOOST_AUTO_TEST_CASE(a_document_lives_in_a_typed_stack) {
  typed_stack_resource stack;
  memory_scope scope{stack};
  boost_bridge bridge{scope};
  BOOST_TEST(is_right(json::parse(text, &bridge)));
}

BOOST_AUTO_TEST_CASE(std_containers_live_in_a_resource_of_boost_json) {
  json::monotonic_resource boost_resource;
  std_bridge bridge{&boost_resource};
  struct alignas(1024) wide {
    int value;
  };
  std::pmr::vector<wide> wides(20, wide{7}, &bridge);
  std::pmr::string name(1000, 'x', &bridge);
  BOOST_TEST(wides[19].value == 7);
  BOOST_TEST(name.size() == 1000U);
}
