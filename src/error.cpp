// SPDX-License-Identifier: BSL-1.0
#include <cxxabi.h>
#include <dlfcn.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <ostream>
#include <tidemark/error.hpp>
#include <utility>

namespace tidemark {
namespace {

struct kind_text {
  std::string_view name;     // of the enumerator
  std::string_view summary;  // completes "tidemark: 'parser': ..."
  std::string_view remedy;
};

// In the order of the enumerators.
constexpr std::array kind_texts{
    kind_text{"stale_marker", "a marker that names no open checkpoint",
              "rewind or keep a marker once, before an outer one is closed; a memory_scope does"},
    kind_text{"foreign_marker", "a marker of another pool",
              "give a marker back to the pool whose checkpoint() made it"},
    kind_text{"out_of_order", "closing what lies below an open scope",
              "let inner scopes end first; an open memory_scope cannot be closed from below"},
    kind_text{"wrong_thread", "use from a thread that does not own it",
              "open and use its scopes on one thread, or take a pool that is made for many"},
    kind_text{"scope_closed", "allocation in a closed scope",
              "let the container end before its scope, or take its memory from an outer scope or "
              "unscoped()"},
    kind_text{"double_free", "a block freed twice", "free a block once, through its one owner"},
    kind_text{"foreign_block", "a free of a block that it did not allocate",
              "free a block through the resource that allocated it, with the same size and "
              "alignment"},
    kind_text{"rewind_in_finalizer", "a rewind from a destructor that a rewind is running",
              "close marks outside the destructors of objects that the pool owns"},
    kind_text{"concurrent_use", "use by two threads at once",
              "let one thread at a time use it, or take a pool that is made for many"},
    kind_text{"outlived", "a free of a block whose scope is closed",
              "let the owner of the block end before its scope, or allocate it in an outer scope"},
    kind_text{"overrun", "a write behind the end of a block",
              "compare the size that was asked for with what is written"},
    kind_text{"no_scope", "an allocation with no scope open",
              "open a scope around the outermost caller; what is to live longer is taken through "
              "unscoped()"},
};
static_assert(kind_texts.size() == static_cast<std::size_t>(misuse_kind::no_scope) + 1);

kind_text const& text_of(misuse_kind kind) noexcept {
  static constexpr kind_text unknown{"unknown", "misuse", "see the documentation of the pool"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kind_texts.size() ? kind_texts[index] : unknown;
}

template <class Sink>
void write_number(Sink const& sink, std::uintptr_t number, int base) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  sink(std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())});
}

template <class Sink>
void write_address(Sink const& sink, void const* address) {
  sink("0x");
  write_number(sink, reinterpret_cast<std::uintptr_t>(address), 16);
}

template <class Sink>
void write_function_name(Sink const& sink, char const* mangled) {
  struct free_deleter {
    void operator()(char* text) const noexcept { std::free(text); }
  };
  int status = 0;
  const std::unique_ptr<char, free_deleter> name{
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status)};
  sink(std::string_view{name ? name.get() : mangled});
}

// As the linker knows it: function()+0x2c, or program+0x114c where the function has no name there.
template <class Sink>
void write_code_address(Sink const& sink, void const* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return write_address(sink, address);
  void const* base = info.dli_fbase;
  if (info.dli_sname != nullptr) {
    write_function_name(sink, info.dli_sname);
    base = info.dli_saddr;
  } else {
    sink(std::string_view{info.dli_fname});
  }
  sink("+0x");
  write_number(
      sink, reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base), 16);
}

// One line if the place or, failing that, the code address is known.
template <class Sink>
void write_place(Sink const& sink, std::string_view what, source_location place, void const* code) {
  if (!place && code == nullptr) return;
  sink("\n  ");
  sink(what);
  if (place) {
    sink(" ");
    sink(std::string_view{place.file});
    sink(":");
    write_number(sink, place.line, 10);
  } else {
    sink(" in ");
    write_code_address(sink, code);
  }
}

template <class Sink>
void write_report(Sink const& sink, misuse const& bug) {
  auto const& text = text_of(bug.kind);
  sink("tidemark: ");
  if (!bug.resource.empty()) {
    sink("'");
    sink(bug.resource);
    sink("': ");
  }
  sink(text.summary);
  if (bug.address != nullptr) {
    sink("\n  block ");
    write_address(sink, bug.address);
  }
  write_place(sink, "opened", bug.opened, nullptr);
  write_place(sink, "closed", bug.closed, bug.closed_at);
  write_place(sink, "used", bug.used, bug.used_at);
  sink("\n  to fix it: ");
  sink(text.remedy);
}

// Straight to stderr: iostreams may not be there yet, or any more. Only a demangled name allocates.
void print_and_abort(misuse const& bug, void*) noexcept {
  const auto to_stderr = [](std::string_view text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  };
  write_report(to_stderr, bug);
  to_stderr("\n");
  std::abort();
}

// A lock keeps handler and context together; it is held for two copies only.
constinit std::mutex hook_mutex;
constinit misuse_hook current_hook{};  // guarded by hook_mutex

}  // namespace

misuse_hook set_misuse_handler(misuse_handler handler, void* context) noexcept {
  const std::lock_guard lock{hook_mutex};
  return std::exchange(current_hook, misuse_hook{handler, context});
}

void report_misuse(misuse const& bug) noexcept {
  misuse_hook hook;
  {
    const std::lock_guard lock{hook_mutex};
    hook = current_hook;
  }
  if (hook.handler == nullptr) print_and_abort(bug, nullptr);
  hook.handler(bug, hook.context);
}

char const* resource_exhausted::what() const noexcept { return "tidemark: resource exhausted"; }
char const* budget_exceeded::what() const noexcept { return "tidemark: budget exceeded"; }

std::ostream& operator<<(std::ostream& out, misuse_kind kind) { return out << text_of(kind).name; }

std::ostream& operator<<(std::ostream& out, resource_name const& name) {
  return out << std::string_view{name};
}

std::ostream& operator<<(std::ostream& out, misuse const& bug) {
  write_report([&out](std::string_view text) { out << text; }, bug);
  return out;
}

}  // namespace tidemark
