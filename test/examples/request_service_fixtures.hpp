// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests of request_service ask for.
//
// Thread rule: one thread.

#include <catalogue.hpp>
#include <filesystem>
#include <request_maker.hpp>
#include <string>
#include <vector>

namespace request_service {

inline std::filesystem::path fixtures() {
  return std::filesystem::path{__FILE__}.parent_path() /
         "../../examples/request_service/fixtures/lists";
}

inline catalogue const& places() {
  static catalogue const read = read_catalogue(fixtures());
  return read;
}

inline std::vector<std::string> all_kinds_of_requests() {
  request_maker maker{places(), 7};
  std::vector<std::string> requests(300);
  for (std::string& each : requests) each = maker.next();
  return requests;
}

inline std::string request(std::string const& method_and_parameters) {
  std::string text = R"({"jsonrpc":"2.0","id":1,)";
  return text.append(method_and_parameters).append("}");
}

inline std::string get(std::string const& parameters) {
  std::string text = R"("method":"get","params":{)";
  return request(text.append(parameters).append("}"));
}

/// An entry of the list "countries".
inline std::string const iceland =
    R"({"continent":"Europe","code":"IS","name":"Iceland","capital":"Reykjavík"})";

}  // namespace request_service
