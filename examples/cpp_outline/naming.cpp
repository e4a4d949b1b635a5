// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstddef>
#include <naming.hpp>
#include <span>

namespace cpp_outline {
namespace {

using nodes = std::span<node* const>;
constexpr auto nowhere = static_cast<std::size_t>(-1);

bool is_word(node const& n, token_kind kind) noexcept {
  return n.role == node_role::word && n.kind == kind;
}

bool is_group(node const& n, char opener) noexcept {
  return n.role == node_role::group && n.text.front() == opener;
}

// Where the first word of this kind stands.
std::size_t find(nodes all, token_kind kind) noexcept {
  auto const found = std::ranges::find_if(all, [=](node* n) { return is_word(*n, kind); });
  return found == all.end() ? nowhere : static_cast<std::size_t>(found - all.begin());
}

// Without the `template <...>` in front, of which a member of a class template has several.
nodes behind_template_heads(nodes all) noexcept {
  while (all.size() > 1 && is_word(*all[0], token_kind::template_key) &&
         all[1]->role == node_role::arguments) {
    all = all.subspan(2);
  }
  return all;
}

char const* end_of(node const& n) noexcept {
  if (n.children.empty()) return n.text.data() + n.text.size();
  return end_of(*n.children.back());
}

// The text from one node to the end of another.
std::string_view span_of(node const& first, node const& last) noexcept {
  char const* const begin = first.text.data();
  return {begin, static_cast<std::size_t>(end_of(last) - begin)};
}

// `a::b<c>::d` as it is written, if it ends at `last`. One line of it, else its last word.
std::string_view qualified(nodes all, std::size_t last) noexcept {
  std::size_t first = last;
  if (first > 0 && all[first - 1]->text == "~") --first;
  while (first > 1 && is_word(*all[first - 1], token_kind::scope_mark)) {
    std::size_t before = first - 2;
    if (all[before]->role == node_role::arguments && before > 0) --before;
    if (!is_word(*all[before], token_kind::identifier)) break;
    first = before;
  }
  auto const name = span_of(*all[first], *all[last]);
  return name.find_first_of("\n\\") == name.npos ? name : all[last]->text;
}

// Whether parentheses hold a declarator, as in `void (*name)(int)`.
bool is_pointer_declarator(node const& n) noexcept {
  return is_group(n, '(') && !n.children.empty() && n.children.front()->text == "*";
}

// Where the name of a function stands: the first identifier before parentheses, but a macro that
// opens the statement gives way to a later one.
std::size_t find_function_name(nodes all) noexcept {
  std::size_t found = nowhere;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    node const& n = *all[i];
    if (is_word(n, token_kind::equals) || n.text == ":") break;
    if (!is_word(n, token_kind::identifier)) continue;
    bool const called = is_group(*all[i + 1], '(') && !is_pointer_declarator(*all[i + 1]);
    bool const specialised = all[i + 1]->role == node_role::arguments && i + 2 < all.size() &&
                             is_group(*all[i + 2], '(');
    if (!called && !specialised) continue;
    found = i;
    if (i != 0) break;
  }
  return found;
}

// `operator==`, `operator()`, `operator bool`: from the keyword to the parameters.
std::optional<named> name_of_operator(nodes all, std::size_t keyword) noexcept {
  std::size_t last = keyword + 1;
  while (last + 1 < all.size() && !is_group(*all[last + 1], '(')) ++last;
  if (last + 1 >= all.size()) return std::nullopt;
  auto const name = span_of(*all[keyword], *all[last]);
  return named{declaration_kind::function, name.find('\n') == name.npos ? name : all[keyword]->text,
               all[keyword]->line};
}

// Whether something stands before the name that can be its type.
bool has_type_before(nodes all, std::size_t name) noexcept {
  std::size_t i = name;
  while (i > 1 && is_word(*all[i - 1], token_kind::scope_mark)) i -= 2;
  if (i == 0 || i > name) return false;
  node const& before = *all[i - 1];
  if (before.role == node_role::arguments) return true;
  if (before.role == node_role::group) return i > 1;
  return before.kind == token_kind::identifier || before.kind == token_kind::specifier ||
         before.text == "*" || before.text == "&" || before.text == "&&" || before.text == ">";
}

// The words behind `class`, `enum class` or `namespace`, up to a base, a body or the end.
std::optional<named> name_behind_key(nodes all, std::size_t key, declaration_kind kind) noexcept {
  std::size_t last = nowhere;
  for (std::size_t i = key + 1; i < all.size(); ++i) {
    node const& n = *all[i];
    if (n.text == ":" || is_word(n, token_kind::semicolon) || is_group(n, '{')) break;
    if (is_word(n, token_kind::identifier) && n.text != "final" &&
        !(i + 1 < all.size() && is_group(*all[i + 1], '('))) {
      last = i;
    }
  }
  auto const line = all[key]->line;
  if (last == nowhere) return named{kind, {}, line};
  return named{kind, qualified(all, last), line};
}

declaration_kind kind_of_class(node const& key) noexcept {
  if (key.text == "class") return declaration_kind::class_;
  return key.text == "struct" ? declaration_kind::struct_ : declaration_kind::union_;
}

std::size_t find_last_identifier(nodes all, std::size_t stop) noexcept {
  for (std::size_t i = stop; i-- > 0;) {
    if (is_word(*all[i], token_kind::identifier)) return i;
  }
  return nowhere;
}

// The declarator's name: before `=`, `[`, `{`, `,`, `:` or the semicolon.
std::optional<named> name_of_declarator(nodes all, declaration_kind kind) noexcept {
  std::size_t stop = 0;
  for (; stop != all.size(); ++stop) {
    node const& n = *all[stop];
    if (is_word(n, token_kind::equals) || is_word(n, token_kind::semicolon)) break;
    if (n.text == "," || n.text == ":" || is_group(n, '[') || is_group(n, '{')) {
      if (stop != 0) break;
    }
    if (is_pointer_declarator(n)) {
      nodes const inner{n.children};
      auto const i = find_last_identifier(inner, inner.size());
      if (i != nowhere) return named{kind, inner[i]->text, inner[i]->line};
    }
  }
  auto const last = find_last_identifier(all, stop);
  if (last == nowhere || !has_type_before(all, last)) return std::nullopt;
  return named{kind, qualified(all, last), all[last]->line};
}

std::optional<named> name_of_using(nodes all, std::size_t key) noexcept {
  if (find(all, token_kind::namespace_key) != nowhere) return std::nullopt;
  auto const equals = find(all, token_kind::equals);
  auto const last = find_last_identifier(all, equals == nowhere ? all.size() : equals);
  if (last == nowhere || last < key) return std::nullopt;
  return named{declaration_kind::type_alias, all[last]->text, all[key]->line};
}

std::optional<named> name_of_function(nodes all, std::size_t name) noexcept {
  return named{declaration_kind::function, qualified(all, name), all[name]->line};
}

// A head with a class key: a class, unless it is a function that returns one.
bool is_class(nodes all, std::size_t key) noexcept {
  auto const function = find_function_name(all.subspan(key));
  return function == nowhere || function < 2 || !has_type_before(all.subspan(key), function);
}

}  // namespace

