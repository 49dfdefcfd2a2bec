# SPDX-License-Identifier: Apache-2.0
"""The agent in one process fills spatial memory from the frames that it perceives."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

pytest.importorskip("mujoco")

from memagent import resources
from memagent.agent import Agent
from memagent.memory import LifelongMemory
from memagent.memory.spatial import SpatialConfig, SpatialMemory
from memagent_sim.in_process import SimulatedRobot
from memagent_sim.simulation import Simulation
from memagent_sim.world import load_world

pytestmark = [pytest.mark.unit, pytest.mark.slow]


def test_what_it_looks_at_is_in_spatial_memory(tmp_path: Path) -> None:
    simulation = Simulation(load_world(resources.find("configs/worlds/flat.yaml")), 0)
    world = simulation.world
    space = SpatialMemory(config=SpatialConfig(localised=True), site=world.site)
    with LifelongMemory(tmp_path / "memory.db", world.site) as memory:
        robot = SimulatedRobot(simulation)
        agent = Agent(robot, world.robot, world.site, world.catalogue, memory, space=space)
        x, y, yaw = world.site.place("kitchen counter").stand
        simulation.put_robot((x, y, yaw))
        for _ in range(3):
            simulation.data.joint("head_tilt_joint").qpos[:] = 0.6
            agent.perceive(simulation.camera("head"), simulation.state())
            simulation.data.time += 1.0
    simulation.close()
    truth = {thing.label: thing for thing in simulation.objects()}
    stays = space.sketch().things
    assert {stay.label for stay in stays} == {
        label for label, thing in truth.items() if thing.place == "kitchen counter"
    }
    for stay in stays:
        assert math.dist(stay.position, truth[stay.label].position) < 0.03
    assert space.stats()["places"] == 1
    assert space.stats()["voxels"] > 1000
