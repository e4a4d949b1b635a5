// SPDX-License-Identifier: BSL-1.0
//
// What does it cost to parse real JSON with Boost.JSON, the documents' memory included?
// The files are those of Debian's iso-codes. An operation is one KiB of text, parsed, and its share
// of what drops the documents. The parser, and its own scratch memory, are kept by everybody.

#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>
#include <vector>

#include "support/peers.hpp"
#include "support/program.hpp"

namespace {

namespace json = boost::json;

constexpr std::array files{"iso_15924", "iso_3166-1", "iso_3166-2", "iso_3166-3",
                           "iso_4217",  "iso_639-2",  "iso_639-3",  "iso_639-5"};
constexpr std::size_t bytes_of_round = std::size_t{32} << 20;  // holds all the documents

std::vector<std::string> texts() {
  std::vector<std::string> all;
  for (std::string const name : files) {
    std::ifstream file("/usr/share/iso-codes/json/" + name + ".json", std::ios::binary);
    all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (all.back().empty()) {
      std::fprintf(stderr, "perf: %s.json was not found: install iso-codes\n", name.c_str());
      std::exit(EXIT_FAILURE);
    }
  }
  return all;
}

std::uint64_t add(std::uint64_t sum, std::string_view text) {
  for (char const c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211u;  // FNV-1a
  return sum;
}

std::uint64_t checksum(std::uint64_t sum, json::value const& of) {
  if (auto const* const object = of.if_object()) {
    for (auto const& [key, value] : *object) sum = checksum(add(sum, key), value);
  } else if (auto const* const array = of.if_array()) {
    for (auto const& value : *array) sum = checksum(sum, value);
  } else if (auto const* const string = of.if_string()) {
    sum = add(sum, *string);
  } else {
    sum = add(sum, json::serialize(of));
  }
  return sum;
}

class contest {
 public:
  explicit contest(perf::program& program) : program_(program) {
    for (auto const& text : texts_) bytes_ += text.size();
  }

  /// `storage()` says where the next round's documents go; `reset()` frees it. Documents are
  /// destroyed first, which Boost.JSON leaves out where it knows that it may.
  template <class Storage, class Reset>
  void add(std::string const& name, Storage storage, Reset reset) {
    auto const round = [this, storage, reset] {
      parse(storage());
      documents_.clear();
      reset();
    };
    auto const check = [this, storage, reset] {
      parse(storage());
      std::uint64_t sum = 14695981039346656037u;
      for (auto const& document : documents_) sum = checksum(sum, document);
      documents_.clear();
      reset();
      return sum;
    };
    program_.add("json_parse", name, bytes_ / 1024, round, check);
  }

  template <class Resource, class Reset>
  void add_resource(std::string const& name, Resource& resource, Reset reset) {
    add(name, [&resource] { return json::storage_ptr(&resource); }, reset);
  }

 private:
  [[gnu::noinline]] void parse(json::storage_ptr const& storage) {
    for (auto const& text : texts_) {
      parser_.reset(storage);
      parser_.write(text);
      documents_.push_back(parser_.release());
      perf::escape(&documents_.back());
    }
  }

  perf::program& program_;
  std::vector<std::string> texts_ = texts();
  std::size_t bytes_ = 0;
  json::parser parser_;
  std::vector<json::value> documents_;
};

}  // namespace

int main(int argc, char** argv) {
  perf::program program(argc, argv);
  contest row(program);
  using tidemark::boost_bridge;

  perf::warm_buffer a(bytes_of_round);
  tidemark::frame_resource frame(a.bytes);
  boost_bridge ours(&frame);
  row.add_resource("ours", ours, [&] { frame.reset(); });

  perf::warm_buffer b(bytes_of_round);
  tidemark::frame_resource scoped(b.bytes);
  std::optional<tidemark::frame_scope> scope;
  std::optional<boost_bridge<tidemark::frame_scope>> of_scope;
  auto const open = [&] {
    scope.emplace(scoped);
    return json::storage_ptr(&of_scope.emplace(*scope));
  };
  row.add("scope", open, [&] { scope.reset(); });

  auto const nothing = [] {};
  row.add("new/delete", [] { return json::storage_ptr(); }, nothing);
  boost_bridge mimalloc(tidemark::mimalloc_resource());
  row.add_resource("mimalloc", mimalloc, nothing);

  perf::warm_buffer c(bytes_of_round);
  std::pmr::monotonic_buffer_resource std_mono(c.bytes.data(), c.bytes.size());
  boost_bridge std_bridged(&std_mono);
  row.add_resource("std mono", std_bridged, [&] { std_mono.release(); });

  perf::warm_buffer d(bytes_of_round);
  json::monotonic_resource json_mono(reinterpret_cast<unsigned char*>(d.bytes.data()),
                                     d.bytes.size());
  row.add_resource("JSON mono", json_mono, [&] { json_mono.release(); });

  return program.run();
}
