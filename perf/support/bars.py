# SPDX-License-Identifier: BSL-1.0
"""The bars: how much more than somebody else's ours may be, at most."""
from dataclasses import dataclass
from typing import ClassVar

OURS = "ours"
BARE = "bare"  # of an adaptor: the resource that it wraps
# In place of a contestant: bytes that ours reserved for each byte of capacity; whoever is fastest;
# nobody.
CAPACITY, FASTEST, NOBODY = "capacity", "fastest", ""
NANOSECONDS, INSTRUCTIONS = "ns", "instr"  # of one operation


@dataclass(frozen=True)
class Bar:
    """Ours divided by the other is at most `limit`."""
    row: str
    against: str
    limit: float
    quiet_cores: int = 1  # a bar that needs more than there are is not measurable
    unit: ClassVar[str] = NANOSECONDS

    def figure(self, row):
        figures = row.figures()
        if self.against == CAPACITY:
            return row.bytes_per_byte()[OURS]
        if self.against == FASTEST:
            return figures[OURS] / min(figures[name] for name in figures if name != OURS)
        return figures[OURS] / figures[self.against]

    def is_measured_in(self, row):
        if self.against == CAPACITY:
            return OURS in row.bytes_per_byte()
        others = set(row.figures()) - {OURS}
        return bool(others) if self.against == FASTEST else self.against in others

    def __str__(self):
        what = {CAPACITY: "bytes kept", FASTEST: "the fastest"}.get(self.against, self.against)
        return f"<= {self.limit:.3g} x {what}"


class MoreInstructions(Bar):
    """Ours takes at most `limit` instructions more than the other."""
    unit = INSTRUCTIONS

    def figure(self, row):
        figures = row.figures()
        return figures[OURS] - figures[self.against]

    def __str__(self):
        return f"<= {self.against} + {self.limit:g}"


class MostNanoseconds(Bar):
    """Ours takes at most `limit` nanoseconds: where the cost is told as a line, not as a ratio."""

    def figure(self, row):
        return row.figures()[OURS]

    def is_measured_in(self, row):
        return OURS in row.figures()

    def __str__(self):
        return f"<= {self.limit:.3g} ns"


class Added(Bar):
    """What ours takes more than the bare resource it wraps is at most `limit` times the other."""

    def figure(self, row):
        figures = row.figures()
        return (figures[OURS] - figures[BARE]) / figures[self.against]

    def is_measured_in(self, row):
        return {OURS, BARE, self.against} <= set(row.figures())

    def __str__(self):
        return f"<= {BARE} + {self.limit:.3g} x {self.against}"


REWIND_COUNTS = [100, 1000, 10000]

BARS = [
    Bar("bits_count", "char", 1 / 6),
    MoreInstructions("frame_allocate", "floor", 4),
    Bar("frame_mixed", "floor", 1.15),
    Bar("frame_mixed", "std mono", 0.85),
    Bar("frame_mixed", "mimalloc", 0.33),
    Bar("frame_typed_inline", "floor", 1.15),
    Bar("frame_empty_scope", "floor", 10),
    Bar("frame_checkpoint_rewind", "floor", 10),
    Bar("frame_outer_scope", "floor", 2.5),
    Bar("frame_document", "floor", 1.10),
    Bar("frame_document_destroyed", "mimalloc", 0.75),
    Bar("frame_document_checked", "level 0", 6),
    Bar("frame_grown_700", CAPACITY, 1.15),
    Bar("frame_grown_1000", CAPACITY, 1.15),
    Bar("frame_grown_1100", CAPACITY, 1.15),
    Bar("json_parse", "JSON mono", 1),
    Bar("stack_acquire", "floor", 1),
    Bar("stack_acquire_10_idle", "floor", 1),
    Bar("stack_acquire_100_idle", "floor", 1),
    Bar("stack_acquire_100_idle", "0 idle", 1.1),
    Bar("stack_empty_scope", "floor", 10),
    Bar("stack_checkpoint_rewind", "floor", 10),
    Bar("stack_typed_checkpoint", "empty scope", 2),
    *(Bar(f"stack_touched_{k}", "0 idle", 1.1) for k in [0, 1, 2, 4, 8]),
    *(Bar(f"stack_product_{n}", FASTEST, 1.03) for n in [16, 32, 64, 100, 128, 256]),
    *(Bar(f"stack_product_mmap_{n}", FASTEST, 1.03) for n in [128, 256]),
    Added("budget", "fetch_add", 1.3),
    Added("budget_1_parent", "fetch_add", 1.3 + 1.1),
    Added("budget_2_parents", "fetch_add", 1.3 + 2 * 1.1),
    Added("tag_owned", "floor", 1),
    Added("tag_shared", "fetch_add", 2.2),
    Added("statistics", "floor", 2),
    Bar("fixed_churn", "floor", 1.20),
    Bar("fixed_churn", "mimalloc", 0.55),
    Bar("fixed_churn", "std unsync", 0.10),
    Bar("fixed_churn_marked", "mimalloc", 1.2),
    Bar("local_churn", "mimalloc", 0.75),
    Bar("local_churn", "std sync", 0.15),
    Bar("local_mixed", "mimalloc", 0.95),
    Bar("local_churn_marked", "mimalloc", 1.6),
    Bar("local_two_pools", "one pool", 1.3),
    Bar("local_churn_shared", "mimalloc", 0.75),
    Bar("local_churn_shared", "std sync", 0.15),
    Bar("local_mixed_shared", "mimalloc", 0.95),
    Bar("local_churn_marked_shared", "mimalloc", 1.6),
    Bar("local_two_pools_shared", "one pool", 1.3),
    Bar("local_two_threads", "one thread", 1 / 1.8, quiet_cores=2),
    Bar("local_ring", "mimalloc", 0.80, quiet_cores=2),
    Bar("local_ring_memory", CAPACITY, 2),
    *(Bar(f"{pool}_{mark}", "floor", 20)
      for pool in ["fixed", "local"] for mark in ["empty_scope", "checkpoint_rewind"]),
    *(MostNanoseconds(f"{pool}_rewind_{n}", NOBODY, 1.5)
      for pool in ["fixed", "local"] for n in REWIND_COUNTS),
    *(MostNanoseconds(f"{pool}_rewind_sparse_{n}", NOBODY, 40 / n + 5)
      for pool in ["fixed", "local"] for n in REWIND_COUNTS),
]
