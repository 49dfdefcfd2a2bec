# SPDX-License-Identifier: Apache-2.0
"""Which cells rays pass through, all of them, for many rays at once.

Amanatides and Woo (1987) step from one cell wall to the next. Here all walls of all rays are
sorted by how far along they lie; each is a step along its axis, so running sums give the cells.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.voxels.morton import Cells, Ints

_STEPS = 1_500_000
"""Cells that are walked at once."""
_FINE = 1 << 32
"""Steps of the way along a ray by which its walls are sorted."""


def walks(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> Iterator[tuple[Ints, Cells]]:
    """Walk (N, 3) starts to (N, 3) ends, finite, in units of cells.

    Yields:
        (M,) rays, ascending, and (3, M) cells, in order along each ray, its first and last cell
        included; some rays at a time.
    """
    lengths = np.abs(np.floor(ends) - np.floor(starts)).sum(axis=1) + 1
    batches = (np.cumsum(lengths) // _STEPS).astype(np.int64)
    for batch in np.unique(batches):
        some = np.flatnonzero(batches == batch)
        rays, cells = _walk(starts[some], ends[some])
        yield some[rays], cells


def _walk(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> tuple[Ints, Cells]:
    count = len(starts)
    first = np.floor(starts).astype(np.int64)
    last = np.floor(ends).astype(np.int64)
    steps = np.abs(last - first)
    signs = np.sign(last - first)
    walls = [np.arange(count) << 35 | 3]  # Each ray begins in its first cell, before any wall.
    for axis in range(3):
        crossed = steps[:, axis]
        ray = np.repeat(np.arange(count), crossed)
        nth = np.arange(len(ray)) - np.repeat(np.cumsum(crossed) - crossed, crossed)
        ahead = (signs[:, axis] > 0).astype(np.int64)[ray]
        wall = first[ray, axis] + signs[ray, axis] * nth + ahead
        way = (wall - starts[ray, axis]) / (ends[ray, axis] - starts[ray, axis])
        place = (np.clip(way, 0.0, 1.0) * _FINE).astype(np.int64) + 1
        walls.append(ray << 35 | place << 2 | axis)
    order = np.concatenate(walls)
    order.sort()
    ray, axis_of = order >> 35, order & 3
    begins = np.flatnonzero(axis_of == 3)
    cells = np.empty((3, len(order)), np.int64)
    for axis in range(3):
        passed = np.cumsum(axis_of == axis)
        cells[axis] = first[ray, axis] + signs[ray, axis] * (passed - passed[begins][ray])
    return ray, cells
