# SPDX-License-Identifier: Apache-2.0
"""One misread frame changes nothing; what is seen again where it surprised is believed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memagent.memory import LifelongMemory, MemoryConfig
from memagent.memory.knowledge.entities import EntityConfig
from memagent.memory.knowledge.streaks import Surprises
from memagent.memory.perceiving import PerceivingConfig
from memagent.memory.state import StateConfig
from memagent.site import Site
from memagent.types import Code, Percept, Vector3

from .scenes import DAY, DESK, DRAWER, KITCHEN, mug_on_desk, outcome, percept, show, thing, watch

pytestmark = pytest.mark.unit

SHELF: Vector3 = (7.7, 4.4, 0.65)


def _on_shelf(stamp: float, position: Vector3 = SHELF) -> Percept:
    return percept(stamp, thing("red mug", position, 2), where={"red mug": "on shelf"})


def _place(memory: LifelongMemory) -> str:
    (fact,) = memory.facts("red mug")
    return fact.relation.object


def test_a_single_frame_does_not_move_a_known_thing(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    before = memory.stats()
    assert memory.observe(_on_shelf(10.0)) == ()
    assert memory.observe(percept(10.2)) == ()
    assert _place(memory) == "desk"
    assert memory.stats() == before, "nor does it leave a trace"
    entity = memory._state.entities.get("red mug")
    assert entity is not None
    assert entity.position == DESK


def test_two_frames_move_it_within_half_a_second(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.observe(_on_shelf(10.0))
    (event,) = memory.observe(_on_shelf(10.4))
    assert (event.kind, event.stamp) == ("moved", 10.4)
    assert _place(memory) == "shelf"


@pytest.mark.parametrize(
    "between",
    [
        mug_on_desk(10.2),
        percept(10.2, thing("red mug", SHELF, 2), where={"red mug": "on nightstand"}),
        _on_shelf(10.2, (SHELF[0], SHELF[1] + 0.3, SHELF[2])),
        percept(17.0),
    ],
    ids=["seen where it was", "read otherwise", "somewhere else on it", "long ago"],
)
def test_frames_that_disagree_move_nothing(memory: LifelongMemory, between: Percept) -> None:
    show(memory, mug_on_desk(1.0))
    memory.observe(_on_shelf(10.0))
    memory.observe(between)
    assert _place(memory) == "desk"
    if between.stamp > 15.0 or between == mug_on_desk(10.2):
        memory.observe(_on_shelf(between.stamp + 0.2))
        assert _place(memory) == "desk", "the first of the two no longer counts"


def test_a_single_frame_does_not_invent_a_thing(memory: LifelongMemory) -> None:
    memory.observe(mug_on_desk(1.0))
    memory.observe(percept(1.2))
    assert memory.world().objects == ()
    assert memory.stats()["item"] == 0
    assert show(memory, mug_on_desk(9.0))[0].kind == "new"
    assert _place(memory) == "desk"
    (item,) = memory.order("first saw red mug")
    assert item.stamp == 9.0, "a misread thing was not seen first"


def test_a_new_thing_is_where_two_frames_agree(memory: LifelongMemory) -> None:
    memory.observe(mug_on_desk(1.0))
    memory.observe(percept(1.2, thing("red mug", DESK), where={"red mug": "on shelf"}))
    assert memory.world().objects == ()
    memory.observe(mug_on_desk(1.4))
    assert [fact.relation.object for fact in memory.history("red mug")] == ["desk"]


def test_what_is_read_one_way_and_another_in_turn_is_no_surprise(memory: LifelongMemory) -> None:
    """A block on the shelf that some frames call a red mug."""
    show(memory, mug_on_desk(1.0))
    block = percept(0.0, thing("pink block", SHELF, 2), where={"pink block": "on shelf"})
    watch(memory, block, 9.0, 1.0)
    for stamp in (10.2, 10.6, 11.0):
        memory.observe(_on_shelf(stamp))
        memory.observe(replace(block, stamp=stamp + 0.2))
    assert _place(memory) == "desk"


def test_a_slow_robot_learns_from_percepts_in_a_row(memory: LifelongMemory) -> None:
    for stamp in (0.0, 30.0):
        memory.observe(mug_on_desk(stamp))
    for stamp in (60.0, 90.0):
        memory.observe(_on_shelf(stamp))
    assert _place(memory) == "shelf"


def test_a_glimpse_elsewhere_does_not_keep_what_is_gone(memory: LifelongMemory) -> None:
    """While its place is seen without it, one frame that calls something else by its name."""
    show(memory, mug_on_desk(1.0))
    empty = percept(0.0, viewed={"desk": 0.9})
    watch(memory, empty, 100.0, 0.2)
    memory.observe(_on_shelf(100.4))
    (event,) = watch(memory, empty, 100.6, 0.2)
    assert event.kind == "gone"


# --- what the robot itself did ----------------------------------------------------------------


def test_what_the_robot_lost_from_its_hand_is_found_at_once(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    memory.record(outcome("place red mug @ shelf", Code.DROPPED, finished=9.0))
    memory.observe(percept(9.2, thing("red mug", (6.5, 4.6, 0.04)), where={"red mug": "on floor"}))
    assert _place(memory) == "floor"


def test_what_the_robot_put_down_stays_there_whatever_one_frame_shows(
    memory: LifelongMemory,
) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    memory.record(outcome("place red mug @ top drawer", finished=19.0))
    inside = percept(
        19.2, thing("red mug", DRAWER), where={"red mug": "in top drawer"}, base=KITCHEN
    )
    memory.observe(inside)
    memory.observe(_on_shelf(19.4))
    assert _place(memory) == "top drawer"


def test_people_put_back_what_the_robot_moved(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    memory.record(outcome("place red mug @ shelf", finished=9.0))
    memory.observe(percept(DAY))
    best = memory.where("red mug").candidates[0]
    assert best.place == "desk", "one visit is enough to say so"
    assert best.probability > 0.7


# --- settings ---------------------------------------------------------------------------------


def test_by_configuration_one_frame_is_enough(path: Path, site: Site) -> None:
    config = MemoryConfig(
        state=StateConfig(entities=EntityConfig(new_percepts=1)),
        perceiving=PerceivingConfig(move_percepts=1),
    )
    with LifelongMemory(path, site, config) as memory:
        memory.observe(mug_on_desk(1.0))
        memory.observe(_on_shelf(1.2))
        assert _place(memory) == "shelf"


def test_two_of_a_name_side_by_side_are_counted_apart() -> None:
    surprises = Surprises(2, 0.15, 5.0)
    left, right = (0.0, 0.0, 0.0), (0.1, 0.0, 0.0)
    surprises.begin(1.0)
    assert not surprises.report("block", "", left)
    assert not surprises.report("block", "", right), "two sightings of one frame are no repetition"
    surprises.begin(1.2)
    assert surprises.report("block", "", right)
    assert surprises.report("block", "", left)
