// SPDX-License-Identifier: BSL-1.0

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <catalogue.hpp>
#include <entry_cache.hpp>
#include <filesystem>
#include <json_rpc.hpp>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tidemark/testing/fail_each_allocation.hpp>

#include "request_service_fixtures.hpp"

namespace {

using namespace request_service;
namespace json = boost::json;

std::string what_is_missing(std::filesystem::path const& path) {
  try {
    read_catalogue(path);
  } catch (std::runtime_error const& failure) {
    return failure.what();
  }
  return "";
}

// What read_call says of a text: 0 if it is a request.
int error_of(std::string_view text) {
  auto const document = json::parse(text);
  call found;
  request_id id;
  auto const error = read_call(document, found, id);
  return error ? static_cast<int>(*error) : 0;
}

std::string id_of(std::string_view text) {
  request_id id;
  auto const document = json::parse(text);
  call found;
  read_call(document, found, id);
  return std::string{id.text()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(catalogue_of_files)

BOOST_AUTO_TEST_CASE(lists_are_members_of_a_file_or_whole_files) {
  BOOST_TEST(places().lists.size() == 3U);
  BOOST_TEST(places().file_count == 4U);
  BOOST_TEST(places().record_count() == 13U);
  BOOST_REQUIRE(places().find("colours") != nullptr);
  BOOST_TEST(places().find("colours")->records().size() == 4U);
  BOOST_TEST(places().find("edition") == nullptr);
}

BOOST_AUTO_TEST_CASE(the_code_is_the_first_member_that_tells_entries_apart) {
  auto const* const entry = places().find("countries")->find("IS");
  BOOST_REQUIRE(entry != nullptr);
  BOOST_TEST(entry->name == "Iceland");
  BOOST_TEST(entry->text == iceland);
  BOOST_TEST(places().find("countries")->find("Europe") == nullptr);
  BOOST_TEST(places().find("cities")->find("thimphu")->name == "thimphu");
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_named) {
  BOOST_REQUIRE(places().skipped.size() == 2U);
  BOOST_TEST(places().skipped[0].path.ends_with("broken.json"));
  BOOST_TEST(places().skipped[0].reason.starts_with("no JSON: "));
  BOOST_TEST(places().skipped[1].path.ends_with("twins.json"));
}

BOOST_AUTO_TEST_CASE(words_are_found_by_their_beginnings) {
  auto const found = places().find("countries")->words_from("guin");
  BOOST_REQUIRE(found.size() == 3U);
  BOOST_TEST(found[0].owner->code == "GN");
  BOOST_TEST(found[2].owner->code == "PG");
  BOOST_TEST(places().find("countries")->words_from("guineas").empty());
  BOOST_TEST(places().find("colours")->words_from("").size() == 10U);
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_told) {
  BOOST_TEST(what_is_missing("no/such") == "no such folder: no/such");
  BOOST_TEST(what_is_missing(fixtures().parent_path()).starts_with("no JSON file in "));
  BOOST_TEST(what_is_missing(fixtures() / "schema.json").starts_with("no list of entries in "));
  BOOST_TEST(what_is_missing(fixtures() / "broken.json").find("no JSON: ") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(protocol)

BOOST_AUTO_TEST_CASE(requests_are_read) {
  auto const document = json::parse(
      R"({"jsonrpc": "2.0", "id": 8, "method": "search",
          "params": {"list": "a", "query": "b", "limit": 5000}})");
  call found;
  request_id id;
  BOOST_TEST(!read_call(document, found, id).has_value());
  BOOST_TEST((found.wanted == call::method::search));
  BOOST_TEST(found.list == "a");
  BOOST_TEST(found.query == "b");
  BOOST_TEST(found.limit == 1000U);
  BOOST_TEST(error_of(get(R"("list":"a","codes":["b"],"fields":["c"])")) == 0);
  BOOST_TEST(id.text() == "8");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_request_is_told_by_the_codes_of_json_rpc) {
  BOOST_TEST(error_of(get(R"("list":"a","codes":[])")) == 0);
  BOOST_TEST(error_of("[]") == -32600);
  BOOST_TEST(error_of(R"({"jsonrpc":"1.0","method":"get"})") == -32600);
  BOOST_TEST(error_of(R"({"jsonrpc":"2.0","method":7})") == -32600);
  BOOST_TEST(error_of(R"({"jsonrpc":"2.0","method":"get","id":[]})") == -32600);
  BOOST_TEST(error_of(request(R"("method":"put","params":{})")) == -32601);
  BOOST_TEST(error_of(request(R"("method":"get")")) == -32602);
  BOOST_TEST(error_of(request(R"("method":"get","params":[])")) == -32602);
  BOOST_TEST(error_of(get(R"("codes":[])")) == -32602);
  BOOST_TEST(error_of(get(R"("list":"a","codes":"b")")) == -32602);
  BOOST_TEST(error_of(get(R"("list":"a","codes":["b",7])")) == -32602);
  BOOST_TEST(error_of(get(R"("list":"a","codes":[],"fields":7)")) == -32602);
  BOOST_TEST(error_of(request(
                 R"("method":"search","params":{"list":"a","query":"b","limit":-1})")) == -32602);
}

BOOST_AUTO_TEST_CASE(ids_are_given_back_as_they_came) {
  BOOST_TEST(id_of(R"({"id": 18446744073709551615})") == "18446744073709551615");
  BOOST_TEST(id_of(R"({"id": "a\"\u0001b"})") == R"("a\"\u0001b")");
  BOOST_TEST(id_of(R"({"id": null})") == "null");
  BOOST_TEST(id_of(R"({"id": 1.5})") == "null");
  BOOST_TEST(id_of("{\"id\": \"" + std::string(65, 'x') + "\"}") == "null");
}

BOOST_AUTO_TEST_CASE(the_longest_id_fits_into_the_answer_to_a_failed_request) {
  std::string text = "{\"id\": \"";
  for (int i = 0; i != 64; ++i) text += "\\u0001";
  text += "\"}";
  auto const document = json::parse(text);
  request_id id;
  BOOST_TEST(id.set(document.at("id")));
  for (auto const each : {rpc_error::parse_error, rpc_error::over_budget}) {
    auto const answer = json::parse(error_answer{each, id}.text());
    BOOST_TEST((answer.at("id") == document.at("id")));
    BOOST_TEST(answer.at("error").at("code").as_int64() == static_cast<int>(each));
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(cache)

BOOST_AUTO_TEST_CASE(the_entry_that_was_not_used_for_longest_goes_first) {
  entry_cache kept{2, std::pmr::new_delete_resource()};
  kept.insert("a", 1);
  kept.insert("b", 2);
  BOOST_TEST(kept.find("a")->as_int64() == 1);
  kept.insert("c", 3);
  BOOST_TEST(kept.find("b") == nullptr);
  BOOST_TEST(kept.find("a")->as_int64() == 1);
  BOOST_TEST(kept.size() == 2U);
  BOOST_TEST(kept.evicted() == 1U);
  BOOST_TEST(kept.drop_oldest());
  BOOST_TEST(kept.find("c") == nullptr);
  BOOST_TEST(kept.drop_oldest());
  BOOST_TEST(!kept.drop_oldest());
}

BOOST_AUTO_TEST_CASE(an_entry_that_could_not_be_kept_leaves_the_others) {
  std::string const long_key(100, 'k');
  auto const points = tidemark::testing::fail_each_allocation([&](auto* memory) {
    entry_cache kept{2, memory};
    kept.insert("a", 1);
    try {
      kept.insert(long_key, 2);
    } catch (std::bad_alloc const&) {
      BOOST_TEST(kept.size() == 1U);
      BOOST_TEST(kept.find("a") != nullptr);
      BOOST_TEST(kept.find(long_key) == nullptr);
      throw;
    }
  });
  BOOST_TEST(points >= 5U);
}

BOOST_AUTO_TEST_SUITE_END()
