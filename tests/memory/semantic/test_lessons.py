# SPDX-License-Identifier: Apache-2.0
"""What outcomes teach, how it fades, and what stays."""

from __future__ import annotations

import dataclasses
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memagent.errors import MemagentError
from memagent.memory import (
    Decision,
    Evidence,
    LessonConfig,
    LessonRecord,
    LifelongMemory,
    MemoryConfig,
    StateConfig,
)
from memagent.memory.semantic.lessons import Vocabulary, pattern_of
from memagent.memory.semantic.merging import nearest
from memagent.memory.semantic.trials import Trial
from memagent.memory.store.sqlite import APPLICATION_ID, migrations
from memagent.site import Site
from memagent.types import Code, Lesson, Query, TaskResult, TaskStatus

from ..scenes import DAY, mug_on_desk, outcome, percept, show, thing, watch

pytestmark = pytest.mark.unit


def _picks(
    memory: LifelongMemory, results: str, label: str = "tea box", start: float = 0.0
) -> None:
    """One pick per letter, S or F, put back after each success."""
    for i, letter in enumerate(results):
        now = start + 20.0 * (i + 1)
        code = Code.OK if letter == "S" else Code.GRASP_FAILED
        memory.record(outcome(f"pick {label} @ shelf", code, finished=now))
        if letter == "S":
            memory.record(outcome(f"place {label} @ shelf", finished=now + 10.0))


def _pick(memory: LifelongMemory, subject: str = "tea box") -> Lesson:
    lesson = memory.lessons("pick", subject)[0]
    assert lesson.subject == subject
    return lesson


# --- rates and claims -------------------------------------------------------------------------


def test_a_lesson_has_a_rate_with_its_interval_and_says_how_it_fails(
    memory: LifelongMemory,
) -> None:
    _picks(memory, "SSFSS")
    memory.record(outcome("pick tea box @ shelf", Code.BLOCKED, finished=500.0))
    lesson = _pick(memory)
    assert (lesson.successes, lesson.failures) == (4, 2)
    assert lesson.codes == (("GRASP_FAILED", 1), ("BLOCKED", 1))
    low, high = lesson.interval
    assert low < lesson.rate < high
    assert 0.4 < lesson.rate < 4 / 6, "the newest outcome was a failure"
    assert lesson.claim == "works"


