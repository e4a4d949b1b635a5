// SPDX-License-Identifier: BSL-1.0
#pragma once

// Cuts a C++ text into tokens.
//
// Comments and preprocessor lines are left out. Of the branches of an `#if` the first that is not
// `#if 0` is read, so that braces which stand once in each branch are counted once.
//
// Thread rule: a lexer belongs to one thread.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <syntax.hpp>
#include <vector>

namespace cpp_outline {

class lexer {
 public:
  /// Preconditions: text.size() < 2^32.
  /// Effects:       Replaces what `tokens` holds; the last token is of kind `end`.
  lexer(std::string_view text, std::pmr::vector<token>& tokens);

 private:
  void read();
  void read_directive();
  void skip_to_end_of_line();
  void skip_comment();
  void skip_line_comment();
  void count_lines(std::size_t stop) noexcept;
  void skip_branches(bool stop_at_else);
  std::string_view directive_name();
  void read_word();
  void read_number();
  void read_quoted(char quote);
  void read_raw_string();
  void read_punctuation();
  void add(token_kind kind, std::size_t begin, std::uint32_t line);
  char at(std::size_t ahead) const noexcept;
  std::size_t left() const noexcept { return text_.size() - next_; }

  std::string_view text_;
  std::pmr::vector<token>& tokens_;
  std::size_t next_ = 0;         // bytes from the start
  std::uint32_t line_ = 1;       // of next_
  bool only_blanks_yet_ = true;  // on this line: a # starts a directive
};

}  // namespace cpp_outline
