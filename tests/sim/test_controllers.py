# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest

from memagent.errors import RobotError
from memagent.robot import Base, Gripper, Head
from memagent_sim.controllers import (
    BASE_WATCHDOG,
    GRIPPER_SPEED,
    BaseController,
    GripperController,
    HeadController,
)

pytestmark = pytest.mark.unit

DT = 0.002
BASE = Base(radius=0.3, speed=0.6, turn_rate=1.5, acceleration=1.2, turn_acceleration=3.0)
HEAD = Head(
    joints=("pan", "tilt"), position=(0, 0, 1.5), pan=(-1.6, 1.6), tilt=(-0.3, 1.3), velocity=2.0
)


def drive(base: BaseController, seconds: float, start: float = 0.0) -> float:
    """Let a base follow perfectly; returns the time after it."""
    steps = round(seconds / DT)
    for i in range(steps):
        base.step(start + i * DT, DT, base.target)
    return start + steps * DT


def test_base_never_exceeds_speed_or_acceleration() -> None:
    base = BaseController(BASE, (0.02, 0.02, 0.03))
    base.command(10.0, 10.0, -10.0, 0.0)
    before = base.velocity
    for i in range(240):
        base.step(i * DT, DT, base.target)
        change = math.hypot(base.velocity[0] - before[0], base.velocity[1] - before[1])
        assert change <= BASE.acceleration * DT + 1e-12
        assert abs(base.velocity[2] - before[2]) <= BASE.turn_acceleration * DT + 1e-12
        before = base.velocity
    assert math.hypot(*base.velocity[:2]) <= BASE.speed + 1e-9
    base.command(0.6, 0.0, 0.0, 0.48)
    drive(base, 1.0, 0.48)


def test_base_stops_when_the_command_is_not_repeated() -> None:
    base = BaseController(BASE, (0.02, 0.02, 0.03))
    base.command(0.5, 0.0, 0.0, 0.0)
    now = drive(base, BASE_WATCHDOG - 0.01)
    assert base.velocity[0] == pytest.approx(0.5)
    drive(base, 0.6, now)
    assert base.velocity == (0.0, 0.0, 0.0)


def test_base_drives_in_its_own_frame() -> None:
    base = BaseController(BASE, (0.02, 0.02, 0.03))
    base.reset((1.0, 2.0, math.pi / 2), 0.0)
    base.command(0.3, 0.0, 0.0, 0.0)
    drive(base, 0.4)
    x, y, _ = base.target
    assert x == pytest.approx(1.0, abs=1e-9)
    assert y > 2.05


def test_base_does_not_run_away_from_where_it_is_held() -> None:
    base = BaseController(BASE, (0.02, 0.02, 0.03))
    for i in range(2000):
        base.command(0.5, 0.0, 0.0, i * DT)
        base.step(i * DT, DT, (0.0, 0.0, 0.0))
    assert base.target[0] == pytest.approx(0.02)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_commands_must_be_finite(value: float) -> None:
    with pytest.raises(RobotError, match="finite"):
        BaseController(BASE, (0.02, 0.02, 0.03)).command(value, 0.0, 0.0, 0.0)
    with pytest.raises(RobotError, match="finite"):
        HeadController(HEAD).command(0.0, value)
    gripper = GripperController(Gripper(joint="f", max_width=0.08, force=40.0))
    with pytest.raises(RobotError, match="finite"):
        gripper.command(0.0, value, 0.05)


def test_gripper_clips_its_command_and_moves_at_its_speed_from_where_it_is() -> None:
    gripper = GripperController(Gripper(joint="f", max_width=0.08, force=40.0))
    gripper.command(-1.0, 1000.0, 0.06)
    assert (gripper.goal, gripper.force, gripper.width) == (0.0, 40.0, 0.06)
    gripper.step(0.1, 0.06)
    assert gripper.width == pytest.approx(0.06 - 0.1 * GRIPPER_SPEED)


def test_gripper_moves_until_something_holds_it_up() -> None:
    gripper = GripperController(Gripper(joint="f", max_width=0.08, force=40.0))
    gripper.command(0.0, 40.0, 0.08)
    assert gripper.moving(0.08)  # about to start
    for i in range(200):
        width = max(0.06, 0.08 - 0.05 * i * DT)
        gripper.step(DT, width)
        if width > 0.06 and i > 100:
            assert gripper.moving(width)
    for i in range(500):
        gripper.step(DT, 0.06 + 1e-4 * (-1) ** i)  # it trembles
    assert not gripper.moving(0.06)


def test_head_keeps_to_its_limits_and_speed() -> None:
    head = HeadController(HEAD)
    head.command(3.0, -3.0)
    head.step(0.1)
    assert head.angles == pytest.approx((0.2, -0.2))
    assert head.rates == pytest.approx((2.0, -2.0))
    for _ in range(20):
        head.step(0.1)
    assert head.angles == pytest.approx((1.6, -0.3))
    assert head.rates == pytest.approx((0.0, 0.0))
