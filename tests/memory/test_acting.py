# SPDX-License-Identifier: Apache-2.0
"""What outcomes of skills change, and what they teach."""

from __future__ import annotations

from pathlib import Path

import pytest

from memagent.memory import BeliefConfig, LifelongMemory
from memagent.site import Site
from memagent.types import Code, Fact, PlaceBelief, Query, TaskResult, TaskStatus

from .scenes import DAY, DESK, DRAWER, mug_on_desk, outcome, percept, show, thing, watch

pytestmark = pytest.mark.unit


def _best(memory: LifelongMemory, name: str = "red mug") -> PlaceBelief:
    return memory.where(name).candidates[0]


def _facts_of_mug(memory: LifelongMemory) -> list[tuple[str, str, bool]]:
    def brief(fact: Fact) -> tuple[str, str, bool]:
        return fact.relation.predicate, fact.relation.object, fact.by_robot

    return [brief(fact) for fact in memory.facts("red mug")]


def test_picked_then_placed(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=10.0))
    assert _best(memory).place == "gripper"
    assert memory.world().holding == "red mug"
    memory.record(outcome("place red mug @ top drawer", finished=20.0))
    assert memory.world().holding == ""
    assert _facts_of_mug(memory) == [("in", "top drawer", True)]
    assert _best(memory).evidence == "put there by the robot 0 s ago"
    assert [e.kind for e in show(memory, percept(20.2))] == ["held", "moved"]


def test_seeing_what_was_just_placed_confirms_it(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=10.0))
    memory.record(outcome("place red mug @ top drawer", finished=20.0))
    rows = memory.stats()["fact"]
    show(memory, percept(20.2, thing("red mug", DRAWER), where={"red mug": "in top drawer"}))
    assert memory.stats()["fact"] == rows
    assert _facts_of_mug(memory) == [("in", "top drawer", True)]
    assert _best(memory).position == DRAWER


def test_the_second_day_people_have_put_it_back(memory: LifelongMemory) -> None:
    watch(memory, mug_on_desk(0.0), 1.0, 5.0)
    memory.record(outcome("pick red mug @ desk", finished=10.0))
    memory.record(outcome("place red mug @ top drawer", finished=20.0))
    assert _best(memory).place == "top drawer"
    show(memory, percept(DAY))
    belief = memory.where("red mug")
    odds = {c.place: c.probability for c in belief.candidates}
    assert belief.candidates[0].place == "desk"
    assert belief.candidates[0].position == DESK
    assert odds["desk"] > 0.7
    assert odds["desk"] > 5 * odds["top drawer"]


@pytest.mark.parametrize("code", [Code.GRASP_FAILED, Code.DROPPED])
def test_a_failed_pick_leaves_the_gripper_empty(memory: LifelongMemory, code: Code) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", code, finished=10.0))
    assert memory.world().holding == ""
    assert _facts_of_mug(memory) == [("on", "desk", False)]


