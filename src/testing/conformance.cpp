// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <ostream>
#include <tidemark/testing/conformance.hpp>

#include "conformance_rows.hpp"

namespace tidemark::testing {
namespace {

bool names(std::vector<std::string> const& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// What went wrong; empty if nothing did.
std::string message_of(row_definition const& row, resource_factory const& make,
                       conformance_traits const& traits) {
  try {
    row.run(make, traits);
    return {};
  } catch (std::exception const& e) {
    return e.what()[0] != '\0' ? e.what() : "an exception without a text";
  } catch (...) {
    return "an exception of an unknown type";
  }
}

char const* text_of(conformance_outcome outcome) {
  switch (outcome) {
    case conformance_outcome::passed:
      return "passed      ";
    case conformance_outcome::failed:
      return "FAILED      ";
    case conformance_outcome::not_claimed:
      return "not claimed ";
  }
  return "";
}

}  // namespace

bool conformance_report::passed() const noexcept {
  return std::none_of(rows.begin(), rows.end(), [](conformance_row const& row) {
    return row.outcome == conformance_outcome::failed;
  });
}

conformance_row const* conformance_report::find(std::string_view name) const noexcept {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [name](conformance_row const& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

conformance_report conformance(resource_factory const& make, conformance_traits const& traits) {
  conformance_report report;
  for (auto const& row : all_rows()) {
    if (names(traits.not_claimed, row.name)) {
      report.rows.push_back({row.name, conformance_outcome::not_claimed, {}});
      continue;
    }
    auto message = message_of(row, make, traits);
    const auto outcome =
        message.empty() ? conformance_outcome::passed : conformance_outcome::failed;
    report.rows.push_back({row.name, outcome, std::move(message)});
  }
  for (auto const& name : traits.not_claimed) {
    if (report.find(name) != nullptr) continue;
    report.rows.push_back({name, conformance_outcome::failed, "there is no such row"});
  }
  return report;
}

conformance_report conformance(std::pmr::memory_resource* resource,
                               conformance_traits const& traits) {
  // Shared, but never deleted: the resource is its owner's.
  std::shared_ptr<std::pmr::memory_resource> borrowed{resource, [](auto*) {}};
  auto without_leak = traits;
  if (!names(traits.not_claimed, rows::gives_back_live)) {
    without_leak.not_claimed.emplace_back(rows::gives_back_live);
  }
  return conformance([&borrowed](std::pmr::memory_resource*) { return borrowed; }, without_leak);
}

std::ostream& operator<<(std::ostream& out, conformance_report const& report) {
  for (auto const& row : report.rows) {
    out << text_of(row.outcome) << row.name;
    if (!row.message.empty()) out << ": " << row.message;
    out << '\n';
  }
  return out;
}

}  // namespace tidemark::testing
