# SPDX-License-Identifier: Apache-2.0
"""The whole agent in one process, without ROS: the same regions that the nodes wrap.

A robot is anything that satisfies :class:`memagent.robot.Robot`; whoever owns the camera calls
:meth:`Agent.perceive` with each frame, from within ``robot.wait`` or from another thread.
"""

from __future__ import annotations

from collections.abc import Callable

from memagent.catalogue import Catalogue
from memagent.executor import Skills
from memagent.memory import LifelongMemory, MemoryEvent
from memagent.planner import ClosedLoop, PlannerEvent
from memagent.preprocessor import Preprocessor
from memagent.robot import Robot, RobotDescription
from memagent.site import Site
from memagent.types import CameraFrame, Percept, RobotState, TaskResult


class Agent:
    """Perceives, remembers, plans and acts.

    Args:
        memory: where it remembers; the caller closes it.
        on_percept: told of every percept with what memory learned from it.
        on_event: told what the planner does.
    """

    def __init__(
        self,
        robot: Robot,
        description: RobotDescription,
        site: Site,
        catalogue: Catalogue,
        memory: LifelongMemory,
        on_percept: Callable[[Percept, tuple[MemoryEvent, ...]], None] | None = None,
        on_event: Callable[[PlannerEvent], None] | None = None,
    ) -> None:
        self.memory = memory
        self.percept: Percept | None = None
        self._on_percept = on_percept
        self._preprocessor = Preprocessor(site, catalogue, description)
        self.skills = Skills(robot, site, description, percepts=lambda: self.percept)
        self._loop = ClosedLoop(
            # While the loop waits for a percept, the robot's time must pass.
            memory,
            self.skills,
            site,
            catalogue,
            on_event=on_event,
            pause=robot.wait,
        )

    def perceive(self, frame: CameraFrame, state: RobotState) -> Percept:
        """Take in one camera frame."""
        percept = self._preprocessor.process(frame, state)
        events = self.memory.observe(percept)
        self.percept = percept
        if self._on_percept is not None:
            self._on_percept(percept, events)
        return percept

    def execute(self, instruction: str, canceled: Callable[[], bool] = lambda: False) -> TaskResult:
        """Carry out an instruction in plain English."""
        return self._loop.run(instruction, canceled)
