# SPDX-License-Identifier: Apache-2.0
"""Which points belong to which thing, and which things a scan sees are not where they were."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.voxels import Pinhole
from memagent.memory.spatial.voxels.cloud import Points
from memagent.types import ObjectObservation, Vector3

_PAD = 0.01
"""Metres by which a thing's box is widened."""
_CORE = 0.02
"""Metres around a thing's centre through which a scan that hits it does not pass."""
_BEHIND = 0.01
"""Metres behind a thing's centre from which a ray has passed it; the surface that hits it lies
before it. A flat thing on a table leaves no more room than that."""
_NOISE = 0.005
"""And as much more for each metre of distance: what depth cameras are uncertain by."""
_RAYS = 3
"""Rays that must pass a thing's centre closely for a scan to say anything of it."""


def points_of_things(points: Points, objects: Sequence[ObjectObservation]) -> NDArray[np.int64]:
    """(N,) number of the object whose box holds each of (N, 3) points, from 1; 0 for none."""
    number = np.zeros(len(points), np.int64)
    for n, thing in enumerate(objects, 1):
        near = np.flatnonzero(
            np.abs(points - thing.position).max(axis=1) <= 0.5 * max(thing.size) * math.sqrt(2)
        )
        x, y, z = (points[near] - thing.position).T
        c, s = math.cos(thing.yaw), math.sin(thing.yaw)
        along, across = np.abs(c * x + s * y), np.abs(c * y - s * x)
        length, width, height = thing.size
        # What it stands on is none of it.
        inside = (along <= length / 2 + _PAD) & (across <= width / 2 + _PAD)
        inside &= (z <= height / 2 + _PAD) & (z >= _PAD - height / 2)
        number[near[inside]] = n
    return number


def middles(
    points: Points, number: NDArray[np.integer], names: Sequence[str]
) -> list[tuple[str, Vector3]]:
    """Name and middle of each thing that points of a cloud were said to belong to."""
    found = []
    for n in np.unique(number[number > 0]).tolist():
        x, y, z = np.median(points[number == n], axis=0).tolist()
        found.append((names[n - 1], (x, y, z)))
    return found


def passed_through(points: Points, sensor: NDArray[np.float64], at: Points) -> NDArray[np.bool_]:
    """(M,) whether a scan from ``sensor`` passed through what was at (M, 3) positions.

    A position that too few rays come near, or that something nearer hides, was not passed through.
    """
    passed = np.zeros(len(at), bool)
    if not len(points) or not len(at):
        return passed
    rays = points - sensor
    reach = np.linalg.norm(rays, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = rays / reach[:, None]
    for i, position in enumerate(at):
        way = position - sensor
        distance = float(np.linalg.norm(way))
        if distance < 4 * _CORE:
            continue
        close = unit @ (way / distance) >= math.cos(math.atan(_CORE / distance))
        if np.count_nonzero(close) >= _RAYS:
            beyond = reach[close] > distance + _BEHIND + _NOISE * distance
            passed[i] = bool(beyond.mean() > 0.8)
    return passed


def unprojected(
    image: NDArray[np.float32], camera: Pinhole, pose: NDArray[np.float64], stride: int
) -> Points:
    """Points of every n-th pixel that has a reading."""
    row, column = np.nonzero(image[::stride, ::stride])
    z = image[::stride, ::stride][row, column].astype(np.float64)
    x = (column * stride - camera.cx) / camera.fx * z
    y = (row * stride - camera.cy) / camera.fy * z
    return np.asarray(np.stack([x, y, z], axis=1) @ pose[:3, :3].T + pose[:3, 3])


def pixels_of_things(
    image: NDArray[np.float32],
    camera: Pinhole,
    pose: NDArray[np.float64],
    objects: Sequence[ObjectObservation],
) -> NDArray[np.int64]:
    """(H, W) number of the object that each pixel shows, from 1; 0 for none."""
    number = np.zeros(image.shape, np.int64)
    for n, thing in enumerate(objects, 1):
        x, y, z = pose[:3, :3].T @ (np.array(thing.position) - pose[:3, 3])
        if z <= 0:
            continue
        pad = max(camera.fx, camera.fy) * max(thing.size) / z
        u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
        rows = slice(max(0, int(v - pad)), max(0, int(v + pad) + 2))
        columns = slice(max(0, int(u - pad)), max(0, int(u + pad) + 2))
        part = image[rows, columns]
        row, column = np.nonzero(part)
        if not len(row):
            continue
        depth = part[row, column].astype(np.float64)
        across = (column + columns.start - camera.cx) / camera.fx * depth
        down = (row + rows.start - camera.cy) / camera.fy * depth
        points = np.stack([across, down, depth], axis=1) @ pose[:3, :3].T + pose[:3, 3]
        mine = points_of_things(points, [thing]) > 0
        number[row[mine] + rows.start, column[mine] + columns.start] = n
    return number
