# SPDX-License-Identifier: BSL-1.0
"""Runs programs with one bug each and compares how they fail with what must see the bug.

Usage: planted.py LEG BINARIES ROOT [LIBRARY]. LEG is one of
  level0, level1    the built programs, with TIDEMARK_CHECK=0 and 1
  quarantine        the built programs at level 0, their frames in quarantine
  valgrind          the built programs at level 1 under memcheck
  asan              the built programs, which have AddressSanitizer
  asan_user         programs that are compiled with AddressSanitizer here: on LIBRARY, which is
                    built without, and on a library that is compiled like them
BINARIES is where the built programs stand, or where the last leg puts its own. Each program runs a
second time with an argument, without its bug, and must be clean. Exits 77 if a tool is missing.
"""
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

COMPILER = "clang++-19"
FLAGS = ["-std=c++20", "-O1", "-gline-tables-only", "-fsanitize=address", "-fno-omit-frame-pointer"]
ASAN_STATUS, VALGRIND_STATUS, SKIPPED = 98, 99, 77
SECONDS = 120  # ends hangs and measures nothing

CLEAN = (0, r"\A\Z")


def read(what):
    """Ran to its end, having read this."""
    return 0, rf"\Aread {what}\n\Z"


def report(text):
    """The misuse handler's, then an abort."""
    return -signal.SIGABRT, rf"tidemark: 'planted': {text}\n(.*\n)*  to fix it: "


def both(told, reported):
    """Valgrind tells of it and goes on, so that it is reported, too."""
    return reported[0], rf"{told[1]}(.*\n)*{reported[1]}"


def asan(text):
    return ASAN_STATUS, rf"ERROR: AddressSanitizer: {text}"


def valgrind(text):
    return VALGRIND_STATUS, rf"==\d+== {text}"


OUTLIVED = report("a free of a block whose scope is closed")
CLOSED = report("allocation in a closed scope")
BELOW = report("closing what lies below an open scope")
TWICE = report("a block freed twice")
FOREIGN = report("a free of a block that it did not allocate")
THREAD = report("use from a thread that does not own it")
POISONED = asan("use-after-poison")
# Valgrind knows that a block was there, but names the chunk that it lay in.
LATE_READ = valgrind(r"Invalid read of size \d\n(.*\n)*.* inside a recently re-allocated block of ")
OVERRUN = report("a write behind the end of a block")
WRITE_BEHIND = valgrind(r"Invalid write of size 1\n"
                        r"(.*\n)*.* is 0 bytes after a block of size 32 client-defined\n")

# What each leg must see of each bug: level 0, level 1, AddressSanitizer, Valgrind.
EXPECTED = {
    "use_after_rewind": (read("61"), read("dd"), POISONED, LATE_READ),
    "use_after_reset": (read("61"), read("dd"), POISONED, LATE_READ),
    "overrun": (CLEAN, OVERRUN, POISONED, both(WRITE_BEHIND, OVERRUN)),
    "container_outliving_scope": (CLOSED, CLOSED, CLOSED, CLOSED),
    "bare_container_grown_in_inner_scope": (read("7"), OUTLIVED, POISONED,
                                            both(LATE_READ, OUTLIVED)),
    "double_free": (CLEAN, TWICE, TWICE, TWICE),
    "foreign_block": (CLEAN, FOREIGN, FOREIGN, FOREIGN),
    "wrong_thread": (CLEAN, THREAD, THREAD, THREAD),
    "closed_from_below": (BELOW, BELOW, BELOW, BELOW),
    "legal_hand_over": (CLEAN, CLEAN, CLEAN, CLEAN),
    "block_use_after_free": (read("61"), read("dd"), POISONED, LATE_READ),
    "block_use_after_rewind": (read("61"), read("dd"), POISONED, LATE_READ),
    "block_overrun": (CLEAN, OVERRUN, POISONED, both(WRITE_BEHIND, OVERRUN)),
    "block_container_outliving_scope": (CLEAN, OUTLIVED, OUTLIVED, OUTLIVED),
    "block_double_free": (CLEAN, TWICE, TWICE, TWICE),
    "block_foreign": (CLEAN, FOREIGN, FOREIGN, FOREIGN),
}
# Under quarantine these fault; all others fail as at level 0.
RETIRED = (-signal.SIGSEGV,
           r"\Atidemark: 'planted': access to memory of a scope that is closed\n"
           r"(.*\n)*  to fix it: ")
