// SPDX-License-Identifier: BSL-1.0
#pragma once

// Reads a C++ text by trial: every statement as a definition with a body, as a declaration, as an
// expression, until one reading holds.
//
//   statement      as definition          as declaration         as expression
//   int f(int);    int f (int)   undone   int f (int) ;  kept
//   f(a) = b;      f (a)         undone   f (a)          undone  f (a) = b ;  kept
//
// Every reading builds a syntax tree. A tree that loses is undone with the mark that was set before
// it; a tree that wins stays until the file has been read. Meanwhile the outline grows.
//
// Thread rule: a parser belongs to one thread.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <naming.hpp>
#include <outline.hpp>
#include <rows/scratch_memory.hpp>
#include <string_view>
#include <syntax.hpp>
#include <tree_reader.hpp>
#include <utility>

namespace cpp_outline {

struct parse_counts {
  std::size_t readings_undone;
  std::size_t bodies_not_entered;  // nested too deep
  std::size_t tokens_not_read;     // of statements that no reading fits
};

template <scratch_memory Memory>
class parser {
 public:
  parser(Memory& memory, outline& found) : memory_(memory), tree_(memory), outline_(found) {}

  /// Adds the declarations of a file to the outline, which ends there for this file.
  void read_file(std::string_view text) {
    tree_.open(text);
    node* const file = tree_.make(node_role::definition);
    while (!tree_.at_end()) statement(*file, place::namespace_scope);
    outline_.end_file();
    tree_.drop(file);
    memory_.end_file();
  }

  parse_counts counts() const noexcept {
    return {tree_.undone_count(), bodies_not_entered_, tokens_not_read_};
  }

 private:
  // An ordered choice: the longest reading first, because a declaration is how a definition begins.
  // If no reading holds, the tokens that they reached are skipped.
  void statement(node& parent, place where) {
    auto const first = tree_.position();
    tree_.begin_choice();
    node* won =
        tree_.attempt(node_role::definition, [&](node& root) { return definition(root, where); });
    if (won == nullptr) {
      won = tree_.attempt(node_role::declaration,
                          [&](node& root) { return declaration(root, where); });
    }
    if (won == nullptr) {
      won = tree_.attempt(node_role::expression, [&](node& root) { return expression(root); });
    }
    if (won != nullptr) {
      parent.children.push_back(won);
      return;
    }
    tree_.move_to(std::max(tree_.furthest(), first + 1));
    tokens_not_read_ += tree_.position() - first;
  }

  // A head, then statements or a list in braces, then for a class declarators and a semicolon.
  bool definition(node& root, place where) {
    if (!head(root)) return false;
    auto const found = head_of_definition(root, where);
    if (!found) return false;
    bool const shown = found->declares.has_value() && !in_function_;
    if (shown) record(*found->declares);
    outline_depth_ = static_cast<std::uint8_t>(outline_depth_ + shown);
    if (found->is_list) {
      auto const opener = tree_.position();
      if (!tree_.group(root)) tree_.skip_balanced(opener);
    } else {
      auto const outer_class = class_name_;
      if (found->body == place::class_scope) class_name_ = found->declares->name;
      body(root, found->body);
      class_name_ = outer_class;
    }
    outline_depth_ = static_cast<std::uint8_t>(outline_depth_ - shown);
    if (found->has_declarators) declarators(root);
    return true;
  }

  // Up to the brace that opens the body.
  bool head(node& root) {
    bool after_operator = false;
    while (true) {
      token const& t = tree_.current();
      switch (t.kind) {
        case token_kind::semicolon:
        case token_kind::end:
        case token_kind::closer:
          return false;
        case token_kind::access_key:  // before a base class it belongs here
          if (root.children.empty()) return false;
          break;
        case token_kind::opener:
          if (t.first == '{' && !is_member_initialiser(root)) return true;
          if (!tree_.group(root)) return false;
          after_operator = false;
          continue;
        case token_kind::less:
          tree_.arguments_or_less(root, after_operator);
          continue;
        case token_kind::equals:
        case token_kind::operation:  // `->` before a result, `...` in a list
          if (!after_operator && t.first != '-' && t.first != '.') return false;
          break;
        case token_kind::operator_key:
          after_operator = true;
          break;
        default:
          break;
      }
      tree_.append(root);
    }
  }

