# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent_sim.symbolic import FAMILIES, House, Scene, generate, possible_tasks, progress
from memagent_sim.symbolic.generation import FEWEST, MOST
from memagent_sim.symbolic.kinds import FIXTURES, takes

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("subset", ["base", "long_horizon", None])
def test_the_same_seed_gives_the_same_scene_and_task(subset: str | None) -> None:
    for seed in range(5):
        assert generate(seed, subset) == generate(seed, subset)  # type: ignore[arg-type]
    assert generate(1, "base") != generate(2, "base")


def test_scenes_are_as_full_as_alfreds_and_everything_rests_where_it_fits() -> None:
    for seed in range(40):
        scene, task = generate(seed)
        assert FEWEST // 2 <= len(scene.things) <= MOST
        house = House(scene)
        done, of = progress(task, house)
        assert done < of
        for thing, holder in scene.where.items():
            assert takes(scene.kind_of(holder), scene.things[thing])
        for receptacle in scene.receptacles:
            held = list(house.inside(receptacle.name))
            assert len(held) <= FIXTURES[receptacle.kind].capacity


def test_stands_are_apart_and_so_are_things() -> None:
    scene, _ = generate(3)
    stands = [scene.stand(r.name) for r in scene.receptacles]
    assert len(set(stands)) == len(stands)
    for receptacle in scene.receptacles:
        spots = {scene.spot(thing, receptacle.name) for thing in scene.things}
        assert len(spots) == len(scene.things)


def test_long_tasks_slice_and_every_family_occurs() -> None:
    assert all(generate(seed, "long_horizon")[1].object_sliced for seed in range(10))
    found = {generate(seed)[1].family for seed in range(80)}
    assert found == set(FAMILIES)


def test_possible_tasks_need_the_device_and_are_not_done_already() -> None:
    scenes: list[Scene] = [generate(seed)[0] for seed in range(12)]
    for scene in scenes:
        for task in possible_tasks(scene, FAMILIES):
            done, of = progress(task, House(scene))
            assert done < of
            if task.family == "pick_heat_then_place_in_recep":
                assert scene.called("Microwave")
