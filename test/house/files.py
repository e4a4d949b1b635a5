# SPDX-License-Identifier: BSL-1.0
"""Holds what can be counted of the house style, file by file.

Usage: files.py ROOT. Prints each file that breaks a rule; exits 1 if any.
"""
import re
import sys
from pathlib import Path

import builds

FOLDERS = [".ci", "cmake", "examples", "include", "perf", "src", "test"]
ROOT_FILES = ["CMakeLists.txt", "meson.build", "meson_options.txt", ".clang-tidy", ".editorconfig"]
# User programs that must compile as they are, and inputs of tests.
EXEMPT = re.compile(r"test/callsites/|.*/fixtures/")

# First match wins: (pattern of the path, hard limit in lines).
LINE_LIMITS = [
    (re.compile(r"(.*/)?(CMakeLists\.txt|[^/]+\.cmake|meson\.build)"), 200),
    (re.compile(r"(include|src)/.*\.[hc]pp"), 350),
    (re.compile(r"test/.*\.([hc]pp|py)"), 400),
    (re.compile(r"examples/[^/]+\.cpp"), 60),
    (re.compile(r"examples/.*\.([hc]pp|py)"), 350),
    (re.compile(r"perf/.*\.([hc]pp|py)"), 250),
]
MAX_COLUMNS = 100

HEADERS_WITHOUT_TEST = {"tidemark", "config", "literals", "tasks/tasks", "testing/testing"}

# Written so that this file does not break its own rule.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
TIDEMARK_MACRO = re.compile(r"^\s*#\s*define\s+TIDEMARK_", re.MULTILINE)
STREAM_INCLUDE = re.compile(r"^\s*#\s*include\s*<iostream>", re.MULTILINE)
CHECK = re.compile(r"BOOST_(TEST|CHECK|REQUIRE)|conformance")
THREAD = re.compile(r"\bstd::(j?thread|async)\b")
SLEEP = re.compile(r"\bsleep_(for|until)\b|\busleep\b")


def is_script(path):
    return path.suffix == ".py" or path.name == "run" or path.suffix == ".sh"


def is_ours(path):
    return (path.suffix in (".hpp", ".cpp", ".cmake", ".build") or is_script(path)
            or path.name == "CMakeLists.txt")


def project_files(root):
    for name in ROOT_FILES:
        if (root / name).exists():
            yield root / name
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and is_ours(path):
                if not EXEMPT.match(path.relative_to(root).as_posix()):
                    yield path


def text_problems(name, text):
    """What is wrong with one file, whatever it holds."""
    lines = text.splitlines()
    start = lines[1:] if lines and lines[0].startswith("#!") else lines
    if not start or not re.fullmatch(r"(//|#) SPDX-License-Identifier: BSL-1\.0", start[0]):
        yield "the first line does not name the license"
    limit = next((limit for pattern, limit in LINE_LIMITS if pattern.fullmatch(name)), None)
    if limit and len(lines) > limit:
        yield f"{len(lines)} lines, {limit} are allowed"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield f"line {number} has {len(line)} columns, {MAX_COLUMNS} are allowed"
        if UNFINISHED.search(line):
            yield f"line {number} is unfinished: {line.strip()}"


def code_problems(name, text):
    """What is wrong with one C++ file, by the folder it stands in."""
    if name.startswith("include/") and STREAM_INCLUDE.search(text):
        yield "a public header includes <iostream>"
    in_detail = re.match(r"(include/tidemark|src)/detail/", name)
    if name.startswith(("include/", "src/")) and TIDEMARK_MACRO.search(text):
        if not in_detail and name != "include/tidemark/config.hpp":
            yield "defines a TIDEMARK_ macro outside config.hpp and detail/"
    if name.startswith("test/") and SLEEP.search(text):
        yield "a test sleeps"
    if re.fullmatch(r"test/.*_test\.cpp", name) and not CHECK.search(text):
        yield "a test that checks nothing"


def missing_tests(root):
    base = root / "include" / "tidemark"
    for header in sorted(base.rglob("*.hpp")):
        stem = header.relative_to(base).with_suffix("").as_posix()
        if stem not in HEADERS_WITHOUT_TEST and not (root / f"test/{stem}_test.cpp").exists():
            yield f"include/tidemark/{stem}.hpp: has no test/{stem}_test.cpp"


def unregistered_tests(root):
    """A test that no line of test/CMakeLists.txt names would never run."""
    registered = builds.read(root, "test/CMakeLists.txt")
    for folder, ending, function in [("", "_test.cpp", "tidemark_test"),
                                     ("callsites", ".cpp", "tidemark_callsite"),
                                     ("planted", ".cpp", "tidemark_planted"),
                                     ("compile_fail", ".cpp", "tidemark_compile_fail")]:
        base = root / "test" / folder
        for path in sorted(base.rglob(f"*{ending}")):
            name = path.relative_to(base).as_posix().removesuffix(ending)
            if not re.search(rf"\b{function}\(\s*{re.escape(name)}[\s)]", registered):
                yield f"{path.relative_to(root).as_posix()}: test/CMakeLists.txt does not name it"


def unlabelled_threads(root):
    """A test that starts threads must be among those that ThreadSanitizer runs."""
    text = builds.read(root, "test/CMakeLists.txt")
    for path in sorted((root / "test").rglob("*_test.cpp")):
        name = path.relative_to(root / "test").as_posix().removesuffix("_test.cpp")
        if THREAD.search(path.read_text()) and f"tidemark_threaded({name})" not in text:
            yield f"test/{name}_test.cpp: starts threads, but is no tidemark_threaded"


def unlisted_files(root):
    """cmake/sources.cmake and the tree must agree, and each list must be sorted."""
    listing = root / "cmake" / "sources.cmake"
    lists = listing.read_text() if listing.exists() else ""
    for folder, ending in [("include", "hpp"), ("src", "cpp")]:
        listed = re.findall(rf"^\s*({folder}/\S+\.{ending})\s*$", lists, re.MULTILINE)
        present = {p.relative_to(root).as_posix() for p in (root / folder).rglob(f"*.{ending}")}
        for name in sorted(present - set(listed)):
            yield f"{name}: cmake/sources.cmake does not list it"
        for name in sorted(set(listed) - present):
            yield f"{name}: cmake/sources.cmake lists it, but there is no such file"
        if listed != sorted(set(listed)):
            yield f"cmake/sources.cmake: the files of {folder}/ are not sorted, or one stands twice"


def violations(root):
    found = []
    for path in project_files(root):
        name, text = path.relative_to(root).as_posix(), path.read_text()
        problems = list(text_problems(name, text))
        if path.suffix in (".hpp", ".cpp"):
            problems += code_problems(name, text)
        found += [f"{name}: {problem}" for problem in problems]
    return [*found, *missing_tests(root), *unregistered_tests(root), *unlabelled_threads(root),
            *unlisted_files(root)]


if __name__ == "__main__":
    problems = violations(Path(sys.argv[1]))
    print("\n".join(problems) or "files: every file keeps the house style")
    sys.exit(bool(problems))