def test_not_found_is_evidence_against_the_place(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", Code.NOT_FOUND, finished=100.0))
    assert _facts_of_mug(memory) == []
    odds = {c.place: c.probability for c in memory.where("red mug").candidates}
    assert _best(memory).place == "shelf", "the other place of the room where people keep it"
    assert odds["shelf"] == pytest.approx(BeliefConfig().nearby * odds["dining table"])
    assert odds["desk"] == min(odds.values())
    assert all(p < 0.1 for place, p in odds.items() if place != "shelf")


def test_not_found_for_an_object_never_seen_counts_too(memory: LifelongMemory) -> None:
    memory.record(outcome("pick pink cup @ shelf", Code.NOT_FOUND, finished=10.0))
    assert memory.where("pink cup").candidates[-1].place == "shelf"
    banana = memory.where("banana").candidates
    assert banana[-1].probability == banana[0].probability, "for another object it says nothing"


def test_not_found_against_a_fresh_sighting_only_lowers_trust(memory: LifelongMemory) -> None:
    watch(memory, mug_on_desk(0.0), 1.0, 9.0)
    before = _best(memory).probability
    memory.record(outcome("pick red mug @ desk", Code.NOT_FOUND, finished=10.0, took=5.0))
    assert _facts_of_mug(memory) == [("on", "desk", False)]
    assert _best(memory).probability < before


def test_a_whole_look_without_the_object_moves_the_belief_on(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    for i in range(2):  # Too few percepts to be sure without the skill's word.
        memory.observe(percept(100.0 + i * 0.2, viewed={"desk": 0.9}))
    assert _facts_of_mug(memory)
    memory.record(outcome("look_at @ desk", finished=100.5))
    assert not _facts_of_mug(memory)
    assert _best(memory).place != "desk"


def test_a_look_that_saw_little_only_lowers_the_odds(memory: LifelongMemory) -> None:
    before = {c.place: c.probability for c in memory.where("banana").candidates}
    memory.record(outcome("look_at @ shelf", finished=10.0))
    after = {c.place: c.probability for c in memory.where("banana").candidates}
    assert 0.3 * before["shelf"] < after["shelf"] < 0.7 * before["shelf"]
    assert "shelf" not in memory.world().viewed


def test_looking_at_a_closed_container_says_nothing_of_its_inside(memory: LifelongMemory) -> None:
    show(memory, percept(1.0, containers={"fridge": False}))
    memory.record(outcome("look_at @ fridge", finished=10.0))
    assert len({c.probability for c in memory.where("banana").candidates}) == 1


def test_opening_and_closing_are_remembered(memory: LifelongMemory) -> None:
    def is_open() -> bool:
        return next(c.is_open for c in memory.world().containers if c.name == "fridge")

    memory.record(outcome("open @ fridge", finished=5.0))
    assert is_open()
    memory.record(outcome("close @ fridge", Code.BLOCKED, finished=9.0))
    assert is_open()
    memory.record(outcome("close @ fridge", finished=12.0))
    assert not is_open()
    assert [e.text for e in show(memory, percept(13.0)) if e.kind in ("opened", "closed")] == [
        "the robot opened the fridge",
        "the robot closed the fridge",
    ]


def test_a_call_by_label_means_the_one_at_that_place(memory: LifelongMemory) -> None:
    near, far = (5.6, 5.6, 0.73), (7.7, 4.4, 0.63)
    show(memory, percept(1.0, thing("orange block", near), where={"orange block": "on desk"}))
    for stamp in (2.0, 2.2, 2.4):
        both = percept(
            stamp, thing("orange block", near), thing("orange block", far, 2),
            where={"orange block": "on desk"},
        )  # fmt: skip
        show(memory, both)
    memory.record(outcome("pick block @ desk", finished=5.0, position=far))
    assert memory.world().holding == "orange block 2"


def test_the_robot_may_hold_what_it_never_saw(memory: LifelongMemory) -> None:
    memory.record(outcome("pick remote @ shelf", finished=5.0))
    assert memory.world().holding == "remote"
    memory.record(outcome("place remote @ desk", finished=9.0))
    assert _best(memory, "remote").place == "desk"


# --- lessons ----------------------------------------------------------------------------------


def test_lessons_count_outcomes_and_survive_restarts(path: Path, site: Site) -> None:
    codes = [Code.OK, Code.GRASP_FAILED, Code.OK, Code.GRASP_FAILED, Code.OK]
    with LifelongMemory(path, site) as memory:
        for i, code in enumerate(codes):
            memory.record(outcome("pick tea box @ shelf", code, finished=10.0 * i))
            memory.record(outcome("place tea box @ shelf", finished=10.0 * i + 5.0))
        texts = [e.text for e in show(memory, percept(50.0)) if e.kind == "lesson"]
    assert texts[-1] == "pick(tea box) failed 2 of 4 times: GRASP_FAILED"
    with LifelongMemory(path, site) as memory:
        lesson = memory.lessons("pick", "tea box")[0]
        assert lesson.text == "pick(tea box) failed 2 of 5 times: GRASP_FAILED"
        assert (lesson.successes, lesson.failures) == (3, 2)
        assert memory.lessons("pick", "shelf")[0].failures == 2
        assert [x.subject for x in memory.lessons("pick", "sponge")] == [""]
        assert memory.lessons("open", "fridge") == ()
        lessons = memory.recall(Query(text="tea box", kinds=("lesson",))).items
        assert [x.valid_to is None for x in lessons] == [True, False]


@pytest.mark.parametrize("code", [Code.CANCELED, Code.ESTOP, Code.NOT_FOUND, Code.BAD_ARGUMENT])
def test_interruptions_and_wrong_beliefs_teach_nothing_of_a_skill(
    memory: LifelongMemory, code: Code
) -> None:
    memory.record(outcome("pick tea box @ shelf", code, finished=1.0))
    assert memory.lessons("pick", "tea box") == ()


# --- episodes ---------------------------------------------------------------------------------


def _attempt(memory: LifelongMemory, instruction: str, start: float, status: TaskStatus) -> None:
    memory.begin_episode(instruction)
    memory.record(outcome("open @ fridge", finished=start + 1))
    memory.record(outcome("pick banana @ fridge", Code.GRASP_FAILED, finished=start + 2))
    memory.end_episode(TaskResult(status, "as it went"))


def test_episodes_keep_their_outcomes_and_similar_ones_are_found(memory: LifelongMemory) -> None:
    _attempt(memory, "bring the banana to the dining table", 0.0, TaskStatus.SUCCEEDED)
    _attempt(memory, "put the red mug in the top drawer", 10.0, TaskStatus.FAILED)
    newest, oldest = memory.episodes()
    assert (newest.instruction, newest.status) == ("put the red mug in the top drawer", "FAILED")
    assert [str(o.call) for o in oldest.outcomes] == ["open(fridge)", "pick(banana, fridge)"]
    assert oldest.outcomes[1].code is Code.GRASP_FAILED
    assert memory.similar_episodes("put the blue mugs into a drawer", 1) == (newest,)
    assert memory.episodes(limit=1) == (newest,)


def test_what_came_first(memory: LifelongMemory) -> None:
    _attempt(memory, "bring the banana to the dining table", 0.0, TaskStatus.SUCCEEDED)
    _attempt(memory, "put the red mug in the top drawer", 10.0, TaskStatus.FAILED)
    first, second = memory.order("the mug in the drawer", "bringing the banana to the table")
    assert "banana" in first.text
    assert "mug" in second.text


def test_an_episode_goes_on_after_a_restart_and_a_new_one_interrupts_it(
    path: Path, site: Site
) -> None:
    with LifelongMemory(path, site) as memory:
        memory.begin_episode("put the red mug in the top drawer")
        show(memory, mug_on_desk(1.0))
        memory.record(outcome("pick red mug @ desk", finished=10.0))
        before = memory.world()
    with LifelongMemory(path, site) as memory:
        assert memory.world() == before
        memory.record(outcome("place red mug @ top drawer", finished=20.0))
        assert len(memory.episodes()[0].outcomes) == 2
        memory.begin_episode("something else")
        assert [e.status for e in memory.episodes()] == ["", "INTERRUPTED"]


def test_an_outcome_outside_any_episode_is_remembered_too(memory: LifelongMemory) -> None:
    memory.record(outcome("navigate_to @ desk", finished=1.0))
    memory.end_episode(TaskResult(TaskStatus.SUCCEEDED, ""))
    assert memory.episodes() == ()
    assert memory.timeline()[0].text == "navigate_to(desk) OK"
