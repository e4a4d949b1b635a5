// SPDX-License-Identifier: BSL-1.0
#pragma once

// The service: a request's text goes in, the answer's text comes out.
//
//   parse           |dddd              the document, in the memory of the request
//   look up                            entries come from the cache, or are parsed into it
//   answer          |dddd|aaaaaaaa     the answer as a document, then as text
//   sent            |                  all of it falls back
//
// Thread rule: an object belongs to one thread.
//
// Invariants:
//  1. Whatever fails, the request gets an error for an answer, and the next is served as ever.
//  2. What an answer says does not depend on the memory, nor on what is in the cache.

#include <algorithm>
#include <boost/json.hpp>
#include <catalogue.hpp>
#include <cstddef>
#include <cstdint>
#include <entry_cache.hpp>
#include <json_rpc.hpp>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <service_memory.hpp>
#include <string>
#include <string_view>
#include <tidemark/error.hpp>
#include <unordered_map>
#include <utility>
#include <vector>
#include <words.hpp>

namespace request_service {

enum class reply : std::uint8_t { result, error, refused, none };

struct service_counts {
  std::size_t results = 0;
  std::size_t errors = 0;         // without the next
  std::size_t refused = 0;        // for want of memory
  std::size_t notifications = 0;  // not answered
  std::size_t hits = 0;           // entries that were in the cache
  std::size_t misses = 0;         // entries that were parsed
  std::size_t evicted = 0;        // entries that left the cache

  service_counts& operator+=(service_counts const& other) noexcept;
};

/// A value; left where it is, undestroyed, if its memory falls back as a whole.
template <class T, bool IsDestroyed>
class scratch_value {
 public:
  template <class... Args>
  explicit scratch_value(Args&&... args) {
    std::construct_at(&value_, std::forward<Args>(args)...);
  }
  scratch_value(scratch_value const&) = delete;
  scratch_value& operator=(scratch_value const&) = delete;
  ~scratch_value() {
    if constexpr (IsDestroyed) std::destroy_at(&value_);
  }
  T& operator*() noexcept { return value_; }
  T* operator->() noexcept { return &value_; }

 private:
  union {
    T value_;
  };
};

template <service_memory Memory>
class service {
  template <class T>
  using scratch = scratch_value<T, Memory::frees_one_by_one>;
  using json_array = boost::json::array;
  using json_object = boost::json::object;
  using json_value = boost::json::value;
  using scored = std::pair<record const*, std::size_t>;  // count of words that were found
  using score_table = std::pmr::unordered_map<record const*, std::size_t>;
  using ranking = std::pmr::vector<scored>;

 public:
  /// Preconditions: `data` and `memory` outlive the service. `cached_entries`, a count, is not 0.
  service(catalogue const& data, Memory& memory, std::size_t cached_entries)
      : data_(data), memory_(memory), cache_(cached_entries, memory.cache_memory()) {}

  /// Answers one request: calls `send(std::string_view)`, which throws nothing, with a text that is
  /// gone when it returns. For a notification, which is not answered, it does not.
  template <class Send>
  reply handle(std::string_view text, Send&& send) {
    id_.clear();
    auto const error = try_answer(text, send);
    memory_.end_request();
    if (is_notification(error)) {
      ++counts_.notifications;
      return reply::none;
    }
    if (!error) {
      ++counts_.results;
      return reply::result;
    }
    send(error_answer{*error, id_}.text());
    if (*error == rpc_error::over_budget || *error == rpc_error::out_of_memory) {
      ++counts_.refused;
      return reply::refused;
    }
    ++counts_.errors;
    return reply::error;
  }

  service_counts counts() const noexcept {
    auto counts = counts_;
    counts.evicted = cache_.evicted();
    return counts;
  }

 private:
  // Lets the parser go of what it has read so far, while its memory is there.
  class reading {
   public:
    reading(boost::json::parser& parser, boost::json::storage_ptr storage) : parser_(parser) {
      parser_.reset(std::move(storage));
    }
    reading(reading const&) = delete;
    reading& operator=(reading const&) = delete;
    ~reading() { parser_.reset(); }

   private:
    boost::json::parser& parser_;
  };

  // A request that could not be read is answered, although no id of it is known.
  bool is_notification(std::optional<rpc_error> error) const noexcept {
    return !id_.is_set() &&
           (!error || *error == rpc_error::method_not_found || *error == rpc_error::invalid_params);
  }

  template <class Send>
  std::optional<rpc_error> try_answer(std::string_view text, Send& send) {
    try {
      return parse_and_answer(text, send);
    } catch (tidemark::budget_exceeded const&) {
      return rpc_error::over_budget;
    } catch (std::bad_alloc const&) {
      return rpc_error::out_of_memory;
    }
  }

