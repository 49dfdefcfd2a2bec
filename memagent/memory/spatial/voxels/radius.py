# SPDX-License-Identifier: Apache-2.0
"""Voxels near a point: from a k-d tree of all centres while the map stands still.

Growing the tree takes as long as a few thousand searches of the blocks, so blocks are searched
until that much has been spent since the map last changed: never more than twice the best choice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from memagent.memory.spatial.voxels.morton import Ints, decode
from memagent.memory.spatial.voxels.tiers import Tiers
from memagent.memory.spatial.voxels.window import Window

_WORTH = 500
"""Voxels that are put into a tree in the time that one search of the blocks takes."""


class RadiusIndex:
    def __init__(self, tiers: Tiers) -> None:
        self._tiers = tiers
        self._version = -1
        """Of the map that the tree is of."""
        self._searched = -1
        """Of the map that searches are counted for."""
        self._searches = 0
        self._tree: cKDTree | None = None
        self._rows: Ints = np.zeros(0, np.int64)

    @property
    def nbytes(self) -> int:
        """Of the tree, about: coordinates, positions and nodes."""
        return 0 if self._tree is None else 8 * self._tree.n * 4 + self._tree.size * 80 // 2

    def grow(self, window: Window) -> None:
        """Make the tree now."""
        self._rows = self._tiers.all()
        centres = window.centres(decode(self._tiers.take(self._rows).keys))
        self._tree = cKDTree(centres) if len(centres) else None
        self._version = self._tiers.version

    def _ready(self, window: Window) -> bool:
        if self._version != self._tiers.version:
            if self._searched != self._tiers.version:
                self._tree, self._searched, self._searches = None, self._tiers.version, 0
            self._searches += 1
            if self._searches * _WORTH < len(self._tiers):
                return False
            self.grow(window)
        return self._tree is not None

    def within(self, window: Window, centre: NDArray[np.float64], radius: float) -> Ints:
        """Rows of voxels whose centre is at most ``radius`` metres away, in no order."""
        if self._ready(window):
            assert self._tree is not None
            return self._rows[np.array(self._tree.query_ball_point(centre, radius), np.int64)]
        low, high = window.cells(np.stack([centre - radius, centre + radius])).T
        rows = self._tiers.in_box(low, high)
        centres = window.centres(decode(self._tiers.take(rows).keys))
        near = ((centres - centre) ** 2).sum(axis=1) <= radius * radius
        return np.asarray(rows[near], np.int64)

    def nearest(self, window: Window, point: NDArray[np.float64]) -> tuple[int, float]:
        """Row of the voxel whose centre is nearest, and metres to it; (-1, inf) for none."""
        if not len(self._tiers):
            return -1, float("inf")
        if self._ready(window):
            assert self._tree is not None
            distance, at = self._tree.query(point)
            return int(self._rows[at]), float(distance)
        radius = 4 * window.resolution
        while True:
            low, high = window.cells(np.stack([point - radius, point + radius])).T
            rows = self._tiers.in_box(low, high)
            if len(rows):
                centres = window.centres(decode(self._tiers.take(rows).keys))
                distances = np.sqrt(((centres - point) ** 2).sum(axis=1))
                best = int(distances.argmin())
                if distances[best] <= radius:
                    return int(rows[best]), float(distances[best])
            radius *= 4