std::optional<named> name_of_declaration(node const& root, place where,
                                         std::string_view class_name) {
  auto const all = behind_template_heads(root.children);
  if (all.size() < 2) return std::nullopt;
  if (auto const key = find(all, token_kind::using_key); key == 0) return name_of_using(all, key);
  if (find(all, token_kind::typedef_key) != nowhere) {
    if (auto named_type = name_of_declarator(all, declaration_kind::type_alias)) return named_type;
    auto const function = find_function_name(all);
    if (function == nowhere) return std::nullopt;
    return named{declaration_kind::type_alias, all[function]->text, all[function]->line};
  }
  if (auto const key = find(all, token_kind::concept_key); key == 0) {
    return named{declaration_kind::concept_, all[1]->text, all[1]->line};
  }
  if (find(all, token_kind::namespace_key) != nowhere) return std::nullopt;
  if (auto const key = find(all, token_kind::operator_key); key != nowhere) {
    return name_of_operator(all, key);
  }
  auto const function = find_function_name(all);
  if (function != nowhere) {
    bool const constructor = where == place::class_scope && all[function]->text == class_name;
    if (!constructor && !has_type_before(all, function)) return std::nullopt;
    return name_of_function(all, function);
  }
  auto const key = find(all, token_kind::class_key);
  if (key != nowhere && key + 3 >= all.size()) {
    return name_behind_key(all, key, kind_of_class(*all[key]));
  }
  if (auto const e = find(all, token_kind::enum_key); e != nowhere && e + 3 >= all.size()) {
    return name_behind_key(all, e, declaration_kind::enum_);
  }
  return name_of_declarator(all, declaration_kind::variable);
}

std::optional<definition_head> head_of_definition(node const& root, place where) {
  auto const all = behind_template_heads(root.children);
  if (auto const key = find(all, token_kind::namespace_key); key != nowhere) {
    return definition_head{name_behind_key(all, key, declaration_kind::namespace_),
                           place::namespace_scope, false, false};
  }
  if (auto const key = find(all, token_kind::enum_key); key != nowhere) {
    return definition_head{name_behind_key(all, key, declaration_kind::enum_), where, true, true};
  }
  if (auto const key = find(all, token_kind::class_key); key != nowhere && is_class(all, key)) {
    return definition_head{name_behind_key(all, key, kind_of_class(*all[key])), place::class_scope,
                           false, true};
  }
  bool const is_block = all.empty() || all.front()->kind == token_kind::statement_key;
  if (!is_block) {
    if (auto const key = find(all, token_kind::operator_key); key != nowhere) {
      return definition_head{name_of_operator(all, key), place::function_body, false, false};
    }
    if (auto const name = find_function_name(all); name != nowhere) {
      return definition_head{name_of_function(all, name), place::function_body, false, false};
    }
  }
  if (where == place::function_body && !is_block) return std::nullopt;
  // A block of statements, or `extern "C" {`, or a macro that opens a namespace.
  return definition_head{std::nullopt, where, false, false};
}

std::optional<named> name_behind_body(node const& root) {
  nodes const all{root.children};
  if (find(all, token_kind::typedef_key) == nowhere) return std::nullopt;
  auto const last = find_last_identifier(all, all.size());
  auto const body = std::ranges::find_if(all, [](node* n) { return n->text == "{"; });
  if (last == nowhere || all.begin() + static_cast<std::ptrdiff_t>(last) < body)
    return std::nullopt;
  return named{declaration_kind::type_alias, all[last]->text, all[last]->line};
}

}  // namespace cpp_outline
