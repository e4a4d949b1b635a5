# SPDX-License-Identifier: BSL-1.0
"""The bars: how much more than somebody else's ours may be, at most."""
from dataclasses import dataclass
from typing import ClassVar

OURS = "ours"
# In place of a contestant: bytes that ours reserved for each byte of capacity.
CAPACITY = "capacity"
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
        if self.against == CAPACITY:
            return row.bytes_per_byte()[OURS]
        figures = row.figures()
        return figures[OURS] / figures[self.against]

    def __str__(self):
        what = "bytes kept" if self.against == CAPACITY else self.against
        return f"<= {self.limit:g} x {what}"


class MoreInstructions(Bar):
    """Ours takes at most `limit` instructions more than the other."""
    unit = INSTRUCTIONS

    def figure(self, row):
        figures = row.figures()
        return figures[OURS] - figures[self.against]

    def __str__(self):
        return f"<= {self.against} + {self.limit:g}"


BARS = [
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
]
