# SPDX-License-Identifier: Apache-2.0
"""Planning and judging with the household's skills: devices, tools, containers that are carried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memagent.planner import (
    Condition,
    Critic,
    NoPlan,
    Objective,
    ObjectRef,
    Situation,
    SymbolicPlanner,
)
from memagent.planner.agenda import Agenda, Conclusion
from memagent.planner.journal import Effects
from memagent.planner.skills import HOUSEHOLD_SKILLS
from memagent.site import Site
from memagent.types import Code, Lesson, SkillCall, SkillOutcome, Step
from memagent_sim.symbolic.kinds import FIXTURES
from memagent_sim.symbolic.scene import Receptacle, Scene, appliances_of, numbered

from .situations import situation

pytestmark = pytest.mark.unit

KINDS = ("CounterTop", "DiningTable", "SinkBasin", "Microwave", "Fridge", "Cabinet", "Cabinet")
KNIFE = ObjectRef("knife", categories=("knife",))


@pytest.fixture(scope="module")
def kitchen() -> Site:
    receptacles = tuple(
        Receptacle(name, kind, (float(i), 0.0, FIXTURES[kind].height))
        for i, (name, kind) in enumerate(numbered(KINDS))
    )
    appliances = tuple(appliances_of(receptacles, {"DeskLamp": "dining table 1"}))
    return Site.model_validate(
        Scene("kitchen", "kitchen", receptacles, appliances, {}, {}).survey()
    )


def plan(objective: Objective, now: Situation) -> list[str]:
    calls = SymbolicPlanner(HOUSEHOLD_SKILLS).plan(objective, now)
    assert not isinstance(calls, NoPlan), calls
    return [str(call) for call in calls]


def test_heats_in_a_closed_microwave_and_brings_it(kitchen: Site) -> None:
    now = situation(kitchen, seen={"apple": "counter top 1"})
    objective = Objective(
        "heated",
        deliver=(("apple", "dining table 1"),),
        states=(("heated", "apple"),),
        assumed=(("apple", "counter top 1"),),
    )
    assert plan(objective, now) == [
        "navigate_to(counter top 1)",
        "pick(apple, counter top 1)",
        "navigate_to(microwave 1)",
        "open(microwave 1)",
        "place(apple, microwave 1)",
        "close(microwave 1)",
        "turn_on(microwave 1, microwave 1)",
        "turn_off(microwave 1, microwave 1)",
        "open(microwave 1)",
        "pick(apple, microwave 1)",
        "navigate_to(dining table 1)",
        "place(apple, dining table 1)",
    ]


def test_cools_by_shutting_the_fridge_and_leaves_it_there(kitchen: Site) -> None:
    now = situation(kitchen, holding="apple", open_ones=("fridge 1",))
    objective = Objective("cooled", deliver=(("apple", "fridge 1"),), states=(("cooled", "apple"),))
    assert plan(objective, now) == [
        "navigate_to(fridge 1)",
        "place(apple, fridge 1)",
        "close(fridge 1)",
    ]


def test_slices_with_a_tool_and_puts_that_down_before_it_takes_the_slice(kitchen: Site) -> None:
    now = situation(kitchen, seen={"apple": "counter top 1", "knife": "dining table 1"})
    objective = Objective(
        "sliced",
        hold="apple",
        states=(("sliced", "apple"),),
        tools=("knife",),
        assumed=(("apple", "counter top 1"), ("knife", "dining table 1")),
    )
    assert plan(objective, now)[-3:] == [
        "slice(apple, counter top 1)",
        "place(knife, counter top 1)",
        "pick(apple, counter top 1)",
    ]


def test_fills_a_container_and_carries_it(kitchen: Site) -> None:
    now = situation(kitchen, seen={"cup": "counter top 1", "fork": "counter top 1"})
    objective = Objective(
        "cup with fork",
        deliver=(("cup", "dining table 1"),),
        inside=(("fork", "cup"),),
        assumed=(("cup", "counter top 1"), ("fork", "counter top 1")),
    )
    assert plan(objective, now) == [
        "navigate_to(counter top 1)",
        "pick(fork, counter top 1)",
        "put_in(fork, cup)",
        "pick(cup, counter top 1)",
        "navigate_to(dining table 1)",
        "place(cup, dining table 1)",
    ]


def test_lamps_are_turned_on_where_they_stand(kitchen: Site) -> None:
    now = situation(kitchen, holding="book")
    assert plan(Objective("light", lit=("desk lamp 1",)), now) == [
        "navigate_to(dining table 1)",
        "turn_on(desk lamp 1, dining table 1)",
    ]


CUP, APPLE = {"seen": {"cup": "counter top 1"}}, {"seen": {"apple": "counter top 1"}}
RUN, FILL = SkillCall("turn_on", "microwave 1", "microwave 1"), SkillCall("put_in", "cup", "fork")


@pytest.mark.parametrize(
    ("call", "now", "objection"),
    [
        (RUN, {"open_ones": ("microwave 1",)}, "the microwave 1 is open"),
        (SkillCall("slice", "counter top 1", "apple"), APPLE, "no knife"),
        (FILL, CUP, "not in the gripper"),
        (FILL, {}, "not known to stand"),
        (SkillCall("turn_off", "sink basin 1", "faucet 1"), {}, "faucet 1 is off"),
        (SkillCall("juggle"), {}, "no skill"),
    ],
)
def test_the_critic_objects_by_what_is_declared(
    kitchen: Site, call: SkillCall, now: dict[str, object], objection: str
) -> None:
    place = "counter top 1" if call.name == "put_in" else call.place
    stand = kitchen.place(place).stand_pose if place else None
    seen = situation(kitchen, base=stand, **now)  # type: ignore[arg-type]
    verdict = Critic(HOUSEHOLD_SKILLS).judge(Step(call), (), seen)
    assert not verdict.accepted
    assert objection in verdict.reason


def test_a_microwave_that_runs_is_not_opened(kitchen: Site) -> None:
    now = situation(kitchen, base=kitchen.place("microwave 1").stand_pose)
    now.journal.facts.add(("on", "microwave 1"))
    verdict = Critic(HOUSEHOLD_SKILLS).judge(Step(SkillCall("open", "microwave 1")), (), now)
    assert verdict.reason == "the microwave 1 is on"


def test_a_device_changes_what_was_seen_to_be_in_it(kitchen: Site) -> None:
    now = situation(kitchen, seen={"apple": "sink basin 1", "egg": "counter top 1"})
    call = SkillCall("turn_on", "sink basin 1", "faucet 1")
    effects = now.effects(HOUSEHOLD_SKILLS["turn_on"], call)
    assert effects == Effects(frozenset({("cleaned", "apple"), ("on", "faucet 1")}))
    now.journal.record(SkillOutcome(call, Code.BLOCKED, "", 99.0, 99.5), effects)
    assert not now.holds("cleaned", "apple")
    now.journal.record(SkillOutcome(call, Code.OK, "", 99.0, 99.5), effects)
    assert now.holds("cleaned", "apple")


def test_what_is_in_a_container_is_where_that_is(kitchen: Site) -> None:
    now = situation(kitchen, seen={"cup": "counter top 1", "fork": "cup"})
    location = now.location("fork")
    assert location is not None
    assert (location.place, now.container("fork")) == ("counter top 1", "cup")
    now.journal.record(SkillOutcome(SkillCall("put_in", "cup", "spoon"), Code.OK, "", 98.0, 99.0))
    assert now.container("spoon") == "cup"


def test_a_kind_of_place_means_the_nearest_that_can_be_used(kitchen: Site) -> None:
    base = kitchen.place("cabinet 2").stand_pose
    now = situation(kitchen, seen={"mug": "counter top 1"}, base=base)
    conditions = (Condition("in", ObjectRef("mug", categories=("mug",)), "cabinet"),)
    aim = Agenda(conditions).next(now)
    assert isinstance(aim, Objective)
    assert aim.deliver == (("mug", "cabinet 2"),)
    jammed = SkillOutcome(SkillCall("open", "cabinet 2"), Code.BLOCKED, "jammed", 99.0, 99.5)
    for _ in range(2):
        now.journal.record(jammed)
    aim = Agenda(conditions).next(now)
    assert isinstance(aim, Objective)
    assert aim.deliver == (("mug", "cabinet 1"),)


def test_a_state_is_one_of_the_very_thing_that_is_put_somewhere(kitchen: Site) -> None:
    now = situation(kitchen, seen={"apple": "counter top 1", "knife": "dining table 1"})
    apple = ObjectRef("apple", categories=("apple",))
    conditions = (Condition("sliced", apple), Condition("on", apple, "dining table"))
    aim = Agenda(conditions, KNIFE).next(now)
    assert isinstance(aim, Objective)
    assert aim.deliver == (("apple", "dining table 1"),)
    assert (aim.states, aim.tools) == ((("sliced", "apple"),), ("knife",))
    assert isinstance(Agenda(conditions).next(now), Objective)  # it can still be put there
    done = Agenda((Condition("lit", "candle"),)).next(now)
    assert done == Conclusion(False, "there is no candle that can be reached")


def test_says_which_device_is_missing_or_failed(kitchen: Site) -> None:
    now = situation(kitchen, seen={"apple": "sink basin 1"})
    conditions = (Condition("cleaned", ObjectRef("apple", categories=("apple",))),)
    call = SkillCall("turn_on", "sink basin 1", "faucet 1")
    for _ in range(2):
        now.journal.record(SkillOutcome(call, Code.BLOCKED, "dry", 99.0, 99.5))
    aim = Agenda(conditions).next(now)
    assert aim == Conclusion(False, "turn_on(faucet 1, sink basin 1) failed 2 times, last: dry")
    bare = replace(now, site=kitchen.model_copy(update={"appliances": ()}))
    aim = Agenda(conditions).next(bare)
    assert isinstance(aim, Conclusion)
    assert "nothing that can be used" in aim.reason


def test_lessons_make_a_door_that_jams_the_last_to_be_tried(kitchen: Site) -> None:
    now = situation(kitchen, base=kitchen.place("cabinet 2").stand_pose)
    jams = Lesson("open", "cabinet 2", "cabinet 2 jams", 0, 4, claim="fails", rate=0.1)
    wary = replace(
        now, lessons=lambda skill, name: (jams,) if name == "cabinet 2" else (), _odds={}
    )
    assert now.effort("cabinet 2") < now.effort("cabinet 1")
    assert wary.effort("cabinet 2") > wary.effort("cabinet 1")
    assert wary.odds("open", "cabinet 2") == 0.1
