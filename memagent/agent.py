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
from memagent.types import (
    CameraFrame,
    Lesson,
    ObjectBelief,
    Percept,
    RobotState,
    SkillOutcome,
    TaskResult,
    WorldBelief,
)

PATIENCE_S = 3.0
"""Robot time to wait for a percept; several frames."""
WAIT_S = 0.05


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
        patient = PatientMemory(memory, robot)
        self._loop = ClosedLoop(patient, self.skills, site, catalogue, on_event=on_event)

    def perceive(self, frame: CameraFrame, state: RobotState) -> Percept:
        """Take in one camera frame."""
        percept = self._preprocessor.process(frame, state)
        events = self.memory.observe(percept)
        self.percept = percept
        if self._on_percept is not None:
            self._on_percept(percept, events)
        return percept

    def execute(
        self, instruction: str, canceled: Callable[[], bool] = lambda: False
    ) -> TaskResult:
        """Carry out an instruction in plain English."""
        return self._loop.run(instruction, canceled)


class PatientMemory:
    """A memory that lets the robot's time pass until it has seen enough: a ``MemoryPort``."""

    def __init__(self, memory: LifelongMemory, robot: Robot) -> None:
        self._memory = memory
        self._robot = robot

    def world(self, after: float | None = None) -> WorldBelief:
        if after is not None:
            deadline = after + PATIENCE_S
            while (self._memory.latest_stamp or 0.0) < after:
                if self._robot.wait(WAIT_S).stamp > deadline:
                    break
        return self._memory.world(after)

    def where(self, name: str) -> ObjectBelief:
        return self._memory.where(name)

    def lessons(self, skill: str, subject: str) -> tuple[Lesson, ...]:
        return self._memory.lessons(skill, subject)

    def begin_episode(self, instruction: str) -> str:
        return self._memory.begin_episode(instruction)

    def record(self, outcome: SkillOutcome) -> None:
        self._memory.record(outcome)

    def end_episode(self, result: TaskResult) -> None:
        self._memory.end_episode(result)
