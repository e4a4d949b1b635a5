// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <lexer.hpp>
#include <words.hpp>

namespace cpp_outline {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The two characters that are one token. Not `>>` and `>=`: `>` may close a list of arguments.
bool is_pair(char first, char second) noexcept {
  switch (first) {
    case ':':
    case '&':
    case '|':
    case '<':
      return second == first || (first == '<' && second == '=');
    case '=':
    case '!':
      return second == '=';
    case '-':
      return second == '>' || second == '-' || second == '=';
    case '+':
      return second == '+' || second == '=';
    default:
      return false;
  }
}

token_kind kind_of_pair(char first) noexcept {
  if (first == ':') return token_kind::scope_mark;
  return first == '&' ? token_kind::declarator_mark : token_kind::operation;
}

constexpr auto kinds_of_characters = [] {
  std::array<token_kind, 256> kinds;
  kinds.fill(token_kind::operation);
  auto const set = [&](std::string_view characters, token_kind kind) {
    for (char const c : characters) kinds[static_cast<unsigned char>(c)] = kind;
  };
  set("([{", token_kind::opener);
  set(")]}", token_kind::closer);
  set("*&~,:", token_kind::declarator_mark);
  set(";", token_kind::semicolon);
  set("=", token_kind::equals);
  set("<", token_kind::less);
  return kinds;
}();

// What a directive is searched for: where it may end, go on, or hide its end.
constexpr bool ends_plain_text(char c) noexcept {
  return c == '\n' || c == '\\' || c == '/' || c == '"';
}

}  // namespace

lexer::lexer(std::string_view text, std::pmr::vector<token>& tokens)
    : text_(text), tokens_(tokens) {
  tokens_.clear();
  read();
  add(token_kind::end, next_, line_);
}

char lexer::at(std::size_t ahead) const noexcept {
  return ahead < left() ? text_[next_ + ahead] : '\0';
}

void lexer::add(token_kind kind, std::size_t begin, std::uint32_t line) {
  tokens_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(next_ - begin),
                     line, kind, begin < text_.size() ? text_[begin] : '\0'});
}

void lexer::read() {
  while (left() != 0) {
    char const c = text_[next_];
    if (c == '\n') {
      ++next_;
      ++line_;
      only_blanks_yet_ = true;
      continue;
    }
    if (c == ' ') {
      ++next_;
      continue;
    }
    if (is_word_character(c)) {
      only_blanks_yet_ = false;
      is_digit(c) ? read_number() : read_word();
      continue;
    }
    if (c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == '\\') {
      ++next_;
      continue;
    }
    if (c == '/' && (at(1) == '/' || at(1) == '*')) {
      skip_comment();
      continue;
    }
    if (c == '#' && only_blanks_yet_) {
      read_directive();
      continue;
    }
    only_blanks_yet_ = false;
    if (c == '"' || c == '\'') {
      read_quoted(c);
    } else {
      read_punctuation();
    }
  }
}

void lexer::skip_comment() {
  if (at(1) == '/') return skip_line_comment();
  auto const close = text_.find("*/", next_ + 2);
  auto const stop = close == text_.npos ? text_.size() : close + 2;
  count_lines(stop);
  next_ = stop;
}

// Stands at the newline afterwards, as does what skips a line below. A backslash before it carries
// the line on.
void lexer::skip_line_comment() {
  while (true) {
    auto const newline = std::min(text_.find('\n', next_), text_.size());
    auto const last = text_[newline - 1] == '\r' ? newline - 2 : newline - 1;
    next_ = newline;
    if (left() == 0 || text_[last] != '\\') return;
    ++line_;
    ++next_;
  }
}

void lexer::skip_to_end_of_line() {
  bool in_string = false;
  while (true) {
    while (left() != 0 && !ends_plain_text(text_[next_])) ++next_;
    char const c = at(0);
    if (left() == 0 || c == '\n') return;
    if (c == '/' && !in_string && (at(1) == '/' || at(1) == '*')) {
      skip_comment();
    } else if (c == '\\' && (at(1) == '\n' || (at(1) == '\r' && at(2) == '\n'))) {
      ++line_;
      next_ += at(1) == '\n' ? 2U : 3U;
    } else {
      in_string ^= c == '"';
      ++next_;
    }
  }
}

