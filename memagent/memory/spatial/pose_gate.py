# SPDX-License-Identifier: Apache-2.0
"""Which poses to believe: a robot does not jump, unless it was carried or set to zero."""

from __future__ import annotations

import math
from enum import Enum

from memagent.types import Pose2D

_SLACK = 0.5
"""Metres that a pose may be off whatever the time since the last one."""


class Verdict(Enum):
    BELIEVED = "believed"
    REJECTED = "rejected"
    CARRIED = "carried"
    """Believed, but the robot did not drive there."""


class PoseGate:
    """Poses one after the other."""

    def __init__(self, fastest: float, jumps: int, left_at: Pose2D | None = None) -> None:
        """Begin.

        Args:
            fastest: metres per second that a robot drives.
            jumps: so many poses in a row that agree with one another make a jump believed.
            left_at: where the robot was when memory was last open; nobody saw what came after.
        """
        self._fastest = fastest
        self._jumps = jumps
        self._left_at = left_at
        self._last: tuple[Pose2D, float] | None = None
        self._elsewhere: tuple[Pose2D, float] | None = None
        self._count = 0

    @property
    def pose(self) -> Pose2D | None:
        """The newest that was believed."""
        return None if self._last is None else self._last[0]

    def judge(self, pose: Pose2D, stamp: float) -> Verdict:
        """Judge a pose, and take it for the newest unless it is rejected."""
        if not all(map(math.isfinite, (pose.x, pose.y, pose.yaw, stamp))):
            return Verdict.REJECTED
        if self._last is None:
            began, away = self._left_at is None, math.inf
            if self._left_at is not None:
                away = math.hypot(pose.x - self._left_at.x, pose.y - self._left_at.y)
            here = began or away <= _SLACK
            return self._believe(pose, stamp, Verdict.BELIEVED if here else Verdict.CARRIED)
        if self._follows(self._last, pose, stamp):
            return self._believe(pose, stamp, Verdict.BELIEVED)
        self._count = self._count + 1 if self._follows(self._elsewhere, pose, stamp) else 1
        self._elsewhere = pose, stamp
        if self._count < self._jumps:
            return Verdict.REJECTED
        return self._believe(pose, stamp, Verdict.CARRIED)

    def _believe(self, pose: Pose2D, stamp: float, verdict: Verdict) -> Verdict:
        self._last, self._elsewhere, self._count = (pose, stamp), None, 0
        return verdict

    def _follows(self, before: tuple[Pose2D, float] | None, pose: Pose2D, stamp: float) -> bool:
        if before is None:
            return False
        apart = math.hypot(pose.x - before[0].x, pose.y - before[0].y)
        return apart <= _SLACK + self._fastest * abs(stamp - before[1])
