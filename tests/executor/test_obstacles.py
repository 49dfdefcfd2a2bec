# SPDX-License-Identifier: Apache-2.0
"""Occupied space that the site does not account for is kept clear of; what it does is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from memagent.executor.collision import ArmModel, Box, box_distances, site_boxes
from memagent.executor.kinematics import ArmKinematics
from memagent.executor.obstacles import Occupancy, unexpected
from memagent.executor.scene import Scene, object_boxes
from memagent.types import ObjectObservation, Percept, Pose2D

pytestmark = pytest.mark.unit

SIDE = 0.03


def filled(low, high) -> np.ndarray:
    axes = [np.arange(a + SIDE / 2, b, SIDE) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


CHAIR = filled((2.02, 2.05, 0.15), (2.32, 2.35, 0.9))


def test_what_the_site_accounts_for_is_no_obstacle(site) -> None:
    known = site_boxes(site, {})
    surfaces = np.vstack(
        [filled((0.7, 0.5, 0.2), (2.0, 0.58, 0.78)), filled((8, 0, 0.2), (8.06, 6, 1.8))]
    )
    assert unexpected(Occupancy(surfaces, SIDE), known, ()) == ()
    (chair,) = unexpected(Occupancy(np.vstack([surfaces, CHAIR]), SIDE), known, ())
    assert chair.name == "obstacle"
    np.testing.assert_allclose(chair.centre, (2.17, 2.2, 0.525), atol=0.03)
    np.testing.assert_allclose(chair.half, (0.15, 0.15, 0.375), atol=0.03)


def test_noise_and_things_in_view_are_no_obstacles(site) -> None:
    known = site_boxes(site, {})
    assert unexpected(Occupancy(CHAIR[:2], SIDE), known, ()) == ()
    assert unexpected(Occupancy(np.zeros((0, 3)), SIDE), known, ()) == ()
    around = Box((2.17, 2.2, 0.5), (0.16, 0.16, 0.5))
    assert unexpected(Occupancy(CHAIR, SIDE), known, (around,)) == ()


def test_a_long_obstacle_does_not_fill_its_room() -> None:
    corner = np.vstack([filled((0, 0, 0.2), (3.0, 0.1, 0.4)), filled((0, 0, 0.2), (0.1, 3.0, 0.4))])
    boxes = unexpected(Occupancy(corner, SIDE), (), ())
    assert box_distances(corner, boxes).min(axis=1).max() <= 0.0  # all of it is in boxes
    assert box_distances(np.array([[1.5, 1.5, 0.3]]), boxes).min() > 1.0


def test_the_base_drives_around_an_obstacle_until_it_is_gone(site) -> None:
    occupied: list[Occupancy | None] = [None]
    scene = Scene(site, 0.27, lambda: occupied[0])
    start, goal = Pose2D(1.35, 2.2), Pose2D(3.2, 2.2)
    straight = scene.path(start, goal, 0.05)
    assert straight is not None
    assert len(straight) == 2
    occupied[0] = Occupancy(CHAIR, SIDE)
    around = scene.path(start, goal, 0.05)
    assert around is not None
    assert len(around) > 2
    assert not scene.free(Pose2D(2.1, 2.2), 0.0)
    assert any(box.name == "obstacle" for box in scene.boxes_with("fridge", 1.0))
    occupied[0] = Occupancy(np.zeros((0, 3)), SIDE)
    assert scene.path(start, goal, 0.05) == straight


def test_the_arm_keeps_clear_of_an_obstacle(site, description) -> None:
    base = Pose2D(2.2, 2.0, 0.0)
    tool = ArmKinematics(description.arm).forward(np.array(description.arm.postures["ready"]))
    x, y, z = tool[:3, 3] + (base.x, base.y, 0.0)
    stand = filled((x - 0.1, y - 0.1, z - 0.3), (x + 0.1, y + 0.1, z + 0.05))
    model = ArmModel(description)
    q = np.array(description.arm.postures["ready"])[None]
    free = Scene(site, 0.27)
    blocked = Scene(site, 0.27, lambda: Occupancy(stand, SIDE))
    assert model.clearance(q, base, free.boxes)[0] > 0.02
    assert model.clearance(q, base, blocked.boxes)[0] < 0.0


def test_a_thing_that_a_skill_handles_is_left_to_it(site) -> None:
    mug = ObjectObservation(
        1, "red mug", "mug", "red", "cylinder", (1.35, 0.35, 0.8), 0.0, (0.07, 0.07, 0.09), 0.9, 200
    )
    voxels = filled((1.31, 0.31, 0.84), (1.39, 0.39, 0.87))
    held: list[Occupancy | None] = [None]
    scene = Scene(site, 0.27, lambda: held[0])
    scene.observe(Percept(1.0, Pose2D(1.35, 1.0, -math.pi / 2), (mug,)))
    held[0] = Occupancy(voxels, SIDE)
    assert not any(box.name == "obstacle" for box in scene.boxes)
    assert len(object_boxes((mug,), 0.05)) == 1
