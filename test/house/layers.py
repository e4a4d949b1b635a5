# SPDX-License-Identifier: BSL-1.0
"""Holds the layers: a file includes what stands below it, and in its own row what stands left.

Usage: layers.py ROOT. Prints each include that points up, right or in a circle; exits 1 if any.
"""
import re
import sys
from pathlib import Path

# Rows from the ground up; within a row from left to right. A name with a slash is a folder, whose
# files may include each other as long as no circle arises.
ROWS = [
    ["config", "literals"],
    ["detail/"],
    ["check_level", "error", "stats", "marker", "rewindable_resource", "upstream/",
     "quarantine", "scope_rules", "pool_visit", "block_ledger"],
    ["nd_span", "bit_span", "array_verbs", "frame_options", "frame_resource",
     "typed_stack_options", "typed_stack_events", "typed_stack_stats", "typed_stack_resource",
     "this_thread_stack", "fixed_block_options", "fixed_block_resource", "block_checks",
     "memory_scope", "scratch_scope", "with_scope", "allocator"],
    ["per_thread", "thread_local_options", "thread_local_resource", "thread_checks",
     "shared_frame_resource"],
    ["adaptors/", "report", "objects/", "frames/"],
    ["tasks/"],
    ["testing/", "tidemark", "tasks/tasks", "testing/testing"],
]
PLACES = {name: (row, column)
          for row, names in enumerate(ROWS) for column, name in enumerate(names)}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
ONETBB = re.compile(r"(oneapi/tbb|tbb)([/.]|$)")


def place(stem):
    """(row, column) of `stem`, a path without its ending; None if it stands nowhere.

    A source may carry more than its header's name: frame_resource_slow belongs to frame_resource.
    """
    if stem in PLACES:
        return PLACES[stem]
    folder = stem.split("/")[0] + "/"
    if "/" in stem and folder in PLACES:
        return PLACES[folder]
    owners = [name for name in PLACES if re.match(re.escape(name) + "[_/]", stem)]
    return PLACES[max(owners, key=len)] if owners else None


def includes(path):
    return INCLUDE.findall(COMMENT.sub("", path.read_text()))


def library_files(root):
    for base in (root / "include" / "tidemark", root / "src"):
        for path in sorted(base.rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".ipp"):
                yield path, path.relative_to(base).with_suffix("").as_posix()


def wrong_include(stem, target):
    """Why a file at `stem` may not include <tidemark/`target`.hpp>; None if it may."""
    here, there = place(stem), place(target)
    if there is None:
        return f"tidemark/{target}.hpp has no place in the layer table"
    if stem.startswith("detail/") and not (target == "config" or target.startswith("detail/")):
        return "detail/ includes only detail/ and config.hpp"
    if there > here:
        return "it points " + ("right in its own row" if there[0] == here[0] else "up")
    return None


def circles(graph):
    """Headers that include themselves by way of others, each named once."""
    done, found = set(), []

    def visit(stem, path):
        if stem in path:
            found.append(" -> ".join(path[path.index(stem):] + [stem]))
        elif stem not in done:
            for target in graph.get(stem, []):
                visit(target, path + [stem])
            done.add(stem)

    for stem in graph:
        visit(stem, [])
    return found


def violations(root):
    found, graph = [], {}
    for path, stem in library_files(root):
        name = path.relative_to(root).as_posix()
        if place(stem) is None:
            found.append(f"{name}: has no place in the layer table")
            continue
        for include in includes(path):
            if ONETBB.match(include) and not stem.startswith("tasks/"):
                found.append(f"{name}: includes <{include}>: oneTBB is named under tasks/ only")
            if not include.startswith("tidemark/"):
                continue
            target = include.removeprefix("tidemark/").removesuffix(".hpp")
            if path.suffix == ".hpp":
                graph.setdefault(stem, []).append(target)
            if why := wrong_include(stem, target):
                found.append(f"{name}: includes <{include}>: {why}")
    return found + [f"include circle: {circle}" for circle in circles(graph)]


if __name__ == "__main__":
    problems = violations(Path(sys.argv[1]))
    print("\n".join(problems) or "layers: every include points down")
    sys.exit(bool(problems))
