# SPDX-License-Identifier: Apache-2.0
"""Where to turn the head so that a whole surface or interior is seen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from memagent.robot import Camera, Head
from memagent.site import Rectangle
from memagent.types import FloatArray, Pose2D, Vector3

Gaze = tuple[float, float]
"""Pan and tilt, radians."""

_OBJECT_HEIGHT = 0.1
"""Metres above a surface that a look shall include."""


def gaze_at(head: Head, base: Pose2D, point: Vector3) -> Gaze:
    """Pan and tilt that bring a point of the map to the middle of the image, within the limits."""
    pan, tilt = _angles(head, base, np.array([point]))[0]
    return _limited(head, pan, tilt)


def fixations(
    head: Head, camera: Camera, base: Pose2D, bounds: Rectangle, height: float, margin: float
) -> tuple[Gaze, ...]:
    """The fewest gazes, side by side, between which every point of a surface is seen.

    Args:
        head: pan-tilt centre and limits.
        camera: image size and field of view.
        base: where the robot stands.
        bounds: the surface, ``map`` frame.
        height: of the surface above the floor, metres.
        margin: share of the image, about its centre, in which a point counts as seen.

    Returns:
        One to four gazes from left to right. Points outside the head's limits are left out.
    """
    x0, y0, x1, y1 = bounds
    grid = np.array(
        [
            (x, y, z)
            for x in np.linspace(x0, x1, 7)
            for y in np.linspace(y0, y1, 5)
            for z in (height, height + _OBJECT_HEIGHT)
        ]
    )
    angles = _angles(head, base, grid)
    order = np.argsort(-angles[:, 0], kind="stable")
    tangents = _tangents(camera, margin)
    gazes: Sequence[Gaze] = ()
    for count in range(1, 5):
        groups = [angles[part] for part in np.array_split(order, count)]
        gazes = [_limited(head, *_middle(group)) for group in groups]
        seen = np.zeros(len(angles), dtype=bool)
        for gaze in gazes:
            seen |= _in_image(angles, gaze, tangents)
        if seen.all():
            break
    return tuple(gazes)


def _angles(head: Head, base: Pose2D, points: FloatArray) -> FloatArray:
    c, s = math.cos(base.yaw), math.sin(base.yaw)
    dx, dy = points[:, 0] - base.x, points[:, 1] - base.y
    x = c * dx + s * dy - head.position[0]
    y = c * dy - s * dx - head.position[1]
    down = head.position[2] - points[:, 2]
    return np.stack([np.arctan2(y, x), np.arctan2(down, np.hypot(x, y))], axis=1)


def _middle(angles: FloatArray) -> Gaze:
    low, high = angles.min(axis=0), angles.max(axis=0)
    return float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2


def _limited(head: Head, pan: float, tilt: float) -> Gaze:
    return (
        min(max(pan, head.pan[0]), head.pan[1]),
        min(max(tilt, head.tilt[0]), head.tilt[1]),
    )


def _tangents(camera: Camera, margin: float) -> tuple[float, float]:
    vertical = math.tan(math.radians(camera.fovy) / 2)
    return margin * vertical * camera.width / camera.height, margin * vertical


def _in_image(angles: FloatArray, gaze: Gaze, tangents: tuple[float, float]) -> FloatArray:
    pan, tilt = angles[:, 0] - gaze[0], angles[:, 1]
    # Unit vector towards each point, in a frame that looks along the gaze.
    ahead, left, down = np.cos(tilt) * np.cos(pan), np.cos(tilt) * np.sin(pan), np.sin(tilt)
    c, s = math.cos(gaze[1]), math.sin(gaze[1])
    depth, below = c * ahead + s * down, c * down - s * ahead
    return np.asarray(
        (depth > 0) & (np.abs(left) <= tangents[0] * depth) & (np.abs(below) <= tangents[1] * depth)
    )
