// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <source_tree.hpp>
#include <string_view>
#include <system_error>

namespace cpp_outline {
namespace {

namespace fs = std::filesystem;

// Offsets in a text are 32 bits wide; no source file comes near.
constexpr std::uintmax_t max_file_bytes = std::uintmax_t{1} << 30;

bool is_source_name(fs::path const& path) {
  static constexpr std::array<std::string_view, 18> endings{
      "",    ".c",   ".cc",  ".cpp", ".cppm", ".cxx", ".def", ".h",   ".h++",
      ".hh", ".hpp", ".hxx", ".inc", ".inl",  ".ipp", ".ixx", ".tcc", ".tpp"};
  return std::ranges::find(endings, path.extension().string()) != endings.end();
}

// What a version control system or an editor keeps for itself.
bool is_hidden(fs::path const& path) { return path.filename().string().starts_with('.'); }

// Every source file under `root`, directories that cannot be listed among `skipped`. Links to
// directories are not followed: they may lead in a circle.
std::vector<fs::path> find_sources(fs::path const& root, std::vector<skipped_file>& skipped) {
  std::vector<fs::path> found;
  std::vector<fs::path> directories;
  if (!fs::is_directory(root)) return {root};
  directories.push_back(root);
  while (!directories.empty()) {
    auto const directory = std::move(directories.back());
    directories.pop_back();
    std::error_code error;
    fs::directory_iterator entry{directory, error};
    for (; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
      if (is_hidden(entry->path())) continue;
      std::error_code ignored;
      auto const type = entry->symlink_status(ignored).type();
      if (type == fs::file_type::directory) {
        directories.push_back(entry->path());
      } else if (!fs::is_directory(entry->path(), ignored) && is_source_name(entry->path())) {
        found.push_back(entry->path());
      }
    }
    if (error) skipped.push_back({directory.string(), error.message()});
  }
  std::ranges::sort(found);
  return found;
}

// Returns: why the file cannot be used; empty if `text` holds it.
std::string read_text(fs::path const& path, std::string& text) {
  std::error_code error;
  auto const status = fs::status(path, error);
  if (error) return error.message();
  if (status.type() != fs::file_type::regular) return "not a regular file";
  auto const bytes = fs::file_size(path, error);
  if (error) return error.message();
  if (bytes > max_file_bytes) return "larger than 1 GiB";
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  text.resize(static_cast<std::size_t>(bytes));
  in.read(text.data(), static_cast<std::streamsize>(bytes));
  if (in.gcount() != static_cast<std::streamsize>(bytes)) {
    return errno != 0 ? std::strerror(errno) : "cannot be read";
  }
  return text.find('\0') == text.npos ? "" : "binary";
}

}  // namespace

source_tree read_sources(fs::path const& root,
                         std::function<void(std::size_t, std::size_t)> const& progress) {
  source_tree tree;
  auto const paths = find_sources(root, tree.skipped);
  tree.files.reserve(paths.size());
  for (std::size_t i = 0; i != paths.size(); ++i) {
    progress(i, paths.size());
    std::string text;
    auto reason = read_text(paths[i], text);
    if (reason.empty()) {
      tree.files.push_back({paths[i].string(), std::move(text)});
    } else {
      tree.skipped.push_back({paths[i].string(), std::move(reason)});
    }
  }
  return tree;
}

}  // namespace cpp_outline
