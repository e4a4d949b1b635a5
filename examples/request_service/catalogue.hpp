// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the service is asked for: lists of entries, read from JSON files. It stands for a data base:
// each entry is a text, which is parsed whenever somebody wants it.
//
// Thread rule: any thread, once it is read.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace request_service {

struct record {
  std::string code;  // unique in its list
  std::string name;
  std::string text;  // a JSON object
};

struct indexed_word {
  std::string word;  // in lower case
  record const* owner;
};

class record_list {
 public:
  record_list(std::string name, std::vector<record> records);
  record_list(record_list const&) = delete;  // its parts point at each other
  record_list(record_list&&) = default;

  std::string_view name() const noexcept { return name_; }
  std::span<record const> records() const noexcept { return records_; }
  /// Returns: null if there is none. O(1).
  record const* find(std::string_view code) const noexcept;
  /// Returns: the words that begin so of all names, sorted. O(log words).
  std::span<indexed_word const> words_from(std::string_view prefix) const noexcept;

 private:
  std::string name_;
  std::vector<record> records_;  // by code
  std::unordered_map<std::string_view, record const*> by_code_;
  std::vector<indexed_word> words_;  // by word, then by code
};

struct skipped_file {
  std::string path;
  std::string reason;
};

struct catalogue {
  std::vector<record_list> lists{};
  std::size_t file_count = 0;  // that could be read, with or without a list
  std::vector<skipped_file> skipped{};

  std::size_t record_count() const noexcept;
  /// Returns: null if there is none.
  record_list const* find(std::string_view name) const noexcept;
};

/// Reads a JSON file, or those of a folder. A list is an array of objects that is a member of the
/// file's object, by whose name it goes, or that is the whole file, whose name it takes. The code
/// of an entry is its first member that all of the list have, as strings that all differ; its name
/// is the member "name", or the code.
/// Throws: `std::runtime_error` that says what is missing if there are no entries.
catalogue read_catalogue(std::filesystem::path const& path);

}  // namespace request_service
