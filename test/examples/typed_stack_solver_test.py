# SPDX-License-Identifier: BSL-1.0
"""Runs typed_stack_solver as a user does and holds what it promises.

Usage: typed_stack_solver_test.py PROGRAM FIXTURES [unittest arguments]
"""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(sys.argv.pop(1)).resolve()
FIXTURES = Path(sys.argv.pop(1)).resolve()
VECTOR = "std::vector"
MIMALLOC = "pmr::vector on mimalloc"
OURS = "tidemark typed stack"


def solve(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          check=False)


def table(stdout):
    """name -> (heap calls, verdict); times and peaks are not compared."""
    begin = stdout.index("temporaries  ")
    rows = {}
    for line in stdout[begin:stdout.index("\n\n", begin)].splitlines()[1:]:
        columns = re.split(r"  +", line)
        rows[columns[0]] = (columns[3], columns[-1])
    return rows


class Solver(unittest.TestCase):
    def assert_solved(self, run):
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(run.stderr, "")
        rows = table(run.stdout)
        self.assertEqual(set(rows), {VECTOR, MIMALLOC, OURS})
        self.assertEqual(rows[OURS][1], "identical")
        self.assertIn(rows[MIMALLOC][1], ("identical", "not on this machine"))
        error = re.search(r"largest error (\S+)", run.stdout)
        self.assertLess(float(error.group(1)), 1e-7)
        return rows

    def test_a_poisson_problem_is_solved_alike_with_few_calls_to_the_heap(self):
        run = solve("--size", 12, "--solves", 3, "--rounds", 2)
        self.assertTrue(run.stdout.startswith("144 unknowns, 672 nonzeros, 3 solves, "))
        rows = self.assert_solved(run)
        self.assertLess(20 * int(rows[OURS][0]), int(rows[VECTOR][0]))

    def test_more_solves_need_no_more_calls_of_a_stack(self):
        def calls(solves):
            return self.assert_solved(solve("--size", 8, "--solves", solves, "--rounds", 1))
        few, many = calls(2), calls(40)
        self.assertEqual(few[OURS][0], many[OURS][0])
        self.assertGreater(int(many[VECTOR][0]), 10 * int(few[VECTOR][0]))

    def test_a_given_matrix_is_solved(self):
        run = solve(FIXTURES / "beam.mtx", "--solves", 2, "--rounds", 1)
        self.assertTrue(run.stdout.startswith("6 unknowns, 16 nonzeros, 2 solves, "))
        self.assert_solved(run)

    def test_what_is_wrong_is_told_and_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "wrong.mtx"
            path.write_text("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1\n")
            run = solve(path)
            self.assertEqual(run.returncode, 1)
            self.assertIn("row 2 has no positive diagonal", run.stderr)
            path.write_text("nothing\n")
            run = solve(path)
            self.assertEqual(run.returncode, 1)
            self.assertIn(f"{path}:1: ", run.stderr)
        self.assertIn("too many iterations",
                      solve("--size", 12, "--iterations", 2).stderr)
        self.assertNotEqual(solve(FIXTURES / "missing.mtx").returncode, 0)
        self.assertNotEqual(solve("--size", 0).returncode, 0)


if __name__ == "__main__":
    unittest.main()
