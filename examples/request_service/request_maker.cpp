// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <boost/json.hpp>
#include <request_maker.hpp>
#include <string_view>
#include <utility>
#include <words.hpp>

namespace request_service {
namespace {

std::string json_text(std::string_view text) {
  return boost::json::serialize(boost::json::value(text));
}

bool continues_a_character(char c) noexcept { return (static_cast<unsigned char>(c) >> 6) == 2; }

}  // namespace

request_maker::request_maker(catalogue const& from, std::uint64_t seed) : random_(seed) {
  for (record_list const& each : from.lists) {
    ranked_list ranked{&each, {}};
    for (record const& entry : each.records()) ranked.by_rank.push_back(&entry);
    // std::shuffle may differ between libraries.
    for (std::size_t i = ranked.by_rank.size(); i > 1; --i) {
      std::swap(ranked.by_rank[i - 1], ranked.by_rank[below(i)]);
    }
    lists_.push_back(std::move(ranked));
  }
}

request_maker::ranked_list const& request_maker::any_list() { return lists_[below(lists_.size())]; }

record const& request_maker::any_record(ranked_list const& from) {
  double const even = static_cast<double>(random_() >> 11) / 9007199254740992.0;  // of 2^53
  double const skewed = even * even * even * even * even;
  auto const rank = static_cast<std::size_t>(skewed * static_cast<double>(from.by_rank.size()));
  return *from.by_rank[std::min(rank, from.by_rank.size() - 1)];
}

std::string request_maker::codes(ranked_list const& from) {
  std::string text = "[";
  for (std::size_t left = 1 + below(8); left != 0; --left) {
    text += below(100) == 0 ? json_text("no such code") : json_text(any_record(from).code);
    text += left == 1 ? "]" : ",";
  }
  return text;
}

// The beginnings of up to three words of a name.
std::string request_maker::query(ranked_list const& from) {
  std::string text;
  std::string word;
  std::size_t left = 1 + below(3);
  for_each_word(any_record(from).name, word, [&](std::string_view) {
    if (left == 0) return;
    --left;
    std::size_t end = std::min<std::size_t>(3 + below(4), word.size());
    while (end != word.size() && continues_a_character(word[end])) ++end;
    if (!text.empty()) text += ' ';
    text.append(word, 0, end);
  });
  return json_text(text);
}

std::string request_maker::parameters(ranked_list const& from, bool searches) {
  auto const list = below(200) == 0 ? json_text("no such list") : json_text(from.list->name());
  std::string text = R"({"list":)" + list;
  text += searches ? R"(,"query":)" + query(from) + R"(,"limit":10)" : R"(,"codes":)" + codes(from);
  if (!searches && below(4) == 0) text += R"(,"fields":["name"])";
  return text + "}";
}

std::string request_maker::next() {
  auto const& from = any_list();
  bool const searches = below(4) == 0;
  std::string const method = below(200) == 0 ? "no such method" : searches ? "search" : "get";
  std::string text = R"({"jsonrpc":"2.0","id":)" + std::to_string(++id_) + R"(,"method":")" +
                     method + R"(","params":)" + parameters(from, searches) + "}";
  if (below(200) == 0) text.resize(below(text.size()));
  return text;
}

}  // namespace request_service
