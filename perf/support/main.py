# SPDX-License-Identifier: BSL-1.0
"""Runs the performance programs and prints what they measured, row by row, beside the bars.

Each figure is the median over interleaved repetitions, and of a contestant that exists in several
copies (`floor.1`, `floor.2`, ...) the median of its copies. Exits 1 if a program fails or the
contestants of a row disagree on its checksum; a bar that is missed is no failure.
"""
import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import measure
import plot
import table
from bars import INSTRUCTIONS, NANOSECONDS
from measure import Failed


def quiet_cores():
    """Cores that did nothing over the last minute."""
    return len(os.sched_getaffinity(0)) - os.getloadavg()[0]


def machine():
    try:
        model = re.search(r"^model name\s*: (.+)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        model = None
    return f"{len(os.sched_getaffinity(0))} cores of {model[1] if model else os.uname().machine}"


def commit():
    command = ["git", "-C", Path(__file__).parent, "describe", "--always", "--dirty", "--abbrev=10",
               "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:  # a machine without git
        return "no commit"
    return f"commit {done.stdout.strip()}" if done.returncode == 0 else "no commit"


def parse():
    parser = argparse.ArgumentParser(prog="perf/run", description=__doc__)
    parser.add_argument("directory", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("filter", nargs="?", default="", help="regular expression for rows")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--csv", action="store_true", help="lines `row,contestant,ns,ratio_to_ours`, "
                     "then `bar,row,figure,limit,met`")
    how.add_argument("--smoke", action="store_true", help="two rounds each: nothing is measured")
    parser.add_argument("--instructions", action="store_true",
                        help="count instructions under callgrind instead of time")
    parser.add_argument("--plot", metavar="DIR", type=Path, help="one SVG for each table too")
    options = parser.parse_args()
    if options.smoke and (options.instructions or options.plot):
        parser.error("--smoke measures nothing")
    return options


def measured(options):
    """-> (rows, what the programs say of themselves)"""
    rows, context = {}, {}
    for program in (options.directory / "programs.txt").read_text().split():
        path = options.directory / program
        names = measure.listed(path, options.filter)
        if options.instructions:
            names = [name for name in names if measure.counts_instructions(name)]
        if not names:
            continue
        measure.prepare(rows, names)
        if options.instructions:
            context = measure.collect(rows, measure.instructions(path, names))
            continue
        print(f"running {program}", file=sys.stderr)
        for _ in range(1 if options.smoke else measure.PROCESSES):
            context = measure.collect(rows, measure.run(path, names, options.smoke))
    if not rows:
        raise Failed(f"no row matches {options.filter!r}")
    if not options.filter and not options.instructions:
        table.require_bars(rows)
    return rows, context


def main():
    options = parse()
    free_cores, load = quiet_cores(), os.getloadavg()[0]
    rows, context = measured(options)
    if options.smoke:
        print(f"smoke: {len(rows)} rows ran; in each the checksums of all contestants agree")
        return
    unit = INSTRUCTIONS if options.instructions else NANOSECONDS
    provenance = f"{machine()}, {context.get('compiler', 'compiler unknown')}, {commit()}"
    if not options.instructions:
        provenance += f", load {load:.1f} at the start"
    tables = table.split(rows, unit)
    if options.csv:
        print("\n".join(table.csv_lines(rows, free_cores, unit)))
    else:
        print("\n\n".join("\n".join(table.lines(each, free_cores, unit)) for each in tables))
        print(f"\n{provenance}\nchecksums: " +
              ", ".join(f"{name} {min(row.checksums):x}" for name, row in rows.items()))
    for each in tables if options.plot else []:
        plot.draw(each, options.plot / f"{each.name}.svg", provenance)
    if free_cores < 0.5 and not options.instructions:
        print("The cores were busy when this began: take the ratios with care.", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"perf/run: {failure}")