// The newlines from here to `stop`.
void lexer::count_lines(std::size_t stop) noexcept {
  auto const passed = text_.substr(next_, stop - next_);
  line_ += static_cast<std::uint32_t>(std::ranges::count(passed, '\n'));
}

// Stands at a #; afterwards behind the directive's name.
std::string_view lexer::directive_name() {
  ++next_;
  while (at(0) == ' ' || at(0) == '\t') ++next_;
  auto const begin = next_;
  while (is_word_character(at(0))) ++next_;
  return text_.substr(begin, next_ - begin);
}

void lexer::read_directive() {
  auto const name = directive_name();
  if (name == "if") {
    while (at(0) == ' ' || at(0) == '\t') ++next_;
    bool const never = at(0) == '0' && !is_word_character(at(1));
    skip_to_end_of_line();
    if (never) skip_branches(true);
  } else if (name == "else" || name.starts_with("elif")) {
    // Reached only behind a branch that was read.
    skip_branches(false);
  } else {
    skip_to_end_of_line();
  }
}

// From inside a branch to the line end of its #endif, or of its #else if that is to be read.
void lexer::skip_branches(bool stop_at_else) {
  std::size_t inner = 0;
  skip_to_end_of_line();
  while (left() != 0) {
    ++line_;
    ++next_;
    while (at(0) == ' ' || at(0) == '\t') ++next_;
    if (at(0) == '#') {
      auto const name = directive_name();
      bool const is_else = name == "else" || name.starts_with("elif");
      if (name.starts_with("if")) ++inner;
      bool const leave = inner == 0 && (name == "endif" || (is_else && stop_at_else));
      if (name == "endif" && inner != 0) --inner;
      skip_to_end_of_line();
      if (leave) return;
    }
    skip_to_end_of_line();
  }
}

void lexer::read_word() {
  auto const begin = next_;
  auto end = begin + 1;
  while (end != text_.size() && is_word_character(text_[end])) ++end;
  next_ = end;
  auto const word = text_.substr(begin, next_ - begin);
  if (at(0) == '"' || at(0) == '\'') {
    if (is_raw_prefix(word) && at(0) == '"') return read_raw_string();
    if (is_literal_prefix(word)) return read_quoted(at(0));
  }
  add(kind_of_word(word), begin, line_);
}

void lexer::read_number() {
  auto const begin = next_;
  while (is_word_character(at(0)) || at(0) == '.' || (at(0) == '\'' && is_word_character(at(1)))) {
    ++next_;
  }
  add(token_kind::literal, begin, line_);
}

// An unclosed literal ends with its line.
void lexer::read_quoted(char quote) {
  auto const begin = next_++;
  auto const line = line_;
  while (left() != 0 && text_[next_] != quote && text_[next_] != '\n') {
    if (text_[next_] == '\\' && left() > 1) {
      ++next_;
      line_ += text_[next_] == '\n';
    }
    ++next_;
  }
  if (at(0) == quote) ++next_;
  add(token_kind::literal, begin, line);
}

void lexer::read_raw_string() {
  auto const begin = next_;
  auto const line = line_;
  auto const open = text_.find('(', begin);
  std::size_t stop = text_.size();
  if (open != text_.npos && open - begin <= 17) {
    auto const delimiter = text_.substr(begin + 1, open - begin - 1);
    for (auto close = text_.find(')', open); close != text_.npos;
         close = text_.find(')', close + 1)) {
      auto const behind = text_.substr(close + 1);
      if (behind.starts_with(delimiter) && behind.substr(delimiter.size()).starts_with('"')) {
        stop = close + delimiter.size() + 2;
        break;
      }
    }
  }
  count_lines(stop);
  next_ = stop;
  add(token_kind::literal, begin, line);
}

void lexer::read_punctuation() {
  auto const begin = next_++;
  char const first = text_[begin];
  auto kind = kinds_of_characters[static_cast<unsigned char>(first)];
  if (is_pair(first, at(0))) {
    kind = kind_of_pair(first);
    ++next_;
  }
  add(kind, begin, line_);
}

}  // namespace cpp_outline
