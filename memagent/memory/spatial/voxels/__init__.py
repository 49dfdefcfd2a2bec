# SPDX-License-Identifier: Apache-2.0
"""Where space is occupied: voxels on Morton keys, in memory and on disk."""

from memagent.memory.spatial.voxels.config import VoxelConfig
from memagent.memory.spatial.voxels.depth import Pinhole
from memagent.memory.spatial.voxels.errors import DamagedFileError, VoxelError
from memagent.memory.spatial.voxels.spatial_cache import CacheConfig, CacheHit, SpatialCache
from memagent.memory.spatial.voxels.voxel_map import Insertion, VoxelMap
from memagent.memory.spatial.voxels.voxels import Voxels

__all__ = [
    "CacheConfig",
    "CacheHit",
    "DamagedFileError",
    "Insertion",
    "Pinhole",
    "SpatialCache",
    "VoxelConfig",
    "VoxelError",
    "VoxelMap",
    "Voxels",
]
