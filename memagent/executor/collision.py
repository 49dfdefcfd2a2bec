# SPDX-License-Identifier: Apache-2.0
"""Does the arm touch the furniture?

The arm is a set of spheres along its links, the world a set of upright boxes. Clearance is the
smallest distance between the two, which is exact enough for a hand that stays centimetres away and
cheap enough to test a whole path at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from memagent.executor.kinematics import ArmKinematics
from memagent.robot import RobotDescription
from memagent.site import Obstacle, Place, Rectangle, Site, door_corners
from memagent.types import FloatArray, Pose2D, Vector3

_WALL_OF_DRAWER = 0.012
_DRAWER_WALL_HEIGHT = 0.09
_HANDLE_RADIUS = 0.014
_LOAD_RADIUS = 0.03
_GAP = 0.015
_HANDLE_HALF_LENGTH = 0.06


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box, turned about the vertical."""

    centre: tuple[float, float, float]
    half: tuple[float, float, float]
    yaw: float = 0.0
    name: str = ""

    @staticmethod
    def spanning(bounds: Rectangle, bottom: float, top: float, name: str = "") -> Box:
        x0, y0, x1, y1 = bounds
        return Box(
            centre=((x0 + x1) / 2, (y0 + y1) / 2, (bottom + top) / 2),
            half=((x1 - x0) / 2, (y1 - y0) / 2, (top - bottom) / 2),
            name=name,
        )


def site_boxes(site: Site, openings: Mapping[str, float]) -> tuple[Box, ...]:
    """What fills the site: walls, furniture with its open containers hollow, doors and drawers.

    Args:
        site: the surveyed map.
        openings: container name -> opening, 0 to 1; closed where not named.
    """
    boxes = [Box.spanning(w.bounds, w.bottom, w.bottom + w.height, w.name) for w in site.walls]
    containers = [p for p in site.places if p.is_container]
    for piece in site.furniture:
        solid = Box.spanning(piece.bounds, piece.bottom, piece.height, piece.name)
        cavities = [
            _cavity(p)
            for p in containers
            if p.kind == "cabinet" and openings.get(p.name, 0.0) > 0.3 and _inside(p, piece)
        ]
        boxes.extend(_hollow(solid, cavities[0]) if cavities else (solid,))
    for place in containers:
        boxes.extend(container_boxes(place, openings.get(place.name, 0.0)))
    return tuple(boxes)


def container_boxes(place: Place, opening: float) -> tuple[Box, ...]:
    """The moving parts of a container: its front, and for a drawer what is pulled out with it."""
    if place.front is None or place.front_height is None or place.joint is None:
        return ()
    bottom, top = place.front_height
    corners = door_corners(place, opening)
    (ax, ay), (bx, by), (cx, cy) = corners[0], corners[1], corners[2]
    front = Box(
        centre=((ax + cx) / 2, (ay + cy) / 2, (bottom + top) / 2),
        half=(
            math.hypot(bx - ax, by - ay) / 2,
            math.hypot(cx - bx, cy - by) / 2,
            (top - bottom) / 2,
        ),
        yaw=math.atan2(by - ay, bx - ax),
        name=f"front of {place.name}",
    )
    handle = _handle_box(place, opening)
    if place.kind != "drawer" or opening < 0.05:
        return (front, handle)
    x0, y0, x1, y1 = place.bounds_at(opening)
    t, floor, rim = _WALL_OF_DRAWER, place.height, place.height + _DRAWER_WALL_HEIGHT
    sides = (
        ((x0 - t, y0, x0, y1), (x1, y0, x1 + t, y1))
        if abs(place.joint.axis[1]) > abs(place.joint.axis[0])
        else ((x0, y0 - t, x1, y0), (x0, y1, x1, y1 + t))
    )
    name = f"side of {place.name}"
    bed = Box.spanning((x0, y0, x1, y1), floor - 2 * t, floor, f"bottom of {place.name}")
    return (front, handle, bed, *(Box.spanning(side, floor - 2 * t, rim, name) for side in sides))


def _handle_box(place: Place, opening: float) -> Box:
    assert place.joint is not None
    at = handle_position(place, opening)
    radius = _HANDLE_RADIUS
    return Box(at, (radius, radius, _HANDLE_HALF_LENGTH), name=f"handle of {place.name}")


