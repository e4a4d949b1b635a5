// SPDX-License-Identifier: BSL-1.0
#include <iomanip>
#include <json_string.hpp>
#include <ostream>
#include <outline_writer.hpp>

namespace cpp_outline {
namespace {

void print_declaration(std::ostream& out, declaration const& each, std::string_view text) {
  auto const name = each.name_in(text);
  out << std::setw(7) << each.line << "  " << std::string(2U * each.depth, ' ')
      << to_string(each.kind) << ' ' << (name.empty() ? "(unnamed)" : name) << '\n';
}

void write_declaration(std::ostream& out, declaration const& each, std::string_view text) {
  out << "{\"kind\":" << json_string(to_string(each.kind))
      << ",\"name\":" << json_string(each.name_in(text)) << ",\"line\":" << each.line
      << ",\"depth\":" << std::size_t{each.depth} << '}';
}

void write_file(std::ostream& out, std::span<declaration const> declarations,
                source_file const& file) {
  out << "{\"path\":" << json_string(file.path) << ",\"declarations\":[";
  char const* separator = "\n   ";
  for (declaration const& each : declarations) {
    out << separator;
    write_declaration(out, each, file.text);
    separator = ",\n   ";
  }
  out << "]}";
}

}  // namespace

void print_outline(std::ostream& out, outline const& found, source_tree const& tree,
                   std::size_t max_lines) {
  if (max_lines == 0) return;
  std::size_t left = max_lines;
  std::size_t printed = 0;
  for (std::size_t i = 0; i != found.file_count() && left != 0; ++i) {
    auto const declarations = found.of_file(i);
    if (declarations.empty()) continue;
    out << tree.files[i].path << '\n';
    for (declaration const& each : declarations.first(std::min(left, declarations.size()))) {
      print_declaration(out, each, tree.files[i].text);
      --left;
      ++printed;
    }
  }
  auto const hidden = found.declaration_count() - printed;
  if (hidden != 0) out << "... and " << hidden << " more; --lines N shows N of them, --all all\n";
}

void print_summary(std::ostream& out, summary const& all) {
  out << all.file_count << " files (" << std::fixed << std::setprecision(1)
      << static_cast<double>(all.text_bytes) / (1024 * 1024) << " MiB), " << all.declaration_count
      << " declarations, " << all.counts.readings_undone << " readings undone\n";
  if (all.skipped_count != 0) out << all.skipped_count << " files skipped\n";
  if (all.counts.bodies_not_entered != 0) {
    out << all.counts.bodies_not_entered << " bodies nested too deep to be entered\n";
  }
  if (all.counts.tokens_not_read != 0) {
    out << all.counts.tokens_not_read << " tokens that no reading fits: macros, as a rule\n";
  }
}

void write_json(std::ostream& out, outline const& found, source_tree const& tree,
                summary const& all) {
  out << "{\"files\":[";
  for (std::size_t i = 0; i != found.file_count(); ++i) {
    out << (i == 0 ? "\n " : ",\n ");
    write_file(out, found.of_file(i), tree.files[i]);
  }
  out << "],\n\"skipped\":[";
  for (std::size_t i = 0; i != tree.skipped.size(); ++i) {
    out << (i == 0 ? "\n " : ",\n ") << "{\"path\":" << json_string(tree.skipped[i].path)
        << ",\"reason\":" << json_string(tree.skipped[i].reason) << '}';
  }
  out << "],\n\"summary\":{\"files\":" << all.file_count << ",\"bytes\":" << all.text_bytes
      << ",\"skipped\":" << all.skipped_count << ",\"declarations\":" << all.declaration_count
      << ",\"readings_undone\":" << all.counts.readings_undone
      << ",\"bodies_not_entered\":" << all.counts.bodies_not_entered
      << ",\"tokens_not_read\":" << all.counts.tokens_not_read << "}}\n";
}

}  // namespace cpp_outline
