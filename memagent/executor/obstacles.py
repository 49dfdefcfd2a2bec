# SPDX-License-Identifier: Apache-2.0
"""What stands in the way and no map knows of: occupied space as boxes.

Where it is occupied, memory says, through a port. What the site, its open containers and the things
in view account for is left out; the rest is put into boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from memagent.executor.collision import Box, box_distances
from memagent.types import FloatArray

_EXPLAINED = 0.08
"""Metres from a known surface within which occupied space is that surface."""
_CELL = 0.05
"""Metres; cells that touch, even by a corner, are of one obstacle."""
_TILE = 0.4
"""Metres along a side of a box at most, so that a long thing does not fill its whole room."""
_FEWEST = 4
"""Cells of the smallest obstacle; fewer are noise."""

Occupied = Callable[[], "Occupancy | None"]


@dataclass(frozen=True, slots=True, eq=False)
class Occupancy:
    """Occupied space near the robot."""

    centres: FloatArray
    """(n, 3) of voxels, metres, ``map``."""
    side: float
    """Of a voxel, metres."""


def unexpected(occupied: Occupancy, known: Sequence[Box], things: Iterable[Box]) -> tuple[Box, ...]:
    """Boxes around what is occupied and not known.

    Args:
        occupied: what was measured.
        known: the site as it is now.
        things: what is in view and handled by itself; what it covers is no obstacle.
    """
    points = occupied.centres
    explained = (*known, *things)
    if len(points) and explained:
        points = points[box_distances(points, explained).min(axis=1) > _EXPLAINED]
    if not len(points):
        return ()
    cells = np.floor(points / _CELL).astype(np.int64)
    low = cells.min(axis=0)
    grid = np.zeros(cells.max(axis=0) - low + 1, bool)
    grid[tuple((cells - low).T)] = True
    labels, _ = ndimage.label(grid, np.ones((3, 3, 3)))
    part = labels[tuple((cells - low).T)]
    tile = np.floor(points[:, :2] / _TILE).astype(np.int64)
    groups, which = np.unique(np.column_stack([part, tile]), axis=0, return_inverse=True)
    sizes = np.bincount(part)
    half = occupied.side / 2
    boxes = []
    for number, (component, *_) in enumerate(groups.tolist()):
        if sizes[component] < _FEWEST:
            continue
        some = points[which.ravel() == number]
        (x0, y0, z0), (x1, y1, z1) = some.min(axis=0) - half, some.max(axis=0) + half
        boxes.append(Box.spanning((x0, y0, x1, y1), z0, z1, "obstacle"))
    return tuple(boxes)
