# SPDX-License-Identifier: Apache-2.0
"""The household in one process: the simulation is stepped by the agent that acts in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from memagent import resources
from memagent.agent import Agent
from memagent.catalogue import load_catalogue
from memagent.memory import LifelongMemory, MemoryEvent
from memagent.planner import PlannerEvent
from memagent.robot import load_robot
from memagent.site import load_site
from memagent.types import CameraFrame, Percept, RobotState, TaskResult
from memagent_sim.in_process import SimulatedRobot
from memagent_sim.simulation import Simulation
from memagent_sim.world import load_world

SETTLE_S = 1.0
"""Time for first percepts in the morning."""


class InProcessHousehold:
    """Satisfies :class:`memagent.demo.schedule.Household`. A context manager."""

    def __init__(
        self,
        seed: int,
        memory_file: Path,
        on_percept: Callable[[Percept, tuple[MemoryEvent, ...]], None] | None = None,
        on_event: Callable[[PlannerEvent], None] | None = None,
        on_frame: Callable[[CameraFrame], None] | None = None,
    ) -> None:
        site = load_site(resources.find("configs/sites/flat.yaml"))
        description = load_robot(resources.find("configs/robots/mobile_panda.yaml"))
        self.simulation = Simulation(load_world(resources.find("configs/worlds/flat.yaml")), seed)
        self._on_frame = on_frame
        self._robot = SimulatedRobot(self.simulation, on_frame=self._see)
        self.memory = LifelongMemory(memory_file, site)
        self.agent = Agent(
            self._robot,
            description,
            site,
            load_catalogue(resources.find("configs/objects.yaml")),
            self.memory,
            on_percept=on_percept,
            on_event=on_event,
        )

    def __enter__(self) -> InProcessHousehold:
        return self

    def __exit__(self, *exception: object) -> None:
        self.memory.close()

    @property
    def instructions(self) -> tuple[str, ...]:
        return tuple(task.instruction for task in self.simulation.tasks)

    def _see(self, frame: CameraFrame, state: RobotState) -> None:
        self.agent.perceive(frame, state)
        if self._on_frame is not None:
            self._on_frame(frame)

    def begin_day(self, day: int) -> None:
        self.simulation.reset(day)
        self._robot.wait(SETTLE_S)

    def execute(self, instruction: str) -> TaskResult:
        return self.agent.execute(instruction)

    def check(self, instruction: str) -> tuple[bool, str]:
        task = next(t for t in self.simulation.tasks if t.instruction == instruction)
        satisfied, missing = self.simulation.check(task)
        return bool(satisfied), str(missing)
