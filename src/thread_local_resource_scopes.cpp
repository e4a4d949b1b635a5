// SPDX-License-Identifier: BSL-1.0

// The checkpoints of the calling thread.

#include <tidemark/detail/code_trace.hpp>

#include "scope_rules.hpp"
#include "thread_checks.hpp"
#include "thread_local_resource_heap.hpp"

namespace tidemark {

using detail::local_heap;
using detail::marker_access;
using detail::scope_rules;
using detail::thread_checks;
using detail::thread_scope_resource;

/// The pool and the heap of this thread as `scope_rules` sees them.
class thread_local_resource::ruled {
 public:
  ruled(thread_local_resource& pool, local_heap& heap) noexcept : pool_(pool), heap_(heap) {}
  detail::block_engine& marks() const noexcept { return heap_.engine(); }
  void close(std::uint32_t depth, source_location where, void const* caller) const noexcept {
    // What others freed before is not freed again.
    heap_.drain();
    bool const checked = pool_.checked_;
    if (checked && !thread_checks::before_closing(pool_, heap_, depth, where, caller)) return;
    marks().rewind_to(depth);
    if (checked) thread_checks::after_closing(pool_, heap_, depth);
  }
  void keep(std::uint32_t depth) const noexcept {
    if (pool_.checked_) thread_checks::before_keeping(pool_, heap_, depth);
    marks().keep_to(depth);
  }
  void empty(std::uint32_t depth, source_location where, void const* caller) const noexcept {
    heap_.drain();
    bool const checked = pool_.checked_;
    if (checked && !thread_checks::before_closing(pool_, heap_, depth, where, caller)) return;
    marks().empty(depth);
    if (checked) thread_checks::after_closing(pool_, heap_, depth);
  }
  void tell_of(std::uint64_t serial, misuse& bug) const noexcept {
    if (pool_.checked_) thread_checks::tell_of(pool_, heap_, serial, bug);
  }
  void report(misuse bug, void const* caller) const noexcept { pool_.report(bug, caller); }

 private:
  thread_local_resource& pool_;
  local_heap& heap_;
};

// A thread that never used the pool gets a heap for it, as it has opened nothing in any case.

[[gnu::noinline]] marker thread_local_resource::do_checkpoint(bool scoped, source_location where) {
  local_heap& own = heap();
  detail::block_engine& engine = own.engine();
  if (!engine.can_open()) [[unlikely]] {
    auto const prepare = [&] { return own.blocks.prepare_mark<thread_scope_resource>(*this, own); };
    if (!prepare() && (trim_orphans() == 0 || !prepare())) refuse(sizeof(detail::block_record));
    // Upstream may have opened others: only now is it known how deep this one will be.
    if (checked_) thread_checks::before_opening(*this, own);
  }
  std::uint64_t const serial = engine.open(scoped, where);
  if (engine.holds_all()) engine.top().eventful = true;
  own.origin.raise_to(engine.origin());
  return marker_access::make(serial, engine.depth(), engine.origin());
}

[[gnu::noinline]] void thread_local_resource::do_rewind(marker mark,
                                                        source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  local_heap* const own = known_heap();
  if (own != nullptr && own->engine().top_serial() == marker_access::serial(mark) &&
      own->engine().is_top_plain()) [[likely]] {
    return own->engine().pop_plain();
  }
  if (refuse_elsewhere(own, mark, where, caller)) return;
  ruled seen{*this, *own};
  scope_rules::rewind(seen, mark, where, caller);
}

void thread_local_resource::do_keep(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  local_heap* const own = known_heap();
  if (refuse_elsewhere(own, mark, where, caller)) return;
  ruled seen{*this, *own};
  scope_rules::keep(seen, mark, where, caller);
}

void thread_local_resource::do_empty(marker mark, source_location where) noexcept {
  void const* const caller = __builtin_return_address(0);
  local_heap* const own = known_heap();
  if (refuse_elsewhere(own, mark, where, caller)) return;
  ruled seen{*this, *own};
  scope_rules::empty(seen, mark, where, caller);
}

[[gnu::noinline]] void thread_local_resource::do_end_scope(marker mark, bool keep) noexcept {
  void const* const caller = __builtin_return_address(0);
  local_heap* const own = known_heap();
  if (own != nullptr && own->engine().top_serial() == marker_access::serial(mark) && !keep &&
      own->engine().is_top_plain()) [[likely]] {
    return own->engine().pop_plain();
  }
  if (refuse_elsewhere(own, mark, {}, caller)) return;
  ruled seen{*this, *own};
  scope_rules::end_scope(seen, mark, keep, caller);
}

bool thread_local_resource::do_is_open(marker mark) const noexcept {
  local_heap* const own = known_heap();
  return own != nullptr &&
         own->engine().is_open(marker_access::serial(mark), marker_access::depth(mark));
}

std::pmr::memory_resource* thread_local_resource::do_resource_of(marker mark) noexcept {
  void const* const caller = __builtin_return_address(0);
  local_heap* const own = known_heap();
  if (refuse_elsewhere(own, mark, {}, caller)) return std::pmr::null_memory_resource();
  ruled seen{*this, *own};
  std::uint32_t const depth = scope_rules::checked_depth(seen, mark, {}, caller);
  if (depth == 0) return std::pmr::null_memory_resource();
  detail::scope_binding& binding = *own->engine().record(depth).binding;
  binding.handed_out = true;
  return &static_cast<thread_scope_resource&>(binding);
}

std::uint32_t thread_local_resource::depth() const noexcept {
  local_heap* const own = known_heap();
  return own != nullptr ? own->engine().depth() : 0;
}

bool thread_local_resource::is_elsewhere(marker mark) const noexcept {
  std::uint32_t const origin = marker_access::origin(mark);
  local_heap const* const own = known_heap();
  if (origin == 0 || (own != nullptr && own->origin.get() == origin)) return false;
  std::lock_guard const lock{threads_.mutex()};
  for (local_heap const* heap = all_; heap != nullptr; heap = heap->next_of_all) {
    if (heap->origin.get() == origin) return true;
  }
  return false;
}

bool thread_local_resource::refuse_elsewhere(local_heap const* own, marker mark,
                                             source_location where,
                                             void const* caller) const noexcept {
  misuse bug{.kind = misuse_kind::stale_marker, .used = where};
  if (is_elsewhere(mark)) {
    bug.kind = misuse_kind::wrong_thread;
  } else if (own != nullptr) {
    return false;  // this thread's own rules say what it is
  } else if (marker_access::serial(mark) != 0) {
    bug.kind = misuse_kind::foreign_marker;
  }
  report(bug, caller);
  return true;
}

void local_heap::refuse_closed(thread_local_resource& pool, local_heap& heap, std::uint64_t serial,
                               std::uint32_t depth, void const* caller) {
  thread_local_resource::ruled seen{pool, heap};
  scope_rules::refuse_closed(seen, serial, depth, caller);
}

void thread_local_resource::refuse(std::size_t bytes) const {
  throw resource_exhausted(name_, bytes, account_.available_bytes());
}

void thread_local_resource::report(misuse bug, void const* caller) const noexcept {
  bug.resource = name_;
  if (checked_ && !bug.used) bug.used_at = detail::code_trace::from(caller).culprit();
  report_misuse(bug);
}

}  // namespace tidemark
