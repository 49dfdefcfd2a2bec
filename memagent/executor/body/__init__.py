# SPDX-License-Identifier: Apache-2.0
"""What a skill can do with the robot: arm, hand, wheels and eyes. Each motion takes its time."""

from __future__ import annotations

from collections.abc import Callable

from memagent.executor.body.arm import Arm
from memagent.executor.body.eyes import Eyes
from memagent.executor.body.hand import Hand, Held
from memagent.executor.body.pace import Pace, SkillFailure
from memagent.executor.body.wheels import Wheels
from memagent.executor.config import ExecutorConfig
from memagent.executor.safety import SafetyGuard
from memagent.executor.scene import Scene
from memagent.executor.sightings import Sightings
from memagent.robot import RobotDescription
from memagent.types import RobotState

__all__ = ["Arm", "Body", "Eyes", "Hand", "Held", "Pace", "SkillFailure", "Wheels"]


class Body:
    """One robot, its parts moving at one pace."""

    def __init__(
        self,
        guard: SafetyGuard,
        description: RobotDescription,
        scene: Scene,
        sightings: Sightings,
        config: ExecutorConfig,
    ) -> None:
        self.description = description
        self.scene = scene
        self.sightings = sightings
        self.config = config
        self._pace = Pace(guard, scene, sightings, config.tick)
        self.hand = Hand(self._pace, description.gripper, config.arm)
        self.arm = Arm(self._pace, self.hand, description, config.arm)
        self.wheels = Wheels(self._pace, self.hand, description.base, config.base)
        self.eyes = Eyes(self._pace, description.head, config.looking)

    @property
    def state(self) -> RobotState:
        return self._pace.state

    def begin(self, canceled: Callable[[], bool], timeout: float) -> RobotState:
        """Start a skill: whom to ask for a cancel, and how many seconds it may take."""
        self.arm.forget_motion()
        return self._pace.begin(canceled, timeout)
