// SPDX-License-Identifier: BSL-1.0

// The functions here have external linkage and this program exports them, so that dladdr knows
// their names. Each does something after its call: a tail call would leave no trace of it.

#include <dlfcn.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string_view>
#include <tidemark/detail/code_trace.hpp>

using tidemark::detail::code_trace;

namespace {

void const* return_address;  // of the newest `traced`

std::string_view function_of(void const* code) {
  Dl_info info{};
  bool const known = code != nullptr && dladdr(static_cast<char const*>(code) - 1, &info) != 0;
  return known && info.dli_sname != nullptr ? info.dli_sname : "";
}

void* beyond(void (*function)()) { return reinterpret_cast<char*>(function) + 1; }

}  // namespace

extern "C" {
[[gnu::noinline]] void traced(code_trace& trace) {
  return_address = __builtin_return_address(0);
  trace = code_trace::from(return_address);
  asm volatile("");
}

[[gnu::noinline]] void users_function(code_trace& trace) {
  traced(trace);
  asm volatile("");
}

[[gnu::noinline]] void from_nowhere(code_trace& trace) {
  trace = code_trace::from(nullptr);
  asm volatile("");
}

[[gnu::noinline]] void calls_from_nowhere(code_trace& trace) {
  from_nowhere(trace);
  asm volatile("");
}
}

namespace tidemark::of_the_library {

[[gnu::noinline]] void call(code_trace& trace) {
  traced(trace);
  asm volatile("");
}

struct [[gnu::visibility("default")]] thing {
  [[gnu::noinline]] void call(code_trace& trace) const {
    of_the_library::call(trace);
    asm volatile("");
  }
};

}  // namespace tidemark::of_the_library

extern "C" [[gnu::noinline]] void user_of_the_library(code_trace& trace) {
  tidemark::of_the_library::thing{}.call(trace);
  asm volatile("");
}

BOOST_AUTO_TEST_CASE(a_trace_begins_where_the_nearest_call_returns_to) {
  code_trace trace;
  users_function(trace);
  BOOST_TEST(trace.frames[0] == return_address);
  BOOST_TEST(function_of(trace.frames[0]) == "users_function");
  BOOST_TEST(trace.frames[1] != nullptr);
  BOOST_TEST(trace.culprit() == return_address);
}

BOOST_AUTO_TEST_CASE(the_culprit_is_the_first_who_is_not_of_the_library) {
  code_trace trace;
  user_of_the_library(trace);
  BOOST_TEST(function_of(trace.frames[0]) ==
             "_ZN8tidemark14of_the_library4callERNS_6detail10code_traceE");
  BOOST_TEST(function_of(trace.culprit()) == "user_of_the_library");
}

BOOST_AUTO_TEST_CASE(a_call_that_is_not_among_them_begins_the_trace_at_the_callers_caller) {
  code_trace trace;
  calls_from_nowhere(trace);
  BOOST_TEST(function_of(trace.frames[0]) == "calls_from_nowhere");
}

BOOST_AUTO_TEST_CASE(an_empty_trace_has_no_culprit) {
  BOOST_TEST(code_trace{}.culprit() == nullptr);
}

BOOST_AUTO_TEST_CASE(where_nothing_has_a_name_the_nearest_is_the_culprit) {
  // What a program without exported symbols looks like: only what the C library calls itself has
  // a name.
  auto const nameless = static_cast<void (*)()>([] { std::abort(); });
  code_trace trace;
  trace.frames[0] = beyond(nameless);
  trace.frames[1] = beyond(&std::abort);
  BOOST_REQUIRE(function_of(trace.frames[1]) == "abort");
  BOOST_TEST(trace.culprit() == trace.frames[0]);
}

BOOST_AUTO_TEST_CASE(functions_of_the_standard_library_are_no_culprits) {
  code_trace trace;
  void* (*const allocate)(std::size_t) = &operator new;
  trace.frames[0] = reinterpret_cast<char*>(dlsym(RTLD_DEFAULT, "_ZNSt9exceptionD1Ev")) + 1;
  trace.frames[1] = reinterpret_cast<char*>(allocate) + 1;
  BOOST_REQUIRE(function_of(trace.frames[0]).substr(0, 5) == "_ZNSt");
  BOOST_TEST(trace.culprit() == trace.frames[1]);  // the program's own may have its name
}
