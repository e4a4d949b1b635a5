# SPDX-License-Identifier: BSL-1.0
"""Runs the performance programs and gathers what they print."""
import collections
import json
import os
import re
import statistics
import subprocess
import sys

# Where the loader puts a program decides up to 40 % of a bump, for all its contestants alike and
# for as long as it runs: so each program is started several times.
PROCESSES = 3
REPETITIONS = 7
SECONDS_PER_REPETITION = 0.02
# jemalloc's thread-local data must find room in a program that has started already.
TUNABLES = "glibc.rtld.optional_static_tls=4096"


class Failed(Exception):
    pass


def number(figure):
    """As tables and plots show it."""
    return "" if figure is None else f"{figure:.0f}" if figure >= 1000 else f"{figure:.3g}"


def median_of_copies(samples):
    """{name or name.N: [figure, ...]} -> {name: figure}"""
    copies = collections.defaultdict(list)
    for name, figures in samples.items():
        copies[re.sub(r"\.\d+$", "", name)].append(statistics.median(figures))
    return {name: statistics.median(medians) for name, medians in copies.items()}


def nanoseconds_of_round(run):
    if "round_seconds" in run:  # the program's own clock: only a part of what it did is measured
        return run["round_seconds"] * 1e9
    return run["real_time" if "/real_time" in run["name"] else "cpu_time"]


class Row:
    def __init__(self):
        self.samples = collections.defaultdict(list)   # ns for one operation
        self.reserved = collections.defaultdict(list)  # bytes for one byte of capacity
        self.checksums = set()

    def add(self, contestant, run):
        self.samples[contestant].append(nanoseconds_of_round(run) / run["operations"])
        self.checksums.add(int(run["checksum"]))
        if "bytes_per_byte" in run:
            self.reserved[contestant].append(run["bytes_per_byte"])

    def figures(self):
        return median_of_copies(self.samples)

    def bytes_per_byte(self):
        return median_of_copies(self.reserved)


def failures(output):
    """The contestants that a program's JSON tells to have failed."""
    try:
        runs = json.loads(output)["benchmarks"]
    except (ValueError, KeyError):
        return output[-2000:]
    failed = {f"{run['name']}: {run['error_message']}\n" for run in runs if "error_message" in run}
    return "".join(sorted(failed))


def execute(command):
    plain = {name: value for name, value in os.environ.items() if name != "TIDEMARK_CHECK"}
    plain["GLIBC_TUNABLES"] = TUNABLES
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=plain)
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}\n{failures(done.stdout)}{done.stderr}")
    return done


def plain_name(name):
    """As the program gave it, without what Google Benchmark adds."""
    return re.sub(r"/((iterations|repeats|min_time):[\d.]+|(manual|real)_time)", "", name)


def listed(program, pattern):
    """The benchmarks `row/contestant` of the rows that match."""
    names = execute([program, "--benchmark_list_tests"]).stdout.split("\n")
    names = [plain_name(name) for name in names if "/" in name]
    return [name for name in names if re.search(pattern, name.split("/")[0])]


def collect(rows, output):
    """Reads what one program printed as JSON. -> what it says of itself"""
    report = json.loads(output)
    for run in report["benchmarks"]:
        if run.get("run_type") == "aggregate":
            continue
        name = plain_name(run["name"])
        row, contestant = name.split("/", 1)
        if run.get("error_occurred"):
            raise Failed(f"{name}: {run.get('error_message')}")
        rows[row].add(contestant, run)
    for row, measured in rows.items():
        if len(measured.checksums) != 1:
            raise Failed(f"{row}: the checksums differ: {measured.checksums}")
        if not all(measured.samples.values()):
            raise Failed(f"{row}: a contestant did not run")
    return report.get("context", {})


def prepare(rows, names):
    """Rows and contestants stand in the order of the program, not in that of the interleaving."""
    for name in names:
        row, contestant = name.split("/", 1)
        rows.setdefault(row, Row()).samples[contestant] = []


def exactly(name):
    """A regular expression, in words that Python and Google Benchmark share."""
    return re.sub(r"[^\w/ -]", r"[\g<0>]", name)


def filter_for(names):
    rows = sorted({exactly(name.split("/")[0]) for name in names})
    return f"--benchmark_filter=^({'|'.join(rows)})/"


def run(program, names, smoke):
    command = [program, filter_for(names), "--benchmark_format=json"]
    if smoke:
        command.append("--smoke")
    else:
        command += [f"--benchmark_repetitions={REPETITIONS}",
                    f"--benchmark_min_time={SECONDS_PER_REPETITION}",
                    "--benchmark_enable_random_interleaving=true"]
    return execute(command).stdout


def count_instructions(program, name):
    """-> what one contestant printed, with instructions of one round in place of time"""
    done = execute(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                    "--collect-atstart=no", program, f"--benchmark_filter=^{exactly(name)}/",
                    "--count", "--benchmark_format=json"])
    report = json.loads(done.stdout)
    collected = int(re.search(r"Collected : (\d+)", done.stderr)[1])
    if collected == 0:
        raise Failed(f"{name}: callgrind counted nothing")
    report["benchmarks"][0]["cpu_time"] = collected / int(report["context"]["counted_rounds"])
    return report


def counts_instructions(name):
    """Not of copies, which have the same; nor where bytes count; nor of long computations, in which
    little but addresses differs; nor at level 1, where a frame tells Valgrind of every block; nor
    of two threads, which wait for each other."""
    return not re.search(r"\.[2-9]$|^(frame_grown_.*|frame_document_checked|stack_bloat"
                         r"|stack_(product_.*|steps)|local_(ring.*|two_threads))/", name)


def instructions(program, names):
    """-> as `run`, with instructions in place of nanoseconds"""
    runs = []
    for name in names:
        print(f"counting {name}", file=sys.stderr)
        report = count_instructions(program, name)
        runs += report["benchmarks"]
    return json.dumps({"benchmarks": runs, "context": report["context"]})
