# SPDX-License-Identifier: Apache-2.0
"""The closed loop in the symbolic household: each family of tasks, with a real memory."""

from __future__ import annotations

import pytest
from household_trial import Attempt, Household

from memagent.planner import PlannerEvent, StepFinished
from memagent.planner.skills import HOUSEHOLD_SKILLS
from memagent.types import Code
from memagent_sim.symbolic import FAMILIES, Disturbances, Family, Task, generate, possible_tasks

pytestmark = pytest.mark.unit


def first(family: Family, *, sliced: bool = False, seed: int = 0) -> tuple[Household, Task]:
    """A house, toured, and a task of the family in it."""
    for number in range(seed, seed + 60):
        scene, _ = generate(number)
        tasks = possible_tasks(scene, (family,), sliced=sliced)
        if tasks:
            house = Household(scene)
            house.robot.tour()
            return house, tasks[number % len(tasks)]
    raise AssertionError(family)


def attempt(family: Family, *, sliced: bool = False) -> tuple[Attempt, list[PlannerEvent]]:
    events: list[PlannerEvent] = []
    house, task = first(family, sliced=sliced)
    return house.attempt(task, events.append), events


@pytest.mark.parametrize("sliced", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_is_solved_without_an_invalid_action(family: Family, sliced: bool) -> None:
    done, events = attempt(family, sliced=sliced)
    assert done.success, done.result
    assert done.invalid == 0
    failed = [e.outcome for e in events if isinstance(e, StepFinished) and not e.outcome.success]
    assert failed == []


def test_what_was_never_seen_is_searched_for() -> None:
    searched, known, found = 0, 0, 0
    for seed in range(0, 36, 12):
        house, task = first("pick_and_place_simple", seed=seed)
        fresh = Household(house.scene).attempt(task)
        found += fresh.success  # Thirty steps are not enough for every home.
        searched += fresh.steps
        known += house.attempt(task).steps
    assert found >= 2
    assert searched > known


def test_failures_are_those_that_the_skill_declares() -> None:
    scene, task = generate(11, "long_horizon")
    events: list[PlannerEvent] = []
    rates = Disturbances(slips=0.3, jams=0.3, moves=0.2, misreads=0.3, false_beliefs=0.3)
    for seed in range(3):
        house = Household(scene, rates, seed)
        house.robot.tour()
        house.attempt(task, events.append)
    outcomes = [e.outcome for e in events if isinstance(e, StepFinished)]
    assert {o.code for o in outcomes} - {Code.OK}
    for outcome in outcomes:
        declared = HOUSEHOLD_SKILLS[outcome.call.name].fails
        assert outcome.code in (Code.OK, Code.CANCELED, Code.UNREACHABLE, *declared), outcome


def test_the_same_seed_goes_the_same_way() -> None:
    def run() -> list[str]:
        scene, task = generate(4, "base")
        house = Household(scene, Disturbances(slips=0.2, moves=0.1, misreads=0.2), seed=5)
        house.robot.tour()
        events: list[PlannerEvent] = []
        house.attempt(task, events.append)
        return [str(e.outcome.call) for e in events if isinstance(e, StepFinished)]

    assert run() == run()
