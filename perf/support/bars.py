# SPDX-License-Identifier: BSL-1.0
"""The bars: how much of a contestant's time (or of the bytes kept) ours may take, at most."""
from dataclasses import dataclass

# In place of a contestant: bytes that ours reserved for each byte of capacity.
CAPACITY = "capacity"


@dataclass(frozen=True)
class Bar:
    row: str
    against: str
    limit: float
    quiet_cores: int = 1  # a bar that needs more than there are is not measurable


BARS = [
    Bar("frame_mixed", "floor", 1.15),
    Bar("frame_mixed", "std mono", 0.85),
    Bar("frame_mixed", "mimalloc", 0.33),
    Bar("frame_typed_inline", "floor", 1.15),
    Bar("frame_empty_scope", "floor", 10),
    Bar("frame_checkpoint_rewind", "floor", 10),
    Bar("frame_outer_scope", "floor", 2.5),
    Bar("frame_document", "floor", 1.10),
    Bar("frame_document_destroyed", "mimalloc", 0.75),
    Bar("frame_grown_700", CAPACITY, 1.15),
    Bar("frame_grown_1000", CAPACITY, 1.15),
    Bar("frame_grown_1100", CAPACITY, 1.15),
]
