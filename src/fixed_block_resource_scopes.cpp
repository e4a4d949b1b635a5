// SPDX-License-Identifier: BSL-1.0

// The checkpoints of a fixed-block pool.

#include <tidemark/fixed_block_resource.hpp>

#include "block_checks.hpp"
#include "scope_rules.hpp"

namespace tidemark {

using detail::block_checks;
using detail::fixed_scope_resource;
using detail::marker_access;
using detail::scope_rules;

/// The pool as `scope_rules` sees it.
class fixed_block_resource::ruled {
 public:
  explicit ruled(fixed_block_resource& pool) noexcept : pool_(pool) {}
  detail::block_engine& marks() const noexcept { return pool_.heap_.engine; }
  void close(std::uint32_t depth, source_location where, void const* caller) const noexcept {
    bool const checked = marks().is_checked();
    if (checked && !block_checks::before_closing(pool_, depth, where, caller)) return;
    marks().rewind_to(depth);
    if (checked) block_checks::after_closing(pool_, depth);
  }
  void keep(std::uint32_t depth) const noexcept {
    if (marks().is_checked()) block_checks::before_keeping(pool_, depth);
    marks().keep_to(depth);
  }
  void empty(std::uint32_t depth, source_location where, void const* caller) const noexcept {
    bool const checked = marks().is_checked();
    if (checked && !block_checks::before_closing(pool_, depth, where, caller)) return;
    marks().empty(depth);
    if (checked) block_checks::after_closing(pool_, depth);
  }
  void tell_of(std::uint64_t serial, misuse& bug) const noexcept {
    if (pool_.checks_ != nullptr) pool_.checks_->tell_of(serial, bug);
  }
  void report(misuse const& bug, void const* caller) const noexcept { pool_.report(bug, caller); }

 private:
  fixed_block_resource& pool_;
};

marker fixed_block_resource::checkpoint_slow(bool scoped, source_location where) {
  block_checks::visit const visit{*this, __builtin_return_address(0), where};
  if (visit.is_refused()) return {};
  detail::block_engine& engine = heap_.engine;
  if (!heap_.prepare_mark<fixed_scope_resource>(*this)) refuse(sizeof(detail::block_record));
  // Upstream may have opened others: only now is it known how deep this one will be.
  if (engine.is_checked()) block_checks::before_opening(*this);
  std::uint64_t const serial = engine.open(scoped, where);
  if (engine.holds_all()) engine.top().eventful = true;
  return marker_access::make(serial, engine.depth(), engine.origin());
}

void fixed_block_resource::rewind_slow(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  block_checks::visit const visit{*this, caller, where};
  if (visit.is_refused()) return;
  ruled pool{*this};
  scope_rules::rewind(pool, mark, where, caller);
}

void fixed_block_resource::do_keep(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  block_checks::visit const visit{*this, caller, where};
  if (visit.is_refused()) return;
  ruled pool{*this};
  scope_rules::keep(pool, mark, where, caller);
}

void fixed_block_resource::do_empty(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  block_checks::visit const visit{*this, caller, where};
  if (visit.is_refused()) return;
  ruled pool{*this};
  scope_rules::empty(pool, mark, where, caller);
}

void fixed_block_resource::end_scope_slow(marker mark, bool keep) noexcept {
  void const* const caller = __builtin_return_address(0);
  block_checks::visit const visit{*this, caller};
  if (visit.is_refused()) return;
  ruled pool{*this};
  scope_rules::end_scope(pool, mark, keep, caller);
}

std::pmr::memory_resource* fixed_block_resource::do_resource_of(marker mark) noexcept {
  ruled pool{*this};
  std::uint32_t const depth =
      scope_rules::checked_depth(pool, mark, {}, __builtin_return_address(0));
  if (depth == 0) return std::pmr::null_memory_resource();
  detail::scope_binding& binding = *heap_.engine.record(depth).binding;
  binding.handed_out = true;
  return &static_cast<fixed_scope_resource&>(binding);
}

void fixed_block_resource::refuse_closed(marker mark, void const* caller) {
  ruled pool{*this};
  scope_rules::refuse_closed(pool, marker_access::serial(mark), marker_access::depth(mark), caller);
}

void fixed_block_resource::report(misuse bug, void const* caller) const noexcept {
  bug.resource = name_;
  if (heap_.engine.is_checked() && !bug.used) {
    bug.used_at = detail::code_trace::from(caller).culprit();
  }
  report_misuse(bug);
}

}  // namespace tidemark
