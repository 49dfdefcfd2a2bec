# SPDX-License-Identifier: Apache-2.0
"""A bare room with things in it, as a depth sensor in its middle sees it."""

from __future__ import annotations

import numpy as np

from memagent.memory.spatial import SpatialConfig
from memagent.memory.spatial.voxels import VoxelConfig
from memagent.types import ObjectObservation, Vector3

EYE = np.array([2.0, 1.5, 1.4])
SIZE = (4.0, 3.0)
CONFIG = SpatialConfig(
    voxels=VoxelConfig(resolution=0.05, miss=0.5, most=1.5, margin=1.0, durability="normal")
)
MUG: Vector3 = (3.0, 2.0, 0.045)
CORNER: Vector3 = (1.0, 0.6, 0.045)


def mug(position: Vector3 = MUG, label: str = "red mug") -> ObjectObservation:
    colour, category = label.split()
    return ObjectObservation(
        1, label, category, colour, "cylinder", position, 0.0, (0.07, 0.07, 0.09), 0.9, 200
    )


def scan(*things: ObjectObservation, eye: np.ndarray = EYE) -> np.ndarray:
    """(N, 3) points where rays in all directions from ``eye`` meet floor, walls and things."""
    azimuth, elevation = np.meshgrid(
        np.linspace(-np.pi, np.pi, 480, endpoint=False), np.linspace(-1.3, 0.3, 110)
    )
    rays = np.stack(
        [
            np.cos(azimuth) * np.cos(elevation),
            np.sin(azimuth) * np.cos(elevation),
            np.sin(elevation),
        ],
        axis=-1,
    ).reshape(-1, 3)
    with np.errstate(divide="ignore"):
        reach = np.where(rays[:, 2] < 0, -eye[2] / rays[:, 2], np.inf)
        for axis, length in enumerate(SIZE):
            wall = np.where(rays[:, axis] > 0, length - eye[axis], eye[axis])
            reach = np.minimum(reach, wall / np.abs(rays[:, axis]))
        for thing in things:
            half = np.array(thing.size) / 2
            low = (np.array(thing.position) - half - eye) / rays
            high = (np.array(thing.position) + half - eye) / rays
            first = np.minimum(low, high).max(axis=1)
            last = np.maximum(low, high).min(axis=1)
            reach = np.where((first <= last) & (first > 0), np.minimum(reach, first), reach)
    return eye + rays * reach[:, None]
