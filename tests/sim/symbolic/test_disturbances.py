# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent_sim.symbolic import Disturbances, Episode, House, Mischief, Task, generate, look

from .rooms import house, kitchen

pytestmark = pytest.mark.unit

TASK = Task("pick_and_place_simple", "Apple", "SideTable")


def test_a_calm_world_does_what_it_is_told() -> None:
    mischief = Mischief(kitchen())
    made = house("find counter top 1")
    assert mischief.fails("pick_up", "apple 1", "") == ""
    assert mischief.meddle(made) == ""
    assert mischief.rearrange(made) == ()
    assert mischief.misread(["apple 1"]) == {}
    assert mischief.told(made)["spoon 1"] == "dining table 1"


def test_a_slip_costs_a_step_but_is_not_invalid() -> None:
    made = house("find counter top 1")
    episode = Episode(made, TASK, Mischief(made.scene, Disturbances(slips=1.0)))
    assert episode.act("pick_up", "apple 1") == "failed"
    assert (episode.steps, episode.invalid, made.held) == (1, 0, "")
    assert "slipped" in episode.message


def test_a_jammed_receptacle_never_opens_but_devices_do() -> None:
    mischief = Mischief(kitchen(), Disturbances(jams=1.0))
    assert mischief.jammed == {"drawer 1"}
    assert "jammed" in mischief.fails("open", "drawer 1", "")


def test_people_move_things_that_the_robot_is_not_at() -> None:
    scene, _ = generate(5)
    made = House(scene)
    mischief = Mischief(scene, Disturbances(moves=1.0, moves_between=0.5), seed=1)
    for _ in range(50):
        here = {t for t in made.where if made.place_of(t) == made.at}
        moved = mischief.meddle(made)
        assert moved not in here
    assert mischief.rearrange(made)
    assert sorted(made.where) == sorted(scene.things)


def test_misreadings_name_other_things_of_the_scene() -> None:
    scene, _ = generate(5)
    mischief = Mischief(scene, Disturbances(misreads=0.5), seed=2)
    crowded = max(scene.receptacles, key=lambda r: sum(h == r.name for h in scene.where.values()))
    made = House(scene, at=crowded.name)
    made.open.add(crowded.name)
    visible = [s.thing for s in look(made).sights]
    wrong = [mischief.misread(visible) for _ in range(30)]
    share = sum(map(len, wrong)) / (30 * len(visible))
    assert 0.35 < share < 0.65
    assert all(name not in visible for names in wrong for name in names.values())


def test_the_same_seed_does_the_same() -> None:
    scene, _ = generate(5)
    rates = Disturbances(0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3)
    runs = []
    for _ in range(2):
        made, mischief = House(scene), Mischief(scene, rates, seed=9)
        runs.append((mischief.told(made), mischief.rearrange(made), mischief.jammed, made.where))
    assert runs[0] == runs[1]


def test_a_rate_that_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="slips is a probability, got 2"):
        Disturbances(slips=2)
