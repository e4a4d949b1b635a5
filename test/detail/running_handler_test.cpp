// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <thread>
#include <tidemark/detail/running_handler.hpp>

using tidemark::detail::running_handler;

BOOST_AUTO_TEST_CASE(a_handler_runs_from_its_begin_to_its_end) {
  int const owner = 0;
  BOOST_TEST(!running_handler::is_inside(&owner));
  {
    running_handler const running{&owner};
    BOOST_TEST(running_handler::is_inside(&owner));
  }
  BOOST_TEST(!running_handler::is_inside(&owner));
}

BOOST_AUTO_TEST_CASE(handlers_nest_and_each_is_known) {
  int const a = 0;
  int const b = 0;
  int const c = 0;
  running_handler const outer{&a};
  {
    running_handler const inner{&b};
    BOOST_TEST(running_handler::is_inside(&a));
    BOOST_TEST(running_handler::is_inside(&b));
    BOOST_TEST(!running_handler::is_inside(&c));
  }
  BOOST_TEST(running_handler::is_inside(&a));
  BOOST_TEST(!running_handler::is_inside(&b));
}

BOOST_AUTO_TEST_CASE(an_exception_ends_it) {
  int const owner = 0;
  try {
    running_handler const running{&owner};
    throw 1;
  } catch (int) {
  }
  BOOST_TEST(!running_handler::is_inside(&owner));
}

BOOST_AUTO_TEST_CASE(another_thread_is_not_inside) {
  int const owner = 0;
  running_handler const running{&owner};
  bool inside = true;
  std::thread{[&] { inside = running_handler::is_inside(&owner); }}.join();
  BOOST_TEST(!inside);
}
