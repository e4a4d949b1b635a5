# SPDX-License-Identifier: BSL-1.0
"""Runs request_service as a user does and holds what it promises.

Usage: request_service_test.py PROGRAM FIXTURES [unittest arguments]
"""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(sys.argv.pop(1)).resolve()
FIXTURES = Path(sys.argv.pop(1)).resolve()
LISTS = FIXTURES / "lists"
MEMORIES = ["new/delete", "mimalloc", "std unsynchronized pool", "std monotonic", "tidemark"]
SKIPPED = ["broken.json", "twins.json"]


def serve(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          check=False)


def table(stdout):
    """name -> (heap calls for each request, verdict); times and peaks are not compared."""
    begin = stdout.index("memory  ")
    rows = {}
    for line in stdout[begin:stdout.index("\n\n", begin)].splitlines()[1:]:
        columns = re.split(r"  +", line)
        rows[columns[0]] = (columns[-3], columns[-1])
    return rows


class Service(unittest.TestCase):
    def assert_served(self, run):
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        told = run.stderr.splitlines()
        self.assertEqual(len(told), len(SKIPPED), run.stderr)
        for line, name in zip(told, SKIPPED):
            self.assertRegex(line, rf"^skipped: .*{name}: ")

    def assert_all_right(self, rows):
        self.assertEqual(list(rows), MEMORIES)
        for name in MEMORIES:
            verdicts = ("right", "not on this machine") if name == "mimalloc" else ("right",)
            self.assertIn(rows[name][1], verdicts)

    def test_every_memory_answers_alike_and_ours_asks_the_heap_for_little(self):
        run = serve(LISTS, "--requests", 1000, "--rounds", 2, "--cache", 4)
        self.assert_served(run)
        self.assertTrue(run.stdout.startswith("13 entries in 3 lists of 4 files, 1000 requests, "
                                              "1 thread\n"))
        rows = table(run.stdout)
        self.assert_all_right(rows)
        self.assertLess(100 * float(rows["tidemark"][0]), float(rows["new/delete"][0]))
        for name in ("service/parse", "service/cache", "service/answer"):
            self.assertEqual(run.stdout.count(f"\n{name} "), 2)  # as a tag and as a budget

    def test_several_threads_serve_a_share_each(self):
        run = serve(LISTS, "--requests", 1001, "--rounds", 1, "--threads", 2, "--cache", 4)
        self.assert_served(run)
        self.assertIn("1001 requests, 2 threads\n", run.stdout)
        self.assert_all_right(table(run.stdout))
        self.assertEqual(run.stdout.count("\nanswer "), 2)  # a frame of each

    def test_without_a_table_ours_alone_serves(self):
        run = serve(LISTS, "--requests", 100, "--no-table")
        self.assert_served(run)
        self.assertNotIn("memory  ", run.stdout)
        self.assertNotIn("new/delete", run.stdout)
        self.assertRegex(run.stdout, r"\n\d+ results, \d+ errors, 0 refused, ")

    def test_requests_are_shown_with_their_answers(self):
        run = serve(LISTS, "--requests", 100, "--no-table", "--show", 5, "--seed", 2)
        self.assert_served(run)
        lines = run.stdout.splitlines()
        requests = [json.loads(line[2:]) for line in lines if line.startswith("> ")]
        answers = [json.loads(line[2:]) for line in lines if line.startswith("< ")]
        self.assertEqual([each["id"] for each in requests], [1, 2, 3, 4, 5])
        self.assertEqual([each["id"] for each in answers], [1, 2, 3, 4, 5])
        self.assertNotEqual(run.stdout, serve(LISTS, "--requests", 100, "--no-table", "--show", 5,
                                              "--seed", 3).stdout)

    def test_requests_over_budget_are_refused_and_the_rest_is_right(self):
        run = serve(LISTS, "--requests", 1000, "--rounds", 1, "--answer-budget", 8300)
        self.assert_served(run)
        rows = table(run.stdout)
        self.assertRegex(rows["tidemark"][1], r"^right(, \d+ refused)?$")
        run = serve(LISTS, "--requests", 100, "--no-table", "--parse-budget", 100)
        self.assert_served(run)
        self.assertIn("\n0 results, 0 errors, 100 refused, ", run.stdout)

    def test_the_numbers_are_written_as_json(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "numbers.json"
            self.assert_served(serve(LISTS, "--requests", 100, "--rounds", 1, "--json", path))
            rows = json.loads(path.read_text())
            self.assertEqual([each["memory"] for each in rows], MEMORIES)
            ours = rows[-1]
            self.assertEqual(ours["results"] + ours["errors"], 100)
            self.assertEqual(ours["usage"]["tags"][0]["path"], "service")
            self.assertEqual(len(ours["usage"]["budgets"]), 4)
            run = serve(LISTS, "--requests", 1, "--json", Path(folder) / "no" / "such")
            self.assertEqual(run.returncode, 1)
            self.assertIn("request_service: cannot write ", run.stderr)

    def test_what_is_missing_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            for path, told in ((Path(folder) / "none", "no such folder: "),
                               (folder, "no JSON file in "),
                               (LISTS / "schema.json", "no list of entries in "),
                               (LISTS / "broken.json", "no JSON: ")):
                run = serve(path)
                self.assertEqual(run.returncode, 1)
                self.assertIn(told, run.stderr)
        self.assertNotEqual(serve(LISTS, "--threads", 0).returncode, 0)
        self.assertNotEqual(serve(LISTS, "--requests", 0).returncode, 0)


if __name__ == "__main__":
    unittest.main()
