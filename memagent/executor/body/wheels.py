# SPDX-License-Identifier: Apache-2.0
"""Driving the base: along a path, or through given poses in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from memagent.executor.body.hand import Hand
from memagent.executor.body.pace import Pace, SkillFailure
from memagent.executor.config import BaseMotion
from memagent.executor.navigation import PathFollower, Point, wrap
from memagent.robot import Base
from memagent.types import Code, Pose2D

_GAIN = 2.0
"""Metres per second for each metre beside the path, and radians likewise."""
_LATE = tuple(0.04 * k for k in range(8))
"""Seconds by which the base may be late on its path."""
_HELD_BACK = 0.15
"""Metres behind that mean something holds the base back."""
_CREEP_S = 0.6
_CREEP_SPEED = 0.05
_CREPT = 0.003
"""Metres and radians that are near enough."""


class Wheels:
    """A holonomic base."""

    def __init__(self, pace: Pace, hand: Hand, base: Base, config: BaseMotion) -> None:
        self._pace = pace
        self._hand = hand
        self._base = base
        self._config = config

    def drive(
        self,
        path: Sequence[Point],
        yaw: float,
        *,
        speed: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Drive along a path and turn to ``yaw``.

        Raises:
            SkillFailure: BLOCKED, no progress.
        """
        base = self._base
        limits = self._config
        follower = PathFollower(
            list(path),
            yaw,
            speed=min(speed or limits.speed, base.speed),
            turn_rate=min(
                limits.carrying_turn_rate if self._hand.held else limits.turn_rate, base.turn_rate
            ),
            acceleration=base.acceleration,
            turn_acceleration=base.turn_acceleration,
        )
        state = self._pace.state
        best, since = math.inf, state.stamp
        while True:
            distance, angle = follower.errors(state.base)
            to_go = follower.remaining(state.base) + 0.3 * angle
            arrived = (
                distance < limits.position_tolerance
                and angle < limits.yaw_tolerance
                and follower.remaining(state.base) < 0.05
            )
            if arrived and max(map(abs, state.base_velocity)) < 0.06:
                break
            if to_go < best - 0.02:
                best, since = to_go, state.stamp
            elif state.stamp - since > limits.stuck_after:
                if distance < 3 * limits.position_tolerance and angle < 3 * limits.yaw_tolerance:
                    break
                self._pace.guard.send_base(0.0, 0.0, 0.0)
                raise SkillFailure(
                    Code.BLOCKED, f"the base makes no progress, {distance:.2f} m before its goal"
                )
            self._pace.guard.send_base(*follower.command(state.base, self._pace.period))
            state = self._pace.tick()
            if progress is not None and follower.length > 0:
                progress(1.0 - min(1.0, to_go / (follower.length + 0.3)))
        self._pace.guard.send_base(0.0, 0.0, 0.0)

    def sweep(self, pose_at: Callable[[float], Pose2D], duration: float) -> bool:
        """Lead the base through poses given over 0..1, in ``duration`` seconds, smoothly.

        A base is late by what commands and odometry take on their way. To make up for that would
        drive it past the end, so that on the way only what is beside the path is corrected.

        Returns:
            False where something held it back: it is then left where it got stuck.
        """
        start = self._pace.state.stamp
        tick = self._pace.period
        while True:
            state = self._pace.state
            t = (state.stamp - start) / duration
            if t > 1.0:
                break
            share, rate = _smooth(t), _smooth_rate(t) / duration
            there = pose_at(share)
            ahead = pose_at(min(share + rate * tick, 1.0))
            if _apart(there, state.base) > _HELD_BACK:
                self._pace.guard.send_base(0.0, 0.0, 0.0)
                return False
            passed = (pose_at(_smooth(max(0.0, t - late / duration))) for late in _LATE)
            beside = min(passed, key=lambda pose: _apart(pose, state.base))
            ex, ey, turn = _towards(beside, state.base)
            self._send_in_map(
                (ahead.x - there.x) / tick + _GAIN * ex,
                (ahead.y - there.y) / tick + _GAIN * ey,
                wrap(ahead.yaw - there.yaw) / tick + _GAIN * turn,
            )
            self._pace.tick()
        self._creep(pose_at(1.0))
        return True

    def _creep(self, goal: Pose2D) -> None:
        """Make up slowly for what is left, for as long as it takes to press something shut."""
        began = self._pace.state.stamp
        while self._pace.state.stamp < began + _CREEP_S:
            base = self._pace.state.base
            ex, ey, turn = _towards(goal, base)
            if math.hypot(ex, ey) < _CREPT and abs(turn) < _CREPT:
                break
            slower = min(1.0, _CREEP_SPEED / max(_GAIN * math.hypot(ex, ey), 1e-9))
            self._send_in_map(slower * _GAIN * ex, slower * _GAIN * ey, _GAIN * turn)
            self._pace.tick()
        self._pace.guard.send_base(0.0, 0.0, 0.0)

    def _send_in_map(self, vx: float, vy: float, wz: float) -> None:
        yaw = self._pace.state.base.yaw
        c, s = math.cos(yaw), math.sin(yaw)
        self._pace.guard.send_base(c * vx + s * vy, c * vy - s * vx, wz)


def _apart(a: Pose2D, b: Pose2D) -> float:
    return math.hypot(a.x - b.x, a.y - b.y)


def _towards(goal: Pose2D, base: Pose2D) -> tuple[float, float, float]:
    """What is left from ``base`` to ``goal``: metres in ``map``, radians."""
    return goal.x - base.x, goal.y - base.y, wrap(goal.yaw - base.yaw)


def _smooth(t: float) -> float:
    return t**3 * (10.0 - 15.0 * t + 6.0 * t * t)


def _smooth_rate(t: float) -> float:
    return 30.0 * t * t * (1.0 - t) ** 2
