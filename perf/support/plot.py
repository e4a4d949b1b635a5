# SPDX-License-Identifier: BSL-1.0
"""Draws one table as SVG by gnuplot: how much more than ours each contestant takes."""
import shutil
import subprocess

from bars import OURS
from measure import Failed, number

STYLES = {  # number of gnuplot's symbol, colour: the same in every plot
    "floor": (2, "#000000"), "level 0": (1, "#000000"), "frame{}": (3, "#7a1fa2"),
    "stack{}": (3, "#7a1fa2"),
    "new/delete": (7, "#d32f2f"), "mimalloc": (5, "#f57c00"),
    "std mono": (6, "#1976d2"), "std unsync": (4, "#1976d2"),
    "Boost mono": (8, "#2e7d32"), "Boost unsync": (10, "#2e7d32"), "Boost.Pool": (12, "#2e7d32")}
UNKNOWN = (14, "#777777")


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def script(table, title, provenance):
    """What gnuplot is told: a line for each row, a symbol for each contestant, ours at 1."""
    height = 150 + 26 * len(table.rows)
    labels, points, places, ratios = [], [], {}, [1]
    for place, (name, row) in enumerate(table.rows.items()):
        figures = table.figures(row)
        label = f"{name}  {number(figures[OURS])} {table.unit}"
        labels.append(f"{quoted(label)} {-place}")
        for contestant, figure in figures.items():
            ratios.append(figure / figures[OURS])
            places.setdefault(contestant, []).append(f"{ratios[-1]:.4f} {-place}")
    plots = []
    for index, name in enumerate(name for name in table.columns if name != OURS):
        points += [f"$p{index} << end", *places[name], "end"]
        symbol, colour = STYLES.get(name, UNKNOWN)
        plots.append(f"$p{index} using 1:2 with points pt {symbol} lc rgb '{colour}' "
                     f"title {quoted(name)}")
    return "\n".join([
        f"set terminal svg size 860,{height} font 'sans-serif,12' background 'white' noenhanced",
        f"set title {quoted(title)} . \"\\n\" . {quoted(provenance)}",
        "set logscale x",
        f"set xrange [{min(ratios) / 1.3:.4g}:{max(ratios) * 1.3:.4g}]",
        f"set xlabel {quoted('times ours (log scale); the absolute figure is that of ours')}",
        f"set yrange [{0.6 - len(table.rows)}:0.6]",
        f"set ytics ({', '.join(labels)})",
        "set grid ytics xtics lc rgb '#dddddd'",
        "set arrow from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb '#444444'",
        "set key outside right top",
        *points,
        "plot " + ", ".join(plots), ""])


def draw(table, path, provenance):
    if not shutil.which("gnuplot"):
        raise Failed("gnuplot is not there: install gnuplot-nox")
    title = f"{table.title} ({table.unit} in one run)"
    done = subprocess.run(["gnuplot"], input=script(table, title, provenance), capture_output=True,
                          text=True, check=False)
    if done.returncode or not done.stdout.rstrip().endswith("</svg>"):
        raise Failed(f"gnuplot: {done.stderr}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(done.stdout)
