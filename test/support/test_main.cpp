// SPDX-License-Identifier: BSL-1.0

// The entry point of every test program, compiled once.

#ifdef BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#else
#include <boost/test/included/unit_test.hpp>
#endif
#include <string_view>

namespace {

// The module is named after the program, so that one object serves all of them.
bool name_after_program() {
  auto& suite = boost::unit_test::framework::master_test_suite();
  std::string_view const program{suite.argv[0]};
  suite.p_name.value = program.substr(program.rfind('/') + 1);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  return boost::unit_test::unit_test_main(&name_after_program, argc, argv);
}