  template <class Send>
  std::optional<rpc_error> parse_and_answer(std::string_view text, Send& send) {
    [[maybe_unused]] auto const scope = memory_.open_parse();
    reading const parsing{parser_, memory_.parse_storage()};
    boost::json::error_code failure;
    parser_.write(text, failure);
    if (failure) return rpc_error::parse_error;
    scratch<json_value> document{parser_.release()};
    call asked;
    if (auto const error = read_call(*document, asked, id_)) return error;
    if (!id_.is_set()) return std::nullopt;
    auto const* const list = data_.find(asked.list);
    if (list == nullptr) return rpc_error::invalid_params;
    answer(asked, *list, send);
    return std::nullopt;
  }

  template <class Send>
  void answer(call const& asked, record_list const& list, Send& send) {
    [[maybe_unused]] auto const scope = memory_.open_answer();
    scratch<json_object> whole{memory_.answer_storage()};
    whole->reserve(3);
    whole->emplace("jsonrpc", "2.0");
    auto& result = whole->emplace("result", nullptr).first->value().emplace_array();
    if (asked.wanted == call::method::get) {
      get(asked, list, result);
    } else {
      search(asked, list, result);
    }
    whole->emplace("id", *asked.id);
    send(std::string_view{serialize(*whole)});
  }

  void get(call const& asked, record_list const& list, json_array& result) {
    result.reserve(asked.codes->size());
    for (json_value const& code : *asked.codes) {
      auto& place = result.emplace_back(nullptr);
      add_entry(list, code.get_string(), asked.fields, place);
    }
  }

  // Codes and names of the entries in whose names most words are found, by their beginnings.
  void search(call const& asked, record_list const& list, json_array& result) {
    scratch<score_table> scores{memory_.answer_memory()};
    std::pmr::string word{memory_.answer_memory()};
    for_each_word(asked.query, word, [&](std::string_view start) {
      for (indexed_word const& each : list.words_from(start)) ++(*scores)[each.owner];
    });
    ranking ranked{scores->begin(), scores->end(), memory_.answer_memory()};
    auto const count = std::min(ranked.size(), asked.limit);
    auto const end = ranked.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(ranked.begin(), end, ranked.end(), is_better);
    result.reserve(count);
    for (auto each = ranked.begin(); each != end; ++each) {
      json_object& hit = result.emplace_back(nullptr).emplace_object();
      hit.reserve(2);
      hit.emplace("code", each->first->code);
      hit.emplace("name", each->first->name);
    }
  }

  static bool is_better(scored const& one, scored const& other) noexcept {
    if (one.second != other.second) return one.second > other.second;
    return one.first->code < other.first->code;
  }

  // Copies the entry, or those of its members that are wanted; an entry that is not there is null.
  void add_entry(record_list const& list, std::string_view code, json_array const* fields,
                 json_value& place) {
    json_value const* const entry = find(list, code);
    if (entry == nullptr) return;
    if (fields == nullptr) {
      place = *entry;
      return;
    }
    json_object& to = place.emplace_object();
    to.reserve(fields->size());
    for (json_value const& field : *fields) {
      auto const* const value = entry->get_object().if_contains(field.get_string());
      if (value != nullptr) to.emplace(field.get_string(), *value);
    }
  }

  // Returns: the entry in the cache, valid until the next call; null if there is none.
  json_value const* find(record_list const& list, std::string_view code) {
    std::pmr::string key{memory_.answer_memory()};
    key.reserve(list.name().size() + 1 + code.size());
    key.append(list.name()).append("/").append(code);
    if (auto const* const hit = cache_.find(key)) {
      ++counts_.hits;
      return hit;
    }
    record const* const wanted = list.find(code);
    if (wanted == nullptr) return nullptr;
    ++counts_.misses;
    while (true) {
      try {
        return &load(key, wanted->text);
      } catch (std::bad_alloc const&) {
        if (!cache_.drop_oldest()) throw;  // an older entry makes room for this one
      }
    }
  }

  json_value const& load(std::string_view key, std::string_view text) {
    reading const parsing{entry_parser_, memory_.cache_storage()};
    entry_parser_.write(text);
    return cache_.insert(key, entry_parser_.release());
  }

  std::pmr::string serialize(json_object const& whole) {
    std::pmr::string text{memory_.answer_memory()};
    serializer_.reset(&whole);
    char part[4096];
    while (!serializer_.done()) text.append(std::string_view{serializer_.read(part)});
    return text;
  }

  catalogue const& data_;
  Memory& memory_;
  entry_cache cache_;
  boost::json::parser parser_;  // these three keep their own small memory, which is the heap's
  boost::json::parser entry_parser_;
  boost::json::serializer serializer_;
  request_id id_;
  service_counts counts_;  // without `evicted`
};

inline service_counts& service_counts::operator+=(service_counts const& other) noexcept {
  results += other.results;
  errors += other.errors;
  refused += other.refused;
  notifications += other.notifications;
  hits += other.hits;
  misses += other.misses;
  evicted += other.evicted;
  return *this;
}

}  // namespace request_service
