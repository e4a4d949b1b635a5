// SPDX-License-Identifier: BSL-1.0
#pragma once

// Makes requests for the entries of a catalogue.
//
// Most ask for one to eight entries of a list by code, one in four for those in whose names some
// words are; some are wrong: cut off, or for what does not exist. Some entries are asked for more
// often than others: the k-th of a list as often as k to the power of -0.8.
// Source: popularity of web pages, Breslau and others, "Web caching and Zipf-like distributions",
// 1999.
//
// Thread rule: an object belongs to one thread.

#include <catalogue.hpp>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace request_service {

class request_maker {
 public:
  /// Preconditions: the catalogue has a list and outlives this object.
  request_maker(catalogue const& from, std::uint64_t seed);
  /// Returns: the text of a request; of the same seed the same ones, with every compiler.
  std::string next();

 private:
  struct ranked_list {
    record_list const* list;
    std::vector<record const*> by_rank;  // the most wanted first
  };

  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  ranked_list const& any_list();
  record const& any_record(ranked_list const& from);
  std::string codes(ranked_list const& from);
  std::string query(ranked_list const& from);
  std::string parameters(ranked_list const& from, bool searches);

  std::mt19937_64 random_;
  std::vector<ranked_list> lists_;
  std::uint64_t id_ = 0;
};

}  // namespace request_service
