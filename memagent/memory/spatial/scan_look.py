# SPDX-License-Identifier: Apache-2.0
"""What a place looks like to a depth camera that turns around: how near things are, and their tint.

For each direction: how near the nearest surface is at the heights of seats, of tables and of walls,
and which tint floor and surfaces have. Directions are counted from the map's x axis, which a robot
knows to a few degrees; so a place looks different from another one of its shape that is turned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from memagent.memory.spatial.voxels.cloud import Points
from memagent.types import FloatArray

SECTORS = 60
TINTED = 12
"""Sectors of which the tint is taken."""
NEAREST, FARTHEST = 0.5, 4.0
"""Metres: nearer is the robot itself, and beyond, all is alike."""
_BANDS = ((0.15, 0.4), (0.45, 0.95), (1.1, 1.8))
"""Heights, metres, of which the nearest surface is taken."""
_TINTS = ((-0.05, 0.05), (0.1, 1.8))
"""Those of floor and surfaces, of which the tint is taken."""


def scan_look(
    points: Points,
    eye: NDArray[np.float64],
    turn: float = 0.0,
    colours: NDArray[np.uint8] | None = None,
) -> FloatArray:
    """(n,) of a scan; zeros where it shows nothing but bare floor and has no colours.

    Args:
        points: (N, 3) metres, z up from the floor.
        eye: (3,) where it was taken from.
        turn: radians that the frame of ``points`` is turned by against the one of other looks.
        colours: (N, 3) red, green, blue; None: tint is left out, and looks are shorter.
    """
    across = points[:, :2] - eye[:2]
    apart = np.hypot(across[:, 0], across[:, 1])
    share = (np.arctan2(across[:, 1], across[:, 0]) + turn) / (2 * np.pi)
    height = points[:, 2]
    beyond = apart > NEAREST
    profile = [_nearness(apart, share, beyond & (height > a) & (height < b)) for a, b in _BANDS]
    look = _unit(np.concatenate(profile))
    if colours is None:
        return look
    tint = colours.astype(np.float64)
    tint = (tint - tint.mean(axis=1, keepdims=True)) / 255.0
    tints = [_mean(tint, share, beyond & (height > a) & (height < b)) for a, b in _TINTS]
    return np.concatenate([look, _unit(np.concatenate(tints))])


def _nearness(apart: FloatArray, share: FloatArray, some: NDArray[np.bool_]) -> FloatArray:
    """(SECTORS,) 1 / metres of the nearest, smoothed, less what all directions have in common."""
    sector = np.floor(share[some] * SECTORS).astype(np.int64) % SECTORS
    nearest = np.full(SECTORS, FARTHEST)
    np.minimum.at(nearest, sector, apart[some])
    # A step to the side, or a few degrees, shall change a look a little, not all of it.
    smooth = ndimage.gaussian_filter1d(1.0 / nearest, 1.0, mode="wrap")
    return np.asarray(smooth - smooth.mean(), np.float64)


def _mean(tint: FloatArray, share: FloatArray, some: NDArray[np.bool_]) -> FloatArray:
    """(3 * TINTED,) mean tint of each sector."""
    sector = np.floor(share[some] * TINTED).astype(np.int64) % TINTED
    count = np.maximum(np.bincount(sector, minlength=TINTED), 1)
    sums = [np.bincount(sector, channel, TINTED) / count for channel in tint[some].T]
    return np.concatenate(sums)


def _unit(vector: FloatArray) -> FloatArray:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 1e-9 else np.zeros_like(vector)
