# SPDX-License-Identifier: Apache-2.0
"""Time, and whatever may end a skill before its end.

Time passes in :meth:`Pace.tick` alone. Every tick takes in the newest percept and gives way to a
cancel, an emergency stop or a time-out by raising, so that no motion outlives the wish for it by
more than a tick.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from memagent.executor.safety import SafetyGuard
from memagent.executor.scene import Scene
from memagent.executor.sightings import Sightings
from memagent.types import Code, RobotState


class SkillFailure(Exception):  # noqa: N818  an outcome, not a defect
    """Ends a skill with a code and a message."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Pace:
    """The clock of one skill after another."""

    def __init__(
        self, guard: SafetyGuard, scene: Scene, sightings: Sightings, period: float
    ) -> None:
        self.guard = guard
        self.scene = scene
        self.sightings = sightings
        self.period = period
        self._canceled: Callable[[], bool] = lambda: False
        self._deadline = math.inf

    def begin(self, canceled: Callable[[], bool], timeout: float) -> RobotState:
        """Start a skill: whom to ask for a cancel, and how many seconds it may take."""
        state = self.guard.state()
        self._canceled = canceled
        self._deadline = state.stamp + timeout
        self._take_in()
        return state

    @property
    def state(self) -> RobotState:
        return self.guard.state()

    def tick(self, seconds: float | None = None) -> RobotState:
        """Let one control period pass.

        Raises:
            SkillFailure: canceled, or the time is up.
            RobotError: the robot fell silent, or its emergency stop was pressed.
        """
        if self._canceled():
            raise SkillFailure(Code.CANCELED, "canceled")
        state = self.guard.wait(self.period if seconds is None else seconds)
        self._take_in()
        if state.stamp > self._deadline:
            raise SkillFailure(Code.TIMEOUT, "took longer than allowed")
        return state

    def _take_in(self) -> None:
        percept = self.sightings.poll()
        if percept is not None:
            self.scene.observe(percept)
