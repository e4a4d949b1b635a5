// SPDX-License-Identifier: BSL-1.0
#pragma once

// Turns tokens into syntax trees, on trial.
//
//   attempt           mark set, tree grows      |tttt|nnnnnn
//     it holds        mark kept                 |ttttnnnnnn
//     it fails        tree and mark undone      |tttt            back at the first token
//
// Thread rule: a reader belongs to one thread.
//
// Invariants:
//  1. Every node lies in memory.scratch().
//  2. Marks are closed in the reverse order of their opening.
//  3. A node's children are added only under the mark that the node was made under.
//  4. No recursion is deeper than `max_nesting`.

#include <algorithm>
#include <cstddef>
#include <lexer.hpp>
#include <memory>
#include <new>
#include <rows/scratch_memory.hpp>
#include <string_view>
#include <syntax.hpp>
#include <utility>
#include <vector>

namespace cpp_outline {

template <scratch_memory Memory>
class tree_reader {
 public:
  static constexpr std::size_t max_nesting = 64;

  explicit tree_reader(Memory& memory)
      : memory_(memory), scratch_(memory.scratch()), tokens_(memory.heap()) {}

  void open(std::string_view text) {
    text_ = text;
    lexer{text, tokens_};
    next_ = 0;
  }

  std::string_view text() const noexcept { return text_; }
  token const& current() const noexcept { return tokens_[next_]; }
  bool at_end() const noexcept { return current().kind == token_kind::end; }
  std::size_t position() const noexcept { return next_; }
  /// Preconditions: `index` is a position that was reached.
  void move_to(std::size_t index) noexcept { next_ = index; }
  /// Starts a choice between attempts at the current token.
  void begin_choice() noexcept { furthest_ = next_; }
  /// Returns: the furthest position that an attempt of the choice reached and gave up.
  std::size_t furthest() const noexcept { return furthest_; }
  std::size_t undone_count() const noexcept { return undone_; }

  /// Counts a body, a group or a list around the current token.
  /// Returns: false, and counts nothing, if there are `max_nesting` already.
  bool enter() noexcept {
    if (nesting_ == max_nesting) return false;
    ++nesting_;
    return true;
  }
  void leave() noexcept { --nesting_; }

  /// Reads a tree with `read(root)`.
  /// Returns: the tree; or null if `read` returned false, and everything as it was.
  template <class Read>
  node* attempt(node_role role, Read read) {
    auto const first = next_;
    auto mark = memory_.mark();
    node* const root = make(role);
    if (read(*root)) {
      mark.keep();
      return root;
    }
    drop(root);
    furthest_ = std::max(furthest_, next_);
    next_ = first;
    ++undone_;
    return nullptr;
  }

  /// A node for the current token, which is not taken.
  node* make(node_role role) {
    token const& t = current();
    return ::new (scratch_->allocate(sizeof(node), alignof(node)))
        node{role, t.kind, text_.substr(t.offset, t.length), t.line, scratch_};
  }

  /// Takes the current token.
  node& append(node& parent, node_role role = node_role::word) {
    node* const child = make(role);
    parent.children.push_back(child);
    ++next_;
    return *child;
  }

  /// Gives a tree back node by node, where the memory has no other way.
  void drop(node* tree) {
    if constexpr (Memory::frees_one_by_one) {
      for (node* child : tree->children) drop(child);
      std::destroy_at(tree);
      scratch_->deallocate(tree, sizeof(node), alignof(node));
    }
  }

  /// From an opener to its closer; what is nested too deep is left out.
  /// Returns: false if the closer is missing.
  bool group(node& parent) {
    auto const opener = next_;
    node& inner = append(parent, node_role::group);
    if (!enter()) return skip_balanced(opener);
    auto const closer = closer_of(inner.text.front());
    bool closed = false;
    while (!closed && !at_end()) {
      if (current().kind == token_kind::opener) {
        if (!group(inner)) break;
        continue;
      }
      closed = current().kind == token_kind::closer;
      if (closed && current().first != closer) {
        closed = false;
        break;
      }
      append(inner);
    }
    leave();
    return closed;
  }

  /// A `<` behind a name is tried as the start of a list of arguments. Once it has failed it is a
  /// comparison in every later reading: a text of nothing but `a<` takes no exponential time.
  void arguments_or_less(node& parent, bool after_operator) {
    auto const less = next_;
    if (!after_operator && may_open_arguments(parent) && enter()) {
      node* const list =
          attempt(node_role::arguments, [this](node& root) { return arguments(root); });
      leave();
      if (list != nullptr) {
        parent.children.push_back(list);
        return;
      }
      tokens_[less].kind = token_kind::declarator_mark;
    }
    append(parent);
  }

  /// Goes from an opener behind its closer, without a tree.
  /// Returns: false if the closer is missing.
  bool skip_balanced(std::size_t opener) {
    next_ = behind_balanced(opener);
    return !at_end();
  }

  /// Returns: the first character behind the closer of the current opener.
  char behind_group() const { return tokens_[behind_balanced(next_)].first; }

 private:
  // A `<` that no `>` answers within so many tokens is a comparison.
  static constexpr std::size_t max_argument_tokens = 512;

  static char closer_of(char opener) noexcept {
    return opener == '(' ? ')' : opener == '[' ? ']' : '}';
  }

  static bool may_open_arguments(node const& parent) noexcept {
    if (parent.children.empty()) return false;
    auto const before = parent.children.back()->kind;
    return before == token_kind::identifier || before == token_kind::template_key;
  }

  bool arguments(node& root) {
    auto const limit = next_ + max_argument_tokens;
    append(root);
    while (next_ < limit) {
      token const& t = current();
      if (t.kind == token_kind::end || t.kind == token_kind::closer ||
          t.kind == token_kind::semicolon || t.first == '{') {
        return false;
      }
      if (t.kind == token_kind::opener) {
        if (!group(root)) return false;
      } else if (t.kind == token_kind::less) {
        arguments_or_less(root, false);
      } else {
        bool const closes = t.first == '>' && t.length == 1;
        append(root);
        if (closes) return true;
      }
    }
    return false;
  }

  std::size_t behind_balanced(std::size_t opener) const {
    std::size_t open = 0;
    auto i = opener;
    for (; tokens_[i].kind != token_kind::end; ++i) {
      if (tokens_[i].kind == token_kind::opener) ++open;
      if (tokens_[i].kind == token_kind::closer && --open == 0) return i + 1;
    }
    return i;
  }

  Memory& memory_;
  decltype(std::declval<Memory&>().scratch()) scratch_;
  std::string_view text_;           // of the file
  std::pmr::vector<token> tokens_;  // of the file; its capacity stays
  std::size_t next_ = 0;            // index of the current token
  std::size_t furthest_ = 0;        // index that a failed attempt of the choice reached
  std::size_t nesting_ = 0;         // count
  std::size_t undone_ = 0;          // count
};

}  // namespace cpp_outline
