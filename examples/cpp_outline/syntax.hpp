// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a C++ text is made of here: tokens in a row, nodes in a tree.
//
// Thread rule: values.

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace cpp_outline {

enum class token_kind : std::uint8_t {
  end,              // one past the last token of a text
  identifier,       // a word that can be a name
  specifier,        // a word of a type or of its qualifiers: `const`, `int`, `decltype`
  class_key,        // `class`, `struct`, `union`
  enum_key,         // `enum`
  concept_key,      // `concept`
  namespace_key,    // `namespace`
  template_key,     // `template`
  using_key,        // `using`
  typedef_key,      // `typedef`
  operator_key,     // `operator`
  linkage_key,      // `extern`
  access_key,       // `public`, `case` and the like: what a colon ends
  statement_key,    // `if`, `return` and the like: what starts no declaration
  literal,          // a number, a character, a string
  opener,           // ( [ {
  closer,           // ) ] }
  less,             // < that may open a list of arguments
  declarator_mark,  // * & && ~ , : ... and what else stands in a declaration
  scope_mark,       // ::
  equals,           // =
  semicolon,        // ;
  operation,        // every other operator
};

struct token {
  std::uint32_t offset;  // bytes from the start of the text
  std::uint32_t length;  // bytes
  std::uint32_t line;    // counted from 1
  token_kind kind;
  char first;  // its first character
};

enum class node_role : std::uint8_t {
  word,         // one token, no children
  group,        // an opener; its children end with the closer
  arguments,    // a list in angle brackets
  declaration,  // and the rest: a statement, as it was read
  definition,
  expression,
};

struct node {
  node(node_role as, token_kind of, std::string_view spelling, std::uint32_t at_line,
       std::pmr::memory_resource* memory)
      : text(spelling), children(memory), line(at_line), role(as), kind(of) {}

  std::string_view text;  // of its first token
  std::pmr::vector<node*> children;
  std::uint32_t line;
  node_role role;
  token_kind kind;  // of its first token
};

}  // namespace cpp_outline