def handle_position(place: Place, opening: float) -> Vector3:
    """Centre of a container's handle bar at ``opening`` (0 to 1)."""
    joint = place.joint
    if joint is None:
        raise ValueError(f"place {place.name!r} does not open")
    x, y, z = joint.handle
    if joint.kind == "slide":
        reach = joint.travel * opening
        return (x + joint.axis[0] * reach, y + joint.axis[1] * reach, z)
    c, s = math.cos(joint.travel * opening), math.sin(joint.travel * opening)
    dx, dy = x - joint.axis[0], y - joint.axis[1]
    return (joint.axis[0] + c * dx - s * dy, joint.axis[1] + s * dx + c * dy, z)


def _inside(place: Place, piece: Obstacle) -> bool:
    x0, y0, x1, y1 = piece.bounds
    a0, b0, a1, b1 = place.bounds
    return x0 <= a0 and y0 <= b0 and a1 <= x1 and b1 <= y1 and place.height < piece.height


def _cavity(place: Place) -> Box:
    """The inside of a cabinet, reaching out to its front.

    Objects keep a little from the walls, so these are further out than where objects rest.
    """
    x0, y0, x1, y1 = np.add(place.bounds, (-_GAP, -_GAP, _GAP, _GAP)).tolist()
    assert place.front is not None
    a0, b0, a1, b1 = place.front
    if a0 >= x1 or a1 <= x0:
        x0, x1 = min(x0, a0), max(x1, a1)
    else:
        y0, y1 = min(y0, b0), max(y1, b1)
    return Box.spanning((x0, y0, x1, y1), place.height, place.height + place.clearance)


def _hollow(solid: Box, cavity: Box) -> tuple[Box, ...]:
    """``solid`` without ``cavity``: up to six slabs around it."""
    low = np.subtract(solid.centre, solid.half)
    high = np.add(solid.centre, solid.half)
    inner_low = np.maximum(np.subtract(cavity.centre, cavity.half), low)
    inner_high = np.minimum(np.add(cavity.centre, cavity.half), high)
    slabs = []
    for axis in (2, 0, 1):
        for start, end in ((low[axis], inner_low[axis]), (inner_high[axis], high[axis])):
            if end - start < 1e-6:
                continue
            slab_low, slab_high = low.copy(), high.copy()
            slab_low[axis], slab_high[axis] = start, end
            slabs.append(
                Box.spanning(
                    (slab_low[0], slab_low[1], slab_high[0], slab_high[1]),
                    slab_low[2],
                    slab_high[2],
                    solid.name,
                )
            )
        low[axis], high[axis] = inner_low[axis], inner_high[axis]
    return tuple(slabs)


@dataclass(frozen=True, slots=True)
class Load:
    """The room that a held object takes, in the frame of the tool, metres."""

    below: float
    """How far it reaches beyond the finger tips."""
    half_length: float
    """Half its extent across the closing axis, along the tool's x."""


