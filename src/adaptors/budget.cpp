// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <ostream>
#include <tidemark/adaptors/budget.hpp>
#include <tidemark/detail/json_string.hpp>
#include <tidemark/detail/running_handler.hpp>
#include <utility>

namespace tidemark {
namespace {

struct budget_field {
  std::string_view name;
  std::size_t budget_stats::* number;
  bool is_limit;
};

// Every number with its name, once for all writers.
constexpr std::array budget_fields{
    budget_field{"bytes", &budget_stats::bytes, false},
    budget_field{"bytes_peak", &budget_stats::bytes_peak, false},
    budget_field{"soft_bytes", &budget_stats::soft_bytes, true},
    budget_field{"hard_bytes", &budget_stats::hard_bytes, true},
    budget_field{"refusals", &budget_stats::refusals, false},
    budget_field{"soft_passes", &budget_stats::soft_passes, false},
    budget_field{"dropped_exceptions", &budget_stats::dropped_exceptions, false},
};
static_assert(sizeof(budget_stats) ==
                  sizeof(std::string) + budget_fields.size() * sizeof(std::size_t),
              "a field that no writer knows");

std::string budget_number(budget_field const& field, budget_stats const& stats,
                          std::string_view no_limit) {
  std::size_t const number = stats.*field.number;
  if (field.is_limit && number == SIZE_MAX) return std::string{no_limit};
  return std::to_string(number);
}

// Of the lists of children.
constinit std::mutex budget_tree_mutex;

constexpr std::size_t seven_eighths(std::size_t bytes) noexcept { return bytes - bytes / 8; }

// With the relief mark in its place.
budget_limits settled_limits(budget_limits limits) noexcept {
  if (limits.relief_bytes > limits.soft_bytes || limits.relief_bytes == SIZE_MAX) {
    limits.relief_bytes = seven_eighths(limits.soft_bytes);
  }
  return limits;
}

// One charge or refund tells so many events at a time. More there are only if the handler itself
// causes each next one, or other threads do; they stay untold.
constexpr unsigned most_budget_events = 4;

}  // namespace

budget::budget(std::string_view name, budget_limits limits, budget* parent) noexcept
    : hard_bytes_(limits.hard_bytes),
      news_above_(limits.soft_bytes),
      parent_(parent),
      limits_(settled_limits(limits)),
      name_(name) {
  if (parent_ == nullptr) return;
  std::lock_guard const lock{budget_tree_mutex};
  budget** at = &parent_->first_;
  while (*at != nullptr) at = &(*at)->next_;
  *at = this;
}

budget::~budget() {
  if (parent_ == nullptr) return;
  {
    std::lock_guard const lock{budget_tree_mutex};
    budget** at = &parent_->first_;
    while (*at != this) at = &(*at)->next_;
    *at = next_;
  }
  if (std::size_t const held = bytes(); held != 0) parent_->refund(held);
}

std::size_t budget::available_bytes() const noexcept {
  std::size_t least = SIZE_MAX;
  for (budget const* b = this; b != nullptr; b = b->parent_) {
    least = std::min(least, b->room_over(b->bytes()));
  }
  return least;
}

void budget::set_limits(budget_limits limits) noexcept {
  {
    std::lock_guard const lock{mutex_};
    limits_ = settled_limits(limits);
    hard_bytes_.store(limits_.hard_bytes, std::memory_order_relaxed);
    publish();
  }
  tell_news(true);
}

budget_limits budget::limits() const noexcept {
  std::lock_guard const lock{mutex_};
  return limits_;
}

budget_event_hook budget::set_event_handler(budget_event_handler handler, void* context) noexcept {
  std::lock_guard const lock{mutex_};
  return std::exchange(hook_, budget_event_hook{handler, context});
}

std::string budget::path() const {
  std::string const above = parent_ != nullptr ? parent_->path() + '/' : std::string{};
  return above + std::string{name()};
}

budget_stats budget::stats() const {
  std::string names = path();
  std::lock_guard const lock{mutex_};
  std::size_t const held = bytes();
  return {.path = std::move(names),
          .bytes = held,
          .bytes_peak = std::max(peak_.load(std::memory_order_relaxed), held),
          .soft_bytes = limits_.soft_bytes,
          .hard_bytes = limits_.hard_bytes,
          .refusals = refusals_.load(std::memory_order_relaxed),
          .soft_passes = soft_passes_,
          .dropped_exceptions = dropped_exceptions_.load(std::memory_order_relaxed)};
}

std::vector<budget_stats> budget::tree() const {
  std::vector<budget_stats> list;
  std::lock_guard const lock{budget_tree_mutex};
  add_to(list);
  return list;
}

void budget::add_to(std::vector<budget_stats>& list) const {
  list.push_back(stats());
  for (budget const* child = first_; child != nullptr; child = child->next_) child->add_to(list);
}

void budget::raise_peak_slow(std::size_t held) noexcept {
  std::size_t seen = peak_.load(std::memory_order_relaxed);
  while (held > seen && !peak_.compare_exchange_weak(seen, held, std::memory_order_relaxed)) {
  }
}

void budget::throw_exceeded(std::size_t bytes, refusal const& why) {
  throw budget_exceeded{why.by->name_, bytes, why.available_bytes};
}

// Returns false, for its callers to return.
bool budget::refuse_slow(std::size_t bytes, std::size_t held, refusal& why) noexcept {
  why = {.by = this, .available_bytes = room_over(held)};
  refusals_.fetch_add(1, std::memory_order_relaxed);
  if (refusal_noted_.load(std::memory_order_relaxed) || detail::running_handler::is_inside(this))
    return false;
  budget_event_hook told;
  std::size_t quiet;
  {
    std::lock_guard const lock{mutex_};
    if (refusal_noted_.load(std::memory_order_relaxed)) return false;
    refusal_noted_.store(true, std::memory_order_relaxed);
    publish();
    told = hook_;
    quiet = seven_eighths(limits_.hard_bytes);
  }
  // Refunds of before may have been too early to see the note.
  if (held > quiet) forget_refusal();
  call(
      {.kind = budget_event_kind::refused, .source = this, .bytes = held, .requested_bytes = bytes},
      told);
  tell_news(false);
  return false;
}

void budget::give_back_slow(std::size_t bytes, budget* end) noexcept { give_back(bytes, end); }

void budget::tell_slow(budget* end, bool refunded) noexcept {
  for (budget* b = this; b != end; b = b->parent_) b->tell_news(refunded);
}

void budget::tell_news(bool refunded) noexcept {
  if (refunded && refusal_noted_.load(std::memory_order_relaxed)) forget_refusal();
  if (detail::running_handler::is_inside(this)) return;
  budget_event event;
  budget_event_hook told;
  for (unsigned count = 0; note_news(event, told); ++count) {
    if (count < most_budget_events) call(event, told);
  }
}

// Notes one event if there is one. Noted before it is told: who passes the same limit meanwhile
// finds it done.
bool budget::note_news(budget_event& event, budget_event_hook& told) noexcept {
  std::lock_guard const lock{mutex_};
  std::size_t const held = held_.fetch_add(0, std::memory_order_acq_rel);
  bool const is_passed = !soft_noted_ && held > limits_.soft_bytes;
  bool const is_relieved = soft_noted_ && held <= limits_.relief_bytes;
  if (!is_passed && !is_relieved) return false;
  soft_noted_ = is_passed;
  if (is_passed) ++soft_passes_;
  publish();
  event = {.kind = is_passed ? budget_event_kind::soft_passed : budget_event_kind::relieved,
           .source = this,
           .bytes = held,
           .requested_bytes = 0};
  told = hook_;
  return true;
}

// If so little is held now that the next refusal is to be told.
void budget::forget_refusal() noexcept {
  std::lock_guard const lock{mutex_};
  std::size_t const held = held_.fetch_add(0, std::memory_order_acq_rel);
  if (held > seven_eighths(limits_.hard_bytes)) return;
  refusal_noted_.store(false, std::memory_order_relaxed);
  publish();
}

// Tells charges and refunds which of them have to look for events.
void budget::publish() noexcept {
  news_above_.store(soft_noted_ ? SIZE_MAX : limits_.soft_bytes, std::memory_order_relaxed);
  // One more than the marks; neither can be SIZE_MAX but of limits that nobody passes.
  std::size_t below = soft_noted_ ? limits_.relief_bytes + 1 : 0;
  if (refusal_noted_.load(std::memory_order_relaxed)) {
    below = std::max(below, seven_eighths(limits_.hard_bytes) + 1);
  }
  news_below_.store(below, std::memory_order_relaxed);
}

void budget::call(budget_event const& event, budget_event_hook const& told) noexcept {
  if (told.handler == nullptr) return;
  detail::running_handler const running{this};
  try {
    told.handler(event, told.context);
  } catch (...) {
    dropped_exceptions_.fetch_add(1, std::memory_order_relaxed);
  }
}

std::ostream& operator<<(std::ostream& out, budget_event_kind kind) {
  constexpr std::array<std::string_view, 3> names{"soft_passed", "relieved", "refused"};
  auto const index = static_cast<std::size_t>(kind);
  return out << (index < names.size() ? names[index] : "unknown");
}

std::ostream& operator<<(std::ostream& out, budget_stats const& stats) {
  out << stats.path << ':';
  for (budget_field const& field : budget_fields) {
    out << ' ' << field.name << '=' << budget_number(field, stats, "-");
  }
  return out;
}

std::ostream& operator<<(std::ostream& out, budget const& root) {
  std::vector<budget_stats> const rows = root.tree();
  std::size_t path_width = std::string_view{"budget"}.size();
  for (budget_stats const& row : rows) path_width = std::max(path_width, row.path.size());
  constexpr std::size_t least_width = 10;
  auto const add_right = [](std::string& line, std::size_t width, std::string_view text) {
    (line += "  ").append(width - std::min(width, text.size()), ' ') += text;
  };
  std::string line{"budget"};
  line.resize(path_width, ' ');
  for (auto const& field : budget_fields) {
    add_right(line, std::max(least_width, field.name.size()), field.name);
  }
  out << line << '\n';
  for (budget_stats const& row : rows) {
    line = row.path;
    line.resize(path_width, ' ');
    for (auto const& field : budget_fields) {
      std::size_t const width = std::max(least_width, field.name.size());
      add_right(line, width, budget_number(field, row, "-"));
    }
    out << line << '\n';
  }
  return out;
}

std::string to_json(budget_stats const& stats) {
  std::string json = "{\"path\":" + detail::json_string(stats.path);
  for (budget_field const& field : budget_fields) {
    (((json += ",\"") += field.name) += "\":") += budget_number(field, stats, "null");
  }
  return json += '}';
}

std::string to_json(budget const& root) {
  std::string json = "[";
  for (budget_stats const& row : root.tree()) {
    if (json.size() > 1) json += ',';
    json += to_json(row);
  }
  return json += ']';
}

}  // namespace tidemark
