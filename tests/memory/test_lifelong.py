# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from memagent.errors import MemagentError, StoreError
from memagent.memory import LifelongMemory, MemoryConfig, Note, StoreConfig
from memagent.planner.ports import MemoryPort
from memagent.site import Site
from memagent.types import Code, Query, TaskResult, TaskStatus

from .scenes import DESK, mug_on_desk, outcome, percept, show, thing, watch

pytestmark = pytest.mark.unit


def test_it_satisfies_the_planners_port(memory: LifelongMemory) -> None:
    port: MemoryPort = memory
    assert port.world().objects == ()


def test_the_world_as_new_as_asked_for_or_an_error(memory: LifelongMemory) -> None:
    with pytest.raises(MemagentError, match="none yet"):
        memory.world(after=0.0)
    show(memory, mug_on_desk(5.0))
    assert memory.latest_stamp == 5.0
    assert memory.world(after=5.0).stamp == 5.0
    memory.record(outcome("look_at @ shelf", finished=9.0))
    with pytest.raises(MemagentError, match=r"as new as 9\.000 s.*newest is from 5\.000 s"):
        memory.world(after=9.0)
    assert memory.world().stamp == 9.0


def test_a_name_finds_its_object_in_several_ways(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(5.0))
    for words in ("red mug", "Red  Mug", "mug", "mugs"):
        assert memory.where(words).name == "red mug"
    never = memory.where("blue mug")
    assert (never.name, never.category, never.colour) == ("blue mug", "mug", "blue")
    assert math.isclose(sum(c.probability for c in never.candidates) + never.elsewhere, 1.0)
    assert never.elsewhere > 0.3