class ArmModel:
    """The arm, the hand and what it holds, as spheres.

    The radii are those of a Franka Panda; the places follow the description's frames. The lower
    links are left out where they cannot leave the base.
    """

    # frame index, offset in that frame, radius; frames are joints 1..7 (0..6) and the tool (7).
    _LINKS = (
        (2, (0.0, 0.0, -0.10), 0.075),
        (2, (0.0, 0.0, 0.0), 0.075),
        (3, (0.0, 0.0, 0.0), 0.075),
        (4, (0.0, 0.0, -0.28), 0.075),
        (4, (0.0, 0.0, -0.19), 0.07),
        (4, (0.0, 0.06, -0.10), 0.065),
        (4, (0.0, 0.06, -0.02), 0.065),
        (5, (0.0, 0.0, 0.0), 0.065),
        (6, (0.0, 0.0, 0.0), 0.06),
        (6, (0.0, 0.0, 0.07), 0.055),
        (7, (0.05, 0.0, -0.09), 0.03),
        (7, (0.0, 0.0, -0.085), 0.045),
        (7, (0.0, 0.065, -0.085), 0.04),
        (7, (0.0, -0.065, -0.085), 0.04),
        (7, (0.0, 0.048, -0.04), 0.016),
        (7, (0.0, -0.048, -0.04), 0.016),
        (7, (0.0, 0.048, -0.005), 0.014),
        (7, (0.0, -0.048, -0.005), 0.014),
    )
    _FINGERS = 4
    """So many of the last spheres belong to the fingers."""

    def __init__(self, description: RobotDescription) -> None:
        self._kinematics = ArmKinematics(description.arm)
        self._frames = np.array([f for f, _, _ in self._LINKS])
        self._offsets = np.array([(*o, 1.0) for _, o, _ in self._LINKS])
        self._radii = np.array([r for _, _, r in self._LINKS])
        mount = description.arm.mount
        mast = description.head.position
        deck = 0.85 * description.base.radius
        self._body = (
            # The deck under the arm, and the two posts and the bar that carry the head.
            Box((0.0, 0.0, mount[2] / 2 - 0.03), (deck, deck, mount[2] / 2 - 0.03), name="deck"),
            Box((mast[0] - 0.05, 0.17, mast[2] / 2), (0.016, 0.016, mast[2] / 2), name="post"),
            Box((mast[0] - 0.05, -0.17, mast[2] / 2), (0.016, 0.016, mast[2] / 2), name="post"),
            Box((mast[0] - 0.05, 0.0, mast[2] - 0.05), (0.03, 0.19, 0.07), name="bar"),
        )

    def spheres(self, q: FloatArray, held: Load | None = None) -> tuple[FloatArray, FloatArray]:
        """Centres in ``base_link``, shape (..., s, 3), and radii, shape (s,).

        Args:
            q: joint angles, shape (..., n).
            held: what is in the hand.
        """
        frames = self._kinematics.frames(q)
        offsets, index, radii = self._offsets, self._frames, self._radii
        if held is not None:
            out = max(held.half_length - _LOAD_RADIUS / 2, 0.0)
            down = max(held.below - _LOAD_RADIUS, 0.0)
            load = [(x, 0.0, down, 1.0) for x in (-out, -out / 2, 0.0, out / 2, out)]
            offsets = np.vstack([offsets, load])
            index = np.append(index, [7] * len(load))
            radii = np.append(radii, [_LOAD_RADIUS] * len(load))
        centres = np.einsum("...sij,sj->...si", frames[..., index, :, :], offsets)[..., :3]
        return centres, radii

    def clearance(
        self,
        q: FloatArray,
        base: Pose2D,
        boxes: Iterable[Box],
        *,
        held: Load | None = None,
        fingers: bool = True,
    ) -> FloatArray:
        """Distance from the arm to the nearest box or to the robot's own body, negative inside.

        Args:
            q: joint angles, shape (k, n).
            base: where the base stands.
            boxes: the world.
            held: see :meth:`spheres`.
            fingers: False leaves out fingers and held object, which may touch what they handle.

        Returns:
            Metres, shape (k,).
        """
        centres, radii = self.spheres(np.atleast_2d(q), held if fingers else None)
        if not fingers:
            centres, radii = centres[:, : -self._FINGERS], radii[: -self._FINGERS]
        own = box_distances(centres, self._body).min(axis=-1) - radii
        nearest = own[:, 2:].min(axis=1)
        boxes = tuple(boxes)
        if boxes:
            c, s = math.cos(base.yaw), math.sin(base.yaw)
            turn = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
            world = centres @ turn + np.array([base.x, base.y, 0.0])
            outer = box_distances(world, boxes).min(axis=-1) - radii
            nearest = np.minimum(nearest, outer.min(axis=1))
        return np.asarray(nearest)


def box_distances(points: FloatArray, boxes: Iterable[Box]) -> FloatArray:
    """Signed distance of every point to every box, negative inside.

    Args:
        points: shape (..., 3).
        boxes: b boxes.

    Returns:
        Metres, shape (..., b).
    """
    boxes = tuple(boxes)
    centres = np.array([b.centre for b in boxes])
    halves = np.array([b.half for b in boxes])
    cos = np.array([math.cos(b.yaw) for b in boxes])
    sin = np.array([math.sin(b.yaw) for b in boxes])
    offset = points[..., None, :] - centres
    local = np.stack(
        [
            cos * offset[..., 0] + sin * offset[..., 1],
            cos * offset[..., 1] - sin * offset[..., 0],
            offset[..., 2],
        ],
        axis=-1,
    )
    outside = np.abs(local) - halves
    return np.asarray(
        np.linalg.norm(np.maximum(outside, 0.0), axis=-1) + np.minimum(outside.max(axis=-1), 0.0)
    )
