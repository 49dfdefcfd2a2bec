# SPDX-License-Identifier: Apache-2.0
"""The part of space that keys reach: 2^21 cells along each axis, which moves with what is mapped.

Keys count from the window's corner. A cloud beyond the window moves it, and re-keys what is held,
if everything fits into one window still (2 cm: 42 km); points that cannot fit are rejected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.voxels.cloud import Points
from memagent.memory.spatial.voxels.config import VoxelConfig
from memagent.memory.spatial.voxels.morton import SIDE, Cells, Ints

REGION_LEVEL = 7
"""A region, which goes to disk as one, is 2^7 cells wide; windows move by whole regions."""
_FARTHEST = float(1 << 50)
"""Cells from the origin beyond which doubles do not tell neighbours apart."""
_CHUNK = 1 << 12


@dataclass(frozen=True)
class Window:
    resolution: float
    origin: tuple[float, float, float]
    corner: tuple[int, int, int] = (-SIDE // 2,) * 3
    """Cell, counted from the origin, that has key 0."""

    @staticmethod
    def of(config: VoxelConfig) -> Window:
        return Window(config.resolution, config.origin)

    def at(self, corner: tuple[int, int, int]) -> Window:
        return Window(self.resolution, self.origin, corner)

    def cells(self, points: Points) -> Cells:
        """(3, N) cells of (N, 3) points, from the corner; outside of 0 .. 2^21 - 1 if they lie
        beyond the window, and -1 where not finite.
        """
        cells = np.empty((3, len(points)), np.int64)
        for start in range(0, len(points), _CHUNK):  # In the cache, several times faster.
            part = slice(start, start + _CHUNK)
            for axis in range(3):
                floor = np.floor(self.scaled(points[part, axis], axis))
                floor -= self.corner[axis]
                np.fmax(floor, -1.0, out=floor)  # Takes care of NaN too.
                np.fmin(floor, float(SIDE), out=floor)
                cells[axis, part] = floor
        return cells

    def scaled(self, coordinates: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        """Coordinates along an axis as cells from the origin, with fractions."""
        scaled = coordinates - self.origin[axis]
        scaled /= self.resolution
        return np.asarray(scaled, np.float64)

    def inside(self, cells: Cells) -> NDArray[np.bool_] | None:
        """(N,) which cells have keys; None if all have."""
        if not cells.shape[1] or (cells.min() >= 0 and cells.max() < SIDE):
            return None
        return np.asarray(((cells >= 0) & (cells < SIDE)).all(axis=0))

    def centres(self, cells: Cells) -> Points:
        """(N, 3) centres of (3, N) cells, metres."""
        at = cells.T + (np.array(self.corner, np.float64) + 0.5)
        return np.asarray(at * self.resolution + np.array(self.origin), np.float64)

    def around(self, points: Points, low: Ints, high: Ints) -> Window | None:
        """A window that reaches all that this one holds and as many as possible of ``points``.

        Args:
            points: (N, 3), finite.
            low: (3,) least cell held, from this corner; above ``high`` where none is held.
            high: (3,) greatest.

        Returns:
            None if no further point can be reached.
        """
        at = np.floor((points - np.array(self.origin)) / self.resolution)
        at = at[(np.abs(at) < _FARTHEST).all(axis=1)].astype(np.int64)
        if not len(at):
            return None
        corner = np.array(self.corner, np.int64)
        least, greatest = at.min(axis=0), at.max(axis=0)
        if (low <= high).all():
            least, greatest = np.minimum(least, low + corner), np.maximum(greatest, high + corner)
        if ((greatest - least) >= SIDE - (2 << REGION_LEVEL)).any():
            return None
        middle = (least + greatest) // 2
        moved = ((middle - SIDE // 2) >> REGION_LEVEL) << REGION_LEVEL
        return self.at((int(moved[0]), int(moved[1]), int(moved[2])))