  // `a{1}` in `X() : a{1}, b{2} {}`: an identifier before the brace, a colon before that, and a
  // comma or another brace behind the closing one.
  bool is_member_initialiser(node const& root) const {
    if (root.children.empty()) return false;
    node const& last = *root.children.back();
    if (last.kind != token_kind::identifier || last.role != node_role::word) return false;
    bool const listed = std::ranges::any_of(root.children, [](node* n) { return n->text == ":"; });
    if (!listed) return false;
    auto const behind = tree_.behind_group();
    return behind == ',' || behind == '{';
  }

  void body(node& root, place inside) {
    auto const opener = tree_.position();
    tree_.append(root);
    if (!tree_.enter()) {
      ++bodies_not_entered_;
      tree_.skip_balanced(opener);
      return;
    }
    bool const outer = std::exchange(in_function_, in_function_ || inside == place::function_body);
    while (!tree_.at_end() && tree_.current().first != '}') statement(root, inside);
    in_function_ = outer;
    tree_.leave();
    if (!tree_.at_end()) tree_.append(root);
  }

  // Behind the body of a class or an enum, up to the semicolon; nothing if there is none.
  void declarators(node& root) {
    while (true) {
      token const& t = tree_.current();
      bool const grouped = t.kind == token_kind::opener && t.first != '{';
      bool const belongs = t.kind == token_kind::identifier || t.kind == token_kind::specifier ||
                           t.kind == token_kind::declarator_mark ||
                           t.kind == token_kind::semicolon || grouped;
      if (!belongs) return;
      if (grouped) {
        if (!tree_.group(root)) return;
        continue;
      }
      tree_.append(root);
      if (t.kind == token_kind::semicolon) break;
    }
    auto const alias = name_behind_body(root);
    if (alias) record(*alias);
  }

  // Specifiers, a declarator, perhaps an initialiser, a semicolon.
  bool declaration(node& root, place where) {
    bool initialised = false;
    bool after_operator = false;
    while (true) {
      token const& t = tree_.current();
      switch (t.kind) {
        case token_kind::semicolon:
          tree_.append(root);
          return record_declaration(root, where);
        case token_kind::end:
        case token_kind::closer:
          return false;
        case token_kind::opener:
          if (t.first == '{' && !initialised) return false;
          if (!tree_.group(root)) return false;
          after_operator = false;
          continue;
        case token_kind::less:
          tree_.arguments_or_less(root, after_operator);
          continue;
        case token_kind::equals:
          initialised = initialised || !after_operator;
          break;
        case token_kind::operation:  // `->` before a result
          if (!initialised && !after_operator && t.first != '-') return false;
          break;
        case token_kind::statement_key:
        case token_kind::access_key:
          if (!initialised && !after_operator) return false;
          break;
        case token_kind::operator_key:
          after_operator = true;
          break;
        default:
          break;
      }
      tree_.append(root);
    }
  }

  bool record_declaration(node const& root, place where) {
    auto const found = name_of_declaration(root, where, class_name_);
    if (found) record(*found);
    return found.has_value();
  }

  // Anything up to a semicolon, or up to the colon of a label.
  bool expression(node& root) {
    bool const label = tree_.current().kind == token_kind::access_key;
    while (true) {
      token const& t = tree_.current();
      if (t.kind == token_kind::end || t.kind == token_kind::closer) return false;
      if (t.kind == token_kind::opener) {
        if (!tree_.group(root)) return false;
        continue;
      }
      tree_.append(root);
      if (t.kind == token_kind::semicolon) return true;
      if (label && t.first == ':' && t.length == 1) return true;
    }
  }

  // The outline grows here, under every mark that is open. What a function declares for itself is
  // not shown.
  void record(named const& found) {
    if (in_function_) return;
    auto const offset = found.name.empty() ? 0 : found.name.data() - tree_.text().data();
    auto const length = std::min(found.name.size(), std::size_t{UINT16_MAX});
    outline_.add({static_cast<std::uint32_t>(offset), found.line,
                  static_cast<std::uint16_t>(length), outline_depth_, found.kind});
  }

  Memory& memory_;
  tree_reader<Memory> tree_;
  outline& outline_;
  std::string_view class_name_;  // of the innermost class
  bool in_function_ = false;
  std::uint8_t outline_depth_ = 0;      // count, at most tree_.max_nesting
  std::size_t bodies_not_entered_ = 0;  // count
  std::size_t tokens_not_read_ = 0;     // count
};

}  // namespace cpp_outline
