# SPDX-License-Identifier: Apache-2.0
"""The gripper, and what it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from memagent.executor.body.pace import Pace
from memagent.executor.collision import Load
from memagent.executor.config import ArmMotion
from memagent.robot import Gripper
from memagent.types import RobotState, Vector3

_WIDE_OPEN = 1.5e-3
"""Metres from their widest within which the fingers count as wide open."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is in the hand."""

    label: str
    above_bottom: float
    """Height of the finger tips above the object's lowest point, metres."""
    size: Vector3
    tilt: float = 0.0
    """Of the hand when it took hold: see :class:`memagent.executor.grasps.Grasp`."""

    @property
    def load(self) -> Load:
        return Load(self.above_bottom, self.size[0] / 2)


class Hand:
    """Opens and closes, and remembers what it holds."""

    def __init__(self, pace: Pace, gripper: Gripper, config: ArmMotion) -> None:
        self._pace = pace
        self._gripper = gripper
        self._config = config
        self.held: Held | None = None
        self.on_handle = False
        """Whether the fingers may be closed around a handle."""
        self._closed: bool | None = None
        """What the fingers were last told; None before the first command."""

    def open(self, *, wait: bool = True) -> None:
        """Open wide; return at once where not told to wait."""
        widest = self._gripper.max_width
        self._closed = False
        self._pace.guard.send_gripper(widest, self._gripper.force)
        if wait:
            self._settle(lambda s: s.gripper_width > widest - _WIDE_OPEN)

    def close(self) -> float:
        """Close until the fingers rest on something or meet; returns the width between them."""
        self._closed = True
        self._pace.guard.send_gripper(0.0, self._config.grip_force)
        return self._settle(lambda s: False).gripper_width

    def _settle(self, done: Callable[[RobotState], bool]) -> RobotState:
        state = self._pace.tick(2 * self._pace.period)
        width, still = state.gripper_width, 0
        limit = state.stamp + 2.0
        while state.stamp < limit and still < 3 and not done(state):
            state = self._pace.tick()
            moved = abs(state.gripper_width - width) > 4e-4 or state.gripper_moving
            still = 0 if moved else still + 1
            width = state.gripper_width
        return state

    @property
    def grips(self) -> bool:
        """Whether something keeps the fingers apart that were told to close.

        Before the first command, as after a restart with something in the hand, fingers that are
        neither closed nor wide open hold something. Fingers that are wide open hold nothing,
        whatever they were told: somebody else has opened them.
        """
        width, least = self._pace.state.gripper_width, self._config.held_width
        if self._closed is None:
            return least < width < self._gripper.max_width - least
        return self._closed and least < width < self._gripper.max_width - _WIDE_OPEN
