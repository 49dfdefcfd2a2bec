# SPDX-License-Identifier: Apache-2.0
"""Solids that stand for kinds of object: signed distance, normals and surface samples.

A solid lives in its own frame: centre at the origin, x along its longer horizontal axis, z up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from memagent.catalogue import Category
from memagent.types import FloatArray, Vector3

Kind = Literal["box", "sphere", "upright cylinder", "lying cylinder", "bent"]
_BOX_ROUNDING = 0.003
_BEND = 0.13
"""How far a bent thing's middle is out of line, as a share of its length: a banana's is 0.1-0.2."""
_SAMPLES = 160
_TALL = 2.5
"""Cylinders this many times as high as wide usually are bottles."""
_NECK = 0.3
_NECK_WIDTH = 0.6


@dataclass(frozen=True, slots=True)
class Solid:
    """A rounded box, a sphere, a standing or lying cylinder, or a rod bent in the plane."""

    kind: Kind
    half: Vector3
    """Half extents, metres."""
    rounding: float = 0.0
    """Radius of a box' edges; half of its thickness makes it a capsule."""
    neck: float = 0.0
    """Share of an upright cylinder's height that is a narrower neck, like a bottle's."""

    @property
    def radius(self) -> float:
        """Half of the shorter horizontal extent, metres."""
        return min(self.half[0], self.half[1])

    @property
    def turns(self) -> bool:
        """Whether its yaw can be seen."""
        return self.kind in ("box", "lying cylinder", "bent")

    def distance(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Signed distance to the surface (n,), negative inside, and its gradient (n, 3)."""
        if self.kind == "sphere":
            length = np.maximum(np.linalg.norm(points, axis=1), 1e-9)
            return length - self.half[0], points / length[:, None]
        if self.kind == "box":
            return _box_distance(points, np.asarray(self.half), self.rounding)
        if self.kind == "bent":
            return _bent_distance(points, self.half[0], self.radius)
        if self.neck > 0:
            return self._bottle_distance(points)
        axis = 2 if self.kind == "upright cylinder" else 0
        return _cylinder_distance(points, self.half[axis], self.half[1], axis)

    def _bottle_distance(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The union of a body and a neck: the nearer of the two surfaces."""
        half_body = (1 - self.neck) * self.half[2]
        lift = np.array((0.0, 0.0, self.half[2] - half_body))
        body = _cylinder_distance(points + lift, half_body, self.radius, 2)
        neck = _cylinder_distance(points, self.half[2], _NECK_WIDTH * self.radius, 2)
        nearer = body[0] <= neck[0]
        return np.where(nearer, body[0], neck[0]), np.where(nearer[:, None], body[1], neck[1])


def _box_distance(
    points: FloatArray, half: FloatArray, rounding: float
) -> tuple[FloatArray, FloatArray]:
    sign = np.where(points < 0, -1.0, 1.0)
    beyond = np.abs(points) - (half - rounding)
    outside = np.maximum(beyond, 0)
    length = np.linalg.norm(outside, axis=1)
    deepest = beyond.max(axis=1)
    within = np.eye(points.shape[1])[beyond.argmax(axis=1)]
    direction = np.where(
        (length > 1e-9)[:, None], outside / np.maximum(length, 1e-9)[:, None], within
    )
    return length + np.minimum(deepest, 0) - rounding, direction * sign


def _cylinder_distance(
    points: FloatArray, half_length: float, radius: float, axis: int
) -> tuple[FloatArray, FloatArray]:
    """A cylinder is a rectangle in the plane of (distance from the axis, along the axis)."""
    across = [i for i in range(3) if i != axis]
    reach = np.maximum(np.linalg.norm(points[:, across], axis=1), 1e-9)
    flat = np.stack((reach, points[:, axis]), axis=1)
    distance, slope = _box_distance(flat, np.array((radius, half_length)), 0.0)
    gradient = np.empty_like(points)
    gradient[:, across] = points[:, across] / reach[:, None] * slope[:, :1]
    gradient[:, axis] = slope[:, 1]
    return distance, gradient


def _bent_distance(
    points: FloatArray, half_length: float, radius: float
) -> tuple[FloatArray, FloatArray]:
    """A tube of ``radius`` about a circular arc that bulges towards +y."""
    chord, rise = half_length - radius, 2 * half_length * _BEND
    curve = (chord**2 + rise**2) / (2 * rise)
    reach = np.arcsin(chord / curve)
    below = points[:, 1] - rise / 2 + curve
    angle = np.clip(np.arctan2(points[:, 0], below), -reach, reach)
    away = np.column_stack(
        (points[:, 0] - curve * np.sin(angle), below - curve * np.cos(angle), points[:, 2])
    )
    length = np.maximum(np.linalg.norm(away, axis=1), 1e-9)
    return length - radius, away / length[:, None]


@lru_cache(maxsize=256)
def surface(solid: Solid) -> tuple[FloatArray, FloatArray]:
    """Points (n, 3) spread over the surface, and their outward normals (n, 3).

    Points of a sphere about the solid are moved along the distance's gradient until they lie on it.
    """
    i = np.arange(_SAMPLES) + 0.5
    height = 1 - 2 * i / _SAMPLES
    turn = np.pi * (1 + 5**0.5) * i
    ring = np.sqrt(1 - height**2)
    sphere = np.stack((ring * np.cos(turn), ring * np.sin(turn), height), axis=1)
    points = sphere * np.asarray(solid.half) * 1.2
    for _ in range(4):
        distance, normals = solid.distance(points)
        points = points - distance[:, None] * normals
    points.flags.writeable = False
    normals.flags.writeable = False
    return points, normals


def solids_of(category: Category) -> tuple[Solid, ...]:
    """The solids that an object of ``category`` may look like, the usual attitude first."""
    length, width, height = category.size
    half = (length / 2, width / 2, height / 2)
    if category.shape == "sphere":
        return (Solid("sphere", half),)
    if category.shape == "elongated":
        straight = Solid("box", half, rounding=min(half) * 0.999)
        round_through = half[1] / half[2] < 1.2 and half[2] / half[1] < 1.2
        return (Solid("bent", half), straight) if round_through else (straight,)
    if category.shape == "cylinder":
        lying = (half[2], half[0], half[0])
        plain = (Solid("upright cylinder", half), Solid("lying cylinder", lying))
        if height > _TALL * width:
            return (Solid("upright cylinder", half, neck=_NECK), *plain)
        return plain
    attitudes = {half, _ordered(half[0], half[2], half[1]), _ordered(half[1], half[2], half[0])}
    others = sorted(attitudes - {half})
    return tuple(Solid("box", h, _BOX_ROUNDING) for h in (half, *others))


def _ordered(a: float, b: float, up: float) -> Vector3:
    return (max(a, b), min(a, b), up)
