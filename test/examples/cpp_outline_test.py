# SPDX-License-Identifier: BSL-1.0
"""Runs cpp_outline as a user does and holds what it promises.

Usage: cpp_outline_test.py PROGRAM FIXTURES [unittest arguments]
"""
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(sys.argv.pop(1)).resolve()
FIXTURES = Path(sys.argv.pop(1)).resolve()
HAND_MADE = "mark arena by hand"
OURS = "tidemark frame"

# kind, name, line, depth of each declaration.
LEGACY = [
    ("struct", "", 8, 0), ("variable", "x", 9, 1), ("variable", "y", 10, 1),
    ("type", "point_t", 11, 0), ("type", "compare_t", 12, 0), ("struct", "opaque", 13, 0),
    ("function", "legacy_open", 14, 0), ("function", "legacy_find", 15, 0),
    ("function", "legacy_run", 18, 0), ("variable", "legacy_text", 27, 0),
]
RAW = [
    ("variable", "text", 2, 0), ("function", "after_macro", 5, 0), ("namespace", "", 6, 0),
    ("variable", "hidden_here", 6, 1), ("variable", "über", 7, 0), ("function", "trailing", 8, 0),
    ("function", "Outer::Inner::method", 9, 0), ("function", "count", 10, 0),
]
SHAPES = [
    ("namespace", "geometry::plane", 5, 0), ("class", "shape", 8, 1),
    ("function", "~shape", 10, 2), ("function", "area", 11, 2), ("function", "operator==", 12, 2),
    ("function", "operator()", 13, 2), ("function", "operator[]", 14, 2),
    ("function", "operator bool", 15, 2), ("variable", "layer_", 18, 2),
    ("struct", "polygon", 22, 1), ("type", "point", 23, 2), ("function", "polygon", 24, 2),
    ("function", "area", 25, 2), ("variable", "transform", 26, 2), ("variable", "corners_", 29, 2),
    ("variable", "closed_", 30, 2), ("function", "polygon<T, A>::area", 34, 1),
    ("enum", "colour", 43, 1), ("union", "word", 44, 1), ("variable", "whole", 44, 2),
    ("variable", "bytes", 44, 2), ("variable", "table", 45, 1), ("concept", "drawable", 46, 1),
]


def outline(*arguments, program=PROGRAM):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                          errors="replace", check=False)


def table(stdout):
    """name -> (heap calls, verdict); times and peaks are not compared."""
    rows = {}
    begin = stdout.index("memory  ")
    for line in stdout[begin:stdout.index("\n\n", begin)].splitlines()[1:]:
        columns = re.split(r"  +", line)
        name, verdict = columns[0], columns[-1]
        rows[name] = ("-" if columns[1] == "-" else columns[3], verdict)
    return rows


class InTemporaryFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def json_of(self, path):
        target = self.folder.parent / (self.folder.name + ".json")
        self.addCleanup(lambda: target.unlink(missing_ok=True))
        run = outline(path, "--no-table", "--json", target)
        self.assertEqual(run.returncode, 0, run.stderr)
        with target.open(encoding="utf-8", errors="strict") as text:
            return json.load(text)

    def declarations_of(self, content, name="file.cpp"):
        (file,) = self.json_of(self.write(name, content))["files"]
        return [(d["kind"], d["name"]) for d in file["declarations"]]


