// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <outline.hpp>

namespace cpp_outline {
namespace {

// FNV-1a, 64 bits (Fowler, Noll, Vo).
class fnv1a {
 public:
  void add(unsigned char byte) noexcept { value_ = (value_ ^ byte) * 0x100000001b3U; }
  void add(std::string_view text) noexcept {
    for (char const c : text) add(static_cast<unsigned char>(c));
  }
  void add(std::uint32_t number) noexcept {
    for (unsigned shift = 0; shift != 32; shift += 8) {
      add(static_cast<unsigned char>(number >> shift & 0xffU));
    }
  }
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

}  // namespace

std::string_view to_string(declaration_kind kind) noexcept {
  static constexpr std::array<std::string_view, 9> names{
      "namespace", "class", "struct", "union", "enum", "concept", "type", "function", "variable"};
  auto const index = static_cast<std::size_t>(kind);
  return index < names.size() ? names[index] : "?";
}

std::span<declaration const> outline::of_file(std::size_t file_index) const noexcept {
  auto const begin = file_index == 0 ? 0 : ends_[file_index - 1];
  return std::span{declarations_}.subspan(begin, ends_[file_index] - begin);
}

std::uint64_t checksum(std::span<declaration const> declarations, std::string_view text) noexcept {
  fnv1a sum;
  for (declaration const& each : declarations) {
    sum.add(static_cast<unsigned char>(each.kind));
    sum.add(each.line);
    sum.add(each.depth);
    sum.add(std::uint32_t{each.name_length});
    sum.add(each.name_in(text));
  }
  return sum.value();
}

}  // namespace cpp_outline
