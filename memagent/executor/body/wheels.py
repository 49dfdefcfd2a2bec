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
            vx, vy = (ahead.x - there.x) / tick, (ahead.y - there.y) / tick
            wz = wrap(ahead.yaw - there.yaw) / tick
            ex, ey = there.x - state.base.x, there.y - state.base.y
            if math.hypot(ex, ey) > 0.12:
                self._pace.guard.send_base(0.0, 0.0, 0.0)
                return False
            vx, vy, wz = vx + 2.0 * ex, vy + 2.0 * ey, wz + 2.0 * wrap(there.yaw - state.base.yaw)
            c, s = math.cos(state.base.yaw), math.sin(state.base.yaw)
            self._pace.guard.send_base(c * vx + s * vy, c * vy - s * vx, wz)
            self._pace.tick()
        self._pace.guard.send_base(0.0, 0.0, 0.0)
        return True


def _smooth(t: float) -> float:
    return t**3 * (10.0 - 15.0 * t + 6.0 * t * t)


def _smooth_rate(t: float) -> float:
    return 30.0 * t * t * (1.0 - t) ** 2
