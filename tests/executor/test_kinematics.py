# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.executor.kinematics import (
    ArmKinematics,
    planar_transform,
    rotation_error,
    transform,
)

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def arm(description):
    return ArmKinematics(description.arm)


@pytest.fixture(scope="module")
def ready(description):
    return np.array(description.arm.postures["ready"])


def test_known_pose_of_the_published_ready_posture(arm):
    # Franka's "ready": the flange hangs 0.307 m ahead of the base frame and 0.590 m above it less
    # the hand's 0.1034 m (franka_ros documentation).
    q = np.array([0.0, -math.pi / 4, 0.0, -3 * math.pi / 4, 0.0, math.pi / 2, math.pi / 4])
    pose = arm.forward(q)
    assert pose[:3, 3] - arm.mount == pytest.approx([0.307, 0.0, 0.590 - 0.1034], abs=1e-3)
    assert pose[:3, :3] == pytest.approx(np.diag([1.0, -1.0, -1.0]), abs=1e-6)


def test_batches_give_what_single_calls_give(arm):
    q = np.random.default_rng(0).uniform(arm.lower, arm.upper, size=(5, 7))
    assert arm.frames(q).shape == (5, 8, 4, 4)
    assert arm.forward(q)[3] == pytest.approx(arm.forward(q[3]))


def test_jacobian_is_the_derivative_of_forward_kinematics(arm):
    q = np.random.default_rng(1).uniform(arm.lower, arm.upper)
    J, step = arm.jacobian(q), 1e-6
    for joint in range(7):
        nudged = q.copy()
        nudged[joint] += step
        before, after = arm.forward(q), arm.forward(nudged)
        assert (after[:3, 3] - before[:3, 3]) / step == pytest.approx(J[:3, joint], abs=1e-4)
        turned = rotation_error(after[:3, :3], before[:3, :3]) / step
        assert turned == pytest.approx(J[3:, joint], abs=1e-4)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    x=st.floats(0.5, 0.75),
    y=st.floats(-0.2, 0.2),
    z=st.floats(0.3, 0.9),
    yaw=st.floats(-1.4, 1.4),
)
def test_inverse_reaches_the_zone_where_hands_work(arm, ready, x, y, z, yaw):
    down = planar_transform(0, 0, yaw)[:3, :3] @ np.diag([1.0, -1.0, -1.0])
    target = transform(down, (x, y, z))
    q = arm.inverse(target, ready)
    assert q is not None
    assert arm.within_limits(q)
    assert arm.forward(q)[:3, 3] == pytest.approx(target[:3, 3], abs=1e-3)
    assert np.abs(rotation_error(target[:3, :3], arm.forward(q)[:3, :3])).max() < 5e-3


def test_inverse_recovers_random_poses(arm, ready):
    random = np.random.default_rng(2)
    targets = [arm.forward(random.uniform(arm.lower, arm.upper)) for _ in range(60)]
    solved = [arm.inverse(t, ready, restarts=10) for t in targets]
    assert sum(q is not None for q in solved) >= 57
    for target, q in zip(targets, solved, strict=True):
        if q is not None:
            assert arm.within_limits(q)
            assert arm.forward(q)[:3, 3] == pytest.approx(target[:3, 3], abs=1e-3)


def test_out_of_reach_is_none(arm, ready):
    assert arm.inverse(transform(np.eye(3), (2.5, 0.0, 0.5)), ready, restarts=1) is None


def test_inverse_is_deterministic(arm, ready):
    target = arm.forward(np.random.default_rng(3).uniform(arm.lower, arm.upper))
    first, second = (arm.inverse(target, ready, restarts=10) for _ in range(2))
    assert first is not None
    assert np.array_equal(first, second)


def test_null_space_pull_prefers_the_posture(arm, ready):
    target = arm.forward(ready)
    leaning = ready.copy()
    leaning[2] = 0.6
    free = arm.inverse(target, ready)
    pulled = arm.inverse(arm.forward(ready), ready + 0.2, posture=leaning)
    assert pulled[2] > free[2]


@pytest.mark.parametrize("angle", [0.0, 1e-9, 0.5, 3.0, math.pi])
def test_rotation_error_is_the_angle(angle):
    turned = planar_transform(0, 0, angle)[:3, :3]
    assert np.linalg.norm(rotation_error(turned, np.eye(3))) == pytest.approx(angle, abs=1e-7)
