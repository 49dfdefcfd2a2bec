# SPDX-License-Identifier: Apache-2.0
"""The floor seen from above: free, occupied, unknown, and where the unknown begins.

A voxel map keeps no free space; here none is needed. Floor that was seen is free where nothing
stands on it. Borders of the unknown are those of Yamauchi (1997).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from memagent.memory.spatial.values import Grid
from memagent.memory.spatial.voxels import Voxels

FREE, OCCUPIED, UNKNOWN = 0, 100, -1
_EDGES = ndimage.generate_binary_structure(2, 1)
_CORNERS = ndimage.generate_binary_structure(2, 2)


def floor_plan(
    voxels: Voxels, floor: tuple[float, float], body: tuple[float, float], side: float
) -> Grid:
    """The columns of a voxel map.

    Args:
        voxels: all that is known.
        floor: heights between which a voxel is floor, metres.
        body: heights between which one is in the robot's way.
        side: of a cell, metres.
    """
    height = voxels.points[:, 2]
    ground = (height >= floor[0]) & (height <= floor[1])
    solid = (height >= body[0]) & (height <= body[1])
    if not (ground | solid).any():
        return Grid((0.0, 0.0), side, np.full((0, 0), UNKNOWN, np.int8))
    at = np.floor(voxels.centres[:, :2] / side).astype(np.int64)
    low = at[ground | solid].min(axis=0) - 1
    columns, rows = at[ground | solid].max(axis=0) - low + 2
    cells = np.full((rows, columns), UNKNOWN, np.int8)
    for which, value in ((ground, FREE), (solid, OCCUPIED)):
        x, y = (at[which] - low).T
        cells[y, x] = value
    return Grid((float(low[0] * side), float(low[1] * side)), side, _without_holes(cells))


def _without_holes(cells: NDArray[np.int8]) -> NDArray[np.int8]:
    """Single unknown cells amid free ones are free: between two rays of a sparse scan."""
    free = cells == FREE
    around = ndimage.convolve(free.astype(np.int8), np.ones((3, 3), np.int8), mode="constant")
    cells[(cells == UNKNOWN) & (around >= 5)] = FREE
    return cells


def borders(grid: Grid, narrow: float) -> list[tuple[tuple[float, float], float]]:
    """Where free floor meets the unknown: a free cell amid each such border, and its width.

    Args:
        grid: the floor plan.
        narrow: least metres of a border that is told of.
    """
    if not grid.cells.size:
        return []
    unknown = ndimage.binary_dilation(grid.cells == UNKNOWN, _EDGES)
    labels, _ = ndimage.label((grid.cells == FREE) & unknown, _CORNERS)
    found = []
    for part, where in enumerate(ndimage.find_objects(labels), 1):
        rows, columns = np.nonzero(labels[where] == part)
        width = float(max(np.ptp(rows), np.ptp(columns)) + 1) * grid.resolution
        if width < narrow:
            continue
        row, column = rows + where[0].start, columns + where[1].start
        middle = np.argmin(np.hypot(row - row.mean(), column - column.mean()))
        x = grid.origin[0] + (column[middle] + 0.5) * grid.resolution
        y = grid.origin[1] + (row[middle] + 0.5) * grid.resolution
        found.append(((float(x), float(y)), width))
    return found
