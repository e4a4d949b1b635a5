// SPDX-License-Identifier: BSL-1.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <sstream>
#include <string>
#include <thread>
#include <tidemark/error.hpp>
#include <type_traits>
#include <vector>

using namespace tidemark;

namespace {

template <class T>
std::string text_of(T const& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

bool contains(std::string const& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void count(misuse const&, void* context) noexcept { ++*static_cast<int*>(context); }

// What a process prints to stderr and the signal that ends it.
struct ending {
  std::string printed;
  int signal;
};
ending end_of(void (*f)()) {
  int ends[2];
  BOOST_REQUIRE(pipe(ends) == 0);
  const auto child = fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL);  // Boost.Test catches it otherwise
    f();
    _exit(0);
  }
  close(ends[1]);
  ending result{};
  char buffer[512];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    result.printed.append(buffer, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  BOOST_REQUIRE(waitpid(child, &status, 0) == child);
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result;
}

}  // namespace

extern "C" void report_test_function() {}

BOOST_AUTO_TEST_CASE(a_name_is_a_copy_that_compares_with_text) {
  std::string original = "parser";
  const resource_name name{original};
  original = "other";
  BOOST_TEST(name == "parser");
  BOOST_TEST((name == resource_name{"parser"}));
  BOOST_TEST((name != resource_name{"parse"}));
  BOOST_TEST(text_of(name) == "parser");
  BOOST_TEST(resource_name{}.empty());
  static_assert(std::is_trivially_copyable_v<resource_name>);
  static_assert(std::is_convertible_v<resource_name, std::string_view>);
}

BOOST_AUTO_TEST_CASE(a_name_of_31_bytes_is_whole_and_of_32_is_cut) {
  BOOST_TEST(resource_name{std::string(31, 'x')} == std::string(31, 'x'));
  BOOST_TEST(resource_name{std::string(32, 'x')} == std::string(31, 'x'));
  BOOST_TEST(resource_name{std::string(1000, 'x')} == std::string(31, 'x'));
  BOOST_TEST(resource_name{std::string_view("ab\0cd", 5)} == "ab");
}

BOOST_AUTO_TEST_CASE(a_name_is_cut_between_utf8_sequences) {
  const std::string wave = "\xF0\x9F\x8C\x8A";  // four bytes
  for (std::size_t before = 28; before <= 31; ++before) {
    const std::string head(before, 'x');
    BOOST_TEST(resource_name{head + wave} == head);
  }
  BOOST_TEST(resource_name{std::string(27, 'x') + wave} == std::string(27, 'x') + wave);
  BOOST_TEST(resource_name{std::string(40, '\x80')}.empty());  // no boundary at all
}

BOOST_AUTO_TEST_CASE(a_report_names_the_pool_the_places_and_the_remedy) {
  misuse bug;
  bug.kind = misuse_kind::scope_closed;
  bug.resource = resource_name{"parser"};
  bug.opened = {"parse.cpp", 41};
  const auto text = text_of(bug);
  BOOST_TEST(text.starts_with("tidemark: 'parser': allocation in a closed scope\n"));
  BOOST_TEST(contains(text, "\n  opened parse.cpp:41\n"));
  BOOST_TEST(!contains(text, "closed in "));
  BOOST_TEST(!contains(text, "used"));
  BOOST_TEST(!contains(text, "block 0x"));
  BOOST_TEST(contains(text, "\n  to fix it: "));
  BOOST_TEST(text.back() != '\n');

  bug.closed = {"close.cpp", 2};
  bug.used = {"use.cpp", 3};
  bug.address = reinterpret_cast<void const*>(0xABC0);
  const auto full = text_of(bug);
  BOOST_TEST(contains(full, "\n  block 0xabc0\n"));
  BOOST_TEST(contains(full, "\n  closed close.cpp:2\n"));
  BOOST_TEST(contains(full, "\n  used use.cpp:3\n"));
}

BOOST_AUTO_TEST_CASE(a_pool_without_a_name_leaves_no_empty_quotes) {
  const auto text = text_of(misuse{});
  BOOST_TEST(text.starts_with("tidemark: a marker that names no open checkpoint\n"));
}

BOOST_AUTO_TEST_CASE(a_code_address_is_told_as_function_and_offset) {
  misuse bug;
  // A program's own functions may have no name for the linker: then it is the program's.
  bug.used_at = reinterpret_cast<char const*>(&report_test_function) + 0x2c;
  auto text = text_of(bug);
  BOOST_TEST(contains(text, "\n  used in "));
  BOOST_TEST(contains(text, "+0x"));
  bug.used_at = reinterpret_cast<void const*>(&std::abort);
  text = text_of(bug);
  BOOST_TEST(contains(text, "\n  used in abort+0x0\n"));
  bug.closed_at = reinterpret_cast<void const*>(8);  // in no module
  BOOST_TEST(contains(text_of(bug), "\n  closed in 0x8\n"));
  bug.closed = {"close.cpp", 2};  // a place says more than an address
  BOOST_TEST(contains(text_of(bug), "\n  closed close.cpp:2\n"));
}

BOOST_AUTO_TEST_CASE(a_mangled_name_is_demangled) {
  misuse bug;
  // operator new(unsigned long), from a library that every program has.
  bug.used_at = reinterpret_cast<void const*>(static_cast<void* (*)(std::size_t)>(&operator new));
  BOOST_TEST(contains(text_of(bug), "used in operator new(unsigned long)+0x0"));
}

BOOST_AUTO_TEST_CASE(every_kind_has_a_name_and_a_text_of_its_own) {
  std::vector<std::string> seen;
  for (int i = 0; i <= static_cast<int>(misuse_kind::overrun); ++i) {
    misuse bug;
    bug.kind = static_cast<misuse_kind>(i);
    for (auto const& text : {text_of(bug.kind), text_of(bug)}) {
      BOOST_TEST(!text.empty());
      BOOST_TEST(!contains(text, "unknown"));
      for (auto const& other : seen) BOOST_TEST(text != other);
      seen.push_back(text);
    }
  }
  BOOST_TEST(text_of(misuse_kind::outlived) == "outlived");
  BOOST_TEST(text_of(misuse_kind::overrun) == "overrun");
  BOOST_TEST(text_of(static_cast<misuse_kind>(99)) == "unknown");
}

BOOST_AUTO_TEST_CASE(a_handler_gets_its_context_and_the_former_one_is_returned) {
  int first = 0;
  int second = 0;
  const auto before = set_misuse_handler(&count, &first);
  report_misuse({});
  const auto former = set_misuse_handler(&count, &second);
  BOOST_TEST((former.handler == &count));
  BOOST_TEST(former.context == &first);
  report_misuse({});
  report_misuse({});
  set_misuse_handler(before.handler, before.context);
  BOOST_TEST(first == 1);
  BOOST_TEST(second == 2);
}

BOOST_AUTO_TEST_CASE(a_handler_may_set_another_handler) {
  static int called = 0;
  const misuse_handler chain = [](misuse const&, void*) noexcept {
    ++called;
    set_misuse_handler(&count, &called);
  };
  const auto before = set_misuse_handler(chain);
  report_misuse({});
  report_misuse({});
  set_misuse_handler(before.handler, before.context);
  BOOST_TEST(called == 2);
}

BOOST_AUTO_TEST_CASE(handler_and_context_are_read_together_from_any_thread) {
  // Each handler finds its own context, never the other's.
  static std::atomic<int> mixed{0};
  static int mine = 0;
  static int yours = 0;
  constexpr misuse_handler my_handler = [](misuse const&, void* context) noexcept {
    if (context != &mine) ++mixed;
  };
  constexpr misuse_handler your_handler = [](misuse const&, void* context) noexcept {
    if (context != &yours) ++mixed;
  };
  const auto before = set_misuse_handler(my_handler, &mine);
  std::thread reporter{[] {
    for (int i = 0; i < 20000; ++i) report_misuse({});
  }};
  for (int i = 0; i < 20000; ++i) {
    set_misuse_handler(your_handler, &yours);
    set_misuse_handler(my_handler, &mine);
  }
  reporter.join();
  set_misuse_handler(before.handler, before.context);
  BOOST_TEST(mixed.load() == 0);
}

BOOST_AUTO_TEST_CASE(the_default_handler_prints_the_report_and_aborts) {
  const auto end = end_of([] {
    set_misuse_handler(nullptr);
    misuse bug;
    bug.kind = misuse_kind::double_free;
    bug.resource = resource_name{"cache"};
    report_misuse(bug);
  });
  BOOST_TEST(end.signal == SIGABRT);
  BOOST_TEST(end.printed.starts_with("tidemark: 'cache': a block freed twice\n"));
  BOOST_TEST(end.printed.ends_with("\n"));
}

BOOST_AUTO_TEST_CASE(exhaustion_is_a_bad_alloc_that_names_the_resource_and_the_bytes) {
  static_assert(std::is_nothrow_copy_constructible_v<budget_exceeded>);
  try {
    throw budget_exceeded{resource_name{"tiny"}, 1000, 64};
  } catch (resource_exhausted const& e) {
    BOOST_TEST(e.resource == "tiny");
    BOOST_TEST(e.requested_bytes == 1000U);
    BOOST_TEST(e.available_bytes == 64U);
    BOOST_TEST(std::string_view{e.what()} == "tidemark: budget exceeded");
  }
  BOOST_CHECK_THROW((throw resource_exhausted{resource_name{"tiny"}, 2, 1}), std::bad_alloc);
}
