# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from memagent.robot import Robot
from memagent.types import CameraFrame, RobotState
from memagent_sim.in_process import SimulatedRobot
from memagent_sim.simulation import Simulation

pytestmark = pytest.mark.unit

Make = Callable[..., Simulation]


@pytest.fixture(scope="module")
def simulation(make_simulation: Make) -> Simulation:
    return make_simulation()


def test_frames_come_at_the_cameras_rate_with_the_state_of_their_instant(
    simulation: Simulation,
) -> None:
    simulation.reset()
    seen: list[tuple[CameraFrame, RobotState]] = []
    robot: Robot = SimulatedRobot(simulation, lambda frame, state: seen.append((frame, state)))
    began = simulation.time
    for seconds in (0.05, 0.05, 0.13, 0.5, 0.002, 0.018, 1.25):
        robot.wait(seconds)
    assert simulation.time - began == pytest.approx(2.0)
    stamps = np.array([frame.stamp for frame, _ in seen])
    np.testing.assert_allclose(np.diff(stamps), 0.2, atol=0.0021)
    assert len(stamps) in (10, 11)
    assert all(frame.stamp == state.stamp for frame, state in seen)


def test_waiting_returns_the_state_after_it(simulation: Simulation) -> None:
    simulation.reset()
    robot = SimulatedRobot(simulation)
    before = robot.state()
    after = robot.wait(0.1)
    assert after.stamp - before.stamp == pytest.approx(0.1)
    assert robot.wait(0.0).stamp == after.stamp


def test_frames_go_on_after_the_clock_jumps_to_another_day(simulation: Simulation) -> None:
    simulation.reset()
    stamps: list[float] = []
    robot = SimulatedRobot(simulation, lambda frame, state: stamps.append(frame.stamp))
    robot.wait(0.5)
    simulation.reset(day=2)
    robot.wait(1.0)
    assert len([s for s in stamps if s > 86_000.0]) in (5, 6)
    simulation.reset(day=1)
    count = len(stamps)
    robot.wait(1.0)
    assert len(stamps) - count in (5, 6)


def test_commands_reach_the_simulation(simulation: Simulation) -> None:
    simulation.reset()
    robot = SimulatedRobot(simulation)
    robot.send_head(0.3, 0.5)
    robot.send_gripper(0.03, 20.0)
    robot.send_base(0.2, 0.0, 0.0)
    state = robot.wait(0.4)
    assert state.base_velocity[0] > 0.15
    state = robot.wait(1.0)
    assert state.head == pytest.approx((0.3, 0.5), abs=0.01)
    assert state.gripper_width == pytest.approx(0.03, abs=0.002)
    assert not state.gripper_moving
