# SPDX-License-Identifier: Apache-2.0
"""What every skill is given, and the moves that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from memagent.executor.body import Body, SkillFailure
from memagent.executor.collision import Box
from memagent.executor.config import ExecutorConfig
from memagent.executor.handles import BACKED_OFF
from memagent.executor.navigation import Point
from memagent.executor.scene import Scene
from memagent.site import Place
from memagent.types import Code, FloatArray, Pose2D, SkillCall

_AT_HOME = 0.05
_UP = 0.12
_BACK = (0.25, 0.35, 0.45)
"""Metres to back away where it is too tight for the arm."""
_DIRECT = 3
"""Waypoints of a way that is still worth taking; more are a detour."""
_FAR = 0.6
"""Metres beyond which a step up to furniture is a drive."""


@dataclass(frozen=True, slots=True)
class Job:
    """One call of a skill, resolved."""

    call: SkillCall
    place: Place
    body: Body
    report: Callable[[str, float], None]
    """Phase in words, and progress from 0 to 1."""
    started: float
    """Robot time of the call."""

    @property
    def scene(self) -> Scene:
        return self.body.scene

    @property
    def config(self) -> ExecutorConfig:
        return self.body.config


def tuck(body: Body) -> None:
    """Bring the arm home, around what is near.

    Where there is no way, or something unknown stops the arm, the robot first backs away.

    Raises:
        SkillFailure: UNREACHABLE, no way home; BLOCKED, the arm did not arrive.
    """
    if float(np.abs(body.state.arm - body.arm.home).max()) < _AT_HOME:
        return
    if body.hand.on_handle:
        let_go(body)
    waypoints = body.arm.plan(body.arm.home, body.state.base)
    if waypoints is not None:
        body.arm.start(waypoints)
        try:
            body.arm.finish()
            return
        except SkillFailure as failure:
            if failure.code is not Code.BLOCKED:
                raise
    back = _backed_away(body, body.state.base, _BACK[0])
    if back is None:
        body.arm.move_tool((0.0, 0.0, _UP))
    else:
        _drive_straight(body, back)
    body.arm.move(body.arm.home)


def let_go(body: Body) -> None:
    """Open the fingers around a handle and draw the hand back, level."""
    body.hand.open()
    body.hand.on_handle = False
    x, y, _ = body.arm.kinematics.forward(body.state.arm)[:3, 2]
    ahead = np.array([x, y, 0.0]) / np.hypot(x, y)
    body.arm.move_tool(-BACKED_OFF * ahead, speed=0.3)


def _drive_straight(body: Body, goal: Pose2D) -> None:
    start = body.state.base
    way = [(start.x, start.y), (goal.x, goal.y)]
    body.wheels.drive(way, goal.yaw, speed=body.config.base.near_speed)


def _backed_away(body: Body, base: Pose2D, by: float) -> Pose2D | None:
    """The pose so many metres straight behind ``base``, if the base can go there."""
    c, s = np.cos(base.yaw), np.sin(base.yaw)
    pose = Pose2D(float(base.x - by * c), float(base.y - by * s), base.yaw)
    return pose if body.scene.straight(base, pose, 0.0) else None


def stand_pose(job: Job) -> Pose2D:
    """The place's stand, a little aside where something open is in its way."""
    return job.scene.approach(job.place, job.config.base.work_clearance)


def distance_to(job: Job, pose: Pose2D) -> float:
    base = job.body.state.base
    return float(np.hypot(pose.x - base.x, pose.y - base.y))


def drive_to(job: Job, goal: Pose2D, phase: str) -> None:
    """Tuck the arm and drive, however far.

    Raises:
        SkillFailure: UNREACHABLE, no way; BLOCKED, no progress.
    """
    body, base = job.body, job.config.base
    job.report(phase, 0.0)
    tuck(body)
    start = body.state.base
    path = job.scene.path(start, goal, base.clearance)
    if path is None:  # a tight spot
        path = job.scene.path(start, goal, 0.5 * base.work_clearance)
    if path is None:
        raise SkillFailure(
            Code.UNREACHABLE, f"no way to {job.place.name} from ({start.x:.2f}, {start.y:.2f})"
        )
    body.wheels.drive(path, goal.yaw, progress=lambda share: job.report(phase, share))


def go_near(job: Job) -> None:
    """Be at the place's stand, or as near as makes no difference."""
    goal = stand_pose(job)
    turned = abs(np.angle(np.exp(1j * (goal.yaw - job.body.state.base.yaw))))
    if distance_to(job, goal) > job.config.looking.near_stand or turned > 0.15:
        drive_to(job, goal, f"driving to {job.place.name}")
    else:
        tuck(job.body)


