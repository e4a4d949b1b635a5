// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a statement declares, read from its syntax tree.
//
// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <outline.hpp>
#include <string_view>
#include <syntax.hpp>

namespace cpp_outline {

/// A declaration as its syntax tree names it.
struct named {
  declaration_kind kind;
  std::string_view name;  // a part of the text; empty: without a name
  std::uint32_t line;     // counted from 1
};

/// Where a statement stands.
enum class place : std::uint8_t { namespace_scope, class_scope, function_body };

/// How the body behind a head is read, and what the head declares.
struct definition_head {
  std::optional<named> declares;
  place body;            // where the statements of the body stand
  bool is_list;          // the body is a list, as an enum's, and holds no statements
  bool has_declarators;  // names may stand between the body and a semicolon
};

/// `class_name`: of the innermost class around it.
/// Returns: nothing if the tree does not read as a declaration.
std::optional<named> name_of_declaration(node const& root, place where,
                                         std::string_view class_name);

/// Returns: nothing if no definition begins like this.
std::optional<definition_head> head_of_definition(node const& root, place where);

/// Returns: the name between the body of a `typedef struct {...}` and its semicolon.
std::optional<named> name_behind_body(node const& root);

}  // namespace cpp_outline
