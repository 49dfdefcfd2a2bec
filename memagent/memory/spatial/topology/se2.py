# SPDX-License-Identifier: Apache-2.0
"""Planar rigid motions: chaining, inverting and applying poses."""

from __future__ import annotations

import math

from memagent.types import Pose2D


def wrap(angle: float) -> float:
    """The same angle in [-pi, pi], radians."""
    return math.remainder(angle, math.tau)


def compose(a: Pose2D, b: Pose2D) -> Pose2D:
    """The pose that ``b``, given in the frame of ``a``, has in the frame that ``a`` is given in."""
    x, y = transform(a, (b.x, b.y))
    return Pose2D(x, y, wrap(a.yaw + b.yaw))


def between(a: Pose2D, b: Pose2D) -> Pose2D:
    """The pose of ``b`` as seen from ``a``; composing ``a`` with it gives ``b`` again."""
    c, s = math.cos(a.yaw), math.sin(a.yaw)
    dx, dy = b.x - a.x, b.y - a.y
    return Pose2D(c * dx + s * dy, c * dy - s * dx, wrap(b.yaw - a.yaw))


def transform(frame: Pose2D, point: tuple[float, float]) -> tuple[float, float]:
    """A point given in ``frame``, in the frame that ``frame`` is given in."""
    c, s = math.cos(frame.yaw), math.sin(frame.yaw)
    return frame.x + c * point[0] - s * point[1], frame.y + s * point[0] + c * point[1]


def distance(a: Pose2D, b: Pose2D) -> float:
    """Metres between two positions."""
    return math.hypot(a.x - b.x, a.y - b.y)
