// SPDX-License-Identifier: BSL-1.0

#include <array>
#include <assembly.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <comparison.hpp>
#include <conjugate_gradient.hpp>
#include <matrix_market.hpp>
#include <memory_resource>
#include <sstream>
#include <stdexcept>
#include <string>
#include <temporaries.hpp>
#include <vector>

namespace {

using namespace typed_stack_solver;

std::string const banner = "%%MatrixMarket matrix coordinate real general\n";

system_of_entries read(std::string const& text) {
  std::istringstream stream{text};
  return read_matrix_market(stream, "m.mtx");
}

std::string complaint_of(std::string const& text) {
  try {
    read(text);
  } catch (std::runtime_error const& failure) {
    return failure.what();
  }
  return "";
}

sparse_matrix assemble_in_vectors(system_of_entries const& system) {
  vector_memory memory;
  return assemble(memory, system);
}

template <class F>
std::string what(F f) {
  try {
    f();
  } catch (std::runtime_error const& failure) {
    return failure.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_is_read_whatever_its_case_comments_and_empty_lines) {
  auto const m = read(
      "%%MatrixMarket MATRIX Coordinate Integer General\n%c\n\n2 2 2\n%c\n1 2 7\n\n 2 1  -3\n");
  BOOST_TEST(m.size == 2U);
  BOOST_REQUIRE(m.entries.size() == 2U);
  BOOST_TEST((m.entries[0].row == 0 && m.entries[0].column == 1 && m.entries[0].value == 7));
  BOOST_TEST((m.entries[1].row == 1 && m.entries[1].column == 0 && m.entries[1].value == -3));
}

BOOST_AUTO_TEST_CASE(a_symmetric_file_gives_both_halves_and_one_diagonal) {
  auto const m = read("%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n1 1 4\n2 1 1.5\n");
  BOOST_REQUIRE(m.entries.size() == 3U);
  BOOST_TEST((m.entries[2].row == 0 && m.entries[2].column == 1 && m.entries[2].value == 1.5));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_a_file_is_told_with_its_line) {
  BOOST_TEST(complaint_of("").starts_with("m.mtx:1: "));
  BOOST_TEST(complaint_of("2 2 1\n").starts_with("m.mtx:1: no '%%MatrixMarket'"));
  BOOST_TEST(complaint_of("%%MatrixMarket matrix array real general\n").starts_with("m.mtx:1: "));
  BOOST_TEST(complaint_of("%%MatrixMarket matrix coordinate complex general\n")
                 .starts_with("m.mtx:1: numbers of kind 'complex'"));
  BOOST_TEST(complaint_of("%%MatrixMarket matrix coordinate real hermitian\n")
                 .starts_with("m.mtx:1: symmetry 'hermitian'"));
  BOOST_TEST(complaint_of(banner + "2 3 1\n") == "m.mtx:2: the matrix is not square");
  BOOST_TEST(complaint_of(banner + "0 0 0\n") == "m.mtx:2: the matrix is not square");
  BOOST_TEST(complaint_of(banner + "2 2\n").starts_with("m.mtx:2: rows, columns"));
  BOOST_TEST(complaint_of(banner + "2 2 -1\n").starts_with("m.mtx:2: a negative"));
  BOOST_TEST(complaint_of(banner + "2 2 2\n1 1 1\n") == "m.mtx:4: the file ends too early");
  BOOST_TEST(complaint_of(banner + "2 2 1\n1 3 1\n") == "m.mtx:3: 3 is not between 1 and 2");
  BOOST_TEST(complaint_of(banner + "2 2 1\n0 1 1\n") == "m.mtx:3: 0 is not between 1 and 2");
  BOOST_TEST(complaint_of(banner + "2 2 1\n1 1 x\n") == "m.mtx:3: a number is expected");
  BOOST_TEST(complaint_of(banner + "2 2 1\n1 1 1 1\n") == "m.mtx:3: '1' is one word too many");
}

BOOST_AUTO_TEST_CASE(entries_are_sorted_and_those_of_one_place_added_up) {
  auto const a = assemble_in_vectors(
      {3, {{2, 2, 6}, {0, 1, 0.5}, {1, 1, 5}, {1, 0, 1}, {0, 0, 4}, {0, 1, 0.5}}});
  BOOST_TEST(a.row_begin == (std::vector<std::size_t>{0, 2, 4, 5}),
             boost::test_tools::per_element());
  BOOST_TEST(a.column == (std::vector<std::size_t>{0, 1, 0, 1, 2}),
             boost::test_tools::per_element());
  BOOST_TEST(a.value == (std::vector<double>{4, 1, 1, 5, 6}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_first_row_that_cannot_be_solved_is_named) {
  auto const refused = [](system_of_entries const& system) {
    return what([&] { assemble_in_vectors(system); });
  };
  BOOST_TEST(refused({3, {{0, 0, 1}, {2, 2, 1}}}).starts_with("row 2 has no positive diagonal"));
  BOOST_TEST(refused({2, {{0, 0, 1}, {1, 1, -1}}}).starts_with("row 2 "));
  BOOST_TEST(refused({2, {{0, 0, 1}, {1, 1, 1}, {0, 1, 1}}}).starts_with("row 1 "));
  BOOST_TEST(refused({2, {{0, 0, 2}, {1, 1, 2}, {0, 1, 1}, {1, 0, -1}}}).starts_with("row 1 "));
}

BOOST_AUTO_TEST_CASE(products_are_summed_over_all_blocks) {
  stack_memory memory{std::pmr::new_delete_resource()};
  for (std::size_t n : std::array<std::size_t, 6>{0, 1, 127, 128, 129, 1000}) {
    std::vector<double> a(n), b(n, 2.0);
    for (std::size_t i = 0; i < n; ++i) a[i] = static_cast<double>(i);
    BOOST_TEST(dot(memory, a, b) == static_cast<double>(n) * (static_cast<double>(n) - 1));
  }
}

BOOST_AUTO_TEST_CASE(rows_above_a_bound_are_counted_and_no_number_is_one) {
  vector_memory memory;
  std::vector<double> r(130, 0.5);
  BOOST_TEST(rows_above(memory, r, 0.5) == 0U);
  r[0] = -0.75, r[64] = 1, r[129] = NAN;
  BOOST_TEST(rows_above(memory, r, 0.5) == 3U);
}

BOOST_AUTO_TEST_CASE(a_system_is_solved) {
  vector_memory memory;
  auto const a = assemble_in_vectors({2, {{0, 0, 4}, {0, 1, 1}, {1, 0, 1}, {1, 1, 3}}});
  std::vector<double> const b{1, 2};
  std::vector<double> x(2);
  BOOST_TEST(solve(memory, a, b, x, {}) <= 2U);
  BOOST_TEST(std::abs(x[0] - 1.0 / 11) < 1e-14);
  BOOST_TEST(std::abs(x[1] - 7.0 / 11) < 1e-14);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_solved_is_told_and_leaves_the_stack_empty) {
  stack_memory memory{std::pmr::new_delete_resource()};
  std::vector<double> const b{1, -1};
  std::vector<double> x(2);
  auto const a = assemble(memory, {2, {{0, 0, 1}, {0, 1, 2}, {1, 0, 2}, {1, 1, 1}}});
  BOOST_TEST(what([&] { solve(memory, a, b, x, {}); }) == "the matrix is not positive definite");
  auto const plate = assemble(memory, poisson(8));
  std::vector<double> const ones(64, 1.0);
  std::vector<double> y(64);
  BOOST_TEST(what([&] { solve(memory, plate, ones, y, {1e-10, 2}); }) == "too many iterations");
  BOOST_TEST(memory.stack().stats().bytes_in_use == 0U);
  BOOST_TEST(memory.stack().depth() == 0U);
}

BOOST_AUTO_TEST_CASE(a_second_solve_asks_the_heap_for_nothing) {
  stack_memory memory{std::pmr::new_delete_resource()};
  auto const a = assemble(memory, poisson(20));
  std::vector<double> const b(a.size(), 1.0);
  std::vector<double> x(a.size());
  solve(memory, a, b, x, {});
  auto const warm = memory.stack().stats();
  solve(memory, a, b, x, {});
  BOOST_TEST(memory.stack().stats().upstream_calls == warm.upstream_calls);
  BOOST_TEST(memory.stack().stats().bytes_peak == warm.bytes_peak);
}

BOOST_AUTO_TEST_CASE(every_memory_finds_the_same_and_what_is_wanted) {
  auto const system = poisson(12);
  job const work{system, 3};
  auto results = compare(work, 1);
  BOOST_REQUIRE(results.size() == 3U);
  BOOST_TEST(are_identical(results));
  auto const wanted = solutions(work);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    BOOST_REQUIRE(std::abs(results[2].found[i] - wanted[i]) < 1e-8);
  }
  BOOST_TEST(results[0].heap_calls > 20 * results[2].heap_calls);
}

BOOST_AUTO_TEST_CASE(one_bit_is_a_difference_and_is_shown) {
  std::vector<result> results(2);
  results[0] = {.name = "one", .seconds = 2, .heap_calls = 7, .peak_bytes = 2048, .found = {0.0}};
  results[1] = {.name = "other", .seconds = 1, .heap_calls = 1, .peak_bytes = 1024, .found = {0.0}};
  BOOST_TEST(are_identical(results));
  results[1].found[0] = -0.0;
  BOOST_TEST(!are_identical(results));
  std::ostringstream table;
  print_table(table, results);
  BOOST_TEST(table.str().find("0.50           1       1 KiB  DIFFERENT\n") != std::string::npos);
  results[1].is_absent = true;
  BOOST_TEST(are_identical(results));
}