class Outline(InTemporaryFolder):
    def test_every_declaration_of_a_tree_is_found_with_kind_line_and_depth(self):
        written = self.json_of(FIXTURES / "tree")
        found = {Path(f["path"]).name: [(d["kind"], d["name"], d["line"], d["depth"])
                                        for d in f["declarations"]] for f in written["files"]}
        self.maxDiff = None
        self.assertEqual(found, {"legacy.h": LEGACY, "raw.cpp": RAW, "shapes.hpp": SHAPES})
        total = len(LEGACY) + len(RAW) + len(SHAPES)
        self.assertEqual(written["summary"]["declarations"], total)
        self.assertEqual(written["summary"]["files"], 3)
        self.assertGreater(written["summary"]["readings_undone"], total)

    def test_the_outline_of_one_file_is_printed_indented(self):
        run = outline(FIXTURES / "tree" / "shapes.hpp", "--no-table")
        self.assertRegex(run.stdout, r"\n +8    class shape\n +10      function ~shape\n")
        self.assertRegex(run.stdout, r"1 files \(.*\), 23 declarations, \d+ readings undone\n")

    def test_a_long_outline_is_cut_and_says_so(self):
        path = self.write("long.h", "".join(f"int f{i}();\n" for i in range(100)))
        cut = outline(path, "--no-table", "--lines", "10").stdout
        self.assertIn("function f9\n", cut)
        self.assertNotIn("function f10\n", cut)
        self.assertIn("and 90 more", cut)
        self.assertIn("function f99\n", outline(path, "--no-table", "--all").stdout)

    def test_what_a_function_declares_for_itself_is_not_shown(self):
        self.assertEqual(self.declarations_of("void f() { struct a { int b; }; int c; g(d); }"),
                         [("function", "f")])

    def test_readings_are_undone_where_a_list_of_arguments_is_a_comparison(self):
        self.assertEqual(self.declarations_of("bool f() { return a < b; }\nx<y<int>> z;"),
                         [("function", "f"), ("variable", "z")])

    def test_json_is_valid_whatever_bytes_are_in_names(self):
        odd = os.fsencode(self.folder) + b"/a\"b\\c\n\xff.h"
        with open(odd, "wb") as file:
            file.write(b"int caf\xe9; int \xf0\x9f\x98\x80; int \xed\xa0\x80;")
        (file,) = self.json_of(self.folder)["files"]
        self.assertEqual(Path(file["path"]).name, 'a"b\\c\n\ufffd.h')
        self.assertEqual([d["name"] for d in file["declarations"]],
                         ["caf\ufffd", "\U0001f600", "\ufffd" * 3])


class Input(InTemporaryFolder):
    def test_binary_and_unreadable_files_are_named_counted_and_skipped(self):
        self.write("good.h", "int good;")
        self.write("blob.h", b"int \0 blob;")
        self.write("picture.png", b"\0")
        (self.folder / "gone.hpp").symlink_to(self.folder / "nowhere")
        expected = {"blob.h": "binary", "gone.hpp": "No such file or directory"}
        if os.geteuid() != 0:
            self.write("secret.h", "int secret;").chmod(0)
            expected["secret.h"] = "Permission denied"
        run = outline(self.folder, "--no-table")
        self.assertEqual(run.returncode, 0)
        for name, reason in expected.items():
            self.assertIn(f"skipped: {self.folder / name}: {reason}\n", run.stderr)
        self.assertEqual(run.stderr.count("skipped:"), len(expected))
        self.assertIn(f"\n{len(expected)} files skipped\n", run.stdout)
        self.assertRegex(run.stdout, r"(?m)^1 files \(")
        written = self.json_of(self.folder)
        self.assertEqual({Path(s["path"]).name: s["reason"] for s in written["skipped"]}, expected)

    def test_hidden_files_and_other_languages_are_left_out(self):
        self.write("good.h", "int good;")
        self.write("picture.png", b"\0")
        self.write(".hidden.h", "int hidden;")
        (self.folder / ".git").mkdir()
        self.write(".git/object", b"\0")
        written = self.json_of(self.folder)
        self.assertEqual([Path(f["path"]).name for f in written["files"]], ["good.h"])
        self.assertEqual(written["skipped"], [])

    def test_links_to_directories_in_a_circle_end(self):
        self.write("good.h", "int good;")
        (self.folder / "circle").symlink_to(self.folder)
        self.assertEqual(len(self.json_of(self.folder)["files"]), 1)

    def test_a_missing_path_is_an_error_that_names_it(self):
        run = outline(self.folder / "missing")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(str(self.folder / "missing"), run.stderr + run.stdout)
        self.assertNotIn("declarations", run.stdout)

    def test_a_tree_without_a_source_file_is_an_error(self):
        run = outline(self.folder)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(str(self.folder), run.stderr)

    def test_an_outline_that_cannot_be_written_is_an_error(self):
        target = self.folder / "no" / "such" / "folder.json"
        run = outline(FIXTURES / "tree", "--json", target)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(str(target), run.stderr)
        full = outline(FIXTURES / "tree", "--json", "/dev/full")
        self.assertNotEqual(full.returncode, 0)
        self.assertIn("cannot write /dev/full", full.stderr)

    def test_a_progress_bar_is_shown_on_a_terminal_only(self):
        self.assertEqual(outline(FIXTURES / "tree").stderr, "")
        try:
            screen, terminal = pty.openpty()
        except OSError as reason:
            self.skipTest(f"no terminal can be had here: {reason}")
        self.addCleanup(os.close, screen)
        subprocess.run([PROGRAM, FIXTURES / "tree", "--no-table"], stdout=subprocess.DEVNULL,
                       stderr=terminal, check=True)
        os.close(terminal)
        self.assertRegex(os.read(screen, 4096), rb"\[[#.]{30}\] \d+ % reading files")


