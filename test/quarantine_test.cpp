// SPDX-License-Identifier: BSL-1.0

// The handler names the scope whose memory was touched, and goes on to the handler before it.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdio>
#include <string>
#include <tidemark/frame_resource.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/quarantine.hpp>
#include <tidemark/upstream/page_resource.hpp>

#include "support/child.hpp"

using namespace tidemark;
using test::run_in_child;

namespace {

// Without level 1: under AddressSanitizer that would report the read before the page does.
frame_options quarantined(std::size_t count) {
  return {.name = "parser", .quarantine_count = count, .check = check_level::off};
}

void read(void const* place) { static_cast<void>(*static_cast<std::byte const volatile*>(place)); }

void const* retired_block(frame_resource& frame) {
  marker const mark = frame.checkpoint({"parse.cpp", 41});
  void const* const block = frame.allocate(100);
  frame.rewind(mark, {"parse.cpp", 57});
  return block;
}

std::string address_of(void const* place) {
  char text[32];
  std::snprintf(text, sizeof text, "%p", place);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_report_names_the_scope_that_took_the_memory_and_its_end) {
  page_resource pages;
  frame_resource frame{quarantined(4), &pages};
  void const* const block = retired_block(frame);
  auto const result = run_in_child([&] {
    install_quarantine_handler();
    read(block);
  });
  BOOST_TEST(result.signal == SIGSEGV);
  BOOST_TEST(result.errors ==
             "tidemark: 'parser': access to memory of a scope that is closed\n"
             "  address " +
                 address_of(block) +
                 "\n"
                 "  opened parse.cpp:41\n"
                 "  closed parse.cpp:57\n"
                 "  to fix it: let pointers and containers end before their scope\n");
}

BOOST_AUTO_TEST_CASE(a_scope_that_ended_at_a_brace_is_told_by_its_function) {
  page_resource pages;
  frame_resource frame{quarantined(4), &pages};
  void const* block = nullptr;
  {
    memory_scope scope{frame, {"parse.cpp", 41}};
    block = scope.allocate(100);
  }
  auto const result = run_in_child([&] {
    install_quarantine_handler();
    read(block);
  });
  BOOST_TEST(result.signal == SIGSEGV);
  BOOST_TEST(result.errors.find("  opened parse.cpp:41\n  closed in ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_handler_from_before_is_called) {
  page_resource pages;
  frame_resource frame{quarantined(4), &pages};
  void const* const block = retired_block(frame);
  auto const result = run_in_child([&] {
    struct sigaction before{};
    before.sa_sigaction = [](int, siginfo_t* info, void*) {
      ::_exit(info->si_addr != nullptr ? 7 : 8);
    };
    before.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &before, nullptr);
    install_quarantine_handler();
    read(block);
  });
  BOOST_TEST(result.signal == 0);
  BOOST_TEST(result.status == 7);
  BOOST_TEST(result.errors.find("'parser'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(other_faults_are_not_reported) {
  auto const result = run_in_child([&] {
    install_quarantine_handler();
    read(reinterpret_cast<void const*>(std::size_t{16}));
  });
  BOOST_TEST(result.signal == SIGSEGV);
  BOOST_TEST(result.errors.find("tidemark:") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_removed_handler_reports_nothing) {
  page_resource pages;
  frame_resource frame{quarantined(4), &pages};
  void const* const block = retired_block(frame);
  auto const result = run_in_child([&] {
    install_quarantine_handler();
    install_quarantine_handler();  // does nothing more
    remove_quarantine_handler();
    read(block);
  });
  BOOST_TEST(result.signal == SIGSEGV);
  BOOST_TEST(result.errors.find("tidemark:") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(memory_that_serves_again_is_forgotten) {
  page_resource pages;
  void const* block = nullptr;
  {
    frame_resource frame{quarantined(4), &pages};
    block = retired_block(frame);
  }
  auto const result = run_in_child([&] {
    install_quarantine_handler();
    read(block);
  });
  BOOST_TEST(result.errors.find("tidemark:") == std::string::npos);
}
