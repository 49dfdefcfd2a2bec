# SPDX-License-Identifier: Apache-2.0
"""A furnished flat is what its seed says, and what the robot sees of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mujoco")

from furnished_flat import COLOURS, KINDS, FurnishedFlat, points_of
from memagent.types import Pose2D

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture(scope="module")
def flat(tmp_path_factory) -> FurnishedFlat:
    folder: Path = tmp_path_factory.mktemp("flat")
    made = FurnishedFlat(3, folder)
    yield made
    made.simulation.close()


def test_ten_rooms_with_furniture_and_things(flat: FurnishedFlat) -> None:
    site = flat.world.site
    assert len(site.rooms) == 10
    assert len(site.places) == 30
    assert len(flat.simulation.objects()) == len(COLOURS) * len(KINDS)
    assert all(thing.place for thing in flat.simulation.objects())


def test_a_look_around_shows_the_place_and_not_another(flat: FurnishedFlat) -> None:
    middle, other = (Pose2D(*flat.flat.spots[n].position, 0.3) for n in (0, 10))
    here = flat.look(middle, middle.yaw)
    turned = flat.look(Pose2D(middle.x + 0.05, middle.y, 1.5), 1.5)
    there = flat.look(other, other.yaw)

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert cosine(here, turned) > 0.8
    assert cosine(here, there) < 0.7
    frame = next(flat.look_around(middle))
    points, colours = points_of(frame)
    assert points.shape == colours.shape
    assert -0.02 < points[:, 2].min() < 0.02  # it sees the floor


def test_a_share_of_the_things_moves_to_other_furniture(flat: FurnishedFlat) -> None:
    before = {thing.label: thing for thing in flat.simulation.objects()}
    moved = flat.move(0.2)
    assert len(moved) == round(0.2 * len(before))
    for thing in flat.simulation.objects():
        apart = math.dist(thing.position, before[thing.label].position)
        assert (apart > 0.25) == (thing.label in moved)
        assert thing.place
