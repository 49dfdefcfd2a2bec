# SPDX-License-Identifier: Apache-2.0
"""Voxels to and from Open3D's point clouds, voxel grids and octrees. Needs the extra ``open3d``.

Open3D keeps colours as floats from 0 to 1 and no labels, counts or times.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memagent.errors import DependencyError
from memagent.memory.spatial.voxels.errors import VoxelError
from memagent.memory.spatial.voxels.voxel_map import Insertion, VoxelMap
from memagent.memory.spatial.voxels.voxels import Voxels


def _open3d() -> Any:
    try:
        return importlib.import_module("open3d")
    except ImportError as error:
        raise DependencyError(
            f"exchange with Open3D needs it: pip install 'memagent[open3d]' ({error})"
        ) from error


def to_point_cloud(voxels: Voxels) -> Any:
    """An ``open3d.geometry.PointCloud`` of the mean points, with colours."""
    o3d = _open3d()
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(voxels.points))
    cloud.colors = o3d.utility.Vector3dVector(voxels.colours / 255.0)
    return cloud


def to_voxel_grid(voxels: Voxels) -> Any:
    """An ``open3d.geometry.VoxelGrid`` of the same cells."""
    o3d = _open3d()
    grid = o3d.geometry.VoxelGrid()
    grid.voxel_size = voxels.side
    if not len(voxels):
        return grid
    low = voxels.centres.min(axis=0)
    grid.origin = low - voxels.side / 2
    cells = np.rint((voxels.centres - low) / voxels.side).astype(np.int32)
    for cell, colour in zip(cells, voxels.colours / 255.0, strict=True):
        grid.add_voxel(o3d.geometry.Voxel(cell, colour))
    return grid


def to_octree(voxels: Voxels) -> Any:
    """An ``open3d.geometry.Octree`` whose deepest leaves are the same cells."""
    o3d = _open3d()
    if not len(voxels):
        return o3d.geometry.Octree()
    low = voxels.centres.min(axis=0) - voxels.side / 2
    span = float((voxels.centres.max(axis=0) - low).max()) / voxels.side
    depth = max(1, int(np.ceil(np.log2(span + 1e-6))))
    tree = o3d.geometry.Octree(depth, low, voxels.side * 2**depth)
    begin = o3d.geometry.OctreeColorLeafNode.get_init_function()
    for centre, colour in zip(voxels.centres, voxels.colours / 255.0, strict=True):
        tree.insert_point(
            centre, begin, o3d.geometry.OctreeColorLeafNode.get_update_function(colour)
        )
    return tree


def insert_point_cloud(into: VoxelMap, cloud: Any, stamp: float, **given: Any) -> Insertion:
    """Insert an ``open3d.geometry.PointCloud``; ``given`` is what ``VoxelMap.insert`` takes."""
    colours = _bytes(np.asarray(cloud.colors)) if cloud.has_colors() else None
    return into.insert(np.asarray(cloud.points), stamp, colours=colours, **given)


def insert_voxel_grid(into: VoxelMap, grid: Any, stamp: float, **given: Any) -> Insertion:
    """Insert the centres of an ``open3d.geometry.VoxelGrid``, one point each."""
    found = grid.get_voxels()
    if not found:
        return into.insert([], stamp)
    cells = np.array([voxel.grid_index for voxel in found])
    centres = np.asarray(grid.origin) + (cells + 0.5) * grid.voxel_size
    colours = _bytes(np.array([voxel.color for voxel in found])) if grid.has_colors() else None
    return into.insert(centres, stamp, colours=colours, **given)


def insert_octree(into: VoxelMap, tree: Any, stamp: float, **given: Any) -> Insertion:
    """Insert the centres of an ``open3d.geometry.Octree``'s leaves, one point each.

    Raises:
        VoxelError: its leaves are wider than the map's voxels, so that one point is not enough.
    """
    leaf = _open3d().geometry.OctreeColorLeafNode
    centres: list[NDArray[np.float64]] = []
    colours: list[NDArray[np.float64]] = []
    sides: list[float] = []

    def visit(node: Any, info: Any) -> bool:
        if isinstance(node, leaf):
            centres.append(np.asarray(info.origin) + info.size / 2)
            colours.append(np.asarray(node.color))
            sides.append(float(info.size))
        return False

    tree.traverse(visit)
    if not centres:
        return into.insert([], stamp)
    if max(sides) > into.config.resolution * (1 + 1e-6):
        raise VoxelError(
            f"octree: leaves of {max(sides):.4g} m are wider than the map's voxels of "
            f"{into.config.resolution:.4g} m; use a map of that resolution"
        )
    return into.insert(np.array(centres), stamp, colours=_bytes(np.array(colours)), **given)


def _bytes(colours: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(np.clip(colours, 0.0, 1.0) * 255).astype(np.uint8)