def step_to(job: Job, goal: Pose2D) -> None:
    """Drive the last step up to furniture, straight where possible.

    Raises:
        SkillFailure: UNREACHABLE, no way; BLOCKED, no progress.
    """
    body, base = job.body, job.config.base
    start = body.state.base
    path: list[Point] | None = [(start.x, start.y), (goal.x, goal.y)]
    if not job.scene.straight(start, goal, 0.5 * base.work_clearance):
        path = job.scene.path(start, goal, base.work_clearance)
    if path is None:  # as close to things as the base is round
        path = job.scene.path(start, goal, 0.0)
    if path is None:
        raise SkillFailure(Code.UNREACHABLE, f"cannot step up to {job.place.name}")
    far = distance_to(job, goal) > _FAR
    body.wheels.drive(path, goal.yaw, speed=base.speed if far else base.near_speed)


def step_back(job: Job, extra: tuple[Box, ...] = ()) -> None:
    """Tuck the arm and go back to the stand, both at once where that is safe.

    Args:
        job: the skill.
        extra: obstacles besides the scene, such as other objects.

    Raises:
        SkillFailure: UNREACHABLE, no way; BLOCKED, base or arm did not arrive.
    """
    body = job.body
    here, goal = body.state.base, stand_pose(job)
    waypoints = body.arm.plan(body.arm.home, here, extra=extra)
    if waypoints is None or len(waypoints) > _DIRECT:  # too tight here: take the arm along
        back = next((p for by in _BACK if (p := _backed_away(body, here, by))), None)
        if back is not None and _fits(body, body.arm.commanded(), here, back):
            _drive_straight(body, back)
            here = back
            again = body.arm.plan(body.arm.home, here, extra=extra)
            waypoints = waypoints if again is None else again
    if waypoints is None:
        step_to(job, goal)
        tuck(body)
        return
    body.arm.start(waypoints)
    if not _safe_on_the_way(body, waypoints, here, goal):
        body.arm.finish()
    step_to(job, goal)
    body.arm.finish()


def bring_above(job: Job, above: FloatArray, extra: tuple[Box, ...]) -> bool:
    """Bring the arm above a target, from here or, where that is too tight, from further back.

    Then the base drives in with the arm stretched out, as into a cabinet.

    Returns:
        True where the base moved, so that the target must be aimed at afresh.

    Raises:
        SkillFailure: UNREACHABLE, no way; BLOCKED, base or arm did not arrive.
    """
    body, here = job.body, job.body.state.base
    waypoints = body.arm.plan(above, here, extra=extra)
    if waypoints is None or len(waypoints) > _DIRECT:
        for by in _BACK:
            back = _backed_away(body, here, by)
            if back is None or not _fits(body, above, here, back):
                continue
            outside = body.arm.plan(above, back, extra=extra)
            if outside is not None and len(outside) <= _DIRECT:
                _drive_straight(body, back)
                body.arm.start(outside)
                body.arm.finish()
                _drive_straight(body, here)
                return True
    if waypoints is None:
        raise SkillFailure(Code.UNREACHABLE, "found no way for the arm around the furniture")
    body.arm.start(waypoints)
    body.arm.finish()
    return False


def _fits(body: Body, q: FloatArray, here: Pose2D, there: Pose2D) -> bool:
    """Whether the arm, held still, stays clear while the base goes straight from here to there."""
    arm = np.asarray(q)[None]
    allowed = min(body.config.arm.clearance, float(body.arm.clearance(here)(arm)[0]) - 1e-3)
    return all(body.arm.clearance(pose)(arm)[0] >= allowed for pose in _between(here, there, 8))


def _between(here: Pose2D, there: Pose2D, steps: int) -> list[Pose2D]:
    return [
        Pose2D(here.x + k * (there.x - here.x), here.y + k * (there.y - here.y), here.yaw)
        for k in np.linspace(0.0, 1.0, steps + 1)[1:]
    ]


def _safe_on_the_way(body: Body, waypoints: FloatArray, here: Pose2D, goal: Pose2D) -> bool:
    """Whether the arm's way is free from all along the base's way."""
    dense = np.concatenate([np.linspace(a, b, 8) for a, b in pairwise(waypoints)])
    margin = body.config.arm.clearance
    return all(body.arm.clearance(p)(dense).min() >= margin for p in _between(here, goal, 3))
