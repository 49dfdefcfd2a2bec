# SPDX-License-Identifier: Apache-2.0
"""Where things are: occupied space, what places look like, and how they connect.

``SpatialMemory`` ties the parts together; each stands alone too: ``voxels``, ``topology``,
``tokens``.
"""

from memagent.memory.spatial.config import SpatialConfig
from memagent.memory.spatial.questions import Questions, Spot
from memagent.memory.spatial.scan_look import scan_look
from memagent.memory.spatial.spatial_memory import SpatialMemory
from memagent.memory.spatial.topology import Exit, Sight, TopologyError, Visit
from memagent.memory.spatial.values import (
    Change,
    Changes,
    Grid,
    Knowledge,
    Nearby,
    Neighbour,
    Rejected,
    Sketch,
    Stay,
    Unexplored,
    Way,
    Whereabouts,
)
from memagent.memory.spatial.voxels import DamagedFileError, Insertion, Pinhole, VoxelError

__all__ = [
    "Change",
    "Changes",
    "DamagedFileError",
    "Exit",
    "Grid",
    "Insertion",
    "Knowledge",
    "Nearby",
    "Neighbour",
    "Pinhole",
    "Questions",
    "Rejected",
    "Sight",
    "Sketch",
    "SpatialConfig",
    "SpatialMemory",
    "Spot",
    "Stay",
    "TopologyError",
    "Unexplored",
    "Visit",
    "VoxelError",
    "Way",
    "Whereabouts",
    "scan_look",
]
