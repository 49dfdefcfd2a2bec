# SPDX-License-Identifier: Apache-2.0
"""What rays meet: the first voxel on their way, or all that they see through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.voxels.cloud import Points
from memagent.memory.spatial.voxels.columns import Columns
from memagent.memory.spatial.voxels.morton import Ints, decode
from memagent.memory.spatial.voxels.rays import walks
from memagent.memory.spatial.voxels.residence import Residence
from memagent.memory.spatial.voxels.window import Window


def first_hits(held: Residence, starts: Points, ends: Points) -> Ints:
    """(N,) rows of the first occupied voxel on the way from (N, 3) starts to ends, -1 for none."""
    out = np.full(len(starts), -1, np.int64)
    for rays, cells in walks(_scaled(held.window, starts), _scaled(held.window, ends)):
        rows = held.tiers.find(cells)
        hits = np.flatnonzero(rows >= 0)[::-1]
        out[rays[hits]] = rows[hits]  # The first of each ray is written last.
    return out


def passed(held: Residence, eye: NDArray[np.float64], batch: Columns, margin: float) -> Ints:
    """Rows of voxels between a sensor and the voxels of its scan.

    One ray per voxel of the scan, to its centre, less ``margin`` voxels. What the scan itself saw
    occupied is not cleared.
    """
    centres = held.window.centres(decode(batch.keys))
    way = centres - eye
    length = np.linalg.norm(way, axis=1)
    kept = length > (margin + 1) * held.window.resolution
    if not kept.any():
        return np.zeros(0, np.int64)
    share = 1 - margin * held.window.resolution / length[kept]
    ends = eye + way[kept] * share[:, None]
    held.recall_box(
        np.stack([np.minimum(ends.min(axis=0), eye), np.maximum(ends.max(axis=0), eye)])
    )
    met = []
    starts = np.broadcast_to(eye, ends.shape)
    for _, cells in walks(_scaled(held.window, starts), _scaled(held.window, ends)):
        rows = held.tiers.find(cells)
        met.append(np.unique(rows[rows >= 0]))
    rows = np.unique(np.concatenate(met))
    keys = held.tiers.take(rows).keys
    at = np.searchsorted(batch.keys, keys)
    return np.asarray(rows[batch.keys.take(at, mode="clip") != keys], np.int64)


def _scaled(window: Window, points: Points) -> NDArray[np.float64]:
    """(N, 3) points in units of cells from the window's corner."""
    columns = [window.scaled(points[:, a], a) - window.corner[a] for a in range(3)]
    return np.stack(columns, axis=1)