def test_lessons_are_drawn_for_object_category_place_and_skill(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", Code.GRASP_FAILED, finished=10.0))
    assert [x.subject for x in memory.lessons("pick", "red mug")] == ["red mug", "mug", ""]
    assert memory.lessons("pick", "desk")[0].failures == 1
    assert memory.lessons("pick", "blue mug") == memory.lessons("pick")
    assert [x.subject for x in memory.lessons("pick", "mug")] == ["mug", ""]


def test_a_lesson_cites_the_episodes_it_comes_from(memory: LifelongMemory) -> None:
    for number in (1, 2):
        memory.begin_episode(f"errand {number}")
        _picks(memory, "FF", start=100.0 * number)
        memory.end_episode(TaskResult(TaskStatus.FAILED, ""))
    _picks(memory, "F", start=900.0)
    assert _pick(memory).episodes == ("episode-2", "episode-1")
    assert {e.id for e in memory.episodes()} == {"episode-1", "episode-2"}
    told = memory.recall(Query(text="tea box", kinds=("lesson",))).items
    assert {item.episode for item in told} == {"episode-1", "episode-2", ""}


def test_a_change_of_the_world_shows_after_a_handful_of_outcomes(memory: LifelongMemory) -> None:
    _picks(memory, "F" * 20)
    before = _pick(memory)
    assert (before.claim, before.failures) == ("fails", 20)
    assert before.strength > 0.95
    strengths = []
    for n in range(4):
        _picks(memory, "S", start=1000.0 + 40.0 * n)
        strengths.append(_pick(memory).strength)
    assert strengths == sorted(strengths, reverse=True)
    assert _pick(memory).id == before.id
    show(memory, percept(1500.0))
    _picks(memory, "S", start=2000.0)
    after = _pick(memory)
    assert after.id != before.id
    assert (after.claim, after.successes, after.failures) == ("works", 5, 0)
    assert after.rate > 0.8
    (event,) = (e for e in show(memory, percept(2100.0)) if e.kind == "lesson")
    assert event.text == "pick(tea box) worked 5 of 5 times"
    valid = [i for i in memory.recall(Query(text="tea box", kinds=("lesson",), limit=50)).items
             if i.valid_to is None]  # fmt: skip
    assert [i.text for i in valid] == [event.text]


def test_a_rate_of_one_half_is_unreliable_and_stays_so(memory: LifelongMemory) -> None:
    _picks(memory, "SF" * 8)
    settled = _pick(memory)
    assert settled.claim == "unreliable"
    _picks(memory, "SF" * 8, start=1000.0)
    assert _pick(memory).id == settled.id
    assert _pick(memory).strength > 0.5


@pytest.mark.parametrize("code", [Code.NOT_FOUND, Code.CANCELED, Code.ESTOP])
def test_what_tells_nothing_changes_no_lesson(memory: LifelongMemory, code: Code) -> None:
    _picks(memory, "SF")
    before = memory.lessons()
    memory.record(outcome("pick tea box @ shelf", code, finished=500.0))
    assert memory.lessons() == before


# --- preconditions ----------------------------------------------------------------------------


def _drawer_pick(memory: LifelongMemory, is_open: bool, stamp: float) -> None:
    watch(memory, percept(0.0, containers={"top drawer": is_open}), stamp, 1.0)
    code = Code.OK if is_open else Code.BLOCKED
    memory.record(outcome("pick spoon @ top drawer", code, finished=stamp + 20.0))
    if is_open:
        memory.record(outcome("place spoon @ top drawer", finished=stamp + 30.0))


def test_that_a_container_must_be_open_is_learned_from_outcomes(memory: LifelongMemory) -> None:
    for i, is_open in enumerate([True, False, True, False]):
        _drawer_pick(memory, is_open, 100.0 * (i + 1))
    lesson = _pick(memory, "spoon")
    assert lesson.preconditions == ("container open",)
    assert lesson.text.endswith("2 of 4 times: BLOCKED; success needs container open")


def test_what_a_skill_brings_about_is_not_taken_for_its_precondition(
    memory: LifelongMemory,
) -> None:
    """Percepts show an opened container, and an empty hand, before the outcome is recorded."""
    for i in range(3):
        start = 100.0 * (i + 1)
        watch(memory, percept(0.0, containers={"fridge": False}), start, 1.0)
        watch(memory, percept(0.0, containers={"fridge": True}), start + 5.0, 1.0)
        memory.record(outcome("open @ fridge", finished=start + 7.0))
        watch(memory, percept(0.0, containers={"fridge": False}), start + 10.0, 1.0)
        memory.record(outcome("open @ fridge", Code.BLOCKED, finished=start + 20.0))
    (lesson, *_) = memory.lessons("open", "fridge")
    assert lesson.successes >= 2
    assert lesson.failures >= 2
    assert lesson.preconditions == ()


def test_the_hand_counts_as_it_was_when_the_skill_began(memory: LifelongMemory) -> None:
    for i in range(2):
        start = 100.0 * (i + 1)
        show(memory, percept(start, thing("red mug", (6.0, 5.6, 0.745))))
        memory.record(outcome("pick red mug @ desk", finished=start + 5.0))
        watch(memory, mug_on_desk(0.0), start + 10.5, 1.0)
        assert memory.world().holding == "", "percepts were faster than the outcome"
        memory.record(outcome("place red mug @ desk", finished=start + 12.0))
        memory.record(outcome("place red mug @ desk", Code.GRASP_FAILED, finished=start + 20.0))
    assert _pick(memory, "red mug").preconditions == ()
    assert memory.lessons("place", "red mug")[0].preconditions == ("hand full",)


# --- tasks ------------------------------------------------------------------------------------


def _task(memory: LifelongMemory, instruction: str, code: Code, stamp: float) -> None:
    memory.begin_episode(instruction)
    memory.record(outcome("open @ top drawer", code, finished=stamp))
    status = TaskStatus.SUCCEEDED if code is Code.OK else TaskStatus.FAILED
    memory.end_episode(TaskResult(status, f"in {stamp} s"))


def test_tasks_teach_how_often_they_work_and_why_they_fail(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    put = "put the {} in the top drawer"
    _task(memory, put.format("red mug"), Code.OK, 10.0)
    _task(memory, put.format("red mug"), Code.BLOCKED, 20.0)
    show(memory, percept(25.0, thing("banana", (7.0, 5.6, 0.7))))
    _task(memory, put.format("banana").upper() + ".", Code.BLOCKED, 30.0)
    own, pattern, *alike = memory.task_lessons("Put the banana in the top drawer")
    assert own.text == (
        "put the banana in the top drawer failed 1 of 1 times: open(top drawer) BLOCKED"
    )
    assert (pattern.subject, pattern.level) == ("put the <object> in the <place>", "task")
    assert (pattern.successes, pattern.failures) == (1, 2)
    assert pattern.codes == (("open(top drawer) BLOCKED", 2),)
    assert pattern.episodes == ("episode-3", "episode-2", "episode-1")
    assert [x.subject for x in alike] == ["put the red mug in the top drawer"]
    assert memory.task_lessons("water the plants") == ()
    assert all(x.level == "action" for x in memory.lessons())


def test_a_task_that_was_canceled_or_interrupted_teaches_nothing(memory: LifelongMemory) -> None:
    memory.begin_episode("tidy up")
    memory.end_episode(TaskResult(TaskStatus.CANCELED, ""))
    memory.begin_episode("tidy up")
    memory.begin_episode("something else")
    memory.end_episode(TaskResult(TaskStatus.STUCK, ""))
    assert memory.task_lessons("tidy up") == ()
    assert memory.task_lessons("something else")[0].codes == (("STUCK", 1),)


def test_a_pattern_takes_the_longest_names_out() -> None:
    words = Vocabulary(frozenset(["mug", "red mug"]), frozenset(["drawer", "top drawer"]))
    assert pattern_of("put the red mug in the top drawer", words) == (
        "put the <object> in the <place>"
    )
    assert pattern_of("bring smuggled goods", words) == "bring smuggled goods"


# --- what stays -------------------------------------------------------------------------------


def test_a_rule_that_was_taught_never_goes(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        rule = memory.teach("never pick the kettle while it boils", skill="pick", subject="kettle")
        other = memory.teach("mind the cat")
        _picks(memory, "S" * 12 + "F" * 12, "kettle")
        assert memory.lessons("pick", "kettle")[:2] == (rule, other)
        assert memory.lessons("open", "kettle") == (other,)
    with LifelongMemory(path, site) as memory:
        assert memory.lessons("pick", "kettle")[:2] == (rule, other)
        assert rule.pinned
        assert "boils" in memory.recall(Query(text="kettle boils", kinds=("lesson",))).items[0].text


def test_a_pinned_lesson_stays_though_the_world_disagrees(memory: LifelongMemory) -> None:
    _picks(memory, "FFF")
    pinned = memory.pin_lesson(_pick(memory).id)
    _picks(memory, "S" * 20, start=500.0)
    now = _pick(memory)
    assert (now.id, now.claim, now.pinned) == (pinned.id, "fails", True)
    assert now.strength < 0.01
    assert now.rate > 0.9, "it counts on all the same"
    memory.pin_lesson(now.id, pinned=False)
    _picks(memory, "S", start=2000.0)
    assert _pick(memory).claim == "works"
    with pytest.raises(MemagentError, match="no lesson 'lesson-999'"):
        memory.pin_lesson("lesson-999")


def test_forgetting_a_lessons_item_forgets_the_lesson(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        rule = memory.teach("mind the cat")
        memory.teach("mind the dog")
        _picks(memory, "F")
        for item in memory.recall(Query(kinds=("lesson",))).items:
            if "dog" not in item.text:
                assert memory.forget(item.id)
        assert memory.lessons("pick", "tea box")[-1].subject == ""
    with LifelongMemory(path, site) as memory:
        subjects = [lesson.subject for lesson in memory.lessons("pick", "tea box")]
        assert "tea box" not in subjects
        assert rule.text not in [lesson.text for lesson in memory.lessons()]
        assert "mind the dog" in [lesson.text for lesson in memory.lessons()]


# --- merging ----------------------------------------------------------------------------------


class _Folding:
    """Folds evidence into the nearest lesson, whatever it is about."""

    def __init__(self) -> None:
        self.shown: list[int] = []

    def decide(self, evidence: Evidence, nearest: Sequence[LessonRecord]) -> Sequence[Decision]:
        self.shown.append(len(nearest))
        if evidence.subject == "" or not nearest:
            return (Decision("ADD", words="said by the model"),)
        return (Decision("UPDATE", nearest[0].id, words=f"folded {evidence.subject}"),)


def test_another_merger_may_fold_lessons_into_one(path: Path, site: Site) -> None:
    merger = _Folding()
    with LifelongMemory(path, site, merger=merger) as memory:
        for number in range(12):
            memory.record(outcome(f"pick tea box {number}", Code.GRASP_FAILED, finished=number))
        assert memory.settle(10.0)
        told = memory.lessons("pick", "tea box 0")[0]
        assert (told.text, told.failures) == ("folded tea box 11", 12)
        assert max(merger.shown) <= 10
    with LifelongMemory(path, site) as memory:
        assert memory.lessons("pick", "tea box 0")[0] == told


class _Wrong:
    """Deletes everything, or cannot say anything."""

    def __init__(self, error: bool) -> None:
        self.error = error

    def decide(self, evidence: Evidence, nearest: Sequence[LessonRecord]) -> Sequence[Decision]:
        if self.error:
            raise MemagentError("no network")
        return [Decision("DELETE", record.id) for record in nearest] or (Decision("UPDATE", "?"),)


@pytest.mark.parametrize("error", [True, False])
def test_the_rules_decide_where_a_merger_fails_or_would_delete_what_is_pinned(
    path: Path, error: bool
) -> None:
    merger = _Wrong(error)
    with LifelongMemory(path, merger=merger) as memory:
        memory.record(outcome("pick tea box", Code.GRASP_FAILED, finished=1.0))
        assert memory.settle(10.0)
        for lesson in memory.lessons("pick", "tea box"):
            memory.pin_lesson(lesson.id)
        memory.record(outcome("pick tea box", Code.GRASP_FAILED, finished=2.0))
        assert memory.settle(10.0)
        assert [x.failures for x in memory.lessons("pick", "tea box")] == [2, 2]


def test_a_merger_may_delete(path: Path) -> None:
    with LifelongMemory(path, merger=_Wrong(error=False)) as memory:
        for stamp in (1.0, 2.0):
            memory.record(outcome("pick tea box", Code.GRASP_FAILED, finished=stamp))
            assert memory.settle(10.0)
        assert memory.lessons("pick", "tea box") == ()
        assert all(i.valid_to is not None for i in memory.recall(Query(kinds=("lesson",))).items)


class _Slow:
    """Thinks until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def decide(self, evidence: Evidence, nearest: Sequence[LessonRecord]) -> Sequence[Decision]:
        if not self.go.wait(10.0):
            raise MemagentError("nobody let it go")
        return (Decision("ADD", words="after some thought"),)


def test_memory_goes_on_while_a_merger_thinks_and_events_tell_what_it_says(path: Path) -> None:
    merger = _Slow()
    with LifelongMemory(path, merger=merger) as memory:
        memory.record(outcome("pick tea box", Code.GRASP_FAILED, finished=1.0))
        memory.observe(percept(2.0))
        assert memory.lessons("pick", "tea box") == ()
        merger.go.set()
        assert memory.settle(10.0)
        assert memory.lessons("pick", "tea box")[0].text == "after some thought"
        told = [event.text for event in memory.observe(percept(3.0)) if event.kind == "lesson"]
        assert told == ["after some thought"]


def test_what_a_merger_had_no_time_for_is_learned_the_next_time(path: Path, tmp_path: Path) -> None:
    merger = _Slow()
    with LifelongMemory(path, merger=merger) as memory:
        memory.record(outcome("pick tea box", Code.GRASP_FAILED, finished=1.0))
        snapshot = tmp_path / "killed.db"
        memory.snapshot(snapshot)
        merger.go.set()
    with LifelongMemory(snapshot) as memory:
        assert [x.failures for x in memory.lessons("pick", "tea box")] == [1, 1]


def test_the_nearest_are_about_the_same_then_alike_and_at_most_ten() -> None:
    def record(seq: int, skill: str, subject: str) -> LessonRecord:
        return LessonRecord(seq, "action", skill, subject, "works", "", False, 0.0)

    records = [record(n, "pick", f"mug {n}") for n in range(20)]
    records += [record(50, "place", "mug"), record(51, "pick", "mug"), record(52, "pick", "fork")]
    found = nearest(Evidence("action", "pick", "mug", Trial("OK"), 0.0), records)
    assert len(found) == 10
    assert found[0].seq == 51
    assert 52 not in [r.seq for r in found]


# --- the file ---------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["tea box", "red mug", "spoon"]),
            st.sampled_from([Code.OK, Code.GRASP_FAILED, Code.BLOCKED, Code.CANCELED]),
        ),
        max_size=60,
    )
)
def test_lessons_after_reopening_are_those_before(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, Code]]
) -> None:
    path = tmp_path_factory.mktemp("lessons") / "robot.memory"
    with LifelongMemory(path) as memory:
        for i, (label, code) in enumerate(history):
            if i % 7 == 0:
                memory.begin_episode(f"errand with the {label}")
            memory.record(outcome(f"pick {label} @ shelf", code, finished=float(10 * i + 10)))
            if i % 7 == 5:
                memory.end_episode(TaskResult(TaskStatus.FAILED, ""))
        before = memory.export()["lessons"]
    with LifelongMemory(path) as memory:
        assert memory.export()["lessons"] == before


def test_the_newest_outcomes_are_those_that_count_after_reopening(path: Path) -> None:
    with LifelongMemory(path) as memory:
        for stamp in range(50):
            memory.begin_episode("pick the tea box")
            memory.record(outcome("pick tea box", Code.GRASP_FAILED, finished=float(stamp)))
        before = _pick(memory)
    assert (before.failures, before.episodes[0], len(before.episodes)) == (50, "episode-50", 40)
    with LifelongMemory(path) as memory:
        assert _pick(memory) == before


def test_an_older_file_keeps_everything_and_its_outcomes_become_lessons(
    path: Path, site: Site
) -> None:
    with LifelongMemory(path, site) as memory:
        show(memory, mug_on_desk(1.0))
        memory.remember("the key hangs by the door", stamp=2.0)
        for number in range(3):
            _task(memory, "put the red mug in the top drawer", Code.BLOCKED, 10.0 * number + 10)
        _picks(memory, "FSFS", start=100.0)
        memory.begin_episode("bring the banana")
        before = memory.export()
        timeline, history = memory.timeline(), memory.history("red mug")
        lessons, tasks = memory.lessons("pick", "tea box"), memory.task_lessons("bring the banana")
        events = memory.events("episode-2")
    _downgrade(path)
    with LifelongMemory(path, site) as memory:
        after = memory.export()
        assert _drawn(after.pop("lessons")) == _drawn(before.pop("lessons"))
        for part in ("stamp", "objects", "facts", "episodes"):
            assert after[part] == before[part]
        assert memory.timeline() == timeline
        assert memory.history("red mug") == history
        assert [x.failures for x in memory.lessons("pick", "tea box")] == [
            x.failures for x in lessons
        ]
        assert memory.task_lessons("bring the banana") == tasks
        assert [e.text for e in memory.events("episode-2")] == [e.text for e in events]
        memory.end_episode(TaskResult(TaskStatus.SUCCEEDED, "goes on"))
        assert memory.episodes(1)[0].status == "SUCCEEDED"


def _drawn(lessons: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """What can be drawn again from outcomes whose conditions nobody noted."""
    kept = ("level", "skill", "subject", "successes", "claim", "rate", "codes", "episodes")
    return sorted(tuple(lesson[key] for key in kept) for lesson in lessons)


def _downgrade(path: Path) -> None:
    """Write a memory again as the first schema would have held it."""
    old = path.with_suffix(".old")
    database = sqlite3.connect(old)
    database.executescript(migrations()[0])
    database.execute("ATTACH ? AS new", (str(path),))
    for table in ("meta", "item", "fact", "entity", "container", "search", "visit", "episode",
                  "outcome"):  # fmt: skip
        names = [row[1] for row in database.execute(f"PRAGMA main.table_info({table})")]
        columns = ", ".join(names)
        database.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}")
    database.execute("DELETE FROM meta WHERE key = 'lessons_drawn_until'")
    database.commit()
    database.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;")
    database.close()
    old.replace(path)


# --- habits -----------------------------------------------------------------------------------


def test_habits_tell_how_many_visits_say_so(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        for day, place in enumerate(["desk", "desk", "shelf", "desk"]):
            seen = percept(
                day * DAY, thing("red mug", (6.0 + 0.5 * (place == "shelf"), 5.6, 0.7)),
                where={"red mug": f"on {place}"},
            )  # fmt: skip
            watch(memory, seen, day * DAY, 2.0)
        usual, other = memory.habits("mug")
        assert usual.text == "the red mug is usually on the desk: 3 of 4 visits"
        assert other.text == "the red mug is sometimes on the shelf: 1 of 4 visits"
        assert [stay.first for stay in usual.evidence] == [0.2, DAY, 3 * DAY + 0.2]
        assert [stay.last for stay in usual.evidence] == [2.0, DAY + 2.0, 3 * DAY + 2.0]
        assert memory.habits("banana") == ()
    with LifelongMemory(path, site) as memory:
        assert memory.habits("red mug") == (usual, other)


def test_what_the_robot_put_somewhere_is_no_habit(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=10.0))
    memory.record(outcome("place red mug @ shelf", finished=20.0))
    (habit,) = memory.habits("red mug")
    assert (habit.place, habit.visits, habit.of) == ("desk", 1, 1)
    assert dataclasses.asdict(habit)["evidence"][0]["position"] == (6.0, 5.6, 0.745)


def test_there_are_only_so_many_lessons_and_those_that_rest_on_least_give_way(path: Path) -> None:
    config = MemoryConfig(state=StateConfig(lessons=LessonConfig(most=12)))
    with LifelongMemory(path, config=config) as memory:
        _picks(memory, "SSSS")
        pinned = memory.teach("never lift the aquarium", skill="pick")
        for i in range(30):
            memory.record(outcome(f"open @ box {i}", finished=1000.0 + i))
        assert memory.stats()["lesson"] <= 12
        assert memory.lessons("pick", "tea box")[1].successes == 4
        assert memory.lessons("open", "box 29")[0].subject == "box 29"
        assert pinned.text in [lesson.text for lesson in memory.lessons("pick")]
        shown = [lesson.text for lesson in memory.lessons("open")]
    with LifelongMemory(path, config=config) as memory:
        assert [lesson.text for lesson in memory.lessons("open")] == shown
