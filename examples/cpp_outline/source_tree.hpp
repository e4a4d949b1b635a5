// SPDX-License-Identifier: BSL-1.0
#pragma once

// Finds the C++ files under a path and reads them into memory.
//
// Thread rule: one thread.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace cpp_outline {

struct source_file {
  std::string path;
  std::string text;
};

struct skipped_file {
  std::string path;
  std::string reason;
};

struct source_tree {
  std::vector<source_file> files;  // sorted by path
  std::vector<skipped_file> skipped;
};

/// Preconditions: root exists.
/// Effects:       Calls progress(files done, files in all) before each file.
/// Returns:       The files whose name ends as a C or C++ file's, or has no ending, but none that
///                is hidden or lies in a hidden folder; `root` itself whatever it is called. What
///                cannot be read as text is listed under `skipped`.
source_tree read_sources(std::filesystem::path const& root,
                         std::function<void(std::size_t, std::size_t)> const& progress);

}  // namespace cpp_outline
