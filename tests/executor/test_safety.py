# SPDX-License-Identifier: Apache-2.0
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.errors import RobotError
from memagent.executor import EmergencyStop, ExecutorConfig, SafetyGuard
from memagent.executor.config import Workspace
from memagent.executor.trajectory import time_path
from memagent.types import JointTrajectory, Pose2D, RobotState

pytestmark = pytest.mark.unit


class RecordingRobot:
    """Remembers commands; its clock advances when told to wait, unless it is silent."""

    def __init__(self, description) -> None:
        self.arm = np.array(description.arm.postures["home"])
        self.stamp = 0.0
        self.silent = False
        self.commands: list[tuple] = []

    def state(self) -> RobotState:
        return RobotState(self.stamp, Pose2D(0, 0), (0, 0, 0), self.arm, np.zeros(7), (0, 0), 0.08)

    def wait(self, seconds: float) -> RobotState:
        if not self.silent:
            self.stamp += seconds
        return self.state()

    def send_arm(self, trajectory) -> None:
        self.commands.append(("arm", trajectory))

    def send_head(self, pan, tilt) -> None:
        self.commands.append(("head", pan, tilt))

    def send_gripper(self, width, force) -> None:
        self.commands.append(("gripper", width, force))

    def send_base(self, vx, vy, wz) -> None:
        self.commands.append(("base", vx, vy, wz))

    def stop(self) -> None:
        self.commands.append(("stop",))


@pytest.fixture
def robot(description):
    return RecordingRobot(description)


@pytest.fixture
def guard(robot, description):
    return SafetyGuard(robot, description, ExecutorConfig(stale_after=0.05))


@pytest.fixture
def plan(description):
    home = np.array(description.arm.postures["home"])
    return time_path(description.arm, np.stack([home, home + 0.1]))


def test_a_good_trajectory_passes_unchanged(guard, robot, plan):
    guard.send_arm(plan)
    (_, sent) = robot.commands[-1]
    assert np.array_equal(sent.positions, plan.positions)
    assert np.array_equal(sent.times, plan.times)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"joint_names": ("a", "b")}, "joints"),
        ({"times": np.zeros(3)}, "shape"),
        ({"velocities": np.full((41, 7), np.inf)}, "finite"),
    ],
)
def test_refuses_malformed_trajectories(guard, robot, plan, change, message):
    with pytest.raises(RobotError, match=message):
        guard.send_arm(replace(plan, **change))
    assert not robot.commands


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 9.0, -9.0])
def test_refuses_positions_that_are_not_finite_or_beyond_the_limits(guard, robot, plan, bad):
    positions = plan.positions.copy()
    positions[20, 3] = bad
    with pytest.raises(RobotError):
        guard.send_arm(replace(plan, positions=positions))
    assert not robot.commands


def test_refuses_times_that_do_not_increase(guard, plan):
    times = plan.times.copy()
    times[5] = times[4]
    with pytest.raises(RobotError, match="increase"):
        guard.send_arm(replace(plan, times=times))


def test_refuses_a_jump_away_from_where_the_arm_is(guard, plan):
    with pytest.raises(RobotError, match="away from the arm"):
        guard.send_arm(replace(plan, positions=plan.positions + 0.5))


def test_refuses_to_leave_the_workspace(description, robot, plan):
    narrow = ExecutorConfig(workspace=Workspace(reach=0.2))
    with pytest.raises(RobotError, match="workspace"):
        SafetyGuard(robot, description, narrow).send_arm(plan)
    high = ExecutorConfig(workspace=Workspace(floor=0.9))
    with pytest.raises(RobotError, match="workspace"):
        SafetyGuard(robot, description, high).send_arm(plan)
    assert not robot.commands


def test_slows_down_what_is_too_fast(guard, robot, plan, description):
    hasty = JointTrajectory(plan.joint_names, plan.times / 20, plan.positions, plan.velocities * 20)
    guard.send_arm(hasty)
    (_, sent) = robot.commands[-1]
    limit = np.array([j.velocity for j in description.arm.joints])
    assert (np.abs(sent.velocities) <= limit + 1e-9).all()
    assert sent.times[-1] > hasty.times[-1]
    assert np.array_equal(sent.positions, plan.positions)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 3))
def test_base_velocities_are_limited_or_refused(description, velocity):
    robot = RecordingRobot(description)
    guard = SafetyGuard(robot, description, ExecutorConfig())
    if all(np.isfinite(velocity)):
        guard.send_base(*velocity)
        _, vx, vy, wz = robot.commands[-1]
        assert np.hypot(vx, vy) <= description.base.speed * (1 + 1e-6)
        assert abs(wz) <= description.base.turn_rate
    else:
        with pytest.raises(RobotError, match="finite"):
            guard.send_base(*velocity)
        assert not robot.commands


def test_head_and_gripper_are_clamped(guard, robot, description):
    guard.send_head(9.0, -9.0)
    guard.send_gripper(1.0, 500.0)
    assert robot.commands == [
        ("head", description.head.pan[1], description.head.tilt[0]),
        ("gripper", description.gripper.max_width, description.gripper.force),
    ]


def test_estop_is_latched_until_it_is_reset(guard, robot, plan):
    guard.estop()
    assert guard.estopped
    assert robot.commands == [("stop",)]
    for command in (
        lambda: guard.send_arm(plan),
        lambda: guard.send_base(0.1, 0.0, 0.0),
        lambda: guard.send_head(0.0, 0.0),
        lambda: guard.send_gripper(0.0, 10.0),
        lambda: guard.wait(0.05),
    ):
        with pytest.raises(EmergencyStop):
            command()
    assert robot.commands == [("stop",)]
    guard.reset_estop()
    assert not guard.estopped
    guard.send_base(0.1, 0.0, 0.0)
    assert robot.commands[-1][0] == "base"


def test_no_command_follows_a_stop_from_another_thread(guard, robot):
    stop = threading.Thread(target=guard.estop)

    def drive_on():
        for k in range(100_000):
            guard.send_base(0.1, 0.0, 0.0)
            if k == 50:
                stop.start()

    with pytest.raises(EmergencyStop):
        drive_on()
    stop.join()
    assert robot.commands[-1] == ("stop",)


def test_a_silent_robot_is_noticed(guard, robot):
    guard.wait(0.05)
    robot.silent = True
    with pytest.raises(RobotError, match="no new robot state"):
        guard.wait(0.05)


def test_nonsense_from_the_robot_is_noticed(guard, robot):
    robot.arm = np.full(7, np.nan)
    with pytest.raises(RobotError, match="finite"):
        guard.wait(0.05)
