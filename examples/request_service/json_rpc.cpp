// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstdio>
#include <json_rpc.hpp>

namespace request_service {
namespace {

namespace json = boost::json;

constexpr std::size_t largest_limit = 1000;

char const* message(rpc_error what) noexcept {
  switch (what) {
    case rpc_error::parse_error:
      return "Parse error";
    case rpc_error::invalid_request:
      return "Invalid Request";
    case rpc_error::method_not_found:
      return "Method not found";
    case rpc_error::invalid_params:
      return "Invalid params";
    case rpc_error::over_budget:
      return "Request exceeds a memory budget";
    case rpc_error::out_of_memory:
      break;
  }
  return "Out of memory";
}

json::string const* string_in(json::object const& from, std::string_view key) {
  auto const* const found = from.if_contains(key);
  return found == nullptr ? nullptr : found->if_string();
}

bool are_strings(json::array const& values) {
  return std::ranges::all_of(values, [](json::value const& each) { return each.is_string(); });
}

bool read_codes(json::object const& from, call& found) {
  auto const* const codes = from.if_contains("codes");
  found.codes = codes == nullptr ? nullptr : codes->if_array();
  return found.codes != nullptr && are_strings(*found.codes);
}

bool read_search(json::object const& from, call& found) {
  auto const* const query = string_in(from, "query");
  auto const* const limit = from.if_contains("limit");
  if (query == nullptr || limit == nullptr || !limit->is_int64()) return false;
  if (limit->get_int64() < 0) return false;
  found.query = *query;
  found.limit = std::min(static_cast<std::size_t>(limit->get_int64()), largest_limit);
  return true;
}

bool read_fields(json::object const& from, call& found) {
  auto const* const fields = from.if_contains("fields");
  if (fields == nullptr) return true;
  found.fields = fields->if_array();
  return found.fields != nullptr && are_strings(*found.fields);
}

bool read_parameters(json::object const& request, call& found) {
  auto const* const parameters = request.if_contains("params");
  auto const* const from = parameters == nullptr ? nullptr : parameters->if_object();
  if (from == nullptr) return false;
  auto const* const list = string_in(*from, "list");
  if (list == nullptr) return false;
  found.list = *list;
  if (found.wanted == call::method::search) return read_search(*from, found);
  return read_codes(*from, found) && read_fields(*from, found);
}

}  // namespace

bool request_id::set(json::value const& id) {
  auto const* const string = id.if_string();
  bool const is_short = string != nullptr && string->size() <= largest_bytes;
  if (!is_short && !id.is_int64() && !id.is_uint64() && !id.is_null()) return false;
  json::serializer writer;
  writer.reset(&id);
  bytes_ = writer.read(text_.data(), text_.size()).size();
  return true;
}

std::optional<rpc_error> read_call(json::value const& document, call& found, request_id& id) {
  auto const* const request = document.if_object();
  if (request == nullptr) return rpc_error::invalid_request;
  found.id = request->if_contains("id");
  if (found.id != nullptr && !id.set(*found.id)) return rpc_error::invalid_request;
  auto const* const version = string_in(*request, "jsonrpc");
  auto const* const method = string_in(*request, "method");
  if (version == nullptr || *version != "2.0" || method == nullptr) {
    return rpc_error::invalid_request;
  }
  if (*method == "search") {
    found.wanted = call::method::search;
  } else if (*method != "get") {
    return rpc_error::method_not_found;
  }
  if (!read_parameters(*request, found)) return rpc_error::invalid_params;
  return std::nullopt;
}

error_answer::error_answer(rpc_error what, request_id const& id) noexcept {
  auto const id_text = id.text();
  int const written = std::snprintf(
      text_.data(), text_.size(),
      R"({"jsonrpc":"2.0","error":{"code":%d,"message":"%s"},"id":%.*s})", static_cast<int>(what),
      message(what), static_cast<int>(id_text.size()), id_text.data());
  bytes_ = static_cast<std::size_t>(written);
}

}  // namespace request_service
