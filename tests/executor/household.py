# SPDX-License-Identifier: Apache-2.0
"""A household to act in, seen through perfect eyes with noise instead of the real preprocessor."""

from __future__ import annotations

import math
import os
from collections import deque
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "egl")

import numpy as np

from memagent.executor import ExecutorConfig, Skills
from memagent.types import (
    ContainerObservation,
    ObjectObservation,
    Percept,
    RobotState,
    SkillCall,
    SkillOutcome,
)

ROOT = Path(__file__).resolve().parents[2]


class TrueEyes:
    """Percepts from the simulation's ground truth: what is in view, with noise."""

    PERIOD = 0.2

    def __init__(self, simulation, noise: float, seed: int = 0) -> None:
        self.simulation = simulation
        self.noise = noise
        self.newest: Percept | None = None
        self._random = np.random.default_rng(seed)
        self._due = simulation.time

    def look(self) -> None:
        if self._due - self.simulation.time > 1e-6 and self._due - self.simulation.time < 1.0:
            return
        self._due = self.simulation.time + self.PERIOD
        state = self.simulation.state()
        site = self.simulation.world.site
        self.newest = Percept(
            stamp=state.stamp,
            base=state.base,
            objects=tuple(
                self._observation(o) for o in self.simulation.objects() if self._sees(state, o)
            ),
            containers=tuple(
                self._container(p.name)
                for p in site.places
                if p.is_container and self._in_view(state, p.joint.handle, 0.4)
            ),
        )

    def _observation(self, true) -> ObjectObservation:
        category = self.simulation.world.catalogue.category(true.category)
        position = np.array(true.position) + self._random.normal(0.0, self.noise, 3)
        return ObjectObservation(
            track_id=0,
            label=true.label,
            category=true.category,
            colour=true.colour,
            shape=category.shape,
            position=tuple(float(v) for v in position),
            yaw=math.remainder(true.yaw + self._random.normal(0.0, 0.05), math.pi),
            size=category.size,
            confidence=0.9,
            pixels=500,
        )

    def _container(self, name: str) -> ContainerObservation:
        opening = min(max(self.simulation.opening(name), 0.0), 1.0)
        return ContainerObservation(name, opening > 0.3, opening, 0.9)

    def _sees(self, state: RobotState, true) -> bool:
        containers = {p.name for p in self.simulation.world.site.places if p.is_container}
        if true.place in containers and self.simulation.opening(true.place) < 0.5:
            return False
        return self._in_view(state, true.position, 0.0)

    def _in_view(self, state: RobotState, point, slack: float) -> bool:
        robot = self.simulation.world.robot
        base, head = state.base, robot.head.position
        c, s = math.cos(base.yaw), math.sin(base.yaw)
        dx, dy = point[0] - base.x, point[1] - base.y
        x, y = c * dx + s * dy - head[0], c * dy - s * dx - head[1]
        pan = math.atan2(y, x) - state.head[0]
        tilt = math.atan2(head[2] - point[2], math.hypot(x, y)) - state.head[1]
        half = math.radians(robot.head_camera.fovy) / 2
        wide = math.atan(math.tan(half) * robot.head_camera.width / robot.head_camera.height)
        near = math.hypot(x, y) < 2.5
        return near and abs(pan) < wide + slack and abs(tilt) < half + slack


def _delayed(command: str, latency: float, late: deque):
    def send(robot, *values) -> None:
        late.append((robot.simulation.time + latency, command, values))

    return send


class Household:
    """A simulated robot with skills; percepts come from :class:`TrueEyes`."""

    def __init__(
        self,
        seed: int = 0,
        day: int = 1,
        noise: float = 0.004,
        slips: float = 0.0,
        config: ExecutorConfig | None = None,
        latency: float = 0.0,
    ) -> None:
        """``latency``: seconds by which commands reach the robot late, as over a network."""
        from memagent_sim.in_process import SimulatedRobot
        from memagent_sim.simulation import Simulation
        from memagent_sim.world import load_world

        world = load_world(ROOT / "configs/worlds/flat.yaml")
        world = world.model_copy(
            update={"faults": world.faults.model_copy(update={"slip_probability": slips})}
        )
        self.simulation = Simulation(world, seed)
        self.simulation.reset(day)
        eyes = TrueEyes(self.simulation, noise, seed)

        late: deque[tuple[float, str, tuple]] = deque()

        class Robot(SimulatedRobot):
            def wait(self, seconds: float) -> RobotState:
                due = self.simulation.time + seconds
                while late and late[0][0] <= due:
                    moment, command, values = late.popleft()
                    super().wait(moment - self.simulation.time)
                    getattr(self.simulation, command)(*values)
                state = super().wait(due - self.simulation.time)
                eyes.look()
                return state

        if latency:
            for command in ("send_arm", "send_head", "send_gripper", "send_base", "stop"):
                setattr(Robot, command, _delayed(command, latency, late))
        self.eyes = eyes
        self.robot = Robot(self.simulation)
        self.phases: list[str] = []
        self.skills = Skills(
            self.robot,
            self.simulation.world.site,
            self.simulation.world.robot,
            lambda: eyes.newest,
            config,
            lambda phase, progress: self.phases.append(phase),
        )

    def run(self, name: str, place: str, label: str = "", position=None) -> SkillOutcome:
        return self.skills.execute(SkillCall(name, place, label, position), lambda: False)

    def object(self, label: str):
        return next(o for o in self.simulation.objects() if o.label == label)
