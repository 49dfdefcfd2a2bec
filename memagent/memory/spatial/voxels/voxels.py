# SPDX-License-Identifier: Apache-2.0
"""Voxels as queries give them: in metres, free of keys and windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.voxels.cloud import Points
from memagent.memory.spatial.voxels.columns import MILLI, STEPS, Columns
from memagent.memory.spatial.voxels.morton import Ints, decode, distinct_sorted
from memagent.memory.spatial.voxels.window import Window


@dataclass(frozen=True)
class Voxels:
    """V occupied voxels, or cells of a coarser level, in the map's frame."""

    side: float
    """Metres."""
    centres: Points
    """(V, 3) metres."""
    points: Points
    """(V, 3) mean of the points that fell into each, metres, to 1/256 of a voxel."""
    hits: NDArray[np.int64]
    """How many those were."""
    confidence: NDArray[np.float64]
    """Probability of being occupied, above 0.5; of a coarser cell, that of its surest voxel."""
    seen: NDArray[np.float64]
    """Newest stamp, seconds."""
    labels: NDArray[np.uint16]
    """The last that was given; of a coarser cell, the label of most points; 0 for none."""
    colours: NDArray[np.uint8]
    """(V, 3) red, green, blue, the last that was given (black as 1, 1, 1); zeros for none."""

    def __len__(self) -> int:
        return len(self.hits)


def voxels_of(columns: Columns, window: Window) -> Voxels:
    cells = decode(columns.keys)
    centres = window.centres(cells)
    inner = (columns.offsets + 0.5) / STEPS - 0.5
    return Voxels(
        side=window.resolution,
        centres=centres,
        points=centres + inner * window.resolution,
        hits=columns.hits.astype(np.int64),
        confidence=1.0 / (1.0 + np.exp(-columns.evidence / MILLI)),
        seen=columns.seen,
        labels=columns.labels,
        colours=columns.colours,
    )


def coarser(columns: Columns, window: Window, level: int) -> Voxels:
    """Voxels in order of key as cells of 2^level times their side: prefixes of their keys."""
    fine = voxels_of(columns, window)
    if level == 0 or not len(fine):
        return fine
    parents = columns.keys >> (3 * level)
    starts = distinct_sorted(parents)
    hits = np.add.reduceat(fine.hits, starts)
    low = window.centres(decode(parents[starts] << (3 * level))) - window.resolution / 2
    side = window.resolution * (1 << level)
    weighted = np.add.reduceat(fine.points * fine.hits[:, None], starts, axis=0)
    group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(parents)))
    coloured = _last(np.asarray(columns.colours.any(axis=1)), starts)
    return Voxels(
        side=side,
        centres=low + side / 2,
        points=weighted / hits[:, None],
        hits=hits,
        confidence=np.maximum.reduceat(fine.confidence, starts),
        seen=np.maximum.reduceat(fine.seen, starts),
        labels=_majority(group, columns.labels, fine.hits, len(starts)),
        colours=np.where(coloured[:, None] >= 0, columns.colours[coloured], 0).astype(np.uint8),
    )


def _last(given: NDArray[np.bool_], starts: Ints) -> Ints:
    return np.maximum.reduceat(np.where(given, np.arange(len(given)), -1), starts)


def _majority(
    group: Ints, labels: NDArray[np.uint16], hits: Ints, count: int
) -> NDArray[np.uint16]:
    """Per group the label, other than 0, with most hits; the least of equals."""
    out = np.zeros(count, np.uint16)
    some = labels > 0
    pairs, which = np.unique(group[some] << 16 | labels[some], return_inverse=True)
    votes = np.bincount(which.ravel(), hits[some], len(pairs))
    best = np.lexsort((-pairs, votes))  # The winner of each group is written last.
    out[pairs[best] >> 16] = pairs[best] & 0xFFFF
    return out
