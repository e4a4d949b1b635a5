// SPDX-License-Identifier: BSL-1.0
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <tidemark/check_level.hpp>
#include <tidemark/detail/poison.hpp>

using tidemark::check_level;
using tidemark::checks_enabled;

namespace {

void set_environment(char const* value) {
  if (value != nullptr) {
    ::setenv("TIDEMARK_CHECK", value, 1);
  } else {
    ::unsetenv("TIDEMARK_CHECK");
  }
}

// What `ask` answers in a process whose TIDEMARK_CHECK is `value`. The environment is read once in
// a process, so this one never asks for `automatic`, and each child is the first to do so.
template <class Question>
bool in_a_process_with(char const* value, Question ask) {
  pid_t const child = ::fork();
  if (child == 0) {
    set_environment(value);
    ::_exit(ask() ? 1 : 0);
  }
  int status = 0;
  BOOST_REQUIRE(child > 0);
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_REQUIRE(WIFEXITED(status));
  BOOST_REQUIRE(WEXITSTATUS(status) <= 1);
  return WEXITSTATUS(status) == 1;
}

bool automatic() { return checks_enabled(check_level::automatic); }

}  // namespace

BOOST_AUTO_TEST_CASE(the_environment_decides_what_is_automatic) {
  BOOST_TEST(!in_a_process_with("0", automatic));
  BOOST_TEST(in_a_process_with("1", automatic));
}

BOOST_AUTO_TEST_CASE(without_a_clear_word_of_the_environment_the_sanitizer_decides) {
  bool const sanitized = tidemark::detail::address_sanitizer_present();
  BOOST_TEST(in_a_process_with(nullptr, automatic) == sanitized);
  for (char const* const unclear : {"", "2", "on", "01", "1 ", "-1"}) {
    BOOST_TEST_INFO("TIDEMARK_CHECK=" << unclear);
    BOOST_TEST(in_a_process_with(unclear, automatic) == sanitized);
  }
}

BOOST_AUTO_TEST_CASE(the_option_wins_over_the_environment) {
  auto const on = [] { return checks_enabled(check_level::on); };
  auto const off = [] { return checks_enabled(check_level::off); };
  for (char const* const value : {"0", "1", ""}) {
    BOOST_TEST(in_a_process_with(value, on));
    BOOST_TEST(!in_a_process_with(value, off));
  }
}

BOOST_AUTO_TEST_CASE(the_environment_is_read_once) {
  auto const stays = [](char const* later) {
    return [later] {
      bool const first = automatic();
      set_environment(later);
      return automatic() == first;
    };
  };
  BOOST_TEST(in_a_process_with("1", stays("0")));
  BOOST_TEST(in_a_process_with("0", stays("1")));
}

BOOST_AUTO_TEST_CASE(an_option_does_not_read_the_environment) {
  BOOST_TEST(in_a_process_with("0", [] {
    bool const answer = checks_enabled(check_level::off);
    set_environment("1");
    return !answer && automatic();
  }));
}
