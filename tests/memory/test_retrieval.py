# SPDX-License-Identifier: Apache-2.0
"""All four kinds of memory, asked at once."""

from __future__ import annotations

import threading

import pytest

from memagent.memory import LifelongMemory
from memagent.types import Code, Query, TaskResult, TaskStatus

from .scenes import mug_on_desk, outcome, percept, thing, watch

pytestmark = pytest.mark.unit

FAILED = TaskResult(TaskStatus.FAILED, "no grasp", "bring me the red mug", 1, 0, 9.0, 0)


def test_each_kind_says_what_it_knows(memory: LifelongMemory) -> None:
    watch(memory, mug_on_desk(0.0), 0.0, 3.0)
    memory.observe(percept(4.0, thing("red mug", (6.0, 5.6, 0.745)), summary="sees a red mug"))
    episode = memory.begin_episode("bring me the red mug")
    memory.record(outcome("pick red mug @ desk", Code.GRASP_FAILED, finished=10.0))
    memory.end_episode(FAILED, episode)
    found = memory.retrieve(Query(text="Bring me the red mug!", limit=5))
    assert found.temporal == ("sees a red mug",)
    assert found.spatial.has_edge("red mug", "desk")
    assert "no grasp" in " ".join(item.text for item in found.episodic.items)
    assert {lesson.level for lesson in found.semantic} == {"task", "action"}
    assert found.stamp == 10.0


def test_what_is_not_named_is_not_drawn(memory: LifelongMemory) -> None:
    watch(memory, mug_on_desk(0.0), 0.0, 3.0)
    can = percept(
        5.0, thing("soda can", (1.0, 0.5, 0.9), track=2), where={"soda can": "on counter"}
    )
    watch(memory, can, 5.0, 3.0)
    around = memory.retrieve(Query(text="soda can"), hops=1).spatial
    assert around.has_edge("soda can", "counter")
    assert "red mug" not in around


def test_longer_names_win_and_categories_name_all_of_theirs(memory: LifelongMemory) -> None:
    for number, label in enumerate(("red mug", "blue mug")):
        seen = percept(
            9.0 * number, thing(label, (6.0, 5.6 - number, 0.745), track=number),
            where={label: "on desk"},
        )  # fmt: skip
        watch(memory, seen, 9.0 * number, 3.0)
    assert "blue mug" in memory.retrieve(Query(text="both a mug and a spoon"), hops=0).spatial
    assert "blue mug" not in memory.retrieve(Query(text="the red mug"), hops=0).spatial


def test_nothing_is_known_at_first(memory: LifelongMemory) -> None:
    found = memory.retrieve(Query(text="anything"))
    assert (found.temporal, found.semantic, found.episodic.items) == ((), (), ())


def test_the_four_agree_while_somebody_writes(memory: LifelongMemory) -> None:
    """The graph and the log always tell of the same newest place."""
    stop = threading.Event()

    def move() -> None:
        for number in range(60):
            place = ("desk", "shelf")[number % 2]
            spot = ((6.0, 5.6, 0.745), (7.0, 5.0, 1.0))[number % 2]
            seen = percept(3.0 * number, thing("red mug", spot), where={"red mug": f"on {place}"})
            watch(memory, seen, 3.0 * number, 2.0)
        stop.set()

    writer = threading.Thread(target=move)
    writer.start()
    try:
        while not stop.is_set():
            found = memory.retrieve(Query(text="red mug", kinds=("relation",), limit=1), hops=1)
            if found.episodic.items and found.episodic.items[0].valid_to is None:
                place = found.episodic.items[0].text.split(" on the ")[1].split(" (")[0]
                assert found.spatial.has_edge("red mug", place)
    finally:
        writer.join(30.0)
