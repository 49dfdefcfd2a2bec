# SPDX-License-Identifier: Apache-2.0
"""Turning the head, and waiting for what it then sees."""

from __future__ import annotations

import math

from memagent.executor import looking
from memagent.executor.body.pace import Pace
from memagent.executor.config import Looking
from memagent.executor.looking import Gaze
from memagent.robot import Head
from memagent.types import Percept, Pose2D, Vector3

_TOLERANCE = 0.03
"""Radians."""


class Eyes:
    """A camera on a pan-tilt head."""

    def __init__(self, pace: Pace, head: Head, config: Looking) -> None:
        self._pace = pace
        self._head = head
        self._config = config

    def turn(self, pan: float, tilt: float) -> None:
        """Turn the head, without waiting."""
        self._pace.guard.send_head(pan, tilt)

    def look_to(self, point: Vector3, base: Pose2D | None = None) -> Gaze:
        """Turn the head to a point of the map as seen from ``base``, without waiting."""
        gaze = looking.gaze_at(self._head, base or self._pace.state.base, point)
        self._pace.guard.send_head(*gaze)
        return gaze

    def fixate(self, gaze: Gaze, percepts: int | None = None) -> list[Percept]:
        """Turn the head, wait until it rests, and return the percepts that follow.

        Args:
            gaze: pan and tilt, radians.
            percepts: how many to wait for; the configured number if None. Fewer come back where
                perception is slow.
        """
        settings = self._config
        self._pace.guard.send_head(*gaze)
        state = self._pace.state
        limit = state.stamp + 2.5
        before = (math.inf, math.inf)
        while state.stamp < limit:
            if _close(state.head, gaze, _TOLERANCE) and _close(state.head, before, 0.01):
                break
            before = state.head
            state = self._pace.tick()
        return self.watch(state.stamp, percepts or settings.percepts)

    def watch(self, since: float, count: int) -> list[Percept]:
        """Wait for percepts of frames taken after ``since``, at least the dwell time."""
        settings = self._config
        state = self._pace.state
        while True:
            seen = self._pace.sightings.since(since)
            elapsed = state.stamp - since
            if len(seen) >= count and elapsed >= settings.dwell:
                return seen
            if elapsed > settings.patience:
                return seen
            state = self._pace.tick()


def _close(a: Gaze, b: Gaze, tolerance: float) -> bool:
    return abs(a[0] - b[0]) < tolerance and abs(a[1] - b[1]) < tolerance
