// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <tidemark/detail/code_trace.hpp>

#if __has_include(<execinfo.h>) && __has_include(<dlfcn.h>)
#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#define TIDEMARK_HAS_BACKTRACE 1
#else
#define TIDEMARK_HAS_BACKTRACE 0
#endif

namespace tidemark::detail {

#if TIDEMARK_HAS_BACKTRACE
namespace {

// Mangled names of what lies in namespace tidemark or std, member or free, const or not, local to
// a function or not, and of std's abbreviations.
bool is_library_symbol(std::string_view name) noexcept {
  if (name.substr(0, 2) != "_Z") return false;
  name.remove_prefix(2);
  name.remove_prefix(std::min(name.find_first_not_of("NKZ"), name.size()));
  for (std::string_view const prefix : {"8tidemark", "St", "Sa", "Ss", "Sb", "9__gnu_cxx"}) {
    if (name.substr(0, prefix.size()) == prefix) return true;
  }
  return false;
}

// Where a module is loaded; null if `code` lies in none.
template <class Function>
void const* module_of(Function* code) noexcept {
  Dl_info info{};
  return ::dladdr(reinterpret_cast<void*>(code), &info) != 0 ? info.dli_fbase : nullptr;
}

}  // namespace

code_trace code_trace::from(void const* nearest) noexcept {
  std::array<void*, 24> all{};
  int const found = ::backtrace(all.data(), static_cast<int>(all.size()));
  auto const end = all.begin() + found;
  auto first = std::find(all.begin(), end, nearest);
  if (first == end) {  // whatever stands above this function, a sanitizer's frames among it
    first = std::find(all.begin(), end, __builtin_return_address(0));
    if (first != end) ++first;
  }
  code_trace trace;
  std::copy_n(first, std::min<std::ptrdiff_t>(end - first, std::ssize(trace.frames)),
              trace.frames.begin());
  return trace;
}

void const* code_trace::culprit() const noexcept {
  // What starts main and threads has a name, too, where the program's own functions have none.
  // Linked statically all is one module.
  void const* c_library = module_of(&std::abort);
  if (c_library == module_of(&code_trace::from)) c_library = nullptr;
  for (void const* const frame : frames) {
    if (frame == nullptr) break;
    // A return address may be the first of the next function: the call lies before it.
    Dl_info info{};
    bool const known = ::dladdr(static_cast<char const*>(frame) - 1, &info) != 0;
    bool const named = known && info.dli_sname != nullptr && info.dli_fbase != c_library;
    if (named && !is_library_symbol(info.dli_sname)) return frame;
  }
  return frames.front();
}

void code_trace::describe(std::span<char> text) const noexcept {
  if (text.empty()) return;
  text.front() = '\0';
  void const* const address = culprit();
  Dl_info info{};
  if (address == nullptr || ::dladdr(static_cast<char const*>(address) - 1, &info) == 0) return;
  struct free_deleter {
    void operator()(char* name) const noexcept { std::free(name); }
  };
  int status = 0;
  std::unique_ptr<char, free_deleter> const demangled{
      info.dli_sname != nullptr ? abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status)
                                : nullptr};
  char const* name = info.dli_sname != nullptr ? info.dli_sname : info.dli_fname;
  if (demangled) name = demangled.get();
  void const* const base = info.dli_sname != nullptr ? info.dli_saddr : info.dli_fbase;
  static_cast<void>(std::snprintf(text.data(), text.size(), "%s+0x%zx", name,
                                  static_cast<std::size_t>(static_cast<char const*>(address) -
                                                           static_cast<char const*>(base))));
}

#else

void code_trace::describe(std::span<char> text) const noexcept {
  if (!text.empty()) text.front() = '\0';
}

code_trace code_trace::from(void const* nearest) noexcept {
  code_trace trace;
  trace.frames.front() = nearest;
  return trace;
}

void const* code_trace::culprit() const noexcept { return frames.front(); }

#endif

}  // namespace tidemark::detail
