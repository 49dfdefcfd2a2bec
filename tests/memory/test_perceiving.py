# SPDX-License-Identifier: Apache-2.0
"""What percepts, and their silence, change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memagent.memory import LifelongMemory
from memagent.site import Site
from memagent.types import Pose2D, Relation

from .scenes import DESK, DRAWER, KITCHEN, mug_on_desk, outcome, percept, show, thing, watch

pytestmark = pytest.mark.unit

EMPTY_DESK = percept(0.0, viewed={"desk": 0.9})


def _kinds(events: object) -> list[str]:
    return [event.kind for event in events]  # type: ignore[attr-defined]


def test_a_thousand_identical_percepts_add_a_handful_of_rows(memory: LifelongMemory) -> None:
    scene = replace(
        mug_on_desk(0.0),
        viewed={"desk": 0.9},
        summary="at the desk; sees a red mug",
        relations=(Relation("red mug", "on", "desk"),),
    )
    assert _kinds(show(memory, scene)) == ["new"]
    rows = memory.stats()
    assert not watch(memory, scene, 0.2, 200.0)
    assert memory.stats() == rows
    (where,) = memory.where("red mug").candidates[:1]
    assert where.last_seen == pytest.approx(200.2)


def test_how_long_things_stayed_is_written_every_few_seconds(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        watch(memory, mug_on_desk(0.0), 0.0, 60.0)
        copy = path.with_name("copy")
        memory.snapshot(copy)
    with LifelongMemory(copy, site) as restored:
        last_seen = restored.where("red mug").candidates[0].last_seen
        assert last_seen is not None
        assert last_seen >= 60.0 - 5.0 - 0.2


def test_a_displaced_object_is_the_same_one_moved(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    events = show(
        memory, percept(9.0, thing("red mug", (7.7, 4.4, 0.65), 2), where={"red mug": "on shelf"})
    )
    assert _kinds(events) == ["moved"]
    assert "red mug on the shelf (study), no longer on the desk" in events[0].text
    assert [o.name for o in memory.world().objects] == ["red mug"]
    (fact,) = memory.facts("red mug")
    assert fact.relation.object == "shelf"
    (before,) = memory.facts("red mug", as_of=5.0)
    assert (before.relation.object, before.valid_to) == ("desk", 9.0)


def test_one_odd_frame_does_not_change_where_an_unmoved_object_is(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    odd = percept(1.2, thing("red mug", DESK), where={"red mug": "on shelf"})
    assert show(memory, odd) == ()
    watch(memory, mug_on_desk(0.0), 1.4, 1.0)
    assert memory.facts("red mug")[0].relation.object == "desk"
    assert _kinds(watch(memory, odd, 3.0, 1.0)) == ["moved"]


def test_two_of_a_label_in_one_percept_are_two_objects(memory: LifelongMemory) -> None:
    left, right = (5.6, 5.6, 0.73), (6.5, 5.6, 0.73)
    both = percept(
        1.0, thing("orange block", left, 1), thing("orange block", right, 2),
        where={"orange block": "on desk"},
    )  # fmt: skip
    show(memory, both)
    assert [o.name for o in memory.world().objects] == ["orange block", "orange block 2"]
    # Later, with other tracks, each is recognised by where it was.
    again = percept(
        50.0, thing("orange block", right, 7), thing("orange block", left, 8),
        where={"orange block": "on desk"},
    )  # fmt: skip
    assert show(memory, again) == ()
    assert memory.facts("orange block 2")[0].position == right


def test_objects_of_one_label_at_two_places_get_their_own(memory: LifelongMemory) -> None:
    desk, shelf = (6.0, 5.6, 0.745), (7.7, 4.4, 0.645)
    show(memory,
        percept(
            1.0, thing("red mug", shelf, 1), thing("red mug", desk, 2),
            relations=(Relation("red mug", "on", "desk"), Relation("red mug", "on", "shelf")),
        )
    )  # fmt: skip
    places = {f.position: f.relation.object for f in memory.facts() if f.relation.subject != "I"}
    assert places == {shelf: "shelf", desk: "desk"}


def test_an_object_segmented_twice_stays_one(memory: LifelongMemory) -> None:
    twin = (DESK[0] + 0.02, DESK[1], DESK[2])
    show(
        memory,
        percept(
            1.0, thing("red mug", DESK), thing("red mug", twin, 2), where={"red mug": "on desk"}
        ),
    )
    assert memory.stats()["entity"] == 1


# --- absence ----------------------------------------------------------------------------------


def test_what_is_not_where_it_was_is_gone_and_the_place_searched(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    events = watch(memory, EMPTY_DESK, 100.0, 2.0)
    assert _kinds(events) == ["gone"]
    assert events[0].stamp == pytest.approx(100.4)
    assert memory.facts("red mug") == ()
    assert memory.facts("red mug", as_of=50.0)
    desk = next(c for c in memory.where("red mug").candidates if c.place == "desk")
    assert desk.probability < 0.1
    assert desk.evidence.startswith("not there when looked")
    assert memory.world().viewed["desk"] == pytest.approx(102.0)


@pytest.mark.parametrize(
    ("viewed", "seconds"), [({"desk": 0.6}, 2.0), ({"shelf": 1.0}, 2.0), ({"desk": 0.9}, 0.2)]
)
def test_absence_needs_a_good_and_long_look_at_the_place(
    memory: LifelongMemory, viewed: dict[str, float], seconds: float
) -> None:
    show(memory, mug_on_desk(1.0))
    assert not watch(memory, percept(0.0, viewed=viewed), 100.0, seconds)
    assert memory.facts("red mug")


def test_from_afar_objects_are_too_small_to_be_missed(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    assert not watch(memory, replace(EMPTY_DESK, base=Pose2D(5.0, 1.5)), 100.0, 2.0)
    assert memory.facts("red mug")
    assert "desk" not in memory.world().viewed


def test_turning_the_head_away_is_no_absence(memory: LifelongMemory) -> None:
    """The share of a place that was seen lags: it stays high for seconds after looking away."""
    watch(memory, replace(mug_on_desk(0.0), viewed={"desk": 0.9}), 1.0, 2.0)
    assert not watch(memory, EMPTY_DESK, 3.2, 2.6)
    assert memory.facts("red mug")


def test_a_closed_container_hides_what_is_in_it(memory: LifelongMemory) -> None:
    show(memory,
        percept(
            1.0, thing("banana", DRAWER), where={"banana": "in top drawer"},
            containers={"top drawer": True},
        )
    )  # fmt: skip
    view = percept(0.0, viewed={"top drawer": 0.9}, base=KITCHEN)
    shut = replace(view, containers=percept(0.0, containers={"top drawer": False}).containers)
    assert _kinds(watch(memory, shut, 100.0, 3.0)) == ["closed"]
    assert memory.facts("banana")
    opened = replace(view, containers=percept(0.0, containers={"top drawer": True}).containers)
    assert _kinds(watch(memory, opened, 110.0, 3.0)) == ["opened", "gone"]


# --- in the gripper ---------------------------------------------------------------------------


def test_while_held_an_object_is_nowhere_else(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    watch(memory, replace(mug_on_desk(0.0), holding=True), 5.2, 3.0)
    assert memory.world().holding == "red mug"
    assert [f.relation.predicate for f in memory.facts("red mug")] == ["holding"]


def test_open_fingers_for_a_second_mean_it_was_dropped_here(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    carrying = percept(0.0, base=KITCHEN, holding=True)
    watch(memory, carrying, 5.2, 3.0)
    assert not watch(memory, replace(carrying, holding=False), 8.4, 0.8)
    assert memory.world().holding == "red mug"
    assert _kinds(watch(memory, replace(carrying, holding=False), 9.4, 0.4)) == ["released"]
    assert memory.world().holding == ""
    best = memory.where("red mug").candidates[0]
    assert site_room(memory, best.place) == "kitchen"


def site_room(memory: LifelongMemory, place: str) -> str:
    return str(next(end for _, end in memory.graph(around=place, hops=1).out_edges(place)))


def test_what_was_put_down_is_seen_there_before_the_skill_says_so(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    spot = (2.5, 0.5, 0.6)
    down = percept(0.0, thing("red mug", spot), where={"red mug": "in top drawer"}, base=KITCHEN)
    events = watch(memory, down, 15.0, 3.0)
    assert _kinds(events) == ["held", "moved"]
    memory.record(outcome("place red mug @ top drawer", finished=19.0))
    assert show(memory, replace(down, stamp=19.2)) == ()
    (fact,) = memory.facts("red mug")
    assert (fact.relation.object, fact.by_robot, fact.position) == ("top drawer", True, spot)


def test_while_something_unknown_is_in_the_hand_nothing_is_gone(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    assert not watch(memory, replace(EMPTY_DESK, holding=True), 100.0, 5.0)
    memory.record(outcome("pick red mug @ desk", finished=106.0))
    assert memory.world().holding == "red mug"


def test_one_odd_frame_does_not_turn_a_container(memory: LifelongMemory) -> None:
    shut, ajar = (percept(0.0, containers={"fridge": state}) for state in (False, True))
    watch(memory, shut, 1.0, 1.0)
    assert memory.observe(replace(ajar, stamp=2.2)) == ()
    assert not watch(memory, shut, 2.4, 1.0)
    assert _kinds(watch(memory, ajar, 4.0, 0.2)) == ["opened"]


def test_a_second_object_of_the_held_ones_label_is_another(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    for stamp in (9.0, 9.2, 9.4):
        show(memory,
            percept(
                stamp, thing("red mug", (2.1, 5.7, 0.645), 5),
                where={"red mug": "on nightstand"}, holding=True,
            )
        )  # fmt: skip
    assert memory.facts("red mug 2")[0].relation.object == "nightstand"
    assert memory.world().holding == "red mug"


def test_a_held_object_segmented_into_two_stays_one(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    for stamp in (9.0, 9.2, 9.4, 9.6):
        halves = thing("red mug", (2.0, 2.0, 0.9), 5), thing("red mug", (2.0, 2.06, 0.9), 6)
        show(memory, percept(stamp, *halves, holding=True))
    assert [o.name for o in memory.world().objects] == ["red mug"]


def test_what_falls_from_the_gripper_lies_there_by_the_robots_doing(
    memory: LifelongMemory,
) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    watch(memory, percept(0.0), 5.2, 2.0)
    show(memory, percept(9.0, thing("red mug", (6.0, 4.6, 0.04), 3), where={"red mug": "on floor"}))
    (fact,) = memory.facts("red mug")
    assert (fact.relation.object, fact.by_robot) == ("floor", True)
    assert memory.where("mug").candidates[0].place == "floor"


def test_something_seen_in_no_known_place_is_in_the_room(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    in_the_air = percept(0.0, thing("red mug", (2.0, 2.0, 1.2), 4))
    assert not watch(memory, in_the_air, 50.0, 0.2)
    assert _kinds(watch(memory, in_the_air, 50.4, 1.0)) == ["moved"]
    assert memory.facts("red mug")[0].relation.object == "kitchen"


def test_near_needs_to_last_and_ends_when_they_part(memory: LifelongMemory) -> None:
    mug, remote = thing("red mug", DESK), thing("remote", (6.15, 5.6, 0.71), 2)
    where = {"red mug": "on desk", "remote": "on desk"}
    together = percept(
        0.0, mug, remote, where=where, relations=(Relation("red mug", "near", "remote"),)
    )
    show(memory, together)
    assert not memory.graph(around="red mug", hops=1).has_edge("red mug", "remote")
    watch(memory, together, 0.2, 1.0)
    assert memory.graph(around="red mug", hops=1).has_edge("red mug", "remote")
    watch(memory, percept(0.0, mug, remote, where=where), 2.0, 1.0)
    assert not memory.graph().has_edge("red mug", "remote")


def test_the_robots_room_is_a_fact(memory: LifelongMemory) -> None:
    show(memory, percept(1.0))
    show(memory, percept(5.0, base=KITCHEN))
    assert [f.relation.object for f in memory.facts("I")] == ["kitchen"]
    assert [f.relation.object for f in memory.facts("I", as_of=3.0)] == ["study"]


def test_containers_are_as_last_seen_and_fade_to_closed(memory: LifelongMemory) -> None:
    def fridge() -> tuple[bool, float]:
        belief = next(c for c in memory.world().containers if c.name == "fridge")
        return belief.is_open, belief.confidence

    assert fridge() == (False, 0.95)
    show(memory, percept(1.0, containers={"fridge": True}))
    assert fridge()[0]
    show(memory, percept(1.0 + 12 * 3600))
    assert not fridge()[0]
