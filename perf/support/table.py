# SPDX-License-Identifier: BSL-1.0
"""Runs the performance programs and prints what they measured, row by row, beside the bars.

Each figure is the median over interleaved repetitions, and of a contestant that exists in several
copies (`floor.1`, `floor.2`, ...) the median of its copies. Exits 1 if a program fails or the
contestants of a row disagree on its checksum; a bar that is missed is no failure.
"""
import argparse
import collections
import os
import sys
from pathlib import Path

import measure
from bars import BARS, CAPACITY
from measure import Failed

OURS = "ours"
COLUMNS = [OURS, "floor", "new/delete", "mimalloc", "std mono", "std unsync", "Boost mono",
           "Boost unsync", "frame{}"]
NANOSECONDS, INSTRUCTIONS = "ns", "instr"  # for one operation


def quiet_cores():
    """Cores that did nothing over the last minute."""
    return len(os.sched_getaffinity(0)) - os.getloadavg()[0]


def judge(bar, row, free_cores):
    """-> (ratio or None, verdict)"""
    if bar.quiet_cores > 1 and free_cores < bar.quiet_cores - 0.5:
        return None, "not measurable"
    if bar.against == CAPACITY:
        ratio = row.bytes_per_byte()[OURS]
    else:
        ratio = row.figures()[OURS] / row.figures()[bar.against]
    return ratio, "yes" if ratio <= bar.limit else "no"


def judged(rows, free_cores):
    for bar in BARS:
        if bar.row in rows:
            yield bar, *judge(bar, rows[bar.row], free_cores)


def csv_lines(rows, free_cores):
    for name, row in rows.items():
        figures = row.figures()
        for contestant, figure in figures.items():
            yield f"{name},{contestant},{figure:.4g},{figure / figures[OURS]:.3f}"
    for bar, ratio, verdict in judged(rows, free_cores):
        yield f"bar,{bar.row},{'' if ratio is None else f'{ratio:.3f}'},{bar.limit:g},{verdict}"


def number(figure):
    return "" if figure is None else f"{figure:.0f}" if figure >= 1000 else f"{figure:.3g}"


def table_lines(rows, free_cores, unit):
    """One line for each row; a row with several bars goes on below with the further ones."""
    bars = collections.defaultdict(list)
    for bar, ratio, verdict in judged(rows, free_cores):
        what = "bytes kept" if bar.against == CAPACITY else bar.against
        met = "-" if unit == INSTRUCTIONS else verdict  # a bar speaks of time
        bars[bar.row].append([number(ratio), f"<= {bar.limit:g} x {what}", met])
    cells = [["row", "unit", *COLUMNS, "ratio", "bar", "met"]]
    for name, row in rows.items():
        reserved = row.bytes_per_byte()
        shown = reserved or row.figures()
        for first, bar in zip([True] + [False] * 9, bars[name] or [["", "", ""]]):
            values = [number(shown.get(c)) for c in COLUMNS] if first else [""] * len(COLUMNS)
            label = [name, "bytes/byte" if reserved else unit] if first else ["", ""]
            cells.append([*label, *values, *bar])
    widths = [max(map(len, column)) for column in zip(*cells)]
    for line in cells:
        yield "  ".join(cell.ljust(w) if i < 2 or i > len(COLUMNS) + 2 else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(line, widths))).rstrip()


def require_bars(rows):
    for bar in BARS:
        against = OURS if bar.against == CAPACITY else bar.against
        if bar.row not in rows or against not in rows[bar.row].figures():
            raise Failed(f"no program measures {bar.against} in {bar.row}, which a bar names")


def main():
    parser = argparse.ArgumentParser(prog="perf/run", description=__doc__)
    parser.add_argument("directory", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("filter", nargs="?", default="", help="regular expression for rows")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--csv", action="store_true", help="lines `row,contestant,ns,ratio_to_ours`, "
                     "then `bar,row,ratio,limit,met`")
    how.add_argument("--smoke", action="store_true", help="two rounds each: nothing is measured")
    how.add_argument("--instructions", action="store_true",
                     help="count instructions under callgrind instead of time")
    options = parser.parse_args()
    free_cores = quiet_cores()
    rows = {}
    for program in (options.directory / "programs.txt").read_text().split():
        path = options.directory / program
        if not (names := measure.listed(path, options.filter)):
            continue
        if options.instructions:
            names = [name for name in names if measure.counts_instructions(name)]
        measure.prepare(rows, names)
        if options.instructions:
            measure.instructions(rows, path, names)
        else:
            print(f"running {program}", file=sys.stderr)
            for _ in range(1 if options.smoke else measure.PROCESSES):
                measure.collect(rows, measure.run(path, names, options.smoke))
    if not rows:
        raise Failed(f"no row matches {options.filter!r}")
    if not options.filter and not options.instructions:
        require_bars(rows)
    if options.smoke:
        print(f"smoke: {len(rows)} rows ran; in each the checksums of all contestants agree")
        return
    unit = INSTRUCTIONS if options.instructions else NANOSECONDS
    lines = csv_lines(rows, free_cores) if options.csv else table_lines(rows, free_cores, unit)
    print("\n".join(lines))
    if not options.csv:
        print("\nchecksums: " + ", ".join(f"{n} {min(r.checksums):x}" for n, r in rows.items()))
    if free_cores < 0.5:
        print("The cores were busy when this began: take the ratios with care.", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"perf/run: {failure}")
