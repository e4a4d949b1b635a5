# SPDX-License-Identifier: BSL-1.0
"""Proves what a plot shows, and that a gnuplot that fails is not taken for one that drew."""
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import plot
from measure import Failed, Row
from table import Table


def row(**samples):
    made = Row()
    for name, figure in samples.items():
        made.samples[name].append(figure)
    return made


TABLE = Table("workloads", "Time of one operation", "ns",
              {"first": row(ours=2.0, floor=1.0), "second": row(ours=10.0, newcomer=50.0)})


class Plot(unittest.TestCase):
    def setUp(self):
        self.script = plot.script(TABLE, "it's a title", "machine, commit").split("\n")

    def test_each_contestant_stands_at_its_ratio_to_ours(self):
        start = self.script.index("$p0 << end")
        self.assertEqual(self.script[start:start + 6],
                         ["$p0 << end", "0.5000 0", "end", "$p1 << end", "5.0000 -1", "end"])

    def test_a_label_tells_the_figure_of_ours(self):
        self.assertIn("set ytics ('first  2 ns' 0, 'second  10 ns' -1)", self.script)

    def test_title_machine_and_commit_are_quoted(self):
        self.assertIn("set title 'it''s a title' . \"\\n\" . 'machine, commit'", self.script)

    def test_nothing_lies_outside_the_range(self):
        self.assertIn("set xrange [0.3846:6.5]", self.script)

    def test_what_gnuplot_draws_is_written(self):
        done = subprocess.CompletedProcess([], 0, stdout="<svg></svg>\n", stderr="")
        with tempfile.TemporaryDirectory() as folder, \
             mock.patch("shutil.which", return_value="gnuplot"), \
             mock.patch("subprocess.run", return_value=done):
            path = Path(folder) / "new" / "workloads.svg"
            plot.draw(TABLE, path, "machine")
            self.assertEqual(path.read_text(), "<svg></svg>\n")

    def test_a_gnuplot_that_fails_is_refused(self):
        done = subprocess.CompletedProcess([], 1, stdout="<svg></svg>", stderr="no terminal")
        with mock.patch("shutil.which", return_value="gnuplot"), \
             mock.patch("subprocess.run", return_value=done):
            with self.assertRaisesRegex(Failed, "gnuplot: no terminal"):
                plot.draw(TABLE, Path("never.svg"), "machine")

    def test_no_gnuplot_is_refused(self):
        with mock.patch("shutil.which", return_value=None):
            with self.assertRaisesRegex(Failed, "install gnuplot-nox"):
                plot.draw(TABLE, Path("never.svg"), "machine")


if __name__ == "__main__":
    unittest.main()