def test_history_tells_where_a_thing_was_newest_first(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    memory.record(outcome("place red mug @ shelf", finished=9.0))
    told = [(f.relation.subject, f.relation.object) for f in memory.history("red mug")]
    assert told == [("red mug", "shelf"), ("I", "red mug"), ("red mug", "desk")]
    assert [f.valid_to for f in memory.history("red mug")] == [None, 9.0, 5.0]


def test_of_several_the_surest_is_meant(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(5.0))
    show(memory, percept(6e5, thing("blue mug", DESK), where={"blue mug": "on desk"}))
    assert memory.where("mug").name == "blue mug"


def test_without_a_site_places_are_those_mentioned(path: Path) -> None:
    with LifelongMemory(path) as memory:
        assert memory.where("red mug").candidates == ()
        show(memory, mug_on_desk(5.0))
        assert [c.place for c in memory.where("red mug").candidates] == ["desk"]
        assert memory.where("banana").candidates[0].place == "desk"


def test_a_late_percept_changes_nothing_and_a_clock_that_went_back_is_an_error(
    memory: LifelongMemory,
) -> None:
    show(memory, mug_on_desk(100.0))
    assert show(memory, percept(99.0, thing("banana", DESK))) == ()
    with pytest.raises(MemagentError, match="clock must not go back"):
        show(memory, mug_on_desk(3.0))
    assert [o.name for o in memory.world().objects] == ["red mug"]


def test_a_clock_that_jumps_disturbs_nothing_that_was_remembered(path: Path) -> None:
    year = 365 * 86_400.0
    with LifelongMemory(path) as memory:
        memory.observe(mug_on_desk(100.0))
        memory.remember("before the jump", stamp=101.0)
        memory.observe(mug_on_desk(100.0 + year))
        memory.remember("after the jump", stamp=101.0 + year)
        memory.remember("of another clock", stamp=50.0)
    with LifelongMemory(path) as memory:
        with pytest.raises(MemagentError, match="clock must not go back"):
            memory.observe(mug_on_desk(200.0))
        notes = [item.text for item in memory.timeline() if item.kind == "note"]
        assert notes == ["of another clock", "before the jump", "after the jump"]
        found = memory.recall(Query(text="jump clock", until=150.0)).items
        assert {item.text for item in found} >= {"before the jump", "of another clock"}
        assert "after the jump" not in {item.text for item in found}
        assert memory.where("red mug").candidates[0].place == "desk"
        memory.observe(mug_on_desk(200.0 + year))


@pytest.mark.parametrize(
    "bad",
    [
        percept(math.nan),
        percept(1.0, thing("red mug", (math.inf, 0.0, 0.0))),
        percept(1.0, thing("red mug", DESK, confidence=math.nan)),
        percept(1.0, thing("I", DESK)),
    ],
)
def test_malformed_percepts_are_refused_whole(memory: LifelongMemory, bad: object) -> None:
    with pytest.raises(MemagentError):
        show(memory, bad)  # type: ignore[arg-type]
    assert sum(memory.stats().values()) == 0
    assert memory.latest_stamp is None


def test_malformed_words_are_refused(memory: LifelongMemory) -> None:
    with pytest.raises(MemagentError, match="text"):
        memory.remember("  ", stamp=1.0)
    with pytest.raises(MemagentError, match="finite"):
        memory.remember("x", stamp=math.nan)
    with pytest.raises(MemagentError, match="item-12"):
        memory.forget("red mug")
    with pytest.raises(MemagentError, match="finite"):
        memory.record(outcome("open @ fridge", finished=math.inf))


def test_a_failed_write_leaves_memory_as_it_was(path: Path, site: Site) -> None:
    config = MemoryConfig(store=StoreConfig(size_limit_mb=0.25))

    def fill(memory: LifelongMemory) -> None:
        while True:
            memory.remember("filling up " * 30, stamp=2.0)

    with LifelongMemory(path, site, config) as memory:
        show(memory, mug_on_desk(1.0))
        with pytest.raises(StoreError, match="full"):
            fill(memory)
        facts, world = memory.facts(), memory.world()
        moved = percept(9.0, thing("red mug", (7.7, 4.4, 0.65)), where={"red mug": "on shelf"})
        with pytest.raises(StoreError, match="full"):
            memory.observe(replace(moved, summary="a long story " * 2000))
        assert memory.facts() == facts
        assert memory.world() == world
    with LifelongMemory(path, site) as memory:
        assert memory.facts() == facts
        assert [e.kind for e in show(memory, moved)] == ["moved"]


def test_beliefs_are_the_same_after_a_restart(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        watch(memory, replace(mug_on_desk(0.0), viewed={"desk": 0.9, "shelf": 0.8}), 1.0, 7.1)
        memory.record(outcome("open @ fridge", finished=9.0))
        world, where = memory.world(), memory.where("banana")
        latest = memory.latest_stamp
    with LifelongMemory(path, site) as memory:
        assert memory.world() == world
        assert memory.where("banana") == where
        assert memory.latest_stamp == latest


def test_the_export_is_json_with_rooms_places_and_objects(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.begin_episode("put the mug away")
    memory.record(outcome("pick red mug @ desk", Code.GRASP_FAILED, finished=5.0))
    memory.end_episode(TaskResult(TaskStatus.FAILED, "it slipped"))
    exported = json.loads(json.dumps(memory.export(), allow_nan=False))
    study = next(r for r in exported["rooms"] if r["name"] == "study")
    desk = next(p for p in study["places"] if p["name"] == "desk")
    assert desk["objects"][0]["name"] == "red mug"
    assert exported["episodes"][0]["outcomes"][0]["code"] == "GRASP_FAILED"
    assert any(f["relation"]["object"] == "desk" for f in exported["facts"])
    assert any("failed 1 of 1" in lesson["text"] for lesson in exported["lessons"])


def test_forgetting_an_object_takes_all_of_it_along(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    first = next(i for i in memory.timeline() if i.kind == "object")
    assert memory.forget(first.id)
    assert memory.world().objects == ()
    assert memory.facts("red mug") == ()
    assert memory.recall(Query(text="mug")).items == ()
    assert memory.where("red mug").candidates[0].last_seen is None


def test_threads_share_one_memory(memory: LifelongMemory) -> None:
    errors: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            for i in range(30):
                memory.remember(f"worker{worker} item{i}", stamp=float(i))
                memory.recall(Query(text=f"worker{worker}"))
                memory.world()
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    assert memory.stats()["item"] == 120


def test_closing_twice_is_fine_and_use_after_it_is_an_error(path: Path) -> None:
    memory = LifelongMemory(path)
    memory.close()
    memory.close()
    with pytest.raises(StoreError, match="closed"):
        memory.remember("too late", stamp=1.0)


def test_many_notes_are_remembered_together_or_not_at_all(memory: LifelongMemory) -> None:
    notes = [Note(f"note {i}", float(i), (float(i), 0.0, 0.0)) for i in range(3)]
    items = memory.remember_many(notes)
    assert [item.text for item in items] == ["note 0", "note 1", "note 2"]
    assert memory.timeline() == items
    with pytest.raises(MemagentError, match="empty"):
        memory.remember_many([Note("one more", 4.0), Note(" ", 5.0)])
    assert memory.timeline() == items
