# SPDX-License-Identifier: Apache-2.0
"""What a place looks like to a depth sensor: how high things stand around it, near and far.

After Scan Context (Kim and Kim, IROS 2018): rings around the sensor by sectors, each with the
height of the highest point in it. Sectors are counted from the map's x axis, which odometry knows
to a few degrees; so a place looks different from another one of the same shape that is turned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from memagent.memory.spatial.voxels.cloud import Points
from memagent.types import FloatArray

RINGS, SECTORS = 10, 36
FARTHEST = 5.0
"""Metres of the outermost ring."""
_FLOOR = 0.12
"""Metres above the floor from which something stands there."""
_CEILING = 2.0
"""Metres above which it hangs."""


def scan_look(points: Points, eye: NDArray[np.float64], turn: float = 0.0) -> FloatArray:
    """(RINGS * SECTORS,) of a scan; zeros where it shows nothing but floor.

    Args:
        points: (N, 3) metres, z up from the floor.
        eye: (3,) where it was taken from.
        turn: radians that ``points`` are turned by from the frame in which looks are compared.
    """
    across = points[:, :2] - eye[:2]
    apart = np.hypot(across[:, 0], across[:, 1])
    height = points[:, 2]
    some = (apart < FARTHEST) & (height > _FLOOR) & (height < _CEILING)
    ring = (apart[some] * (RINGS / FARTHEST)).astype(np.int64)
    angle = np.arctan2(across[some, 1], across[some, 0]) + turn
    sector = np.floor(angle * (SECTORS / (2 * np.pi))).astype(np.int64) % SECTORS
    tallest = np.zeros((RINGS, SECTORS))
    np.maximum.at(tallest, (ring, sector), height[some])
    # A step or a few degrees to the side shall change a look a little, not all of it.
    smooth = ndimage.gaussian_filter(tallest, 0.7, mode=("nearest", "wrap"))
    return np.asarray(smooth.ravel(), np.float64)
