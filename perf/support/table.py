# SPDX-License-Identifier: BSL-1.0
"""The tables: which rows stand in which, beside which bars, and as which lines."""
import collections
from dataclasses import dataclass

from bars import BARS, INSTRUCTIONS, OURS
from measure import Failed, number

COLUMNS = [OURS, "floor", "bare", "fetch_add", "level 0", "new/delete", "mimalloc", "std mono",
           "std unsync", "std sync",
           "Boost mono", "Boost unsync", "Boost sync", "JSON mono", "Boost.Pool", "foonathan",
           "tbbmalloc", "jemalloc", "frame{}", "stack{}", "0 idle", "10 idle"]
BYTES = "bytes/byte"


@dataclass(frozen=True)
class Table:
    name: str   # of its plot
    title: str
    unit: str
    rows: dict  # {name: measure.Row}

    def figures(self, row):
        return row.bytes_per_byte() if self.unit == BYTES else row.figures()

    @property
    def columns(self):
        """The contestants that one of the rows has; a new one stands behind the known ones."""
        there = {name: None for row in self.rows.values() for name in self.figures(row)}
        return [name for name in COLUMNS if name in there] + [n for n in there if n not in COLUMNS]


def split(rows, unit):
    """-> the tables that have rows, together for each subject: the first word of a row"""
    parts = collections.defaultdict(lambda: collections.defaultdict(dict))
    barred = {bar.row for bar in BARS if bar.unit == unit or unit == INSTRUCTIONS}
    for name, row in rows.items():
        kind = "memory" if row.bytes_per_byte() else "bars" if name in barred else "workloads"
        parts[name.split("_")[0]][kind][name] = row
    suffix = "_instructions" if unit == INSTRUCTIONS else ""
    what = "Instructions" if unit == INSTRUCTIONS else "Time"
    kinds = {"bars": (suffix, f"{what} of one operation, with bars", unit),
             "memory": ("", "Bytes held for each byte of capacity", BYTES),
             "workloads": (suffix, f"{what} of one operation", unit)}
    return [Table(f"{subject}_{kind}{end}", title, shown, of_subject[kind])
            for subject, of_subject in parts.items()
            for kind, (end, title, shown) in kinds.items() if kind in of_subject]


def judge(bar, row, free_cores, unit):
    """-> (figure or None, verdict): a bar speaks of time, or of instructions, not of the other"""
    if bar.unit != unit:
        return bar.figure(row), "-"
    if bar.quiet_cores > 1 and free_cores < bar.quiet_cores - 0.5:
        return None, "not measurable"
    figure = bar.figure(row)
    return figure, "yes" if figure <= bar.limit else "no"


def judged(rows, free_cores, unit):
    """Ratios are told of instructions too; a difference of instructions is nothing in time."""
    for bar in BARS:
        if bar.row in rows and (bar.unit == unit or unit == INSTRUCTIONS):
            yield bar, *judge(bar, rows[bar.row], free_cores, unit)


def csv_lines(rows, free_cores, unit):
    for name, row in rows.items():
        figures = row.figures()
        for contestant, figure in figures.items():
            yield f"{name},{contestant},{figure:.4g},{figure / figures[OURS]:.3f}"
    for bar, figure, verdict in judged(rows, free_cores, unit):
        shown = "" if figure is None else f"{figure:.3f}"
        yield f"bar,{bar.row},{shown},{bar.limit:g},{verdict}"


def lines(table, free_cores, unit):
    """A row with several bars goes on below with the further ones; one without has its ratios."""
    bars = collections.defaultdict(list)
    for bar, figure, verdict in judged(table.rows, free_cores, unit):
        bars[bar.row].append([number(figure), str(bar), verdict])
    columns = table.columns
    cells = [["row", "unit", *columns, *(["figure", "bar", "met"] if bars else [])]]
    for name, row in table.rows.items():
        figures = table.figures(row)
        own = [name, table.unit, *(number(figures.get(c)) for c in columns)]
        further = ["", "", *[""] * len(columns)]
        if bars:
            first, *rest = bars[name] or [["", "", ""]]
            cells += [[*own, *first], *([*further, *bar] for bar in rest)]
        else:
            ratios = [number(figures[c] / figures[OURS]) if c in figures else "" for c in columns]
            cells += [own, ["", "/ ours", *ratios]]
    widths = [max(map(len, column)) for column in zip(*cells)]
    texts = {0, 1, len(columns) + 3, len(columns) + 4}
    yield table.title
    for line in cells:
        yield "  ".join(cell.ljust(w) if i in texts else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(line, widths))).rstrip()


def require_bars(rows):
    for bar in BARS:
        if bar.row not in rows or not bar.is_measured_in(rows[bar.row]):
            raise Failed(f"no program measures {bar.against} in {bar.row}, which a bar names")
