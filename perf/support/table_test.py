# SPDX-License-Identifier: BSL-1.0
"""Proves that the table judges: medians, bars, lines, and what it must refuse."""
import json
import unittest
from unittest import mock

import measure
import table
from bars import (CAPACITY, FASTEST, INSTRUCTIONS, NANOSECONDS, NOBODY, Added, Bar,
                  MoreInstructions, MostNanoseconds)


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
        patch = mock.patch.object(table, "BARS", [MoreInstructions("row", "floor", 1),
                                                  Bar("row", "floor", 1.15),
                                                  Bar("row", "mimalloc", 0.5)])
        patch.start()
        self.addCleanup(patch.stop)
        self.rows = collected(run("row/ours", 30), run("row/ours", 20), run("row/ours", 90),
                              run("row/floor.1", 10), run("row/floor.2", 80),
                              run("row/floor.3", 20), run("row/mimalloc", 100))

    def judge(self, bar, free_cores=1):
        return table.judge(bar, self.rows["row"], free_cores, NANOSECONDS)

    def lines(self, unit=NANOSECONDS):
        return [list(table.lines(each, 1, unit)) for each in table.split(self.rows, unit)]

    def test_a_figure_is_the_median_and_a_floor_that_of_its_copies(self):
        self.assertEqual(self.rows["row"].figures(), {"ours": 3, "floor": 2, "mimalloc": 10})

    def test_a_bar_is_met_up_to_its_limit(self):
        verdicts = [(bar.against, ratio, met)
                    for bar, ratio, met in table.judged(self.rows, 1, NANOSECONDS)]
        self.assertEqual(verdicts, [("floor", 1.5, "no"), ("mimalloc", 0.3, "yes")])
        self.assertEqual(self.judge(Bar("row", "floor", 1.5)), (1.5, "yes"))

    def test_a_bar_of_instructions_is_a_difference(self):
        judge = [table.judge(MoreInstructions("row", "floor", limit), self.rows["row"], 1,
                             INSTRUCTIONS) for limit in (0.9, 1)]
        self.assertEqual(judge, [(1, "no"), (1, "yes")])

    def test_a_bar_of_an_adaptor_is_what_it_adds(self):
        row = collected(run("row/ours", 50), run("row/bare", 20), run("row/floor", 10))["row"]
        self.assertEqual(table.judge(Added("row", "floor", 3), row, 1, NANOSECONDS), (3, "yes"))
        self.assertEqual(table.judge(Added("row", "floor", 2.9), row, 1, NANOSECONDS), (3, "no"))
        self.assertTrue(Added("row", "floor", 3).is_measured_in(row))
        self.assertFalse(Added("row", "floor", 3).is_measured_in(self.rows["row"]))

    def test_a_bar_of_bytes_ignores_time(self):
        row = collected(run("row/ours", 1, bytes_per_byte=1.2))["row"]
        self.assertEqual(table.judge(Bar("row", CAPACITY, 1.15), row, 1, NANOSECONDS), (1.2, "no"))

    def test_a_bar_against_the_fastest_finds_it(self):
        bar = Bar("row", FASTEST, 1.5)
        self.assertEqual((self.judge(bar), str(bar)), ((1.5, "yes"), "<= 1.5 x the fastest"))
        self.assertEqual(self.judge(Bar("row", FASTEST, 1.4)), (1.5, "no"))

    def test_a_bar_of_nanoseconds_needs_nobody_else(self):
        bar = MostNanoseconds("row", NOBODY, 3)
        self.assertEqual((self.judge(bar), str(bar)), ((3, "yes"), "<= 3 ns"))
        self.assertEqual(self.judge(MostNanoseconds("row", NOBODY, 2.9)), (3, "no"))
        with mock.patch.object(table, "BARS", [bar]):
            table.require_bars(collected(run("row/ours", 1)))

    def figure_of(self, name, **measured):
        rows = {}
        measure.prepare(rows, ["row/ours"])
        measure.collect(rows, json.dumps({"benchmarks": [run(name, 900, **measured)]}))
        return rows["row"].figures()["ours"]

    def test_a_contestant_with_a_clock_of_its_own_is_timed_by_it(self):
        self.assertEqual(self.figure_of("row/ours/min_time:0.004/manual_time", real_time=70,
                                        round_seconds=50e-9), 5)

    def test_two_threads_are_timed_by_the_clock_on_the_wall(self):
        self.assertEqual(self.figure_of("row/ours/iterations:2/real_time", real_time=70), 7)

    def test_two_cores_are_measurable_only_where_two_are_quiet(self):
        bar = Bar("row", "floor", 2, quiet_cores=2)
        self.assertEqual(self.judge(bar, 1.2), (None, "not measurable"))
        self.assertEqual(self.judge(bar, 1.9), (1.5, "yes"))

    def test_csv_lines(self):
        measured = ["row,ours,3,1.000", "row,floor,2,0.667", "row,mimalloc,10,3.333"]
        self.assertEqual(list(table.csv_lines(self.rows, 1, NANOSECONDS)),
                         [*measured, "bar,row,1.500,1.15,no", "bar,row,0.300,0.5,yes"])
        self.assertEqual(list(table.csv_lines(self.rows, 1, INSTRUCTIONS)),
                         [*measured, "bar,row,1.000,1,yes", "bar,row,1.500,1.15,-",
                          "bar,row,0.300,0.5,-"])

    def test_the_table_has_one_line_for_each_bar(self):
        [[title, head, *lines]] = self.lines()
        self.assertEqual(title, "Time of one operation, with bars")
        self.assertRegex(head, r"^row +unit +ours +floor +mimalloc +figure +bar +met$")
        self.assertRegex(lines[0], r"^row +ns +3 +2 +10 +1.5 +<= 1.15 x floor +no$")
        self.assertRegex(lines[1], r"^ +0.3 +<= 0.5 x mimalloc +yes$")
        self.assertEqual(len(lines), 2)

    def test_instructions_meet_no_bar_of_time(self):
        [[_, _, *lines]] = self.lines(INSTRUCTIONS)
        self.assertRegex(lines[0], r"^row +instr +3 .* 1 +<= floor \+ 1 +yes$")
        self.assertRegex(lines[1], r"^ +1.5 +<= 1.15 x floor +-$")

    def test_rows_without_a_bar_have_a_table_with_their_ratios(self):
        self.rows.update(collected(run("free/ours", 20), run("free/a newcomer", 50)))
        [_, [title, head, *lines]] = self.lines()
        self.assertEqual(title, "Time of one operation")
        self.assertRegex(head, r"^row +unit +ours +a newcomer$")
        self.assertRegex(lines[0], r"^free +ns +2 +5$")
        self.assertRegex(lines[1], r"^ +/ ours +1 +2.5$")

    def test_rows_of_bytes_have_a_table_of_their_own(self):
        self.rows.update(collected(run("kept/ours", 20, bytes_per_byte=1.25)))
        [_, memory] = table.split(self.rows, NANOSECONDS)
        self.assertEqual((memory.name, memory.unit, list(memory.rows)),
                         ("kept_memory", "bytes/byte", ["kept"]))
        self.assertRegex(list(table.lines(memory, 1, NANOSECONDS))[2], r"^kept +bytes/byte +1.25$")

    def test_rows_of_one_subject_stand_together(self):
        rows = collected(run("a_one/ours", 1), run("b_one/ours", 1), run("a_two/ours", 1))
        self.assertEqual([(each.name, list(each.rows)) for each in table.split(rows, INSTRUCTIONS)],
                         [("a_workloads_instructions", ["a_one", "a_two"]),
                          ("b_workloads_instructions", ["b_one"])])

    def test_what_a_program_says_of_itself_is_returned(self):
        rows = {}
        measure.prepare(rows, ["row/ours"])
        report = {"benchmarks": [run("row/ours", 1)], "context": {"compiler": "g++ 12"}}
        self.assertEqual(measure.collect(rows, json.dumps(report)), {"compiler": "g++ 12"})

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

    def test_a_bar_against_the_fastest_of_nobody_is_refused(self):
        rows = collected(run("row/ours", 1))
        with mock.patch.object(table, "BARS", [Bar("row", FASTEST, 1)]):
            with self.assertRaisesRegex(measure.Failed, "no program measures fastest in row"):
                table.require_bars(rows)

    def test_a_program_that_fails_is_refused(self):
        with self.assertRaisesRegex(measure.Failed, "false"):
            measure.execute(["false"])

    def counted(self, collected_count):
        report = {"benchmarks": [run("row/ours", 5)], "context": {"counted_rounds": "10"}}
        done = mock.Mock(stdout=json.dumps(report), stderr=f"== Collected : {collected_count}")
        with mock.patch.object(measure, "execute", return_value=done), \
             mock.patch.object(measure, "print", create=True):
            return measure.instructions("program", ["row/ours"])

    def test_instructions_are_those_of_one_operation(self):
        rows = {}
        measure.prepare(rows, ["row/ours"])
        measure.collect(rows, self.counted(4200))
        self.assertEqual(rows["row"].figures(), {"ours": 42})

    def test_a_count_of_nothing_is_refused(self):
        with self.assertRaisesRegex(measure.Failed, "row/ours: callgrind counted nothing"):
            self.counted(0)

    def test_what_means_nothing_in_instructions_is_not_counted(self):
        names = ["frame_mixed/ours", "frame_mixed/floor.1", "frame_mixed/floor.2",
                 "frame_grown_700/ours", "frame_document/ours", "frame_document_checked/ours",
                 "stack_bloat/ours", "stack_product_16/ours", "local_ring/ours"]
        self.assertEqual([name for name in names if measure.counts_instructions(name)],
                         ["frame_mixed/ours", "frame_mixed/floor.1", "frame_document/ours"])

    def test_each_row_is_filtered_as_a_whole(self):
        self.assertEqual(measure.filter_for(["row/ours", "row/floor"]),
                         "--benchmark_filter=^(row)/")

    def test_a_name_is_matched_letter_by_letter(self):
        self.assertRegex("row/frame{}", measure.exactly("row/frame{}"))
        self.assertNotRegex("row/floorX1", measure.exactly("row/floor.1"))


if __name__ == "__main__":
    unittest.main()
