# SPDX-License-Identifier: Apache-2.0
"""Episodes within episodes, and events within episodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from memagent.errors import MemagentError
from memagent.memory import LifelongMemory
from memagent.site import Site
from memagent.types import Code, TaskResult, TaskStatus

from ..scenes import DAY, DESK, outcome, percept, show, thing

pytestmark = pytest.mark.unit

DONE = TaskResult(TaskStatus.SUCCEEDED, "")


def _texts(memory: LifelongMemory, episode: str) -> list[str]:
    return [event.text for event in memory.events(episode)]


def test_what_happens_in_a_subgoal_happened_in_the_task_too(memory: LifelongMemory) -> None:
    task = memory.begin_episode("lay the table")
    memory.record(outcome("navigate_to @ shelf", finished=5.0))
    goal = memory.begin_episode("fetch the mug", parent=task)
    memory.record(outcome("pick mug @ shelf", Code.GRASP_FAILED, finished=10.0))
    memory.end_episode(DONE)
    memory.record(outcome("navigate_to @ dining table", finished=15.0))
    memory.end_episode(DONE)
    inner, outer = memory.episodes()
    assert (inner.id, inner.parent, inner.finished) == (goal, task, 10.0)
    assert (outer.id, outer.parent, outer.finished) == (task, "", 15.0)
    assert [o.call.name for o in inner.outcomes] == ["pick"]
    assert [o.call.name for o in outer.outcomes] == ["navigate_to", "pick", "navigate_to"]
    steps = [i for i in memory.timeline() if i.kind == "step"]
    assert [i.episode for i in steps] == [task, goal, task]
    assert "after 3 skills" in next(
        i.text for i in memory.timeline() if i.kind == "episode" and i.episode == task
    )


def test_nesting_goes_on_after_a_restart(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        task = memory.begin_episode("lay the table")
        goal = memory.begin_episode("fetch the mug", parent=task)
        deep = memory.begin_episode("open the cupboard", parent=goal)
    with LifelongMemory(path, site) as memory:
        memory.end_episode(DONE)
        assert memory.begin_episode("pick it up", parent=goal) not in (task, goal, deep)
        memory.end_episode(DONE)
        memory.end_episode(DONE)
        memory.end_episode(DONE)
        assert {e.status for e in memory.episodes()} == {"SUCCEEDED"}
        assert [e.parent for e in memory.episodes()] == [goal, goal, task, ""]


def test_ending_a_task_interrupts_what_is_left_within_it(memory: LifelongMemory) -> None:
    task = memory.begin_episode("lay the table")
    goal = memory.begin_episode("fetch the mug", parent=task)
    memory.end_episode(TaskResult(TaskStatus.FAILED, "no mug"), task)
    assert [e.status for e in memory.episodes()] == ["INTERRUPTED", "FAILED"]
    with pytest.raises(MemagentError, match=r"'episode-2' is not running.*none is"):
        memory.end_episode(DONE, goal)


def test_a_parent_must_be_running(memory: LifelongMemory) -> None:
    task = memory.begin_episode("lay the table")
    with pytest.raises(MemagentError, match=f"'episode-7' is not running; running: {task}"):
        memory.begin_episode("fetch the mug", parent="episode-7")
    assert [e.status for e in memory.episodes()] == [""]


def test_a_new_task_or_sibling_interrupts_only_what_it_is_not_a_part_of(
    memory: LifelongMemory,
) -> None:
    task = memory.begin_episode("lay the table")
    memory.begin_episode("fetch the mug", parent=task)
    memory.begin_episode("fetch the fork", parent=task)
    assert [e.status for e in memory.episodes()] == ["", "INTERRUPTED", ""]
    memory.begin_episode("something else")
    assert [e.status for e in memory.episodes()] == ["", "INTERRUPTED", "INTERRUPTED",
                                                      "INTERRUPTED"]  # fmt: skip


# --- events -----------------------------------------------------------------------------------


def test_boundaries_cut_an_episode_into_events(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        show(memory, percept(1.0, summary="waiting"))
        task = memory.begin_episode("bring the banana")
        show(memory, percept(2.0, summary="driving to the kitchen", boundary=True))
        show(memory, percept(3.0, summary="still driving"))
        memory.record(outcome("navigate_to @ fridge", finished=9.0))
        show(memory, percept(8.5, summary="at the fridge", boundary=True))
        frame = memory.keyframe("the fridge from the front", stamp=9.5, path="frames/17.png")
        memory.record(outcome("open @ fridge", finished=12.0))
        memory.end_episode(DONE)
        memory.remember("someone rang the bell", stamp=20.0)
        events = memory.events(task)
        assert [(e.text, e.started, e.finished) for e in events] == [
            ("bring the banana", 1.0, 2.0),
            ("driving to the kitchen", 2.0, 8.5),
            ("at the fridge", 8.5, 12.0),
        ]
        assert [i.text for i in events[1].items] == [
            "driving to the kitchen", "navigate_to(fridge) OK",
        ]  # fmt: skip
        assert events[2].keyframes == (frame,)
        assert frame.path == "frames/17.png"
        assert "someone rang the bell" not in [i.text for e in events for i in e.items]
    with LifelongMemory(path, site) as memory:
        assert memory.events(task) == events


def test_events_never_overlap_though_percepts_lag_behind_outcomes(memory: LifelongMemory) -> None:
    show(memory, percept(1.0))
    memory.record(outcome("open @ fridge", finished=12.0))
    task = memory.begin_episode("bring the banana")
    show(memory, percept(11.5, summary="driving", boundary=True))
    show(memory, percept(15.0, summary="there", boundary=True))
    spans = [(e.started, e.finished) for e in memory.events(task)]
    assert spans == [(12.0, 12.0), (12.0, 15.0), (15.0, None)]


def test_events_of_a_task_include_those_of_its_subgoals(memory: LifelongMemory) -> None:
    task = memory.begin_episode("lay the table")
    goal = memory.begin_episode("fetch the mug", parent=task)
    memory.end_episode(DONE)
    assert _texts(memory, task) == ["lay the table", "fetch the mug", "lay the table"]
    assert _texts(memory, goal) == ["fetch the mug"]
    memory.end_episode(DONE)
    assert memory.events(task)[-1].finished == 0.0
    with pytest.raises(MemagentError, match="episode-12"):
        memory.events("the first one")


def test_reliving_finds_the_event_and_what_was_just_before_and_after(
    memory: LifelongMemory,
) -> None:
    for n, word in enumerate(["alder", "birch", "cedar", "dogwood", "elm"]):
        show(memory, percept(10.0 * n, summary=f"passing the {word}", boundary=True))
        memory.remember(f"noted leaf {n}", stamp=10.0 * n + 5.0)
    assert [e.text for e in memory.relive("the cedar")] == [
        "passing the birch", "passing the cedar", "passing the dogwood",
    ]  # fmt: skip
    (alone,) = memory.relive("leaf 3", neighbours=0)
    assert alone.text == "passing the dogwood"
    assert (alone.started, alone.finished) == (30.0, 40.0)
    assert [i.text for i in alone.items] == ["passing the dogwood", "noted leaf 3"]
    assert [e.text for e in memory.relive("elm")] == ["passing the dogwood", "passing the elm"]
    assert memory.relive("elm")[-1].finished is None
    assert memory.relive("xylophone") == ()


def test_forgetting_the_item_that_began_an_event_takes_its_words(memory: LifelongMemory) -> None:
    show(memory, percept(1.0, summary="somebody was crying", boundary=True))
    memory.remember("rang the bell", stamp=2.0)
    item = next(i for i in memory.timeline() if "crying" in i.text)
    assert memory.forget(item.id)
    assert [e.text for e in memory.relive("bell")] == [""]


def test_a_keyframe_is_found_by_its_caption_and_needs_one(memory: LifelongMemory) -> None:
    show(memory, percept(1.0, summary="in the study", boundary=True))
    memory.keyframe("a letter under the lamp", stamp=2.0)
    (event,) = memory.relive("letter")
    assert [k.caption for k in event.keyframes] == ["a letter under the lamp"]
    with pytest.raises(MemagentError, match="caption"):
        memory.keyframe(" ", stamp=3.0)


def test_an_event_lost_with_a_failed_write_is_cut_again(memory: LifelongMemory) -> None:
    show(memory, percept(1.0, summary="one", boundary=True))
    with pytest.raises(MemagentError):
        memory.begin_episode("lay the table", parent="episode-9")
    show(memory, percept(2.0, summary="two", boundary=True))
    assert [e.text for e in memory.relive("two")] == ["one", "two"]


def test_the_order_of_first_sights_is_of_the_things_named(memory: LifelongMemory) -> None:
    """What was said of them or of others since then is more recent, and much alike."""
    names = [f"{colour} {kind}" for kind in ("mug", "cup") for colour in ("red", "blue", "green")]
    for day, name in enumerate(names):
        show(memory, percept(day * DAY, thing(name, DESK), where={name: "on desk"}))
    spot = (7.7, 4.4, 0.65)
    for day, name in enumerate(reversed(names), start=30):
        show(memory, percept(day * DAY, thing(name, spot), where={name: "on shelf"}))
    found = memory.order(*(f"first saw {name}" for name in reversed(names)))
    assert [item.data["object"] for item in found] == names
