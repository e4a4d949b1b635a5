// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/json.hpp>
#include <catalogue.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <words.hpp>

namespace request_service {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

std::vector<fs::path> json_files(fs::path const& path) {
  if (!fs::exists(path)) throw std::runtime_error("no such folder: " + path.string());
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (auto const& each : fs::directory_iterator{path}) {
    if (each.path().extension() == ".json" && each.is_regular_file()) files.push_back(each.path());
  }
  if (files.empty()) throw std::runtime_error("no JSON file in " + path.string());
  std::ranges::sort(files);
  return files;
}

json::value read_json(fs::path const& path) {
  std::ifstream file{path, std::ios::binary};
  std::string const text{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  if (!file) throw std::runtime_error("cannot be read");
  json::error_code error;
  json::value whole = json::parse(text, error);
  if (error) throw std::runtime_error("no JSON: " + error.message());
  return whole;
}

// Returns: null if the value is no list of entries.
json::array const* entries_of(json::value const& value) {
  auto const* const entries = value.if_array();
  bool const is_list = entries != nullptr && !entries->empty() &&
                       std::ranges::all_of(*entries, [](auto const& e) { return e.is_object(); });
  return is_list ? entries : nullptr;
}

json::string const* string_of(json::value const& entry, std::string_view key) {
  auto const* const found = entry.get_object().if_contains(key);
  return found == nullptr ? nullptr : found->if_string();
}

bool tells_apart(json::array const& entries, std::string_view key) {
  std::set<std::string_view> seen;
  return std::ranges::all_of(entries, [&](json::value const& each) {
    auto const* const code = string_of(each, key);
    return code != nullptr && seen.insert(*code).second;
  });
}

std::vector<record> records_of(json::array const& entries) {
  auto const& first = entries.front().get_object();
  auto const* const code = std::find_if(
      first.begin(), first.end(), [&](auto const& m) { return tells_apart(entries, m.key()); });
  std::vector<record> records;
  if (code == first.end()) return records;
  for (json::value const& each : entries) {
    auto const* const own_code = string_of(each, code->key());
    auto const* const name = string_of(each, "name");
    records.push_back({std::string{*own_code}, std::string{name != nullptr ? *name : *own_code},
                       json::serialize(each)});
  }
  return records;
}

void add_list(catalogue& to, fs::path const& path, std::string const& name,
              json::value const& value) {
  auto const* const entries = entries_of(value);
  if (entries == nullptr) return;
  auto records = records_of(*entries);
  if (records.empty()) {
    to.skipped.push_back({path.string(), "no member tells the entries of '" + name + "' apart"});
  } else if (to.find(name) != nullptr) {
    to.skipped.push_back({path.string(), "there is a list '" + name + "' already"});
  } else {
    to.lists.emplace_back(name, std::move(records));
  }
}

void add_file(catalogue& to, fs::path const& path) {
  auto const whole = read_json(path);
  ++to.file_count;
  if (auto const* const members = whole.if_object()) {
    for (auto const& each : *members) add_list(to, path, std::string{each.key()}, each.value());
  } else {
    add_list(to, path, path.stem().string(), whole);
  }
}

}  // namespace

record_list::record_list(std::string name, std::vector<record> records)
    : name_(std::move(name)), records_(std::move(records)) {
  std::ranges::sort(records_, {}, &record::code);
  std::string word;
  for (record const& each : records_) {
    by_code_.emplace(each.code, &each);
    for_each_word(each.name, word, [&](std::string_view) { words_.push_back({word, &each}); });
  }
  std::ranges::sort(words_, [](indexed_word const& one, indexed_word const& other) {
    return std::tie(one.word, one.owner) < std::tie(other.word, other.owner);
  });
}

record const* record_list::find(std::string_view code) const noexcept {
  auto const found = by_code_.find(code);
  return found == by_code_.end() ? nullptr : found->second;
}

std::span<indexed_word const> record_list::words_from(std::string_view prefix) const noexcept {
  auto const begin_of = [&](indexed_word const& each) {
    return std::string_view{each.word}.substr(0, prefix.size());
  };
  auto const first =
      std::partition_point(words_.begin(), words_.end(),
                           [&](indexed_word const& each) { return begin_of(each) < prefix; });
  auto const last = std::partition_point(
      first, words_.end(), [&](indexed_word const& each) { return begin_of(each) == prefix; });
  return {first, last};
}

std::size_t catalogue::record_count() const noexcept {
  std::size_t count = 0;
  for (record_list const& each : lists) count += each.records().size();
  return count;
}

record_list const* catalogue::find(std::string_view name) const noexcept {
  auto const found = std::ranges::find(lists, name, &record_list::name);
  return found == lists.end() ? nullptr : &*found;
}

catalogue read_catalogue(fs::path const& path) {
  catalogue read;
  for (fs::path const& file : json_files(path)) {
    try {
      add_file(read, file);
    } catch (std::runtime_error const& failure) {
      read.skipped.push_back({file.string(), failure.what()});
    }
  }
  if (read.lists.empty()) {
    std::string reasons;
    for (auto const& each : read.skipped) reasons += "\n  " + each.path + ": " + each.reason;
    throw std::runtime_error("no list of entries in the JSON files of " + path.string() + reasons);
  }
  return read;
}

}  // namespace request_service
