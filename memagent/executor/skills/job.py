# SPDX-License-Identifier: Apache-2.0
"""What every skill is given, and the moves that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from memagent.executor.body import Body, SkillFailure
from memagent.executor.config import ExecutorConfig
from memagent.executor.scene import Scene
from memagent.site import Place
from memagent.types import Code, FloatArray, Pose2D, SkillCall

_AT_HOME = 0.05
_UP = 0.12
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
    """Bring the arm home, around what is near; straight up first where there is no other way.

    Raises:
        SkillFailure: UNREACHABLE, no way home; BLOCKED, the arm did not arrive.
    """
    if float(np.abs(body.state.arm - body.home).max()) < _AT_HOME:
        return
    waypoints = body.plan_arm(body.home, body.state.base)
    if waypoints is None:
        body.move_tool((0.0, 0.0, _UP))
        body.move_arm(body.home)
        return
    body.start_arm(waypoints)
    body.finish_arm()


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
    body.drive(path, goal.yaw, progress=lambda share: job.report(phase, share))


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
    if job.scene.straight(start, goal, 0.5 * base.work_clearance):
        path = [(start.x, start.y), (goal.x, goal.y)]
    else:
        around = job.scene.path(start, goal, base.work_clearance)
        if around is None:
            raise SkillFailure(Code.UNREACHABLE, f"cannot step up to {job.place.name}")
        path = around
    far = distance_to(job, goal) > _FAR
    body.drive(path, goal.yaw, speed=base.speed if far else base.near_speed)


def step_back(job: Job) -> None:
    """Tuck the arm and go back to the stand, both at once where that is safe.

    Raises:
        SkillFailure: UNREACHABLE, no way; BLOCKED, base or arm did not arrive.
    """
    body = job.body
    here, goal = body.state.base, stand_pose(job)
    waypoints = body.plan_arm(body.home, here)
    if waypoints is None:  # too tight here: take the arm along and tuck it where there is room
        step_to(job, goal)
        tuck(body)
        return
    body.start_arm(waypoints)
    if not _safe_on_the_way(body, waypoints, here, goal):
        body.finish_arm()
    step_to(job, goal)
    body.finish_arm()


def _safe_on_the_way(body: Body, waypoints: FloatArray, here: Pose2D, goal: Pose2D) -> bool:
    """Whether the arm's way is free from all along the base's way."""
    dense = np.concatenate([np.linspace(a, b, 8) for a, b in pairwise(waypoints)])
    for share in (0.33, 0.67, 1.0):
        pose = Pose2D(
            here.x + share * (goal.x - here.x), here.y + share * (goal.y - here.y), here.yaw
        )
        if body.arm_clearance(pose)(dense).min() < body.config.arm.clearance:
            return False
    return True
