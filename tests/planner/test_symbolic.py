# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from memagent.planner import NoPlan, Objective, Situation, SymbolicPlanner
from memagent.site import Site
from memagent.types import Code, SkillCall, SkillOutcome

from .situations import situation

pytestmark = pytest.mark.unit


def plan(objective: Objective, now: Situation) -> list[str]:
    calls = SymbolicPlanner().plan(objective, now)
    assert not isinstance(calls, NoPlan), calls
    return [str(call) for call in calls]


def test_opens_before_it_picks_and_closes_at_the_end(site: Site) -> None:
    objective = Objective(
        "mug away",
        deliver=(("mug", "top drawer"),),
        assumed=(("mug", "desk"),),
        closed=("top drawer",),
    )
    assert plan(objective, situation(site)) == [
        "navigate_to(top drawer)",
        "open(top drawer)",
        "navigate_to(desk)",
        "look_at(desk)",
        "pick(mug, desk)",
        "navigate_to(top drawer)",
        "place(mug, top drawer)",
        "close(top drawer)",
    ]


def test_does_not_look_for_what_it_has_just_seen(site: Site) -> None:
    objective = Objective("mug", hold="mug", assumed=(("mug", "desk"),))
    now = situation(site, seen={"mug": "desk"}, base=site.place("desk").stand_pose)
    assert plan(objective, now) == ["pick(mug, desk)"]


def test_closes_the_drawer_above_first(site: Site) -> None:
    objective = Objective("find", find=("mug",), assumed=(("mug", "bottom drawer"),))
    now = situation(site, open_ones=("top drawer",), base=site.place("top drawer").stand_pose)
    assert plan(objective, now) == [
        "close(top drawer)",
        "open(bottom drawer)",
        "look_at(bottom drawer)",
    ]


def test_from_a_lower_drawer_to_the_one_above_by_way_of_a_surface(site: Site) -> None:
    """Opening needs an empty hand, and a drawer under an open one cannot be reached into."""
    objective = Objective(
        "up",
        deliver=(("mug", "top drawer"),),
        assumed=(("mug", "bottom drawer"),),
        rest=("kitchen counter",),
    )
    calls = plan(objective, situation(site))
    assert calls.index("place(mug, kitchen counter)") < calls.index("open(top drawer)")
    assert calls[-1] == "place(mug, top drawer)"


def test_puts_down_what_is_in_the_way(site: Site) -> None:
    objective = Objective("open", open=("fridge",), rest=("kitchen counter",))
    assert plan(objective, situation(site, holding="sponge")) == [
        "navigate_to(kitchen counter)",
        "place(sponge, kitchen counter)",
        "navigate_to(fridge)",
        "open(fridge)",
    ]


def test_puts_the_thing_itself_down_to_open_the_door_for_it(site: Site) -> None:
    objective = Objective("in", deliver=(("can", "fridge"),), rest=("kitchen counter",))
    calls = plan(objective, situation(site, holding="can"))
    assert calls.index("place(can, kitchen counter)") < calls.index("open(fridge)")
    assert calls[-1] == "place(can, fridge)"


def test_leaves_out_what_was_given_up_and_says_so(site: Site) -> None:
    now = situation(site)
    call = SkillCall("open", "fridge")
    for _ in range(2):
        now.journal.record(SkillOutcome(call, Code.BLOCKED, "stuck", 99.0, 99.5))
    answer = SymbolicPlanner().plan(Objective("open the fridge", open=("fridge",)), now)
    assert isinstance(answer, NoPlan)
    assert "given up: open(fridge)" in answer.reason


def test_says_when_there_is_nothing_to_do(site: Site) -> None:
    answer = SymbolicPlanner().plan(
        Objective("open the fridge", open=("fridge",)), situation(site, open_ones=("fridge",))
    )
    assert isinstance(answer, NoPlan)


def test_four_objects_in_one_plan_take_well_under_a_second(site: Site) -> None:
    names = ("apple", "banana", "can", "mug")
    objective = Objective(
        "all",
        deliver=tuple((name, "fridge") for name in names),
        assumed=(
            ("apple", "desk"),
            ("banana", "kitchen counter"),
            ("can", "top drawer"),
            ("mug", "chest"),
        ),
        closed=("fridge", "top drawer"),
    )
    now = situation(site)
    planner = SymbolicPlanner()
    calls = planner.plan(objective, now)
    assert len(calls) == 26  # type: ignore[arg-type]
