// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <iomanip>
#include <mutex>
#include <ostream>
#include <tidemark/adaptors/tag.hpp>
#include <tidemark/detail/json_string.hpp>
#include <utility>

#include "../detail/count_table.hpp"

namespace tidemark {
namespace {

// Every number with its name, once for all writers.
constexpr std::array tag_counts{
    std::pair{"bytes", &tag_stats::bytes},
    std::pair{"blocks", &tag_stats::blocks},
    std::pair{"bytes_peak", &tag_stats::bytes_peak},
    std::pair{"total_bytes", &tag_stats::total_bytes},
    std::pair{"total_blocks", &tag_stats::total_blocks},
    std::pair{"total_bytes_peak", &tag_stats::total_bytes_peak},
};
static_assert(sizeof(tag_stats) == sizeof(std::string) + tag_counts.size() * sizeof(std::size_t),
              "a field that no writer knows");

// Of the lists of children.
template <class Count>
constinit detail::mutex_for<Count> tree_mutex{};

template <class Tag>
std::ostream& write_table(std::ostream& out, Tag const& root) {
  std::vector<tag_stats> const rows = root.tree();
  std::size_t path_width = 3;
  for (tag_stats const& row : rows) path_width = std::max(path_width, row.path.size());
  constexpr std::size_t least_width = 8;
  std::string line{"tag"};
  line.resize(path_width, ' ');
  for (auto const& [field, count] : tag_counts) {
    std::size_t const width = std::max(least_width, std::string_view{field}.size());
    (line += "  ").append(width - std::string_view{field}.size(), ' ') += field;
  }
  out << line << '\n';
  for (tag_stats const& row : rows) {
    line = row.path;
    line.resize(path_width, ' ');
    for (auto const& [field, count] : tag_counts) {
      std::size_t const width = std::max(least_width, std::string_view{field}.size());
      std::string const number = std::to_string(row.*count);
      (line += "  ").append(width - std::min(width, number.size()), ' ') += number;
    }
    out << line << '\n';
  }
  return out;
}

template <class Tag>
std::string write_json(Tag const& root) {
  std::string json = "[";
  for (tag_stats const& row : root.tree()) {
    if (json.size() > 1) json += ',';
    json += to_json(row);
  }
  return json += ']';
}

}  // namespace

template <class Count>
basic_tag<Count>::basic_tag(std::string_view name, basic_tag* parent) noexcept
    : parent_(parent), name_(name) {
  if (parent_ == nullptr) return;
  relative_count_.add(1);
  std::lock_guard const lock{tree_mutex<Count>};
  parent_->relative_count_.add(1);
  basic_tag** at = &parent_->first_;
  while (*at != nullptr) at = &(*at)->next_;
  *at = this;
}

template <class Count>
basic_tag<Count>::~basic_tag() {
  if (parent_ == nullptr) return;
  std::lock_guard const lock{tree_mutex<Count>};
  parent_->relative_count_.subtract(1);
  basic_tag** at = &parent_->first_;
  while (*at != this) at = &(*at)->next_;
  *at = next_;
}

template <class Count>
std::string basic_tag<Count>::path() const {
  std::string const above = parent_ != nullptr ? parent_->path() + '/' : std::string{};
  return above + std::string{name()};
}

template <class Count>
tag_stats basic_tag<Count>::stats() const {
  detail::charge const own = own_.get();
  detail::charge const below = below_.get();
  return {
      .path = path(),
      .bytes = own.bytes,
      .blocks = own.blocks,
      .bytes_peak = std::max(own_peak_.get(), own.bytes),
      .total_bytes = own.bytes + below.bytes,
      .total_blocks = own.blocks + below.blocks,
      // While a tag has none below it only its own peak is kept.
      .total_bytes_peak = std::max({total_peak_.get(), own_peak_.get(), own.bytes + below.bytes})};
}

template <class Count>
std::vector<tag_stats> basic_tag<Count>::tree() const {
  std::vector<tag_stats> list;
  std::lock_guard const lock{tree_mutex<Count>};
  add_to(list);
  return list;
}

template <class Count>
void basic_tag<Count>::add_to(std::vector<tag_stats>& list) const {
  list.push_back(stats());
  for (basic_tag const* child = first_; child != nullptr; child = child->next_) child->add_to(list);
}

template <class Count>
void basic_tag<Count>::charge_relatives(std::size_t bytes) noexcept {
  note_total();
  for (basic_tag* p = parent_; p != nullptr; p = p->parent_) {
    p->below_.add({.bytes = bytes, .blocks = 1});
    p->note_total();
  }
}

template class basic_tag<detail::owned_count>;
template class basic_tag<detail::shared_count>;

std::ostream& operator<<(std::ostream& out, tag_stats const& stats) {
  return out << stats.path << ": " << detail::counts_text(tag_counts, stats);
}

std::ostream& operator<<(std::ostream& out, tag const& root) { return write_table(out, root); }
std::ostream& operator<<(std::ostream& out, shared_tag const& root) {
  return write_table(out, root);
}

std::string to_json(tag_stats const& stats) {
  return "{\"path\":" + detail::json_string(stats.path) + ',' +
         detail::counts_json(tag_counts, stats) + '}';
}

std::string to_json(tag const& root) { return write_json(root); }
std::string to_json(shared_tag const& root) { return write_json(root); }

}  // namespace tidemark
