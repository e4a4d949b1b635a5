// SPDX-License-Identifier: BSL-1.0
#pragma once

// The protocol: JSON-RPC 2.0, without batches.
//
//   {"jsonrpc": "2.0", "id": 7, "method": "get",
//    "params": {"list": "639-3", "codes": ["deu", "gsw"], "fields": ["name"]}}
//   {"jsonrpc": "2.0", "id": 8, "method": "search",
//    "params": {"list": "3166-1", "query": "brit isl", "limit": 10}}
//
// "fields" may be left out: then all are answered. A search answers codes and names.
//
// Thread rule: an object belongs to one thread.
// Source: https://www.jsonrpc.org/specification

#include <array>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace request_service {

enum class rpc_error : std::int16_t {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  over_budget = -32000,  // this and the next are our own
  out_of_memory = -32001,
};

/// The id of a request, as JSON text: what an answer gives back, whatever became of the request.
class request_id {
 public:
  static constexpr std::size_t largest_bytes = 64;  // of a string

  void clear() noexcept { bytes_ = 0; }
  /// Returns: whether the value may be an id: a whole number, a string or null.
  bool set(boost::json::value const& id);
  bool is_set() const noexcept { return bytes_ != 0; }
  std::string_view text() const noexcept {
    return bytes_ == 0 ? "null" : std::string_view{text_.data(), bytes_};
  }

 private:
  std::array<char, 6 * largest_bytes + 2> text_{};  // each byte may become \u0000
  std::size_t bytes_ = 0;                           // of text_
};

/// A request; its parts lie in the document that it was read from.
struct call {
  enum class method : std::uint8_t { get, search };

  boost::json::value const* id = nullptr;  // null: none was given, the request wants no answer
  method wanted = method::get;
  std::string_view list{};
  boost::json::array const* codes = nullptr;   // of get: strings
  std::string_view query{};                    // of search
  std::size_t limit = 0;                       // of search: count of entries
  boost::json::array const* fields = nullptr;  // of get: strings; null: all
};

/// Fills `found` and `id` as far as it comes.
/// Returns: what is wrong.
std::optional<rpc_error> read_call(boost::json::value const& document, call& found, request_id& id);

/// The answer to a request that failed. It takes no memory.
class error_answer {
 public:
  error_answer(rpc_error what, request_id const& id) noexcept;
  std::string_view text() const noexcept { return {text_.data(), bytes_}; }

 private:
  std::array<char, 512> text_{};
  std::size_t bytes_ = 0;
};

}  // namespace request_service
