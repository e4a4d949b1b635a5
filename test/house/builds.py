# SPDX-License-Identifier: BSL-1.0
"""Holds CMake and Meson to the same version and the same lists of files.

Usage: builds.py ROOT. Prints each entry that only one of them has; exits 1 if any.
"""
import re
import sys
from pathlib import Path


def cmake_set(text, name):
    """The entries of `set(NAME entry...)` or `add_library(NAME STATIC entry...)`."""
    found = re.search(rf"\b(?:set|add_library)\({name}\s+(?:STATIC\s+)?([^)]*)\)", text)
    return found.group(1).split() if found else []


def cmake_calls(text, function):
    """The arguments of each `function(argument)`; its definition is no call."""
    return re.findall(rf"^\s*{function}\(([^)\s]+)\)", text, re.MULTILINE)


def meson_list(text, name):
    """The entries of `name = [...]` or `name = files(...)`."""
    found = re.search(rf"^{name} = (?:files\(|\[)([^\])]*)[\])]", text, re.MULTILINE)
    return re.findall(r"'([^']*)'", found.group(1)) if found else []


# Files that others take their longest lists from.
PARTS = {"test/CMakeLists.txt": ["test/units.cmake", "test/adaptors.cmake",
                                 "test/threaded.cmake", "test/compile_fail.cmake"],
         "test/meson.build": ["test/units/meson.build", "test/units/adaptors/meson.build"]}


def read(root, name):
    """The text of a file and its parts; that of one that is not there is empty."""
    paths = [root / part for part in [name, *PARTS.get(name, [])]]
    return "".join(path.read_text() for path in paths if path.exists())


# (CMake's file, its list in there, Meson's file, its lists in there, what Meson omits in front)
PAIRS = [
    ("cmake/sources.cmake", lambda text: cmake_set(text, "TIDEMARK_HEADERS"),
     "include/meson.build", ["headers"], "include/"),
    ("cmake/sources.cmake", lambda text: cmake_set(text, "TIDEMARK_SOURCES"),
     "src/meson.build", ["sources"], "src/"),
    ("test/CMakeLists.txt", lambda text: cmake_calls(text, "tidemark_test"),
     "test/meson.build", ["unit_tests", "adaptor_tests", "example_tests"], ""),
    ("test/CMakeLists.txt", lambda text: cmake_calls(text, "tidemark_callsite"),
     "test/meson.build", ["callsites"], ""),
    ("test/CMakeLists.txt", lambda text: cmake_calls(text, "tidemark_planted"),
     "test/meson.build", ["planted"], ""),
    ("examples/CMakeLists.txt", lambda text: cmake_calls(text, "tidemark_example"),
     "examples/meson.build", ["examples"], ""),
    ("examples/cpp_outline/CMakeLists.txt", lambda text: cmake_set(text, "cpp_outline_parts"),
     "examples/cpp_outline/meson.build", ["parts"], ""),
    ("examples/request_service/CMakeLists.txt",
     lambda text: cmake_set(text, "request_service_parts"),
     "examples/request_service/meson.build", ["parts"], ""),
    ("examples/support/CMakeLists.txt", lambda text: cmake_set(text, "examples_support"),
     "examples/support/meson.build", ["shared_parts"], ""),
    ("examples/typed_stack_solver/CMakeLists.txt",
     lambda text: cmake_set(text, "typed_stack_solver_parts"),
     "examples/typed_stack_solver/meson.build", ["parts"], ""),
]


def different_lists(root):
    for cmake_file, entries_of, meson_file, names, prefix in PAIRS:
        cmake = set(entries_of(read(root, cmake_file)))
        text = read(root, meson_file)
        listed = [prefix + entry for name in names for entry in meson_list(text, name)]
        meson = set(listed)
        if not cmake and not meson:
            yield f"{cmake_file}, {meson_file}: neither has the list of {' and '.join(names)}"
        for entry in sorted(cmake - meson):
            yield f"{meson_file}: lacks {entry}, which {cmake_file} has"
        for entry in sorted(meson - cmake):
            yield f"{cmake_file}: lacks {entry}, which {meson_file} has"
        for entry in sorted(meson):
            if listed.count(entry) > 1:
                yield f"{meson_file}: {entry} stands twice"


def different_versions(root):
    header = read(root, "include/tidemark/config.hpp")
    parts = re.findall(r"^#define TIDEMARK_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", header,
                       re.MULTILINE)
    expected = ".".join(parts)
    for name, pattern in [("CMakeLists.txt", r"^project\(\S+ VERSION (\S+)"),
                          ("meson.build", r"^ *version: '([^']*)'")]:
        found = re.search(pattern, read(root, name), re.MULTILINE)
        if found is None or found.group(1) != expected:
            version = found.group(1) if found else "none"
            yield f"{name}: the version is {version}, config.hpp says {expected}"


def violations(root):
    return [*different_versions(root), *different_lists(root)]


if __name__ == "__main__":
    problems = violations(Path(sys.argv[1]))
    print("\n".join(problems) or "builds: CMake and Meson build the same")
    sys.exit(bool(problems))
