# SPDX-License-Identifier: Apache-2.0
"""What is kept of each occupied voxel, one array per property, in order of key: 30 bytes.

All numbers that add up are integers, so that inserting clouds one by one or together, now or again
from a journal, gives the same map; mean positions alone are rounded, to 1/256 of a voxel.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.voxels.morton import Ints, Keys

STEPS = 256
"""Steps of a position within a voxel along each axis: 0.08 mm at 2 cm."""
MILLI = 1000
"""Steps of evidence per unit of log-odds."""


@dataclass(frozen=True)
class Columns:
    """V voxels in order of key. The arrays may be written in place, by their run alone."""

    keys: Keys
    hits: NDArray[np.uint32]
    """Points that fell into the voxel; stays at the largest number."""
    offsets: NDArray[np.uint8]
    """(V, 3) mean of those points from the voxel's corner, in 1/256 of its side, rounded down."""
    evidence: NDArray[np.int16]
    """Log-odds of being occupied, in 1/1000; 0 is a voxel that was seen away."""
    seen: NDArray[np.float64]
    """Newest stamp of a point in it, seconds."""
    labels: NDArray[np.uint16]
    """The last that was given; 0 for none."""
    colours: NDArray[np.uint8]
    """(V, 3) red, green, blue, the last that was given; zeros for none."""

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Ints | NDArray[np.bool_] | slice) -> Columns:
        return Columns(*(getattr(self, f.name)[rows] for f in fields(self)))

    @property
    def nbytes(self) -> int:
        return sum(int(getattr(self, f.name).nbytes) for f in fields(self))

    @staticmethod
    def empty(count: int = 0) -> Columns:
        return Columns(
            np.zeros(count, np.int64),
            np.zeros(count, np.uint32),
            np.zeros((count, 3), np.uint8),
            np.zeros(count, np.int16),
            np.zeros(count, np.float64),
            np.zeros(count, np.uint16),
            np.zeros((count, 3), np.uint8),
        )


def merged(a: Columns, b: Columns) -> Columns:
    """Two sets of voxels that share no key, as one."""
    at = np.searchsorted(a.keys, b.keys) + np.arange(len(b))
    from_a = np.ones(len(a) + len(b), bool)
    from_a[at] = False
    out = Columns.empty(len(a) + len(b))
    for field in fields(out):
        column = getattr(out, field.name)
        column[at] = getattr(b, field.name)
        column[from_a] = getattr(a, field.name)
    return out


def concatenated(parts: list[Columns]) -> Columns:
    """Parts one after the other, in no order of keys."""
    if len(parts) == 1:
        return parts[0]
    parts = parts or [Columns.empty()]
    return Columns(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Columns)))


def update(into: Columns, rows: Ints, new: Columns, most: int) -> None:
    """Add ``new`` observations to the voxels at distinct ``rows``. A dead voxel begins anew."""
    alive = into.evidence[rows] > 0
    old = np.where(alive, into.hits[rows], 0).astype(np.int64)
    total = old + new.hits
    sums = into.offsets[rows] * old[:, None] + new.offsets * new.hits.astype(np.int64)[:, None]
    into.offsets[rows] = np.rint(sums / total[:, None])
    into.hits[rows] = np.minimum(total, 0xFFFFFFFF)
    evidence = np.where(alive, into.evidence[rows], 0).astype(np.int64) + new.evidence
    into.evidence[rows] = np.minimum(evidence, most)
    into.seen[rows] = np.where(alive, np.maximum(into.seen[rows], new.seen), new.seen)
    labelled = (new.labels > 0) | ~alive
    into.labels[rows[labelled]] = new.labels[labelled]
    coloured = new.colours.any(axis=1) | ~alive
    into.colours[rows[coloured]] = new.colours[coloured]
