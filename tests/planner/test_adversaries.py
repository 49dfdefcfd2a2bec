# SPDX-License-Identifier: Apache-2.0
"""Whatever critic, executor, people and memory do, every run ends with an explicit result."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.catalogue import Catalogue
from memagent.errors import MemagentError
from memagent.planner import PlannerConfig, Situation
from memagent.site import Site
from memagent.types import Code, SkillCall, Step, TaskResult, TaskStatus, Verdict

from .household import Household

pytestmark = pytest.mark.unit

LABELS = ("red mug", "blue mug", "banana", "apple", "cyan can")
INSTRUCTIONS = (
    "put the red mug in the top drawer",
    "bring the banana to the dining table",
    "put everything that is on the counter into the fridge",
    "put all the fruit in the bottom drawer",
    "take a mug to the desk, then close the fridge",
    "pick up the apple and put it on the chest",
    "find the cyan can",
)
CONFIG = PlannerConfig(max_skills=60, lost_wait=0.0, memory_wait=0.0)
BAD_ENDS = [code for code in Code if code not in (Code.OK, Code.CANCELED)]

seeds = st.integers(0, 10_000)
instructions = st.sampled_from(INSTRUCTIONS)
few = settings(max_examples=25, deadline=None, derandomize=True)


def house_of(site: Site, catalogue: Catalogue, seed: int) -> Household:
    chance = random.Random(seed)
    places = [p.name for p in site.places]
    objects = {label: chance.choice(places) for label in LABELS if chance.random() < 0.8}
    return Household(site, catalogue, objects, slip=0.2, seed=seed)


def check(result: TaskResult, house: Household, config: PlannerConfig = CONFIG) -> None:
    assert result.reason
    assert result.skills == len(house.calls) <= config.max_skills
    assert result.replans <= config.max_replans


class Judge:
    """A critic that accepts with some probability."""

    def __init__(self, seed: int, accepts: float) -> None:
        self._random = random.Random(seed)
        self._accepts = accepts

    def judge(self, step: Step, ahead: tuple[Step, ...], situation: Situation) -> Verdict:
        return Verdict(self._random.random() < self._accepts, "as the dice fell")


@few
@given(seeds, instructions, st.sampled_from([0.0, 0.3, 0.7]))
def test_a_critic_that_rejects(
    site: Site, catalogue: Catalogue, seed: int, text: str, accepts: float
) -> None:
    house = house_of(site, catalogue, seed)
    check(house.run(text, CONFIG, critic=Judge(seed, accepts)), house)


@few
@given(instructions, st.sampled_from(BAD_ENDS))
def test_an_executor_that_always_fails(
    site: Site, catalogue: Catalogue, text: str, code: Code
) -> None:
    house = house_of(site, catalogue, 1)
    house.before = lambda house, call: code
    result = house.run(text, CONFIG)
    check(result, house)
    assert result.status in (TaskStatus.FAILED, TaskStatus.STUCK)


@few
@given(instructions, st.sampled_from(["navigate_to", "look_at", "open", "close", "pick", "place"]))
def test_one_skill_that_always_fails(
    site: Site, catalogue: Catalogue, text: str, skill: str
) -> None:
    house = house_of(site, catalogue, 2)
    house.before = lambda house, call: Code.BLOCKED if call.name == skill else None
    check(house.run(text, CONFIG), house)


@few
@given(seeds, instructions, st.floats(0.1, 0.9))
def test_an_executor_that_fails_at_random(
    site: Site, catalogue: Catalogue, seed: int, text: str, share: float
) -> None:
    chance = random.Random(seed)

    def fail(house: Household, call: SkillCall) -> Code | None:
        return chance.choice(BAD_ENDS) if chance.random() < share else None

    house = house_of(site, catalogue, seed)
    house.before = fail
    check(house.run(text, CONFIG), house)


@few
@given(seeds, instructions)
def test_an_executor_that_lies(site: Site, catalogue: Catalogue, seed: int, text: str) -> None:
    house = house_of(site, catalogue, seed)
    house.before = lambda house, call: Code.OK  # and nothing ever happens
    check(house.run(text, CONFIG), house)


@few
@given(seeds, instructions, st.floats(0.05, 0.6))
def test_people_who_move_things_and_doors(
    site: Site, catalogue: Catalogue, seed: int, text: str, share: float
) -> None:
    chance = random.Random(seed)
    places = [p.name for p in site.places]

    def meddle(house: Household, call: SkillCall) -> Code | None:
        for label, place in house.objects.items():
            if place != "gripper" and chance.random() < share:
                house.objects[label] = chance.choice(places)
        if chance.random() < share:
            house.open ^= {chance.choice(["fridge", "top drawer", "bottom drawer"])}
        return None

    house = house_of(site, catalogue, seed)
    house.before = meddle
    check(house.run(text, CONFIG), house)


class Moody:
    """A memory that sometimes does not answer."""

    def __init__(self, house: Household, seed: int, share: float) -> None:
        self._memory = house.memory
        self._random = random.Random(seed)
        self._share = share

    def __getattr__(self, name: str) -> Callable[..., object]:
        method: Callable[..., object] = getattr(self._memory, name)

        def answer(*args: object, **options: object) -> object:
            if name != "observe" and self._random.random() < self._share:
                raise MemagentError("not now")
            return method(*args, **options)

        return answer


@few
@given(seeds, instructions, st.floats(0.05, 1.0))
def test_a_memory_that_raises(
    site: Site, catalogue: Catalogue, seed: int, text: str, share: float
) -> None:
    house = house_of(site, catalogue, seed)
    house.memory = Moody(house, seed, share)  # type: ignore[assignment]
    result = house.run(text, CONFIG)
    check(result, house)
    if share == 1.0:
        assert "memory does not answer" in result.reason


@few
@given(seeds, instructions, st.integers(0, 12))
def test_cancel_is_honoured_at_once(
    site: Site, catalogue: Catalogue, seed: int, text: str, after: int
) -> None:
    def cancel(house: Household, call: SkillCall) -> Code | None:
        house.canceled = len(house.calls) > after
        return None

    house = house_of(site, catalogue, seed)
    house.before = cancel
    result = house.run(text, CONFIG)
    check(result, house)
    assert len(house.calls) <= after + 1
    if house.canceled:
        assert result.status is TaskStatus.CANCELED


@few
@given(seeds, instructions)
def test_an_honest_world_is_never_stuck_and_never_mishandled(
    site: Site, catalogue: Catalogue, seed: int, text: str
) -> None:
    house = house_of(site, catalogue, seed)
    result = house.run(text, PlannerConfig())
    assert result.status in (TaskStatus.SUCCEEDED, TaskStatus.FAILED), result
    assert house.violations == []
    assert not house.open
    if result.status is TaskStatus.FAILED:
        assert "found" in result.reason or "GRASP_FAILED" in result.reason
