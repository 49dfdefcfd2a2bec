# SPDX-License-Identifier: Apache-2.0
"""What is forgotten on request is nowhere: no row, no byte of the file or its log, no summary."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory import ForgettingConfig, LifelongMemory, MemoryConfig
from memagent.site import Site
from memagent.types import Code, Query, TaskResult, TaskStatus

from ..scenes import mug_on_desk, outcome, percept, watch

pytestmark = pytest.mark.unit


def holds(path: Path, text: str) -> bool:
    files = (path, path.with_name(path.name + "-wal"))
    return any(f.exists() and text.encode() in f.read_bytes() for f in files)


def test_no_byte_of_a_note_is_left(path: Path) -> None:
    secret = "the code of the safe is zebra-4711"
    with LifelongMemory(path) as memory:
        for i in range(300):
            memory.remember(f"note {i} of many", stamp=float(i))
        item = memory.remember(secret, stamp=300.0)
        memory.remember("and another", stamp=301.0)
        assert "item.text" in memory.verify_forgotten(secret)
        assert holds(path, secret)
        assert memory.forget(item.id)
        assert memory.verify_forgotten(secret) == ()
        for word in (secret, "zebra", "4711"):  # Words of the index as well.
            assert not holds(path, word)
        assert not memory.recall(Query(text="zebra")).items
    assert not holds(path, "zebra")


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.data())
def test_whichever_items_are_forgotten_no_trace_is_left(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("erasure") / "robot.memory"
    with LifelongMemory(path) as memory:
        sizes = data.draw(st.lists(st.integers(1, 900), min_size=20, max_size=120))
        ids = [
            memory.remember(f"marker{i}q " + "word " * (size // 5), stamp=float(i)).id
            for i, size in enumerate(sizes)
        ]
        for i in data.draw(st.sets(st.integers(0, len(ids) - 1), min_size=1, max_size=4)):
            assert memory.forget(ids[i])
            assert memory.verify_forgotten(f"marker{i}q") == ()
            assert not holds(path, f"marker{i}q")


def test_a_steps_words_leave_the_summaries_and_the_context(path: Path) -> None:
    with LifelongMemory(path) as memory:
        for i in range(40):
            summary = "at the desk; reads a private letter" if i == 3 else f"at the desk; step {i}"
            memory.observe(percept(10.0 * i, summary=summary))
        told = [item for item in memory.timeline(limit=999) if "private" in item.text]
        assert {item.kind for item in told} == {"step", "summary"}
        assert any("private" in text for text in memory.context())
        step = next(item for item in told if item.kind == "step")
        assert memory.forget(step.id)
        assert memory.verify_forgotten("private letter") == ()
        assert "step 5" in memory.context()[0]
        assert any(i.kind == "summary" for i in memory.recall(Query(text="desk", limit=50)).items)
    assert not holds(path, "private")


def test_what_another_step_says_too_stays_said(path: Path) -> None:
    with LifelongMemory(path) as memory:
        for i in range(40):
            memory.observe(percept(10.0 * i, summary=f"waters the fern; {i}"))
        first = memory.timeline(limit=999)[0]
        assert memory.forget(first.id)
        assert any("waters the fern" in i.text for i in memory.timeline() if i.kind == "summary")


def test_an_object_leaves_gists_and_summaries(path: Path, site: Site) -> None:
    config = MemoryConfig(forgetting=ForgettingConfig(budget_rows=40, batch=8))
    with LifelongMemory(path, site, config) as memory:
        watch(memory, mug_on_desk(0.0), 0.0, 5.0)
        for i in range(1, 120):
            memory.observe(percept(100.0 * i, summary="sees red mug" if i % 2 else f"goes {i}"))
        gists = [item for item in memory.timeline(limit=999) if item.source == "gist"]
        assert any("red mug" in gist.text for gist in gists)
        first = next(item for item in memory.timeline(limit=999) if item.kind == "object")
        stands_for = memory.footprint().forgotten
        assert memory.forget(first.id)
        left = [item for item in memory.timeline(limit=999) if "red mug" in item.text]
        assert {item.kind for item in left} <= {"step"}, "steps are items of their own"
        assert memory.footprint().forgotten == stands_for
        for item in left:
            assert memory.forget(item.id)
        assert memory.verify_forgotten("red mug") == ()


def test_what_is_in_memory_is_what_is_in_the_file(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        memory.begin_episode("fetch the red mug")
        watch(memory, mug_on_desk(0.0), 0.0, 5.0)
        memory.record(outcome("pick red mug @ desk", Code.GRASP_FAILED, 9.0))
        memory.record(outcome("pick red mug @ desk", Code.GRASP_FAILED, 19.0))
        memory.end_episode(TaskResult(TaskStatus.FAILED, "slipped"))
        memory.observe(percept(30.0, summary="drives home"))
        for kind in ("relation", "step", "lesson", "episode", "object"):
            for item in [i for i in memory.timeline(limit=999) if i.kind == kind]:
                if item.id in {i.id for i in memory.timeline(limit=999)}:
                    assert memory.forget(item.id)
            shown = _shown(memory)
            with LifelongMemory(_copy(memory, path, kind), site) as again:
                assert _shown(again) == shown


def _copy(memory: LifelongMemory, path: Path, name: str) -> Path:
    target = path.with_name(name)
    memory.snapshot(target)
    return target


def _shown(memory: LifelongMemory) -> str:
    world = memory.world()
    parts = (
        memory.export(), world.objects, world.containers, memory.context(), memory.stats(),
        [lesson.text for lesson in memory.lessons()], memory.habits("red mug"),
        memory.quarantined(), [fact.id for fact in memory.facts()],
    )  # fmt: skip
    return json.dumps(parts, default=str, sort_keys=True)


def test_an_episode_goes_with_its_outcomes_and_lessons(path: Path) -> None:
    with LifelongMemory(path) as memory:
        memory.begin_episode("hide the birthday present")
        memory.record(outcome("place present @ closet", Code.GRASP_FAILED, 5.0))
        memory.end_episode(TaskResult(TaskStatus.FAILED, "no room"))
        assert memory.lessons("place", "present")
        for _ in range(2):  # The episode, then what is told of its outcomes and lessons.
            for item in memory.timeline():
                memory.forget(item.id)
        assert memory.episodes() == ()
        assert memory.lessons("place", "present") == ()
        assert memory.verify_forgotten("birthday present") == ()
        assert memory.verify_forgotten("closet") == ()


class Letters:
    """A vector per text, by its letters."""

    id = "letters"
    dimension = 26

    def embed(self, texts):  # type: ignore[no-untyped-def]
        counts = np.array([[t.count(chr(97 + i)) + 0.1 for i in range(26)] for t in texts])
        return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


def test_vectors_go_too_and_reworded_summaries_get_new_ones(path: Path) -> None:
    with LifelongMemory(path, embedder=Letters()) as memory:
        for i in range(40):
            memory.observe(percept(10.0 * i, summary=f"sees xylophone {i}; on floor {i}"))
        assert memory.settle(20.0)
        before = memory.footprint().embedded
        assert memory.forget(memory.timeline(limit=999)[2].id)
        assert memory.settle(20.0)
        assert memory.footprint().embedded == before - 1