class Nesting(InTemporaryFolder):
    # Deep enough to overflow a stack that recurses without bound.
    DEPTH = 200_000

    def assert_all_right(self, path):
        run = outline(path)
        for name, (_, verdict) in table(run.stdout).items():
            if name != HAND_MADE:
                self.assertIn(verdict, ("right", "not on this machine"), name)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def test_deep_bodies_are_not_entered_and_told(self):
        stdout = self.assert_all_right(self.write(
            "deep.h", "namespace a {" * self.DEPTH + "}" * self.DEPTH + "\nint behind;"))
        self.assertIn("1 bodies nested too deep to be entered", stdout)
        self.assertIn("namespace a\n", stdout)
        self.assertEqual(self.declarations_of("namespace a {" * 100 + "}" * 100 + "int z;")[-1],
                         ("variable", "z"))

    def test_deep_parentheses_braces_and_brackets_are_bounded(self):
        for opener, closer in ("()", "[]", "{}"):
            text = "int x = " + opener * self.DEPTH + closer * self.DEPTH + ";\nint behind;"
            self.assertEqual(self.declarations_of(text),
                             [("variable", "x"), ("variable", "behind")])
            unclosed = "int x = " + opener * self.DEPTH
            self.assert_all_right(self.write("unclosed.h", "int before;\n" + unclosed))

    def test_a_text_of_comparisons_takes_no_exponential_time(self):
        self.assertEqual(self.declarations_of("int x = " + "a < " * 2000 + "b;\nint behind;"),
                         [("variable", "x"), ("variable", "behind")])
        self.assert_all_right(self.write("less.h", "int before;\n" + "a < " * 2000))


class Table(InTemporaryFolder):
    @classmethod
    def setUpClass(cls):
        cls.first = outline(FIXTURES / "tree")

    def test_every_memory_is_right_but_the_arena_by_hand(self):
        self.assertEqual(self.first.returncode, 0, self.first.stderr)
        rows = table(self.first.stdout)
        self.assertEqual(set(rows), {"new/delete", "mimalloc", "std unsynchronized pool",
                                     "std monotonic", HAND_MADE, OURS})
        calls, verdict = rows.pop(HAND_MADE)
        self.assertEqual(calls, "-")
        self.assertRegex(verdict, r"^WRONG: .*" + re.escape(str(FIXTURES / "tree")))
        for name, (_, other) in rows.items():
            self.assertIn(other, ("right", "not on this machine"), name)
        self.assertEqual(rows[OURS][1], "right")

    def test_the_table_comes_out_the_same_but_for_times(self):
        self.assertEqual(table(self.first.stdout), table(outline(FIXTURES / "tree").stdout))

    def test_a_frame_reaches_the_heap_least(self):
        rows = table(self.first.stdout)
        calls = {name: int(row[0]) for name, row in rows.items() if row[1] == "right"}
        self.assertLess(calls[OURS], calls["std monotonic"])
        self.assertLess(50 * calls[OURS], calls["new/delete"])
        self.assertEqual(calls.get("mimalloc", calls["new/delete"]), calls["new/delete"])

    def test_a_frame_asks_the_heap_for_nothing_when_files_repeat(self):
        def calls(copies):
            for i in range(copies):
                self.write(f"f{i}.h", (FIXTURES / "tree" / "shapes.hpp").read_bytes())
            return int(table(outline(self.folder).stdout)[OURS][0])
        few, many = calls(2), calls(12)
        # The outline itself has to grow, by doubling.
        self.assertLessEqual(many - few, 6)

    def test_more_rounds_change_times_only(self):
        self.assertEqual(table(self.first.stdout),
                         table(outline(FIXTURES / "tree", "--rounds", "3").stdout))


if __name__ == "__main__":
    unittest.main()
