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
from memagent.memory.spatial import Pinhole, SpatialMemory
from memagent.planner import ClosedLoop, PlannerEvent
from memagent.preprocessor import Preprocessor, point_cloud
from memagent.robot import Robot, RobotDescription
from memagent.site import Site
from memagent.types import CameraFrame, Percept, RobotState, TaskResult

LOOK_EVERY_S = 1.0
"""Seconds between two frames of which the depth is remembered."""
LOOK_STRIDE = 2
"""Every n-th pixel of it, along both axes."""


class Agent:
    """Perceives, remembers, plans and acts.

    Args:
        memory: where it remembers; the caller closes it.
        space: where it remembers space, if it shall; the caller closes it.
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
        space: SpatialMemory | None = None,
    ) -> None:
        self.memory = memory
        self.space = space
        self._description = description
        self._next_look = 0.0
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
            space=space,
            pause=robot.wait,
        )

    def perceive(self, frame: CameraFrame, state: RobotState) -> Percept:
        """Take in one camera frame."""
        percept = self._preprocessor.process(frame, state)
        events = self.memory.observe(percept)
        self.percept = percept
        if self.space is not None:
            self._look_around(self.space, frame, state, percept)
        if self._on_percept is not None:
            self._on_percept(percept, events)
        return percept

    def _look_around(
        self, space: SpatialMemory, frame: CameraFrame, state: RobotState, percept: Percept
    ) -> None:
        if not self._next_look - LOOK_EVERY_S <= frame.stamp < self._next_look:
            self._next_look = frame.stamp + LOOK_EVERY_S
            depth = point_cloud(frame, state, self._description, LOOK_STRIDE)[..., 2]
            fx, fy, cx, cy = (value / LOOK_STRIDE for value in frame.intrinsics)
            camera = Pinhole(fx, fy, cx, cy)
            space.look_depth(depth, camera, frame.pose, frame.stamp, objects=percept.objects)
        space.follow(percept)

    def execute(self, instruction: str, canceled: Callable[[], bool] = lambda: False) -> TaskResult:
        """Carry out an instruction in plain English."""
        return self._loop.run(instruction, canceled)
