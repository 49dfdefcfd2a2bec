# SPDX-License-Identifier: Apache-2.0
"""Large planes in a depth image: what objects stand on, and walls and fronts behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memagent.preprocessor.projection import BoolArray, View
from memagent.preprocessor.settings import PlaneConfig
from memagent.site import Rectangle
from memagent.types import FloatArray

_HEIGHT_BIN = 0.01
_ANGLE_BINS = 36
_OFFSET_BIN = 0.03


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal plane that was seen: its height and the part of it in view."""

    height: float
    bounds: Rectangle


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    levels: tuple[Level, ...]
    upright: BoolArray
    """Of the thinned image: pixels on a large vertical plane."""
    stride: int


def find_planes(view: View, config: PlaneConfig) -> Planes:
    """Find large horizontal and vertical planes from surface normals.

    Normals are the cross product of differences between neighbouring points of the thinned image.
    Horizontal planes are peaks in the histogram of heights, vertical ones peaks over (direction,
    offset), a Hough transform in the plane.
    """
    rows, cols = np.mgrid[0 : view.shape[0] : config.stride, 0 : view.shape[1] : config.stride]
    grid = view.lift(rows.ravel(), cols.ravel()).reshape(*rows.shape, 3)
    depth = view.depth[:: config.stride, :: config.stride]
    normals, smooth = _normals(grid, depth)
    facing_up = smooth & (normals[..., 2] > 1.0 - config.max_tilt)
    upright = smooth & (np.abs(normals[..., 2]) < config.max_tilt)
    return Planes(
        levels=_levels(grid[facing_up], config.min_pixels),
        upright=_large_upright(grid, normals, upright, config.min_pixels),
        stride=config.stride,
    )


def _normals(grid: FloatArray, depth: NDArray[np.float32]) -> tuple[FloatArray, BoolArray]:
    """Unit normals (h, w, 3) towards the camera, and where the surface is smooth enough for one."""
    right = np.zeros_like(grid)
    down = np.zeros_like(grid)
    right[:, 1:-1] = grid[:, 2:] - grid[:, :-2]
    down[1:-1] = grid[2:] - grid[:-2]
    normals = np.cross(down, right)
    length = np.linalg.norm(normals, axis=-1)
    jump = 0.12 * depth
    smooth = (
        (depth > 0)
        & (length > 0)
        & (np.linalg.norm(right, axis=-1) < jump)
        & (np.linalg.norm(down, axis=-1) < jump)
    )
    smooth[[0, -1]] = False
    smooth[:, [0, -1]] = False
    return normals / np.where(length > 0, length, 1.0)[..., None], smooth


def _levels(points: FloatArray, min_pixels: int) -> tuple[Level, ...]:
    if len(points) < min_pixels:
        return ()
    bins = np.floor(points[:, 2] / _HEIGHT_BIN).astype(int)
    lowest = int(bins.min())
    counts = np.bincount(bins - lowest)
    levels = []
    while counts.max() >= min_pixels:
        peak = int(counts.argmax())
        counts[max(0, peak - 2) : peak + 3] = 0
        members = points[np.abs(bins - lowest - peak) <= 1]
        x0, y0 = np.percentile(members[:, :2], 2, axis=0)
        x1, y1 = np.percentile(members[:, :2], 98, axis=0)
        height = float(np.median(members[:, 2]))
        levels.append(Level(height, (float(x0), float(y0), float(x1), float(y1))))
    return tuple(levels)


def _large_upright(
    grid: FloatArray, normals: FloatArray, upright: BoolArray, min_pixels: int
) -> BoolArray:
    mask = np.zeros_like(upright)
    if upright.sum() < min_pixels:
        return mask
    angle = np.arctan2(normals[upright][:, 1], normals[upright][:, 0])
    offset = np.einsum("ij,ij->i", normals[upright][:, :2], grid[upright][:, :2])
    angle_bin = np.rint(angle / (2 * np.pi) * _ANGLE_BINS).astype(int) % _ANGLE_BINS
    offset_bin = np.floor(offset / _OFFSET_BIN).astype(int)
    keys = angle_bin + _ANGLE_BINS * (offset_bin - offset_bin.min())
    mask[upright] = np.bincount(keys)[keys] >= min_pixels
    return mask
