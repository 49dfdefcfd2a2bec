# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline

from memagent.types import JointTrajectory
from memagent_sim.joint_trajectory_controller import (
    INVALID_GOAL,
    INVALID_JOINTS,
    JointTrajectoryController,
    TrajectoryRejectedError,
)

pytestmark = pytest.mark.unit

NAMES = ("a", "b")
NOW = 86_400.0


def controller() -> JointTrajectoryController:
    return JointTrajectoryController(NAMES, np.array([0.1, -0.2]))


def trajectory(
    times: list[float],
    positions: list[list[float]],
    velocities: list[list[float]] | None = None,
    names: tuple[str, ...] = NAMES,
) -> JointTrajectory:
    return JointTrajectory(
        names,
        np.array(times),
        np.array(positions),
        None if velocities is None else np.array(velocities),
    )


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (trajectory([1.0], [[0.0]], names=("a",)), INVALID_JOINTS),
        (trajectory([1.0], [[0.0] * 3], names=("a", "b", "c")), INVALID_JOINTS),
        (trajectory([1.0], [[0.0] * 2], names=("a", "a")), INVALID_JOINTS),
        (trajectory([], []), INVALID_GOAL),
        (trajectory([1.0, 1.0], [[0.0, 0.0]] * 2), INVALID_GOAL),
        (trajectory([2.0, 1.0], [[0.0, 0.0]] * 2), INVALID_GOAL),
        (trajectory([-1.0, 1.0], [[0.0, 0.0]] * 2), INVALID_GOAL),
        (trajectory([1.0, 2.0], [[0.0, 0.0]]), INVALID_GOAL),
        (trajectory([1.0], [[0.0, float("nan")]]), INVALID_GOAL),
        (trajectory([float("inf")], [[0.0, 0.0]]), INVALID_GOAL),
        (trajectory([1.0], [[0.0, 0.0]], [[0.0]]), INVALID_GOAL),
        (trajectory([1.0], [[0.0, 0.0]], [[0.0, 0.1]]), INVALID_GOAL),
    ],
)
def test_rejects_what_the_original_rejects_and_goes_on(bad: JointTrajectory, code: int) -> None:
    arm = controller()
    arm.accept(trajectory([2.0], [[1.0, 1.0]]), NOW)
    before, _ = arm.sample(NOW + 1.0)
    with pytest.raises(TrajectoryRejectedError) as caught:
        arm.accept(bad, NOW + 0.5)
    assert caught.value.code == code
    after, _ = arm.sample(NOW + 1.0)
    np.testing.assert_array_equal(before, after)


def test_takes_joints_in_any_order() -> None:
    arm = controller()
    arm.accept(trajectory([1.0], [[2.0, 1.0]], names=("b", "a")), NOW)
    np.testing.assert_allclose(arm.sample(NOW + 1.0)[0], [1.0, 2.0])


def test_positions_alone_are_joined_linearly_from_the_last_set_point() -> None:
    arm = controller()
    arm.accept(trajectory([1.0, 3.0], [[1.1, -0.2], [1.1, 0.8]]), NOW)
    position, velocity = arm.sample(NOW + 0.25)
    np.testing.assert_allclose(position, [0.35, -0.2], atol=1e-9)
    np.testing.assert_allclose(velocity, [1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(arm.sample(NOW + 2.0)[0], [1.1, 0.3], atol=1e-9)


def test_a_first_point_at_time_zero_is_a_step() -> None:
    arm = controller()
    arm.accept(trajectory([0.0, 1.0], [[0.5, 0.5], [0.6, 0.6]]), NOW)
    np.testing.assert_allclose(arm.sample(NOW)[0], [0.5, 0.5])


def test_holds_at_the_end() -> None:
    arm = controller()
    arm.accept(trajectory([1.0], [[1.0, 2.0]], [[0.0, 0.0]]), NOW)
    assert not arm.finished(NOW + 0.99)
    assert arm.finished(NOW + 1.0)
    position, velocity = arm.sample(NOW + 100.0)
    np.testing.assert_array_equal(position, [1.0, 2.0])
    np.testing.assert_array_equal(velocity, [0.0, 0.0])


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.floats(0.05, 2.0), min_size=1, max_size=5),
    values=st.lists(st.floats(-3, 3), min_size=24, max_size=24),
)
def test_velocities_make_cubic_hermite_splines(steps: list[float], values: list[float]) -> None:
    n = len(steps)
    times = np.cumsum(steps)
    positions = np.array(values[: 2 * n]).reshape(n, 2)
    velocities = np.array(values[12 : 12 + 2 * n]).reshape(n, 2)
    velocities[-1] = 0.0
    arm = controller()
    arm.accept(JointTrajectory(NAMES, times, positions, velocities), 0.0)
    oracle = CubicHermiteSpline(
        np.concatenate([[0.0], times]),
        np.vstack([[0.1, -0.2], positions]),
        np.vstack([[0.0, 0.0], velocities]),
    )
    for t in np.linspace(0.0, times[-1], 23)[:-1]:
        position, velocity = arm.sample(t)
        np.testing.assert_allclose(position, oracle(t), atol=1e-8)
        np.testing.assert_allclose(velocity, oracle(t, 1), atol=1e-7)


def test_a_replacement_begins_at_the_running_set_point_without_a_jump() -> None:
    arm = controller()
    arm.accept(trajectory([2.0], [[1.0, 1.0]], [[0.0, 0.0]]), NOW)
    position, velocity = arm.sample(NOW + 1.0)
    arm.accept(trajectory([1.0], [[0.0, 0.0]], [[0.0, 0.0]]), NOW + 1.0)
    after, rate = arm.sample(NOW + 1.0 + 1e-6)
    np.testing.assert_allclose(after, position, atol=1e-5)
    np.testing.assert_allclose(rate, velocity, atol=1e-4)


def test_a_stop_brakes_no_harder_than_it_may() -> None:
    arm = controller()
    velocity, brake = np.array([1.0, -0.5]), np.array([5.0, 10.0])
    arm.stop(0.0, np.zeros(2), velocity, brake)
    rates = np.array([arm.sample(t)[1] for t in np.arange(0.0, 0.3, 0.01)])
    assert np.all(np.abs(np.diff(rates, axis=0)) <= 0.01 * brake + 1e-9)
    assert arm.finished(0.21)
    np.testing.assert_array_equal(arm.sample(1.0)[1], 0.0)
