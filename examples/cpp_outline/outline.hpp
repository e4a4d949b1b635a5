// SPDX-License-Identifier: BSL-1.0
#pragma once

// The outer table: every declaration that was found, file by file.
//
// It grows while marks are open on the memory that the syntax trees lie in, and is read when they
// are gone.
//
// Thread rule: an outline belongs to one thread.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

namespace cpp_outline {

enum class declaration_kind : std::uint8_t {
  namespace_,
  class_,
  struct_,
  union_,
  enum_,
  concept_,
  type_alias,
  function,
  variable,
};

/// Returns: the word that an outline shows.
std::string_view to_string(declaration_kind kind) noexcept;

/// A declaration in a file. Its name is a part of the file's text, by place, so that it takes no
/// memory of its own.
struct declaration {
  std::uint32_t name_offset;  // bytes from the start of the text
  std::uint32_t line;         // counted from 1
  std::uint16_t name_length;  // bytes; 0: without a name
  std::uint8_t depth;         // count of the declarations that it lies in
  declaration_kind kind;

  /// Returns: nothing if the text is not the one that the name was found in.
  std::string_view name_in(std::string_view text) const noexcept {
    return name_offset > text.size() ? std::string_view{} : text.substr(name_offset, name_length);
  }
};

class outline {
 public:
  /// `table`: of the declarations. `heap`: of the list of files.
  outline(std::pmr::memory_resource* table, std::pmr::memory_resource* heap)
      : declarations_(table), ends_(heap) {}

  void add(declaration const& found) { declarations_.push_back(found); }
  /// What was added since the last call is the outline of one file.
  void end_file() { ends_.push_back(declarations_.size()); }

  std::size_t file_count() const noexcept { return ends_.size(); }
  std::size_t declaration_count() const noexcept { return declarations_.size(); }
  /// Preconditions: file_index < file_count().
  std::span<declaration const> of_file(std::size_t file_index) const noexcept;

 private:
  std::pmr::vector<declaration> declarations_;
  std::pmr::vector<std::size_t> ends_;  // for each file, the index behind its last declaration
};

/// Returns: a number that every declaration, in order, takes part in.
std::uint64_t checksum(std::span<declaration const> declarations, std::string_view text) noexcept;

}  // namespace cpp_outline
