# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from memagent.executor.grasps import hand_down, top_down_grasps
from memagent.types import ObjectObservation

pytestmark = pytest.mark.unit

SURFACE = 0.7


def seen(shape: str, size, yaw: float = 0.0) -> ObjectObservation:
    position = (1.0, 2.0, SURFACE + size[2] / 2)
    return ObjectObservation(1, "thing", "thing", "red", shape, position, yaw, size, 0.9, 400)


def test_an_elongated_object_is_taken_across(description):
    banana = seen("elongated", (0.16, 0.036, 0.036), yaw=0.3)
    grasps = top_down_grasps(banana, SURFACE, description.gripper, facing=0.0)
    assert abs(math.cos(grasps[0].yaw - 0.3)) == pytest.approx(0.0, abs=1e-9)
    assert grasps[0].width == pytest.approx(0.036)
    # Where that does not fit, aslant, but never along.
    assert all(abs(math.cos(g.yaw - 0.3)) < 0.75 for g in grasps)
    assert len(grasps) > 2


def test_a_box_too_long_for_the_hand_is_taken_across_only(description):
    box = seen("box", (0.09, 0.06, 0.08), yaw=-0.7)
    grasps = top_down_grasps(box, SURFACE, description.gripper, facing=0.0)
    assert len(grasps) == 2
    assert all(abs(math.cos(g.yaw + 0.7)) < 1e-6 for g in grasps)


def test_a_cube_may_be_taken_either_way(description):
    grasps = top_down_grasps(
        seen("box", (0.05, 0.05, 0.05)), SURFACE, description.gripper, facing=0.0
    )
    assert len({round(math.cos(2 * g.yaw)) for g in grasps}) == 2


def test_a_round_object_is_first_taken_from_the_sides(description):
    facing = 1.1
    grasps = top_down_grasps(
        seen("cylinder", (0.07, 0.07, 0.09)), SURFACE, description.gripper, facing
    )
    assert abs(math.cos(grasps[0].yaw - facing)) < 1e-6
    assert len(grasps) > 6


def test_a_mug_that_shows_its_handle_is_taken_beside_it(description):
    mug = seen("cylinder", (0.088, 0.07, 0.09), yaw=0.5)
    grasps = top_down_grasps(mug, SURFACE, description.gripper, facing=0.0)
    assert all(abs(math.cos(g.yaw - 0.5)) < 1e-6 for g in grasps)
    assert grasps[0].width == pytest.approx(0.07)


def test_what_is_too_wide_cannot_be_taken(description):
    wide = seen("cylinder", (0.079, 0.079, 0.09))
    assert top_down_grasps(wide, SURFACE, description.gripper, facing=0.0) == ()


@pytest.mark.parametrize("height", [0.025, 0.036, 0.07, 0.18])
def test_fingers_reach_down_without_touching_surface_or_palm(description, height):
    grasp = top_down_grasps(
        seen("cylinder", (0.06, 0.06, height)), SURFACE, description.gripper, facing=0.0
    )[0]
    z = grasp.position[2]
    assert z >= SURFACE + 0.012
    assert z >= SURFACE + height - 0.042
    assert z < SURFACE + height
    assert grasp.above_bottom == pytest.approx(z - SURFACE)


@pytest.mark.parametrize("yaw", [0.0, 0.8, -2.0])
@pytest.mark.parametrize("tilt", [0.0, 0.5, -0.5])
def test_hand_pose_is_a_rotation_that_closes_along_its_yaw(yaw, tilt):
    pose = hand_down(1.0, 2.0, 3.0, yaw, tilt)
    R = pose[:3, :3]
    assert pytest.approx(np.eye(3)) == R @ R.T
    assert np.linalg.det(R) == pytest.approx(1.0)
    assert R[:, 1] == pytest.approx([math.cos(yaw), math.sin(yaw), 0.0])
    assert R[2, 2] == pytest.approx(-math.cos(tilt))


@pytest.mark.parametrize("facing", [0.0, math.pi, -1.2])
def test_a_leaning_hand_points_away_from_the_robot(description, facing):
    for grasp in top_down_grasps(
        seen("cylinder", (0.06, 0.06, 0.1)), SURFACE, description.gripper, facing
    ):
        ahead = grasp.leaning(facing, 0.6).pose()[:3, 2]
        assert ahead[0] * math.cos(facing) + ahead[1] * math.sin(facing) > -1e-9
        assert ahead[2] < 0


def test_pose_can_be_raised(description):
    grasp = top_down_grasps(
        seen("sphere", (0.07, 0.07, 0.07)), SURFACE, description.gripper, facing=0.0
    )[0]
    assert grasp.pose(0.1)[2, 3] - grasp.pose()[2, 3] == pytest.approx(0.1)
