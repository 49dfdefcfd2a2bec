# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from memagent_sim.household import HouseholdTask
from memagent_sim.scoring import FLOOR, HELD, TrueObject, check_goal, place_of
from memagent_sim.world import World

pytestmark = pytest.mark.unit

MUG = TrueObject("red mug", "mug", "red", (6.0, 5.6, 0.745), 0.0, "desk")
TASK = HouseholdTask("put the red mug in the top drawer", (("red mug", "in", "top drawer"),))


def test_a_reached_goal_has_nothing_missing(world: World) -> None:
    objects = {"red mug": replace(MUG, place="top drawer")}
    assert check_goal(world.site, TASK, objects) == (True, "")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("desk", "it is on the desk"),
        ("fridge", "it is in the fridge"),
        (HELD, "the gripper holds it"),
        (FLOOR, "it lies on the floor"),
        ("", "it is at (6.00, 5.60, 0.74)"),
    ],
)
def test_says_what_is_missing(world: World, place: str, words: str) -> None:
    reached, missing = check_goal(world.site, TASK, {"red mug": replace(MUG, place=place)})
    assert not reached
    assert missing == f"the red mug should be in the top drawer but {words}"


def test_a_drawer_takes_what_is_in_it_along(world: World) -> None:
    inside_when_open = (2.5, 0.62, 0.58)
    assert place_of(world.site, inside_when_open, 0.09, {"top drawer": 1.0}) == "top drawer"
    assert place_of(world.site, inside_when_open, 0.09, {"top drawer": 0.0}) == ""


def test_what_hangs_above_a_surface_is_not_on_it(world: World) -> None:
    assert place_of(world.site, (6.0, 5.6, 0.745), 0.09, {}) == "desk"
    assert place_of(world.site, (6.0, 5.6, 0.95), 0.09, {}) == ""
    assert place_of(world.site, (3.0, 2.0, 0.04), 0.09, {}) == FLOOR
