// SPDX-License-Identifier: BSL-1.0
#include <new>
#include <string>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>

namespace tidemark::testing {
namespace {

[[nodiscard]] allocation_failure_mishandled mishandled(std::size_t call, std::string const& how) {
  return allocation_failure_mishandled{"with allocation " + std::to_string(call) +
                                       " failing: " + how};
}

}  // namespace

std::size_t fail_each_allocation(std::function<void(std::pmr::memory_resource*)> const& f) {
  for (std::size_t call = 1;; ++call) {
    checked_upstream memory;
    memory.fail_at(call);
    try {
      f(&memory);
    } catch (std::bad_alloc const&) {
      if (memory.totals().failures == 0) throw;
    } catch (...) {
      if (memory.totals().failures == 0) throw;
      std::throw_with_nested(mishandled(call, "another exception than std::bad_alloc got out"));
    }
    if (auto const complaint = memory.complaint(); !complaint.empty()) {
      throw mishandled(call, complaint);
    }
    if (memory.totals().failures == 0) return call - 1;
  }
}

}  // namespace tidemark::testing
