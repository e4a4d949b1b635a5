// SPDX-License-Identifier: BSL-1.0
#pragma once

// The certification battery: what every `std::pmr::memory_resource` must do.
//
//   const auto report = testing::conformance([](std::pmr::memory_resource* upstream) {
//     return std::make_unique<my_resource>(upstream);
//   });
//   if (!report.passed()) std::cerr << report;
//
// Each row makes a resource of its own over a checked upstream and tries one promise. A resource
// that does not make a promise says so by the name of the row, which is then reported as not
// claimed.
//
// Use it in any test framework. It tries one thread; it shows use of freed memory only as far as
// contents change, so run it under AddressSanitizer too.
//
// Thread rule: one thread.

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

namespace tidemark::testing {

/// Makes a fresh resource over `upstream`. A lambda that returns a `std::unique_ptr` to any
/// resource converts. It may ignore `upstream`: rows about the upstream then have nothing to find.
using resource_factory =
    std::function<std::shared_ptr<std::pmr::memory_resource>(std::pmr::memory_resource* upstream)>;

/// The rows, by the names under which they report.
namespace rows {
inline constexpr char size_0[] = "size 0 is legal and unique";
inline constexpr char impossible_sizes[] = "impossible sizes throw bad_alloc and change nothing";
inline constexpr char alignments[] = "alignments 1 to 8192 are honoured";
inline constexpr char odd_sizes[] = "sizes that do not divide their alignment are honoured";
inline constexpr char random_load[] = "blocks keep their contents under random load";
inline constexpr char free_order[] = "blocks may be freed in any order";
inline constexpr char equality[] = "equality is identity";
inline constexpr char lazy[] = "construction asks upstream for nothing";
inline constexpr char gives_back[] = "destruction gives everything back";
inline constexpr char gives_back_live[] = "destruction gives back what was never freed";
inline constexpr char upstream_failure[] = "an upstream failure changes nothing";
inline constexpr char steady_state[] = "a second identical run asks upstream for nothing";
}  // namespace rows

struct conformance_traits {
  std::vector<std::string> not_claimed{};  // names from `rows`
  /// What ends a run in `rows::steady_state`, after every block was freed: a reset, say. A
  /// `rewindable_resource` is marked before and rewound after each run anyway.
  std::function<void(std::pmr::memory_resource&)> end_of_run{};
  std::uint64_t seed = 20260101;       // of the random load
  std::size_t load_operations = 6000;  // of it; other rows do a third or a sixth of that
};

enum class conformance_outcome { passed, failed, not_claimed };

struct conformance_row {
  std::string name{};
  conformance_outcome outcome = conformance_outcome::passed;
  std::string message{};  // what went wrong; empty unless failed
};

struct conformance_report {
  std::vector<conformance_row> rows{};  // in the order of the names above

  /// Returns:       Whether no row failed.
  bool passed() const noexcept;
  /// Returns:       The row of that name, or null.
  conformance_row const* find(std::string_view name) const noexcept;
};

/// Runs every row that is claimed.
/// Effects:       A row that fails does not keep the others from running. What the factory or the
///                resource throws, beyond the `std::bad_alloc` of an exhausted upstream, fails the
///                row. A name in `not_claimed` that no row has is reported as a failed row.
/// Remarks:       A resource that reads or writes where it must not may crash the program.
conformance_report conformance(resource_factory const& make, conformance_traits const& traits = {});

/// For a resource that is there already, such as `std::pmr::new_delete_resource()`: it has no
/// upstream that the battery could watch, so the rows about upstreams have nothing to find. It is
/// not destroyed, so `rows::gives_back_live`, which would leak, is not claimed.
conformance_report conformance(std::pmr::memory_resource* resource,
                               conformance_traits const& traits = {});

/// Writes one line for each row.
std::ostream& operator<<(std::ostream& out, conformance_report const& report);

}  // namespace tidemark::testing
