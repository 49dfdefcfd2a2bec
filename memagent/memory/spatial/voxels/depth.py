# SPDX-License-Identifier: Apache-2.0
"""Depth images: the points they measure, and the voxels they see through.

Only occupied voxels are kept, so free space need not be walked: each voxel in view is projected
into the image, and one that lies clearly before what its pixel measured was seen through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memagent.memory.spatial.voxels.cloud import Points
from memagent.memory.spatial.voxels.errors import VoxelError
from memagent.memory.spatial.voxels.morton import Ints
from memagent.memory.spatial.voxels.run import Run
from memagent.memory.spatial.voxels.window import Window

Depth = NDArray[np.float32]
"""(H, W) metres along the optical axis; 0 for no reading."""
Pose = NDArray[np.float64]
"""(4, 4) from the camera's optical frame (x right, y down, z forward) to the map's frame."""

_TILE = 32
"""Pixels on a side of the tiles whose greatest depth blocks are checked against."""


@dataclass(frozen=True)
class Pinhole:
    """Intrinsics, pixels."""

    fx: float
    fy: float
    cx: float
    cy: float


def depth_of(depth: ArrayLike) -> Depth:
    """Readings as metres, 0 where there is none; raises VoxelError for what is no depth image."""
    array = np.asarray(depth)
    if array.ndim != 2 or array.dtype.kind != "f" or not array.size:
        raise VoxelError(
            f"depth: give (H, W) metres as floats, not shape {array.shape} of {array.dtype}"
        )
    array = array.astype(np.float32, copy=False)
    with np.errstate(invalid="ignore"):
        good = (array > 0) & (array < np.float32(np.inf))
    return np.where(good, array, np.float32(0))


def pose_of(pose: ArrayLike) -> Pose:
    try:
        array = np.asarray(pose, np.float64)
    except (TypeError, ValueError):
        raise VoxelError(f"pose: give a (4, 4) transform, not {pose!r}") from None
    rotation = array[:3, :3]
    if array.shape != (4, 4) or not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3):
        raise VoxelError("pose: give a finite rigid (4, 4) transform, camera to map")
    return array


def points_in(depth: Depth, camera: Pinhole, pose: Pose, resolution: float) -> tuple[Points, Ints]:
    """Measured points, thinned out to one or more per voxel of a face seen squarely.

    A pixel at depth z covers z / f metres, so every n-th is enough, n the greatest power of two not
    above resolution * f / z: powers of two, so that near and far pixels lie on nested grids.

    Returns:
        (N, 3) points in the map's frame, and (N,) their places in the flattened image.
    """
    width = depth.shape[1]
    across = resolution * min(camera.fx, camera.fy)
    far = float(depth.max())
    stride = int(_power_of_two(np.array([across / far]))[0]) if far > 0 else 1
    some = depth[::stride, ::stride]
    seen = np.flatnonzero(some > 0)
    row, column = np.divmod(seen, some.shape[1])
    row, column = row * stride, column * stride
    z = some.ravel()[seen].astype(np.float64)
    kept = np.flatnonzero(((row | column) & (_power_of_two(across / z) - 1)) == 0)
    row, column, z = row[kept], column[kept], z[kept]
    x, y = (column - camera.cx) / camera.fx * z, (row - camera.cy) / camera.fy * z
    points = np.stack([x, y, z], axis=1) @ pose[:3, :3].T + pose[:3, 3]
    return points, row * width + column


def _power_of_two(values: NDArray[np.float64]) -> Ints:
    """The greatest power of two not above each value, 1 to 64."""
    return np.asarray(1 << np.clip(np.frexp(values)[1] - 1, 0, 6).astype(np.int64), np.int64)


def seen_through(
    run: Run, window: Window, depth: Depth, camera: Pinhole, pose: Pose, margin: float
) -> Ints:
    """Rows of living voxels whose centre lies more than ``margin`` metres before its pixel's
    depth. Pixels without a reading say nothing.
    """
    rows, cells = run.cells_of(_blocks_before(run, window, depth, camera, pose, margin))
    x, y, z = _local(cells, 1.0, window, pose)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.rint(camera.fx * x / z + camera.cx)
        v = np.rint(camera.fy * y / z + camera.cy)
        height, width = depth.shape
        inside = np.flatnonzero((z > 0) & (u >= 0) & (u < width) & (v >= 0) & (v < height))
    measured = depth[v[inside].astype(np.int64), u[inside].astype(np.int64)]
    rows = rows[inside[z[inside] + np.float32(margin) < measured]]
    return np.asarray(rows[run.columns.evidence[rows] > 0], np.int64)


def _blocks_before(
    run: Run, window: Window, depth: Depth, camera: Pinhole, pose: Pose, margin: float
) -> Ints:
    """Blocks of which some cell may lie before what the image measured there: none is missed."""
    side = 4 * window.resolution
    reach = side * np.sqrt(3) / 2
    x, y, z = _local(run.block_cells, 4.0, window, pose)
    in_reach = np.flatnonzero((z > -reach) & (z - reach + margin < float(depth.max())))
    x, y, z = x[in_reach], y[in_reach], z[in_reach]
    # Within a cone around the block's ball: twice its size, for slanted views.
    pad = max(camera.fx, camera.fy) * 2 * reach / np.maximum(z - reach, 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
    height, width = depth.shape
    close = z < 2 * reach
    in_view = (u > -pad) & (u < width + pad) & (v > -pad) & (v < height + pad)
    some = np.flatnonzero(close | in_view)
    tiles = _greatest(depth)
    row = np.clip(v[some] // _TILE, 0, tiles.shape[0] - 1)
    column = np.clip(u[some] // _TILE, 0, tiles.shape[1] - 1)
    unsure = close[some] | (pad[some] > _TILE)
    tile = np.where(unsure, 0, row).astype(np.int64), np.where(unsure, 0, column).astype(np.int64)
    return np.asarray(in_reach[some[unsure | (z[some] - reach + margin < tiles[tile])]], np.int64)


def _greatest(depth: Depth) -> Depth:
    """Greatest depth of each tile and its neighbours."""
    height, width = (-(-n // _TILE) for n in depth.shape)
    whole = np.zeros((height * _TILE, width * _TILE), np.float32)
    whole[: depth.shape[0], : depth.shape[1]] = depth
    rows = whole.reshape(height, _TILE, width * _TILE).max(axis=1)
    tiles = rows.reshape(height, width, _TILE).max(axis=2)
    ringed = np.pad(tiles, 1)
    around = [ringed[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.asarray(np.max(around, axis=0), np.float32)


def _local(
    cells: NDArray[np.signedinteger[Any]], side: float, window: Window, pose: Pose
) -> NDArray[np.float32]:
    """(3, N) centres in the camera's frame, metres, of cells ``side`` voxels wide.

    Single precision is enough once they are counted from the camera.
    """
    eye = (pose[:3, 3] - np.array(window.origin)) / window.resolution - np.array(window.corner)
    nearest = np.rint(eye / side).astype(np.int64)
    away = (cells - nearest[:, None].astype(cells.dtype)).astype(np.float32)
    away += ((nearest + 0.5) * side - eye).astype(np.float32)[:, None] / np.float32(side)
    turned = pose[:3, :3].T * (side * window.resolution)
    return np.asarray(turned.astype(np.float32) @ away, np.float32)
