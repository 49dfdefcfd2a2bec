# SPDX-License-Identifier: Apache-2.0
"""The closed loop end to end, over a real memory and a symbolic household."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from memagent.catalogue import Catalogue
from memagent.errors import MemagentError
from memagent.planner import (
    GoalGrounded,
    Note,
    PlanChanged,
    PlannerConfig,
    PlannerEvent,
    Situation,
    StepFinished,
    StepJudged,
    StepStarted,
)
from memagent.site import Site
from memagent.types import Code, SkillCall, Step, TaskStatus, Verdict, WorldBelief

from .household import Household

pytestmark = pytest.mark.unit

MUG = "put the red mug in the top drawer"
BANANA = "bring the banana to the dining table"
COUNTER = "put everything that is on the counter into the fridge"
TASKS = (MUG, BANANA, COUNTER)

Build = Callable[..., Household]


@pytest.fixture
def build(site: Site, catalogue: Catalogue) -> Build:
    def make(objects: dict[str, str], **options: object) -> Household:
        return Household(site, catalogue, dict(objects), **options)  # type: ignore[arg-type]

    return make


def layout(seed: int, site: Site) -> dict[str, str]:
    """A random hidden layout with something on the counter."""
    chance = random.Random(seed)
    places = [p.name for p in site.places]
    labels = ("red mug", "blue mug", "banana", "orange", "red ball", "orange block", "pink cup")
    objects = {label: chance.choice(places) for label in labels}
    return objects | {"apple": "kitchen counter", "cyan can": "kitchen counter"}


# --- the canonical tasks ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_three_tasks_on_two_days(seed: int, build: Build, site: Site) -> None:
    objects = layout(seed, site)
    house = build(objects, slip=0.2, seed=seed)
    skills = []
    for day in (1, 2):
        counts = []
        for task in TASKS:
            on_counter = [o for o, place in house.objects.items() if place == "kitchen counter"]
            result = house.run(task)
            assert result.status is TaskStatus.SUCCEEDED, (day, task, result)
            counts.append(result.skills)
            if task == COUNTER:
                assert all(house.objects[name] == "fridge" for name in on_counter)
        assert house.objects["banana"] in ("dining table", "fridge")
        assert not house.open
        skills.append(sum(counts))
        house.sleep()
        house.objects = dict(objects)
        house.objects["banana"] = random.Random(seed + 99).choice([p.name for p in site.places])
    assert house.violations == []
    assert len(house.memory.episodes()) == 6


def test_the_second_day_takes_fewer_skills_over_many_layouts(build: Build, site: Site) -> None:
    first, second = 0, 0
    for seed in range(20, 32):
        objects = layout(seed, site)
        house = build(objects)
        first += sum(house.run(task).skills for task in TASKS)
        house.sleep()
        house.objects = dict(objects)
        second += sum(house.run(task).skills for task in TASKS)
    assert second < 0.8 * first


def test_says_what_memory_contributed(build: Build) -> None:
    house = build({"red mug": "desk"})
    assert house.run("find the red mug").saved == ""
    house.sleep()
    result = house.run(MUG)
    assert result.saved == "knew where the red mug was (seen 1 day ago on the desk)"
    assert result.skills == 8


def test_what_was_searched_in_vain_is_not_searched_first_again(build: Build) -> None:
    house = build({"banana": "shelf"})
    house.run("look at the desk, then look at the chest, then look at the nightstand")
    house.calls.clear()
    result = house.run(BANANA)
    assert result.status is TaskStatus.SUCCEEDED
    searched = [call.place for call in house.calls if call.name == "look_at"]
    assert not {"desk", "chest", "nightstand"} & set(searched)
    assert "skipped 3 places" in result.saved


# --- what counts as success -------------------------------------------------------------------


def test_a_goal_that_holds_already_is_verified_not_assumed(build: Build) -> None:
    house = build({"red mug": "desk"})
    house.run("find the red mug")
    house.sleep()
    house.calls.clear()
    result = house.run("put the red mug on the desk")
    assert result.status is TaskStatus.SUCCEEDED
    assert [c.name for c in house.calls] in (["look_at"], ["navigate_to", "look_at"])


def test_stale_memory_of_a_goal_is_corrected(build: Build) -> None:
    house = build({"red mug": "desk"})
    house.run("find the red mug")
    house.sleep()
    house.objects["red mug"] = "shelf"
    assert house.run("put the red mug on the desk").status is TaskStatus.SUCCEEDED
    assert house.objects["red mug"] == "desk"


def test_an_object_that_is_nowhere_fails_with_the_places_searched(build: Build) -> None:
    house = build({"apple": "desk"})
    result = house.run(BANANA)
    assert result.status is TaskStatus.FAILED
    assert "the banana was not found; looked at: kitchen counter, top drawer" in result.reason
    assert "could not look at" not in result.reason
    assert not house.open


def test_an_empty_source_is_a_success_that_says_so(build: Build) -> None:
    result = build({"banana": "desk"}).run(COUNTER)
    assert result.status is TaskStatus.SUCCEEDED
    assert "none was there" in result.reason


def test_nothing_is_done_for_what_is_not_understood(build: Build) -> None:
    house = build({})
    result = house.run("put the spoon in the fridge")
    assert result.status is TaskStatus.FAILED
    assert 'no object is called "spoon"' in result.reason
    assert house.calls == []


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("put all the fruit in the fridge", {"banana": "fridge", "apple": "fridge"}),
        ("bring a mug to the desk", {}),
        ("put the apple and the banana on the shelf", {"banana": "shelf", "apple": "shelf"}),
        ("take the banana from the fridge and put it on the desk", {"banana": "desk"}),
        ("put the blue mug in the top drawer", {"blue mug": "top drawer"}),
        ("put everything in the bottom drawer on the desk", {"blue mug": "desk"}),
        ("put the apple on the desk, then bring it to the chest", {"apple": "chest"}),
        ("open the fridge and put the apple in it", {"apple": "fridge"}),
    ],
)
def test_further_instructions(instruction: str, expected: dict[str, str], build: Build) -> None:
    house = build(
        {"banana": "fridge", "apple": "chest", "red mug": "nightstand", "blue mug": "bottom drawer"}
    )
    result = house.run(instruction)
    assert result.status is TaskStatus.SUCCEEDED, result
    assert expected.items() <= house.objects.items()
    assert house.open == ({"fridge"} if instruction.startswith("open") else set())
    assert house.violations == []


def test_picking_up_ends_with_the_thing_in_hand(build: Build) -> None:
    house = build({"apple": "fridge"})
    assert house.run("pick up the apple").status is TaskStatus.SUCCEEDED
    assert house.holding == "apple"


def test_what_is_left_in_the_gripper_is_put_down_first(build: Build) -> None:
    house = build({"apple": "chest", "banana": "desk"})
    house.run("pick up the apple")
    result = house.run("put the banana in the fridge")
    assert result.status is TaskStatus.SUCCEEDED
    assert house.objects["banana"] == "fridge"
    assert house.holding == ""
    assert house.site.place(house.objects["apple"]).kind == "surface"


def test_going_to_a_room(build: Build, site: Site) -> None:
    house = build({})
    assert house.run("go to the bedroom").status is TaskStatus.SUCCEEDED
    assert site.room_at(house.base.x, house.base.y) == "bedroom"
    assert house.run("go to the bedroom").skills == 0


def test_more_objects_than_fit_one_plan_with_the_fridge_opened_once(build: Build) -> None:
    labels = ("apple", "banana", "orange", "cyan can", "red mug", "red ball")
    house = build(dict.fromkeys(labels, "kitchen counter"))
    assert house.run(COUNTER).status is TaskStatus.SUCCEEDED
    assert set(house.objects.values()) == {"fridge"}
    assert [c.name for c in house.calls].count("open") == 1
    assert not house.open


def test_without_tidying_things_stay_open(build: Build) -> None:
    house = build({"apple": "desk"})
    house.run("put the apple in the fridge", PlannerConfig(tidy=False))
    assert house.open == {"fridge"}


# --- failures ---------------------------------------------------------------------------------


def always(skill: str, code: Code) -> Callable[[Household, SkillCall], Code | None]:
    return lambda house, call: code if call.name == skill else None


def test_grasps_are_retried_and_then_given_up(build: Build) -> None:
    house = build({"apple": "desk"}, before=always("pick", Code.GRASP_FAILED))
    result = house.run("put the apple in the fridge")
    assert result.status is TaskStatus.FAILED
    assert "pick(apple, desk) failed 3 times" in result.reason
    assert [c.name for c in house.calls].count("pick") == 3
    assert not house.open


def test_lessons_make_it_patient_with_what_often_slips(build: Build) -> None:
    house = build({"apple": "desk"})
    house.run("put the apple on the shelf")
    house.before = always("pick", Code.GRASP_FAILED)
    house.run("put the apple on the desk")
    house.calls.clear()
    house.run("put the apple on the desk")
    assert [c.name for c in house.calls].count("pick") == 5


def test_another_one_is_taken_where_one_cannot_be_grasped(build: Build) -> None:
    house = build(
        {"red mug": "desk", "blue mug": "shelf"},
        before=lambda house, call: Code.GRASP_FAILED if call.object == "red mug" else None,
    )
    result = house.run("put a mug in the fridge")
    assert result.status is TaskStatus.SUCCEEDED, result
    assert house.objects["blue mug"] == "fridge"


@pytest.mark.parametrize("code", [Code.UNREACHABLE, Code.BLOCKED, Code.TIMEOUT])
def test_a_place_that_cannot_be_reached_fails_with_the_reason(code: Code, build: Build) -> None:
    def refuse(house: Household, call: SkillCall) -> Code | None:
        return code if call.name == "navigate_to" and call.place == "fridge" else None

    house = build({"apple": "desk"}, before=refuse)
    result = house.run("put the apple in the fridge")
    assert result.status is TaskStatus.FAILED
    assert "navigate_to(fridge) failed 2 times" in result.reason
    assert code.value in result.reason


def test_an_unreachable_place_does_not_end_the_search(build: Build) -> None:
    def refuse(house: Household, call: SkillCall) -> Code | None:
        blocked = call.name == "navigate_to" and call.place == "shelf"
        return Code.BLOCKED if blocked else None

    house = build({"apple": "nightstand"}, before=refuse)
    assert house.run("put the apple on the desk").status is TaskStatus.SUCCEEDED


def test_emergency_stop_ends_the_task(build: Build) -> None:
    result = build({"apple": "desk"}, before=always("look_at", Code.ESTOP)).run(BANANA)
    assert result.status is TaskStatus.FAILED
    assert "emergency stop" in result.reason
    assert result.skills == 2


def test_a_lost_executor_is_waited_for(build: Build) -> None:
    lost = [Code.EXECUTOR_LOST, Code.ROBOT_STALE]
    house = build({"apple": "desk"}, before=lambda house, call: lost.pop() if lost else None)
    assert house.run("put the apple in the fridge").status is TaskStatus.SUCCEEDED


def test_an_executor_that_stays_lost_fails_the_task(build: Build) -> None:
    house = build({"apple": "desk"}, before=lambda house, call: Code.EXECUTOR_LOST)
    result = house.run("put the apple in the fridge")
    assert result.status is TaskStatus.FAILED
    assert "executor does not answer (3 calls" in result.reason


def test_cancel_between_and_during_skills(build: Build) -> None:
    def cancel_at_pick(house: Household, call: SkillCall) -> Code | None:
        house.canceled = call.name == "pick"
        return None

    house = build({"apple": "desk"}, before=cancel_at_pick)
    result = house.run("put the apple in the fridge")
    assert result.status is TaskStatus.CANCELED
    assert result.reason == "canceled during pick(apple, desk)"
    assert house.calls[-1].name == "pick"

    house = build({"apple": "desk"})
    house.canceled = True
    result = house.run("put the apple in the fridge")
    assert result.status is TaskStatus.CANCELED
    assert house.calls == []


class Forgetful:
    """A memory whose methods raise as often as told."""

    def __init__(self, house: Household, raising: int) -> None:
        self._memory = house.memory
        self._left = raising

    def __getattr__(self, name: str) -> Callable[..., object]:
        method: Callable[..., object] = getattr(self._memory, name)

        def answer(*args: object, **options: object) -> object:
            if self._left > 0 and name == "world" and (args != (None,) or options):
                self._left -= 1
                raise MemagentError("no percept came in time")
            return method(*args, **options)

        return answer


@pytest.mark.parametrize(("raising", "status"), [(2, TaskStatus.SUCCEEDED), (3, TaskStatus.FAILED)])
def test_a_memory_that_does_not_answer_is_asked_again(
    raising: int, status: TaskStatus, build: Build
) -> None:
    house = build({"apple": "desk"})
    house.memory = Forgetful(house, raising)  # type: ignore[assignment]
    result = house.run("put the apple in the fridge")
    assert result.status is status
    if status is TaskStatus.FAILED:
        assert "memory does not answer (3 attempts): no percept came in time" in result.reason


# --- the critic and the budgets ---------------------------------------------------------------


class Rejecting:
    def judge(self, step: Step, ahead: tuple[Step, ...], situation: Situation) -> Verdict:
        return Verdict(False, "no")


def test_a_critic_that_always_rejects_cannot_stop_a_short_task(build: Build) -> None:
    house = build({"apple": "desk"})
    result = house.run("put the apple on the chest", critic=Rejecting())
    assert result.status is TaskStatus.SUCCEEDED
    assert result.replans >= 3


def test_the_replan_budget_ends_the_task_with_evidence(build: Build) -> None:
    house = build({"apple": "desk"})
    result = house.run(
        "put the apple in the fridge", PlannerConfig(max_replans=3), critic=Rejecting()
    )
    assert result.status is TaskStatus.STUCK
    assert "4 plans, which is the budget" in result.reason
    assert result.replans == 3


def test_the_skill_budget_ends_the_task(build: Build) -> None:
    result = build({"apple": "fridge"}).run("find the banana", PlannerConfig(max_skills=5))
    assert result.status is TaskStatus.STUCK
    assert result.skills == 5


class Unmoved:
    """A memory that believes what it believed first, whatever happens."""

    def __init__(self, house: Household) -> None:
        self._memory = house.memory
        self._first = house.memory.world()

    def world(self, after: float | None = None) -> WorldBelief:
        return self._first

    def __getattr__(self, name: str) -> object:
        return getattr(self._memory, name)


def test_going_in_circles_is_noticed(build: Build) -> None:
    house = build({})
    house.memory = Unmoved(house)  # type: ignore[assignment]
    house.before = lambda house, call: Code.OK
    result = house.run("open the fridge")
    assert result.status is TaskStatus.STUCK
    assert "done 3 times over, and nothing changed" in result.reason
    assert result.skills < 12


def test_the_critic_saves_a_useless_pick(build: Build) -> None:
    picks = {}
    for critic in (True, False):
        house = build({"apple": "desk"})
        house.run("find the apple")
        house.sleep()
        house.objects["apple"] = "shelf"
        house.calls.clear()
        result = house.run("put the apple in the fridge", PlannerConfig(critic=critic))
        assert result.status is TaskStatus.SUCCEEDED
        picks[critic] = [c.name for c in house.calls].count("pick")
    assert picks == {True: 1, False: 2}


# --- what it tells ----------------------------------------------------------------------------


def test_events_tell_the_course_of_the_task(build: Build) -> None:
    events: list[PlannerEvent] = []
    house = build({"apple": "desk"})
    result = house.run("put the apple in the fridge", None, events.append)
    assert isinstance(events[0], GoalGrounded)
    started = [e for e in events if isinstance(e, StepStarted)]
    finished = [e for e in events if isinstance(e, StepFinished)]
    assert [e.skills for e in started] == list(range(1, result.skills + 1))
    assert [str(e.outcome.call) for e in finished] == [str(c) for c in house.calls]
    plans = [e.plan for e in events if isinstance(e, PlanChanged)]
    assert {p.revision for p in plans} == set(range(result.replans + 1))
    assert all(p.reason for p in plans if p.revision)
    assert {s.status for s in plans[-1].steps} <= {"done", "skipped"}


def test_the_first_step_of_a_plan_is_never_judged(build: Build) -> None:
    events: list[PlannerEvent] = []
    build({"apple": "fridge"}).run("put the apple on the shelf", None, events.append)
    for event, following in pairwise(events):
        made = isinstance(event, PlanChanged) and event.plan.steps[0].status == "pending"
        assert not (made and isinstance(following, StepJudged))
    assert any(isinstance(event, StepJudged) for event in events)


def test_picks_say_where_the_object_was_last_seen(build: Build) -> None:
    house = build({"apple": "desk"})
    house.run("put the apple in the fridge")
    (pick,) = [c for c in house.calls if c.name == "pick"]
    assert pick.position is not None
    assert house.site.place("desk").contains(pick.position)


# --- corrections while a task runs ------------------------------------------------------------


def test_no_the_blue_one(build: Build) -> None:
    house = build({"red mug": "desk", "blue mug": "shelf"})
    said = iter(["", "", "", "", "no, the blue one"])
    notes: list[str] = []

    def on_event(event: PlannerEvent) -> None:
        if isinstance(event, Note):
            notes.append(event.text)

    result = house.run("put the red mug on the nightstand", None, on_event, lambda: next(said, ""))
    assert result.status is TaskStatus.SUCCEEDED, result.reason
    assert house.objects["blue mug"] == "nightstand"
    assert house.objects["red mug"] != "nightstand"
    assert "understood: the blue mug on the nightstand" in notes
    assert not house.violations


def test_a_correction_that_is_not_understood_is_asked_back(build: Build) -> None:
    house = build({"red mug": "desk"})
    said = iter(["", "no, the zorblax"])
    notes: list[str] = []

    def on_event(event: PlannerEvent) -> None:
        if isinstance(event, Note):
            notes.append(event.text)

    result = house.run("put the red mug on the nightstand", None, on_event, lambda: next(said, ""))
    assert result.status is TaskStatus.SUCCEEDED
    assert any("zorblax" in note for note in notes)


@pytest.mark.parametrize("said", ["Stop!", "never mind"])
def test_a_task_that_is_called_off_ends(build: Build, said: str) -> None:
    house = build({"red mug": "desk"})
    remarks = iter(["", "", said])
    result = house.run("put the red mug on the nightstand", corrections=lambda: next(remarks, ""))
    assert result.status is TaskStatus.CANCELED
    assert said in result.reason


def test_what_the_goal_before_a_correction_would_keep_open_is_closed(build: Build) -> None:
    house = build({"red mug": "desk"})

    def said() -> str:
        return "no, put the red mug on the nightstand" if "fridge" in house.open else ""

    assert house.run("open the fridge and open the top drawer", corrections=said).status is (
        TaskStatus.SUCCEEDED
    )
    assert house.open == set()


def test_endless_corrections_end(build: Build) -> None:
    house = build({"red mug": "desk", "blue mug": "shelf"})
    result = house.run("put the red mug on the nightstand", corrections=lambda: "no, the blue one")
    assert result.status is TaskStatus.SUCCEEDED
    assert house.objects["blue mug"] == "nightstand"
