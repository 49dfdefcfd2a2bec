# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from memagent.executor.trajectory import time_path

pytestmark = pytest.mark.unit


def waypoints_for(description, count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    lower = np.array([j.lower for j in description.arm.joints])
    upper = np.array([j.upper for j in description.arm.joints])
    return random.uniform(lower, upper, size=(count, len(lower)))


@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_keeps_the_limits(description, count, scale):
    arm = description.arm
    for seed in range(5):
        plan = time_path(arm, waypoints_for(description, count, seed), scale=scale)
        velocity = scale * np.array([j.velocity for j in arm.joints])
        acceleration = scale * np.array([j.acceleration for j in arm.joints])
        spline = CubicHermiteSpline(plan.times, plan.positions, plan.velocities, axis=0)
        t = np.linspace(0.0, plan.times[-1], 400)
        assert (np.abs(spline(t, 1)) <= 1.05 * velocity).all()
        # Finite differences of the planned velocities: free of the spline's own ripple.
        steps = np.diff(plan.velocities, axis=0) / np.diff(plan.times)[:, None]
        assert (np.abs(steps) <= 1.05 * acceleration).all()


def test_starts_and_ends_at_rest_on_the_waypoints(description):
    waypoints = waypoints_for(description, 4, 1)
    plan = time_path(description.arm, waypoints)
    assert plan.times[0] == 0.0
    assert (np.diff(plan.times) > 0).all()
    assert plan.positions[0] == pytest.approx(waypoints[0])
    assert plan.positions[-1] == pytest.approx(waypoints[-1])
    assert plan.velocities[0] == pytest.approx(np.zeros(7))
    assert plan.velocities[-1] == pytest.approx(np.zeros(7))


def test_passes_through_the_waypoints_without_overshoot(description):
    waypoints = waypoints_for(description, 5, 2)
    plan = time_path(description.arm, waypoints)
    assert (plan.positions >= waypoints.min(axis=0) - 1e-9).all()
    assert (plan.positions <= waypoints.max(axis=0) + 1e-9).all()
    spline = CubicHermiteSpline(plan.times, plan.positions, plan.velocities, axis=0)
    dense = spline(np.linspace(0.0, plan.times[-1], 2000))
    for waypoint in waypoints:
        assert np.abs(dense - waypoint).max(axis=1).min() < 0.05


def test_velocities_are_the_slope_of_the_positions(description):
    plan = time_path(description.arm, waypoints_for(description, 2, 3))
    slope = np.gradient(plan.positions, plan.times, axis=0)
    assert plan.velocities[5:-5] == pytest.approx(slope[5:-5], abs=0.05)


def test_is_as_fast_as_the_limits_allow(description):
    waypoints = waypoints_for(description, 2, 4)
    plan = time_path(description.arm, waypoints)
    velocity = np.array([j.velocity for j in description.arm.joints])
    assert (np.abs(plan.velocities) / velocity).max() > 0.97
    assert time_path(description.arm, waypoints, duration=9.0).times[-1] == pytest.approx(9.0)


def test_standing_still_is_a_valid_path(description):
    q = np.array(description.arm.postures["home"])
    plan = time_path(description.arm, np.stack([q, q, q]))
    assert plan.positions == pytest.approx(np.tile(q, (len(plan.times), 1)))
    assert not plan.velocities.any()


@pytest.mark.parametrize(
    "waypoints", [np.zeros((1, 7)), np.zeros((3, 6)), np.full((2, 7), np.nan), np.zeros(7)]
)
def test_refuses_malformed_waypoints(description, waypoints):
    with pytest.raises(ValueError, match="waypoints"):
        time_path(description.arm, waypoints)


def test_refuses_a_scale_outside_its_range(description):
    with pytest.raises(ValueError, match="scale"):
        time_path(description.arm, waypoints_for(description, 2, 0), scale=1.5)
