// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cctype>
#include <cmath>
#include <istream>
#include <limits>
#include <matrix_market.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace typed_stack_solver {
namespace {

class reader {
 public:
  reader(std::istream& text, std::string const& name) : text_(text), name_(name) {}

  [[noreturn]] void fail(std::string const& why) const {
    throw std::runtime_error(name_ + ":" + std::to_string(line_number_) + ": " + why);
  }

  /// Returns: the words of the next line, whatever it is.
  std::istringstream line() {
    std::string words;
    ++line_number_;
    if (!std::getline(text_, words)) fail("the file ends too early");
    return std::istringstream{words};
  }

  /// Returns: the words of the next line that is neither empty nor a comment.
  std::istringstream data() {
    for (;;) {
      auto words = line();
      char const first = static_cast<char>((words >> std::ws).peek());
      if (words && first != '%') return words;
    }
  }

  /// Returns: an index from 0 of the index from 1 that comes next in `words`.
  std::size_t index(std::istringstream& words, std::size_t size) const {
    long long given = 0;
    if (!(words >> given)) fail("a row and a column are expected");
    if (given < 1 || static_cast<unsigned long long>(given) > size) {
      fail(std::to_string(given) + " is not between 1 and " + std::to_string(size));
    }
    return static_cast<std::size_t>(given) - 1;
  }

  void end_of(std::istringstream& words) const {
    if (std::string rest; words >> rest) fail("'" + rest + "' is one word too many");
  }

 private:
  std::istream& text_;
  std::string name_;
  std::size_t line_number_ = 0;
};

std::string lower(std::string word) {
  std::ranges::transform(word, word.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return word;
}

// Returns: whether only one half of the matrix is in the file.
bool read_banner(reader& file) {
  auto words = file.line();
  std::string banner, object, format, field, symmetry;
  words >> banner >> object >> format >> field >> symmetry;
  if (banner != "%%MatrixMarket") file.fail("no '%%MatrixMarket' at the begin");
  if (lower(object) != "matrix" || lower(format) != "coordinate") {
    file.fail("only a matrix in coordinate format is read");
  }
  field = lower(field);
  if (field != "real" && field != "integer") file.fail("numbers of kind '" + field + "'");
  symmetry = lower(symmetry);
  if (symmetry != "general" && symmetry != "symmetric") file.fail("symmetry '" + symmetry + "'");
  return symmetry == "symmetric";
}

}  // namespace

system_of_entries read_matrix_market(std::istream& text, std::string const& name) {
  reader file{text, name};
  bool const is_half = read_banner(file);
  auto sizes = file.data();
  long long rows = 0, columns = 0, count = 0;
  if (!(sizes >> rows >> columns >> count)) file.fail("rows, columns and entries are expected");
  file.end_of(sizes);
  if (rows < 1 || rows != columns) file.fail("the matrix is not square");
  if (count < 0) file.fail("a negative count of entries");

  // `count` is what the file says: memory grows with what it holds.
  system_of_entries result{static_cast<std::size_t>(rows), {}};
  for (long long i = 0; i < count; ++i) {
    auto words = file.data();
    std::size_t const row = file.index(words, result.size);
    std::size_t const column = file.index(words, result.size);
    double value = 0;
    if (!(words >> value) || !std::isfinite(value)) file.fail("a number is expected");
    file.end_of(words);
    result.entries.push_back({row, column, value});
    if (is_half && row != column) result.entries.push_back({column, row, value});
  }
  return result;
}

system_of_entries poisson(std::size_t side) {
  system_of_entries result{side * side, {}};
  result.entries.reserve(5 * result.size);
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      std::size_t const at = y * side + x;
      auto const add = [&](std::size_t to, double value) {
        result.entries.push_back({at, to, value});
      };
      add(at, 4);
      if (x > 0) add(at - 1, -1);
      if (x + 1 < side) add(at + 1, -1);
      if (y > 0) add(at - side, -1);
      if (y + 1 < side) add(at + side, -1);
    }
  }
  return result;
}

}  // namespace typed_stack_solver