QUARANTINED = ("use_after_rewind", "use_after_reset", "bare_container_grown_in_inner_scope")
COLUMNS = {"level0": 0, "quarantine": 0, "level1": 1, "asan": 2, "asan_user": 2, "valgrind": 3}
COMMANDS = {"valgrind": ["valgrind", "--quiet", "--leak-check=full",
                         f"--error-exitcode={VALGRIND_STATUS}"]}
NO_BUG = re.compile(r"tidemark:|AddressSanitizer|==\d+==")


def environment(leg):
    plain = {name: value for name, value in os.environ.items() if name != "TIDEMARK_CHECK"}
    if leg in ("level0", "quarantine", "level1", "valgrind"):
        plain["TIDEMARK_CHECK"] = "1" if leg in ("level1", "valgrind") else "0"
    if leg == "quarantine":
        plain["PLANTED_QUARANTINE"] = "1"
    plain["ASAN_OPTIONS"] = f"exitcode={ASAN_STATUS}:detect_leaks=0"
    return plain


def compile_all(commands):
    def run(command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        list(workers.map(run, commands))


def build(binaries, root, library):
    """Puts programs with AddressSanitizer into two folders in `binaries`, which are returned."""
    shutil.rmtree(binaries, ignore_errors=True)
    compiler = [COMPILER, *FLAGS]
    programs = {name: binaries / f"{name}.o" for name in EXPECTED}
    # All of the library at a time: most of the work is what its sources include.
    whole = binaries / "library.cpp"
    folders = {binaries / "library_without": library,
               binaries / "library_with": whole.with_suffix(".o")}
    for folder in folders:
        folder.mkdir(parents=True)
    sources = sorted((root / "src").rglob("*.cpp"))
    whole.write_text("".join(f'#include "{path}"\n' for path in sources))
    units = {whole: whole.with_suffix(".o")}
    units.update((root / f"test/planted/{name}.cpp", made) for name, made in programs.items())
    compile_all([*compiler, f"-I{root / 'include'}", "-c", source, "-o", made]
                for source, made in units.items())
    compile_all([*compiler, programs[name], linked, "-pthread", "-ldl",
                 f"-Wl,-rpath,{linked.parent}", "-o", folder / f"planted_{name}"]
                for folder, linked in folders.items() for name in EXPECTED)
    return list(folders)


def run(leg, program, arguments):
    command = [*COMMANDS.get(leg, []), program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=environment(leg), timeout=SECONDS)
    return done.returncode, done.stdout + done.stderr


def complaints(leg, binaries):
    for name, columns in EXPECTED.items():
        program = binaries / f"planted_{name}"
        status, text = run(leg, program, [])
        expected, pattern = columns[COLUMNS[leg]]
        if leg == "quarantine" and name in QUARANTINED:
            expected, pattern = RETIRED
        if status != expected or not re.search(pattern, text):
            yield f"{name}: status {status}, not {expected} with {pattern!r}:\n{text}"
        status, text = run(leg, program, ["control"])
        if status != 0 or NO_BUG.search(text):
            yield f"{name} without its bug: status {status}:\n{text}"


def main():
    leg, folders, root = sys.argv[1], [Path(sys.argv[2])], Path(sys.argv[3])
    needed = {"valgrind": "valgrind", "asan_user": COMPILER}.get(leg)
    if needed and not shutil.which(needed):
        print(f"planted: {needed} is not here")
        sys.exit(SKIPPED)
    if leg == "asan_user":
        folders = build(folders[0], root, Path(sys.argv[4]))
    found = [complaint for folder in folders for complaint in complaints(leg, folder)]
    print("\n".join(found) or f"planted: {len(EXPECTED)} programs fail as they must, or are clean")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
