# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import math

import pytest

from memagent.errors import ConfigError
from memagent_sim.household import Household, furnish
from memagent_sim.world import ScenarioSpec, World, WorldConfig

pytestmark = pytest.mark.unit

SEEDS = range(60)


@pytest.fixture(scope="module")
def households(world: World) -> list[Household]:
    return [furnish(world, seed) for seed in SEEDS]


def test_the_same_seed_gives_the_same_household(world: World) -> None:
    assert furnish(world, 5) == furnish(world, 5)
    assert furnish(world, 5) != furnish(world, 6)


def test_objects_lie_apart_at_places_where_they_may_be(
    world: World, households: list[Household]
) -> None:
    for household, day in itertools.product(households, (1, 2)):
        placements = household.placements(day)
        assert set(placements) == set(world.objects)
        for label, placement in placements.items():
            place = world.site.place(placement.place)
            assert place.contains((placement.x, placement.y, placement.z), margin=0.0)
            assert placement.place in world.objects[label].places
        for a, b in itertools.combinations(placements.values(), 2):
            if a.place == b.place:
                assert math.hypot(a.x - b.x, a.y - b.y) >= world.config.scenario.spacing


def test_the_counter_holds_two_and_goals_have_room(
    world: World, households: list[Household]
) -> None:
    for household, day in itertools.product(households, (1, 2)):
        places = [p.place for p in household.placements(day).values()]
        assert places.count("kitchen counter") == 2
        assert places.count("top drawer") == 0
        assert places.count("fridge") <= 1
        assert places.count("dining table") <= 1


def test_overnight_one_object_of_a_task_moves_and_nothing_else(
    households: list[Household],
) -> None:
    movers = set()
    for household in households:
        first, second = household.placements(1), household.placements(2)
        moved = {label for label in first if first[label] != second[label]}
        assert len(moved) == 1
        (label,) = moved
        assert first[label].place != second[label].place
        movers.add(label)
    assert movers == {"red mug", "banana"}


def test_seeds_cover_the_cases_that_matter(households: list[Household]) -> None:
    wanted = ("red mug", "banana")
    for household in households:
        hidden = [label for label in wanted if household.layout[label].place == "fridge"]
        assert len(hidden) == 1, "one of the two is in the fridge"
        assert household.move.label not in hidden, "what lies open is what people move"
    for label in wanted:
        assert len({h.layout[label].place for h in households}) >= 4
    full = {any(p.place == "bottom drawer" for p in h.layout.values()) for h in households}
    assert full == {True, False}


def test_everything_on_the_counter_is_what_lies_there(households: list[Household]) -> None:
    for household in households:
        goal = household.tasks[2].goal
        lying = {k for k, p in household.layout.items() if p.place == "kitchen counter"}
        assert {(label, relation, place) for label, relation, place in goal} == {
            (label, "in", "fridge") for label in lying
        }


def test_objects_on_surfaces_are_within_reach(world: World, households: list[Household]) -> None:
    for household in households:
        for placement in household.layout.values():
            place = world.site.place(placement.place)
            if place.is_container:
                continue
            x, y, yaw = place.stand
            depth = (placement.x - x) * math.cos(yaw) + (placement.y - y) * math.sin(yaw)
            assert depth < 0.9


def test_too_little_room_is_an_error(config: WorldConfig) -> None:
    scenario = ScenarioSpec(capacity=dict.fromkeys(("desk", "shelf", "chest", "nightstand"), 0))
    with pytest.raises(ConfigError, match="no layout found for seed 0"):
        furnish(World(config.model_copy(update={"scenario": scenario})), 0)
