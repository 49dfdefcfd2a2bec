# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from memagent.preprocessor import point_cloud
from memagent.types import Pose2D, RobotState

from .raycast import Scene

pytestmark = pytest.mark.unit

STAND = Pose2D(1.0, 1.0, 0.4)


@pytest.fixture(scope="module")
def frame():
    return Scene().add("sphere", "red", (2.0, 1.4, 0.5), (0.4,) * 3).render(STAND, (2, 1.4, 0.5))


def state(arm) -> RobotState:
    return RobotState(
        0.0, STAND, (0.0, 0.0, 0.0), np.array(arm), np.zeros(7), (0.0, 0.0), 0.08
    )  # fmt: skip


def test_points_lie_where_the_scene_is(frame, robot):
    points = point_cloud(frame, state(robot.arm.postures["home"]), robot, 2)
    assert points.shape == (180, 240, 3)
    assert points.dtype == np.float32
    there = points.reshape(-1, 3) @ frame.pose[:3, :3].T + frame.pose[:3, 3]
    there = there[np.isfinite(there).all(axis=1)]
    on_floor = np.abs(there[:, 2]) < 1e-3
    on_ball = np.abs(np.linalg.norm(there - (2.0, 1.4, 0.5), axis=1) - 0.2) < 1e-3
    assert (on_floor | on_ball).all()
    assert on_ball.sum() > 100


def test_the_robot_itself_is_left_out_and_so_is_what_was_not_measured(frame, robot):
    depth = frame.depth.copy()
    depth[:90] = np.nan
    depth[90:100] = 40.0
    blind = replace(frame, depth=depth)
    home = point_cloud(blind, state(robot.arm.postures["home"]), robot, 1)
    assert np.isnan(home[:100]).all()
    # The tool is held where the camera sees it.
    hand = frame.pose[:3, :3].T @ (np.array([1.5, 1.2, 0.95]) - frame.pose[:3, 3])
    near = replace(frame, depth=np.full_like(frame.depth, hand[2]))
    ready = point_cloud(near, state(robot.arm.postures["ready"]), robot, 1)
    away = point_cloud(near, state(robot.arm.postures["home"]), robot, 1)
    assert np.isnan(ready[..., 2]).sum() > np.isnan(away[..., 2]).sum()
