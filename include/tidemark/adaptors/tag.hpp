// SPDX-License-Identifier: BSL-1.0
#pragma once

// Who holds how much memory, by name.
//
//   game                own  4 KiB   total 20 KiB        tag game{"game"};
//     game/physics      own 12 KiB   total 16 KiB        tag physics{"physics", &game};
//       .../broadphase  own  4 KiB   total  4 KiB        tag broad{"broadphase", &physics};
//
// Use it with `tag_resource`, which charges a tag. Tags last, adaptors come and go: one may be
// built for a scope. `tag` is for one thread, `shared_tag` for many. Do not use it to bound memory:
// a tag only counts.
//
// Thread rule: of a `tag` and all its relatives, one thread at a time charges and makes tags; any
// may read its numbers. Of a `shared_tag`, any thread may do anything.
//
// Invariants:
//  1. A total is what the tag itself and all tags below it hold.
//  2. A peak is at least as large as the number is now; of a `shared_tag` it may lag one update.
//  3. Of one thread's tags every number is exact. Of shared ones bytes and blocks are two numbers,
//     which a reader may see at two moments; at rest they are exact.

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <tidemark/detail/charges.hpp>
#include <tidemark/detail/owned_count.hpp>
#include <tidemark/error.hpp>
#include <vector>

namespace tidemark {

struct tag_stats {
  std::string path{};                // names from the root on, with slashes between them
  std::size_t bytes = 0;             // charged to the tag itself and not given back
  std::size_t blocks = 0;            // how many blocks these are
  std::size_t bytes_peak = 0;        // the most `bytes` has been
  std::size_t total_bytes = 0;       // as `bytes`, with all tags below it
  std::size_t total_blocks = 0;      // as `blocks`, with all tags below it
  std::size_t total_bytes_peak = 0;  // the most `total_bytes` has been

  friend bool operator==(tag_stats const&, tag_stats const&) noexcept = default;
};

template <class Count>
class basic_tag {
 public:
  using count = Count;

  /// Preconditions:  `parent`, if there is one, outlives this tag.
  /// Effects:        Copies up to 31 bytes of the name, which may have slashes of its own.
  explicit basic_tag(std::string_view name, basic_tag* parent = nullptr) noexcept;
  basic_tag(basic_tag const&) = delete;
  basic_tag& operator=(basic_tag const&) = delete;
  /// Preconditions:  The adaptors that charge it and the tags below it are gone.
  ~basic_tag();

  std::string_view name() const noexcept { return name_; }
  basic_tag* parent() const noexcept { return parent_; }
  /// Returns:        The names from the root to this tag, with slashes between them.
  std::string path() const;
  tag_stats stats() const;
  /// Returns:        Numbers of this tag, then of those below it: each before its own, siblings in
  ///                 the order in which they were made.
  /// Complexity:     O(tags below it).
  std::vector<tag_stats> tree() const;

  // What adaptors call.
  void charge(std::size_t bytes) noexcept {
    charge_alone(bytes);
    if (is_related()) [[unlikely]]
      charge_relatives(bytes);
  }
  /// The same of a tag without relatives, and so for `refund`.
  void charge_alone(std::size_t bytes) noexcept {
    own_peak_.raise_to(own_.add({.bytes = bytes, .blocks = 1}));
  }
  /// Whether it has a parent or a tag below it.
  bool is_related() const noexcept { return relative_count_.get() != 0; }
  void refund_alone(detail::charge less) noexcept { own_.subtract(less); }
  void refund(detail::charge less) noexcept {
    refund_alone(less);
    for (basic_tag* p = parent_; p != nullptr; p = p->parent_) p->below_.subtract(less);
  }

 private:
  void add_to(std::vector<tag_stats>& list) const;
  void charge_relatives(std::size_t bytes) noexcept;
  void note_total() noexcept { total_peak_.raise_to(own_.bytes() + below_.bytes()); }

  detail::charges<Count> own_;
  Count own_peak_;                // bytes
  Count relative_count_;          // its children, and its parent
  detail::charges<Count> below_;  // what the tags below hold
  Count total_peak_;              // bytes; kept while there are tags below
  basic_tag* const parent_;
  basic_tag* first_ = nullptr;  // of its children; one lock guards the lists of all tags
  basic_tag* next_ = nullptr;   // its parent's next child
  resource_name name_;
};

using tag = basic_tag<detail::owned_count>;
using shared_tag = basic_tag<detail::shared_count>;

extern template class basic_tag<detail::owned_count>;
extern template class basic_tag<detail::shared_count>;

/// Writes one line: the path, then `field=value` for each field.
std::ostream& operator<<(std::ostream& out, tag_stats const& stats);
/// Writes a table: a line of headings, then one for the tag and each below it.
std::ostream& operator<<(std::ostream& out, tag const& root);
std::ostream& operator<<(std::ostream& out, shared_tag const& root);

/// Returns:          One JSON object; its keys are the names of the fields.
std::string to_json(tag_stats const& stats);
/// Returns:          A JSON array with one such object for the tag and for each below it.
std::string to_json(tag const& root);
std::string to_json(shared_tag const& root);

}  // namespace tidemark
