// SPDX-License-Identifier: BSL-1.0

// Requests in JSON: each is parsed into a scope and answered, and its memory falls back at once.

#include <boost/json/src.hpp>  // or link with Boost::json and include <boost/json.hpp>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <tidemark/tidemark.hpp>

namespace json = boost::json;

static constexpr std::string_view requests[] = {
    R"({"id": 1, "order": {"item": "bearings, deep groove, sealed", "count": 40, "price": 2.5}})",
    R"({"id": 2, "order": {"item": "shaft, hardened, 400 millimetres", "count": 2, "price": 31}})",
    R"({"id": 3, "order": {"item": "grease", "count": 1)",  // it breaks off
    R"({"id": 4, "order": {"item": "coupling, flexible, backlash free", "count": 3, "price": 17}})",
};

// The answer is a plain number: nothing of the document leaves the scope.
static double total(std::string_view request, tidemark::frame_resource& frame) {
  tidemark::memory_scope scope{frame};
  tidemark::boost_bridge bridge{scope};  // no virtual call but the one that Boost.JSON makes
  json::error_code error;
  json::value const document = json::parse(request, error, &bridge);
  if (error) return 0;
  json::value const& order = document.at("order");
  return order.at("count").to_number<double>() * order.at("price").to_number<double>();
}  // the document's destructor does nothing, then the scope takes it all back

int main() {
  tidemark::frame_resource frame{{.name = "requests"}};
  double sum = 0;
  for (std::string_view const request : requests) sum += total(request, frame);

  auto const after_first_round = frame.stats().upstream_calls;
  for (std::string_view const request : requests) sum += total(request, frame);
  auto const stats = frame.stats();
  std::cout << "orders for " << sum << ", " << stats << '\n';

  bool const right = sum == 2 * (100 + 62 + 51) && stats.bytes_in_use == 0 &&
                     stats.upstream_calls == after_first_round;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
