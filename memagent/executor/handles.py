# SPDX-License-Identifier: Apache-2.0
"""Opening and closing as rigid motions: the hand holds the handle, the base moves with the front.

A drawer's front moves straight, a door's turns about its hinge. If hand, arm and base move with it
as one rigid body, the hand never slips on the handle and the arm need not move at all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from memagent.executor.body import Body
from memagent.executor.collision import box_distances, handle_position
from memagent.executor.kinematics import frame_of
from memagent.executor.navigation import wrap
from memagent.site import Place
from memagent.types import FloatArray, Pose2D, Vector3

_REACHES = (0.56, 0.60, 0.52, 0.64, 0.48, 0.44)
_OFFSETS = (0.0, 0.08, -0.08, 0.16, -0.16, 0.24, -0.24)
_TURNS = (0.0, 0.25, -0.25, 0.5, -0.5)
_PITCHES = (0.75, 1.0, 0.5, 0.25)
"""Radians that the hand points below the horizontal: level, the wrist would have no room."""
_GRIP_ABOVE_MIDDLE = 0.02
"""Metres: so high on the bar its upper end stays below the palm of a tilted hand."""
_HAND_MARGIN = 0.004
BACKED_OFF = 0.11
"""Metres before the handle from where the hand goes straight to it."""


def inward(place: Place, opening: float) -> float:
    """Heading, radians, from the handle straight at the front that carries it."""
    joint, front = place.joint, place.front
    if joint is None or front is None:
        raise ValueError(f"place {place.name!r} does not open")
    x, y, _ = joint.handle
    foot = min(max(x, front[0]), front[2]), min(max(y, front[1]), front[3])
    heading = math.atan2(foot[1] - y, foot[0] - x)
    return wrap(heading + (joint.travel * opening if joint.kind == "hinge" else 0.0))


def carried(place: Place, pose: Pose2D, start: float, end: float) -> Pose2D:
    """Where ``pose`` gets if it moves rigidly with the front from opening ``start`` to ``end``."""
    joint = place.joint
    if joint is None:
        raise ValueError(f"place {place.name!r} does not open")
    change = joint.travel * (end - start)
    if joint.kind == "slide":
        return Pose2D(pose.x + joint.axis[0] * change, pose.y + joint.axis[1] * change, pose.yaw)
    c, s = math.cos(change), math.sin(change)
    dx, dy = pose.x - joint.axis[0], pose.y - joint.axis[1]
    return Pose2D(
        joint.axis[0] + c * dx - s * dy, joint.axis[1] + s * dx + c * dy, wrap(pose.yaw + change)
    )


def path_length(place: Place, pose: Pose2D, start: float, end: float) -> float:
    """Metres that ``pose`` travels on the way."""
    joint = place.joint
    assert joint is not None
    change = abs(joint.travel * (end - start))
    if joint.kind == "slide":
        return change
    return change * math.hypot(pose.x - joint.axis[0], pose.y - joint.axis[1])


@dataclass(frozen=True, slots=True, eq=False)
class HandlePlan:
    """Take the handle from ``base`` and move to ``opening``."""

    base: Pose2D
    approach: FloatArray
    """Joint waypoints from before the handle to around it, shape (n, joints)."""
    opening: float


def plan_handle(body: Body, place: Place, start: float, end: float) -> HandlePlan | None:
    """The most comfortable way to take a handle and move the front from ``start`` to ``end``.

    Where the base cannot follow all the way, the plan ends as far as it can; None where the handle
    cannot be taken or the base cannot follow at least half of the way.
    """
    best: HandlePlan | None = None
    for base in _base_poses(body, place, start):
        share = _follows(body, place, base, start, end)
        reachable = start + share * (end - start)
        if share < 0.5 or (best and abs(reachable - end) > abs(best.opening - end) - 1e-6):
            continue
        after = carried(place, base, start, reachable)
        approach = _approach(body, place, base, after, start, reachable)
        if approach is None:
            continue
        best = HandlePlan(base, approach, reachable)
        if share == 1.0:
            break
    return best


def _base_poses(body: Body, place: Place, opening: float) -> Iterator[Pose2D]:
    x, y, _ = handle_position(place, opening)
    heading = inward(place, opening)
    mount = body.arm.kinematics.mount[0]
    options = []
    for (i, reach), offset, turn in itertools.product(enumerate(_REACHES), _OFFSETS, _TURNS):
        yaw = wrap(heading + turn)
        c, s = math.cos(yaw), math.sin(yaw)
        ahead = mount + reach
        pose = Pose2D(x - c * ahead + s * offset, y - s * ahead - c * offset, yaw)
        options.append((0.05 * i + 0.6 * abs(offset) + 0.3 * abs(turn), pose))
    options.sort(key=lambda option: option[0])
    for _, pose in options:
        if body.scene.free(pose, body.config.base.work_clearance):
            yield pose


def _follows(body: Body, place: Place, base: Pose2D, start: float, end: float) -> float:
    """Share of the way from ``start`` to ``end`` that the base can go along with the front."""
    boxes = [b for b in body.scene.boxes if not b.name.endswith(f"of {place.name}")]
    shares = np.linspace(0.0, 1.0, 21)
    poses = [carried(place, base, start, start + k * (end - start)) for k in shares]
    flat = [type(b)((b.centre[0], b.centre[1], 0.0), (*b.half[:2], 1.0), b.yaw) for b in boxes]
    points = np.array([(p.x, p.y, 0.0) for p in poses])
    room = box_distances(points, flat).min(axis=1)
    needed = body.description.base.radius + body.config.base.work_clearance
    blocked = np.flatnonzero(room < needed)
    return 1.0 if len(blocked) == 0 else float(shares[max(int(blocked[0]) - 1, 0)])


def _approach(
    body: Body, place: Place, base: Pose2D, after: Pose2D, start: float, end: float
) -> FloatArray | None:
    """Joint waypoints to the handle for which the arm has room, there and where it ends up."""
    x, y, z = handle_position(place, start)
    grip = (x, y, z + _GRIP_ABOVE_MIDDLE)
    heading = inward(place, start)
    to_base = np.linalg.inv(frame_of(base))
    ahead = to_base[:3, :3] @ np.array([math.cos(heading), math.sin(heading), 0.0])
    own = f"handle of {place.name}"
    room = body.arm.clearance(base, fingers=False, ignore=own)
    later = body.scene.boxes_with(place.name, end)
    room_later = body.arm.clearance(after, fingers=False, ignore=own, scene=later)
    for pitch in _PITCHES:
        for flipped in (False, True):
            pose = to_base @ _hand_at(grip, heading, pitch, flipped)
            pose[:3, 3] -= BACKED_OFF * ahead
            before = _solve(body, pose, pitch, flipped)
            if before is None or room(before)[0] < body.config.arm.clearance:
                continue
            approach = body.arm.line(before, BACKED_OFF * ahead)
            if approach is None or room(approach).min() < _HAND_MARGIN:
                continue
            if room_later(approach).min() >= _HAND_MARGIN:
                return approach
    return None


def _solve(body: Body, pose: FloatArray, pitch: float, flipped: bool) -> FloatArray | None:
    """Joint angles for a hand that points forward and down, with the elbow up."""
    x, y = pose[:2, 3] - body.arm.kinematics.mount[:2]
    shoulder, elbow = 0.1, -2.2
    wrist = shoulder - elbow + math.pi / 2 - pitch
    turn = math.pi / 4 - (math.pi if flipped else 0.0)
    seed = np.array([math.atan2(y, x), shoulder, 0.0, elbow, 0.0, wrist, turn])
    return body.arm.kinematics.inverse(pose, seed, restarts=0, iterations=25)


def _hand_at(handle: Vector3, heading: float, pitch: float, flipped: bool) -> FloatArray:
    """Tool pose at the handle, in the map; the fingers close horizontally."""
    ch, sh, cp, sp = math.cos(heading), math.sin(heading), math.cos(pitch), math.sin(pitch)
    z = np.array([ch * cp, sh * cp, -sp])
    y = np.array([-sh, ch, 0.0]) * (1.0 if flipped else -1.0)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = np.cross(y, z), y, z, handle
    return pose
