# SPDX-License-Identifier: BSL-1.0
"""Proves that the table judges: medians, bars, lines, and what it must refuse."""
import contextlib
import io
import json
import unittest
from unittest import mock

import measure
import table
from bars import CAPACITY, Bar


def run(name, nanoseconds, checksum=7.0, **counters):
    return {"name": name, "run_type": "iteration", "cpu_time": nanoseconds, "operations": 10.0,
            "checksum": checksum, **counters}


def collected(*runs):
    rows = {}
    measure.prepare(rows, [each["name"] for each in runs])
    measure.collect(rows, json.dumps({"benchmarks": list(runs)}))
    return rows


class Table(unittest.TestCase):
    def setUp(self):
        patch = mock.patch.object(table, "BARS", [Bar("row", "floor", 1.15),
                                                  Bar("row", "mimalloc", 0.5)])
        patch.start()
        self.addCleanup(patch.stop)
        self.rows = collected(run("row/ours", 30), run("row/ours", 20), run("row/ours", 90),
                              run("row/floor.1", 10), run("row/floor.2", 80),
                              run("row/floor.3", 20), run("row/mimalloc", 100))

    def test_a_figure_is_the_median_and_a_floor_that_of_its_copies(self):
        self.assertEqual(self.rows["row"].figures(), {"ours": 3, "floor": 2, "mimalloc": 10})

    def test_a_bar_is_met_up_to_its_limit(self):
        verdicts = [(bar.against, ratio, met) for bar, ratio, met in table.judged(self.rows, 1)]
        self.assertEqual(verdicts, [("floor", 1.5, "no"), ("mimalloc", 0.3, "yes")])
        self.assertEqual(table.judge(Bar("row", "floor", 1.5), self.rows["row"], 1), (1.5, "yes"))

    def test_a_bar_of_bytes_ignores_time(self):
        row = collected(run("row/ours", 1, bytes_per_byte=1.2))["row"]
        self.assertEqual(table.judge(Bar("row", CAPACITY, 1.15), row, 1), (1.2, "no"))

    def test_two_cores_are_measurable_only_where_two_are_quiet(self):
        bar = Bar("row", "floor", 2, quiet_cores=2)
        self.assertEqual(table.judge(bar, self.rows["row"], 1.2), (None, "not measurable"))
        self.assertEqual(table.judge(bar, self.rows["row"], 1.9), (1.5, "yes"))

    def test_csv_lines(self):
        self.assertEqual(list(table.csv_lines(self.rows, 1)),
                         ["row,ours,3,1.000", "row,floor,2,0.667", "row,mimalloc,10,3.333",
                          "bar,row,1.500,1.15,no", "bar,row,0.300,0.5,yes"])

    def test_the_table_has_one_line_for_each_bar(self):
        lines = list(table.table_lines(self.rows, 1, "ns"))
        self.assertEqual(len(lines), 3)
        self.assertRegex(lines[1], r"^row +ns +3 +2 +10 +1.5 +<= 1.15 x floor +no$")
        self.assertRegex(lines[2], r"^ +0.3 +<= 0.5 x mimalloc +yes$")

    def test_instructions_meet_no_bar(self):
        lines = list(table.table_lines(self.rows, 1, table.INSTRUCTIONS))
        self.assertRegex(lines[1], r"^row +instr +3 .* <= 1.15 x floor +-$")

    def test_a_contestant_that_did_not_run_is_refused(self):
        rows = {}
        measure.prepare(rows, ["row/ours", "row/floor"])
        with self.assertRaisesRegex(measure.Failed, "row: a contestant did not run"):
            measure.collect(rows, json.dumps({"benchmarks": [run("row/ours", 1)]}))

    def test_checksums_that_differ_are_refused(self):
        with self.assertRaisesRegex(measure.Failed, "row: the checksums differ"):
            collected(run("row/ours", 1), run("row/floor", 1, checksum=8.0))

    def test_a_contestant_that_failed_is_refused(self):
        with self.assertRaisesRegex(measure.Failed, "row/ours: lost a block"):
            collected(run("row/ours", 1, error_occurred=True, error_message="lost a block"))

    def test_a_bar_without_its_contestant_is_refused(self):
        del self.rows["row"].samples["mimalloc"]
        with self.assertRaisesRegex(measure.Failed, "no program measures mimalloc in row"):
            table.require_bars(self.rows)

    def test_a_program_that_fails_is_refused(self):
        with self.assertRaisesRegex(measure.Failed, "false"):
            measure.execute(["false"])

    def test_each_row_is_filtered_as_a_whole(self):
        self.assertEqual(measure.filter_for(["row/ours", "row/floor"]),
                         "--benchmark_filter=^(row)/")

    def test_a_name_is_matched_letter_by_letter(self):
        self.assertRegex("row/frame{}", measure.exactly("row/frame{}"))
        self.assertNotRegex("row/floorX1", measure.exactly("row/floor.1"))

    def test_help_hides_nothing_but_the_directory(self):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown), mock.patch("sys.argv", ["table.py", "--help"]):
            with self.assertRaises(SystemExit):
                table.main()
        for option in ["filter", "--csv", "--smoke", "--instructions"]:
            self.assertIn(option, shown.getvalue())


if __name__ == "__main__":
    unittest.main()
