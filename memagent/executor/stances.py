# SPDX-License-Identifier: Apache-2.0
"""Where to stand so that the arm reaches, and how it then gets there."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from memagent.executor.body import Body
from memagent.executor.collision import Box
from memagent.executor.grasps import Grasp
from memagent.executor.kinematics import frame_of
from memagent.executor.navigation import wrap
from memagent.site import Place
from memagent.types import FloatArray, Pose2D

_REACHES = (0.54, 0.50, 0.58, 0.46, 0.62, 0.66, 0.42, 0.70)
"""From the arm's mount forward to the target, metres, most comfortable first."""
_OFFSETS = (0.0, 0.1, -0.1, 0.2, -0.2, 0.3, -0.3)
_TURNS = (0.0, 0.3, -0.3, 0.6, -0.6)
_FINGER_MARGIN = 0.002
LEANS = (0.4, 0.75)
"""Radians that a hand leans back to get under a handle or into a corner."""
_MOST = 60
"""Base poses whose reach is worked out before giving up."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """A base pose, and the arm's way down from above the target."""

    base: Pose2D
    grasp: Grasp
    descent: FloatArray
    """Joint waypoints, shape (n, joints), from above the target down to it."""

    @property
    def above(self) -> FloatArray:
        return np.asarray(self.descent[0])


def find_reach(
    body: Body,
    place: Place,
    grasps: Iterable[Grasp],
    *,
    height: float,
    extra: tuple[Box, ...] = (),
    leans: tuple[float, ...] = (0.0,),
) -> Reach | None:
    """The most comfortable base pose from which some grasp can be carried out.

    Args:
        body: the robot.
        place: what the target lies on or in; the robot works on it from its stand's side.
        grasps: tool goals, best first, all near one another.
        height: of the straight way down to the target, metres.
        extra: obstacles besides the scene, such as other objects.
        leans: radians by which the hand may lean back, in order of preference.

    Returns:
        None where no pose and grasp fit.
    """
    grasps = tuple(grasps)
    if not grasps:
        return None
    target = grasps[0].position[:2]
    bases = list(itertools.islice(base_poses(body, place, target), _MOST))
    for lean in leans:
        for base in bases:
            reach = reach_from(body, base, _lean(grasps, base, lean), height=height, extra=extra)
            if reach is not None:
                return reach
    return None


def _lean(grasps: Iterable[Grasp], base: Pose2D, lean: float) -> Iterable[Grasp]:
    return [g.leaning(base.yaw, lean) for g in grasps] if lean else grasps


def reach_from(
    body: Body,
    base: Pose2D,
    grasps: Iterable[Grasp],
    *,
    height: float,
    extra: tuple[Box, ...] = (),
) -> Reach | None:
    """How the first feasible grasp is carried out from ``base``; None where none is."""
    clearance = body.arm.clearance(base, extra=extra)
    touching = body.arm.clearance(base, extra=extra, holding=False)
    to_base = np.linalg.inv(frame_of(base))
    for grasp in grasps:
        goal = to_base @ grasp.pose(height)
        seed = body.arm.ready.copy()
        x, y = goal[:2, 3] - body.arm.kinematics.mount[:2]
        seed[0] = math.atan2(y, x)
        above = body.arm.kinematics.inverse(goal, seed, restarts=0)
        if above is None or clearance(above)[0] < body.config.arm.clearance:
            continue
        descent = body.arm.line(above, np.array([0.0, 0.0, -height]))
        if descent is not None and touching(descent).min() >= _FINGER_MARGIN:
            return Reach(base, grasp, descent)
    return None


def base_poses(body: Body, place: Place, target: tuple[float, float]) -> Iterator[Pose2D]:
    """Free base poses around a target, most comfortable first."""
    clearance = body.config.base.work_clearance
    stand = body.scene.approach(place, clearance)
    mount = body.arm.kinematics.mount[0]
    options = []
    for (i, reach), offset, turn in itertools.product(enumerate(_REACHES), _OFFSETS, _TURNS):
        yaw = wrap(stand.yaw + turn)
        c, s = math.cos(yaw), math.sin(yaw)
        ahead = mount + reach
        pose = Pose2D(target[0] - c * ahead + s * offset, target[1] - s * ahead - c * offset, yaw)
        away = math.hypot(pose.x - stand.x, pose.y - stand.y)
        options.append((0.05 * i + 0.9 * abs(offset) + 0.35 * abs(turn) + 0.15 * away, pose))
    options.sort(key=lambda option: option[0])
    points = np.array([(pose.x, pose.y) for _, pose in options])
    room = body.scene.map.clearance(points)
    needed = body.description.base.radius + clearance
    for (_, pose), free in zip(options, room, strict=True):
        if free >= needed and body.scene.straight(stand, pose, clearance):
            yield pose
