# SPDX-License-Identifier: BSL-1.0
"""Proves that the command line holds what it promises, with programs that only pretend to run."""
import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import main
import measure
import plot


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "programs.txt").write_text("one\n")
        report = {"context": {"compiler": "g++ 12.2.0"}, "benchmarks": [
            {"name": f"row/{name}", "cpu_time": time, "operations": 10.0, "checksum": 255.0}
            for name, time in [("ours", 20), ("floor", 30)]]}
        answers = {"listed": ["row/ours", "row/floor"], "run": json.dumps(report)}
        for replaced, answer in answers.items():
            patch = mock.patch.object(measure, replaced, return_value=answer)
            patch.start()
            self.addCleanup(patch.stop)

    def output(self, *arguments):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(io.StringIO()), \
             mock.patch("sys.argv", ["main.py", str(self.folder), *arguments]):
            main.main()
        return shown.getvalue()

    def test_help_hides_nothing_but_the_directory(self):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown), mock.patch("sys.argv", ["main.py", "--help"]):
            with self.assertRaises(SystemExit):
                main.main()
        for option in ["filter", "--csv", "--smoke", "--instructions", "--plot"]:
            self.assertIn(option, shown.getvalue())
        self.assertNotIn("directory", shown.getvalue())

    def test_a_table_tells_where_its_figures_are_from(self):
        shown = self.output("row")
        self.assertRegex(shown, r"cores? of .*, g\+\+ 12\.2\.0, (no )?commit.*, load [0-9.]+ at")
        self.assertIn("checksums: row ff\n", shown)

    def test_csv_has_nothing_but_its_lines(self):
        self.assertEqual(self.output("row", "--csv"), "row,ours,2,1.000\nrow,floor,3,1.500\n")

    def test_smoke_measures_nothing(self):
        self.assertIn("smoke: 1 rows ran", self.output("row", "--smoke"))
        with self.assertRaises(SystemExit):
            self.output("row", "--smoke", "--instructions")

    def test_without_a_filter_every_bar_needs_its_row(self):
        with self.assertRaisesRegex(measure.Failed, "which a bar names"):
            self.output()

    def test_each_table_is_drawn(self):
        with mock.patch.object(plot, "draw") as draw:
            self.output("row", "--plot", "plots")
        [[(table, path, provenance), _]] = draw.call_args_list
        self.assertEqual((list(table.rows), path), (["row"], Path("plots/row_workloads.svg")))
        self.assertIn("g++ 12.2.0", provenance)


if __name__ == "__main__":
    unittest.main()
