# SPDX-License-Identifier: Apache-2.0
import math
from itertools import pairwise

import numpy as np
import pytest

from memagent.executor.arm_paths import plan_arm_path
from memagent.executor.collision import (
    ArmModel,
    Box,
    Load,
    box_distances,
    container_boxes,
    handle_position,
    site_boxes,
)
from memagent.executor.kinematics import ArmKinematics
from memagent.types import Pose2D

pytestmark = pytest.mark.unit


def distance(boxes, *point: float) -> float:
    return float(box_distances(np.array(point), boxes).min())


def test_box_distance_outside_inside_and_turned():
    box = Box((0.0, 0.0, 0.0), (1.0, 0.5, 0.25), yaw=math.pi / 2)
    assert distance([box], 0.0, 1.5, 0.0) == pytest.approx(0.5)
    assert distance([box], 1.5, 0.0, 0.0) == pytest.approx(1.0)
    assert distance([box], 0.0, 0.0, 0.2) == pytest.approx(-0.05)
    assert distance([box], 0.8, 1.4, 0.0) == pytest.approx(0.5)


def test_an_open_fridge_is_hollow_and_a_closed_one_solid(site):
    inside = (0.35, 2.4, 0.9)
    assert distance(site_boxes(site, {}), *inside) < 0
    opened = site_boxes(site, {"fridge": 1.0})
    assert distance(opened, *inside) > 0.2
    assert distance(opened, 0.35, 2.4, 0.5) < 0  # the shelf stays
    assert distance(opened, 0.58, 2.4, 0.9) > 0.2  # the way in is free


def test_parts_move_with_the_opening(site):
    fridge, drawer = site.place("fridge"), site.place("top drawer")
    assert handle_position(fridge, 0.0) == fridge.joint.handle
    x, y, _ = handle_position(fridge, 1.0)
    radius = math.dist(fridge.joint.handle[:2], fridge.joint.axis)
    assert math.dist((x, y), fridge.joint.axis) == pytest.approx(radius)
    assert x > 1.0  # the door stands out into the room
    assert handle_position(drawer, 0.5)[1] == pytest.approx(0.57 + 0.16)
    for box in container_boxes(drawer, 1.0):
        assert box.centre[1] > 0.3
    assert len(container_boxes(drawer, 1.0)) > len(container_boxes(drawer, 0.0))


def test_spheres_follow_the_hand(description):
    model, kinematics = ArmModel(description), ArmKinematics(description.arm)
    q = np.array(description.arm.postures["ready"])
    centres, radii = model.spheres(q)
    tool = kinematics.forward(q)[:3, 3]
    assert np.linalg.norm(centres - tool, axis=1).min() < 0.06
    deeper, _ = model.spheres(q, held=Load(below=0.15, half_length=0.03))
    assert deeper[:, 2].min() < centres[:, 2].min() - 0.05
    longer, _ = model.spheres(q, held=Load(below=0.02, half_length=0.09))
    assert longer[:, 0].max() > centres[:, 0].max() + 0.02
    assert (radii > 0).all()


def test_clearance_sees_the_table_and_the_robot_itself(description):
    model = ArmModel(description)
    ready = np.array(description.arm.postures["ready"])[None]
    table = Box((0.6, 0.0, 0.45), (0.2, 0.5, 0.45))
    free = model.clearance(ready, Pose2D(0, 0), ())[0]
    low = model.clearance(ready, Pose2D(0, 0), (table,))[0]
    assert low < free
    assert model.clearance(ready, Pose2D(5, 0), (table,))[0] == pytest.approx(free)
    kinematics, home = ArmKinematics(description.arm), np.array(description.arm.postures["home"])
    into_the_deck = kinematics.forward(home)
    into_the_deck[:3, 3] += (0.0, 0.1, -0.42)
    folded = kinematics.inverse(into_the_deck, home)
    assert model.clearance(folded[None], Pose2D(0, 0), ())[0] < 0


def test_the_tucked_arm_stays_within_a_small_footprint(description):
    centres, radii = ArmModel(description).spheres(np.array(description.arm.postures["home"]))
    footprint = (np.hypot(centres[:, 0], centres[:, 1]) + radii).max()
    assert footprint < description.base.radius + 0.1


def test_arm_path_goes_around_a_post(description):
    kinematics, model = ArmKinematics(description.arm), ArmModel(description)
    start, goal = (np.array(description.arm.postures["ready"]) for _ in range(2))
    start[0], goal[0] = -0.9, 0.9
    post = Box((0.62, 0.0, 0.6), (0.03, 0.03, 0.6))

    def clearance(q):
        return model.clearance(q, Pose2D(0, 0), (post,))

    path = plan_arm_path(kinematics, start, goal, clearance, margin=0.015)
    assert path is not None
    assert len(path) > 2
    dense = np.concatenate([np.linspace(a, b, 30) for a, b in pairwise(path)])
    assert clearance(dense).min() > 0.0
    assert path[0] == pytest.approx(start)
    assert path[-1] == pytest.approx(goal)
    again = plan_arm_path(kinematics, start, goal, clearance, margin=0.015)
    assert np.array_equal(path, again)


def test_arm_path_is_straight_where_it_can_be_and_none_into_a_wall(description):
    kinematics, model = ArmKinematics(description.arm), ArmModel(description)
    home = np.array(description.arm.postures["home"])
    ready = np.array(description.arm.postures["ready"])
    free = plan_arm_path(
        kinematics, home, ready, lambda q: model.clearance(q, Pose2D(0, 0), ()), margin=0.015
    )
    assert len(free) == 2
    wall = Box((0.6, 0.0, 1.0), (0.15, 1.0, 1.0))
    walled = plan_arm_path(
        kinematics, home, ready, lambda q: model.clearance(q, Pose2D(0, 0), (wall,)), margin=0.015
    )
    assert walled is None
