# SPDX-License-Identifier: Apache-2.0
"""Memory within a budget, through its facade."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.errors import MemagentError, StoreError
from memagent.memory import ForgettingConfig, LifelongMemory, MemoryConfig, MemoryReader
from memagent.memory.forgetting.gists import Gists
from memagent.memory.store import SQLiteStore, StoreConfig
from memagent.memory.store.tables import Tables
from memagent.site import Site
from memagent.types import Code, Query

from ..scenes import DAY, mug_on_desk, outcome, percept, show, thing

pytestmark = pytest.mark.unit


def bounded(rows: int, **others: object) -> MemoryConfig:
    return MemoryConfig(
        store=StoreConfig(durability="normal"),
        forgetting=ForgettingConfig(budget_rows=rows, **others),  # type: ignore[arg-type]
    )


def texts(memory: LifelongMemory) -> list[str]:
    return [item.text for item in memory.timeline(limit=10_000)]


ACTS = st.lists(
    st.tuples(
        st.sampled_from(("note", "step", "see", "act", "pin", "unpin", "recall", "forget", "open")),
        st.integers(0, 40),
        st.integers(1, 5000),
    ),
    max_size=60,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(acts=ACTS, budget=st.integers(8, 24), batch=st.integers(1, 8))
def test_whatever_happens_the_budget_holds_and_what_is_pinned_stays(
    acts: list[tuple[str, int, int]], budget: int, batch: int
) -> None:
    config = bounded(budget, batch=batch, stretch=600.0, gists=4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "robot.memory"
        memory = LifelongMemory(path, config=config)
        pinned: set[str] = set()
        rows = forgotten = 0
        now = 0.0
        for act, which, seconds in acts:
            items = memory.timeline(limit=1000)
            ids = [item.id for item in items if item.source != "gist"]
            chosen = ids[which % len(ids)] if ids else ""
            now += seconds
            if act == "note":
                memory.remember(f"note {which}", stamp=now)
            elif act == "step":
                memory.observe(percept(now, summary=f"at {which}"))
            elif act == "see":
                memory.observe(replace(mug_on_desk(now), relations=()))
            elif act == "act":
                memory.record(outcome(f"open @ box {which}", Code.OK, now))
            elif act == "pin" and chosen and len(pinned | {chosen}) <= budget // 2:
                memory.pin(chosen)
                pinned.add(chosen)
            elif act == "unpin" and chosen:
                assert memory.unpin(chosen) == (chosen in pinned)
                pinned.discard(chosen)
            elif act == "recall":
                memory.recall(Query(text=f"note {which}"))
            elif act == "forget" and chosen:
                assert memory.forget(chosen)
                pinned.discard(chosen)
            elif act == "open":
                memory.close()
                memory = LifelongMemory(path, config=config)
            footprint = memory.footprint()
            there = {item.id for item in memory.timeline(limit=1000)}
            if act in ("note", "pin", "unpin", "recall", "open"):
                kept = footprint.items - footprint.gists
                assert kept + footprint.forgotten == rows + forgotten + (act == "note")
            rows, forgotten = footprint.items - footprint.gists, footprint.forgotten
            assert footprint.items == len(there) <= budget
            assert pinned <= there
            assert footprint.pinned == len(pinned)
        memory.close()
        with_file = SQLiteStore(path)
        gists = Gists(Tables(with_file), config.forgetting).all
        with_file.close()
        assert all(a.end < b.start for a, b in pairwise(gists))


def test_routine_goes_first_and_its_gist_is_found_by_its_words(path: Path, site: Site) -> None:
    with LifelongMemory(path, site, bounded(40, batch=8)) as memory:
        memory.remember("the guest is allergic to nuts", stamp=0.0)
        show(memory, replace(mug_on_desk(1.0), summary="at the desk"))
        for i in range(2, 90):
            summary = "in the kitchen; waters the fern" if i % 2 else f"in the kitchen; goes {i}"
            memory.observe(percept(10.0 * i, summary=summary))
        kept = texts(memory)
        assert "the guest is allergic to nuts" in kept
        assert any(text.startswith("first saw red mug") for text in kept)
        best = memory.recall(Query(text="fern", limit=50)).items
        gists = [item for item in best if item.source == "gist"]
        assert gists
        assert "waters the fern" in gists[0].text
        forgotten = memory.footprint().forgotten
        assert forgotten == sum(item.data["stands_for"] for item in gists) > 40
        assert memory.recall(Query(text="allergic")).items[0].text.startswith("the guest")


def test_what_is_used_outlives_what_is_not(path: Path) -> None:
    with LifelongMemory(path, config=bounded(64, batch=4)) as memory:
        for i in range(60):
            memory.remember(f"fact number{i}", stamp=float(i))
        for _ in range(5):
            assert memory.recall(Query(text="number7", limit=1)).items
        for i in range(60, 110):
            memory.remember(f"fact number{i}", stamp=float(i))
        kept = texts(memory)
        assert "fact number7" in kept
        assert "fact number8" not in kept
    with LifelongMemory(path, config=bounded(64, batch=4)) as memory:  # Uses were written.
        for i in range(110, 160):
            memory.remember(f"fact number{i}", stamp=float(i))
        assert "fact number7" in texts(memory)


def test_a_question_writes_nothing_and_a_reader_counts_no_use(path: Path) -> None:
    with LifelongMemory(path) as memory:
        memory.remember("the key is in the pot", stamp=1.0)
        before = path.with_name(path.name + "-wal").read_bytes()
        memory.recall(Query(text="key"))
        assert path.with_name(path.name + "-wal").read_bytes() == before
        with MemoryReader(path) as reader:
            assert reader.recall(Query(text="key")).items
    with SQLiteStore(path, StoreConfig(read_only=True))._connected as connection:
        assert connection.execute("SELECT item, uses FROM item_use").fetchall() == [(1, 1)]


def test_confirmed_facts_outlive_others(path: Path, site: Site) -> None:
    config = bounded(24, batch=4)
    with LifelongMemory(path, site, config) as memory:
        memory.observe(mug_on_desk(0.0))
        for i in range(1, 80):
            memory.observe(mug_on_desk(60.0 * i))
            memory.remember(f"said {i}", stamp=60.0 * i)
        assert any(text == "red mug on the desk (study)" for text in texts(memory))
        assert memory.where("red mug").candidates[0].place == "desk"


def test_taught_rules_and_pinned_lessons_never_go(path: Path) -> None:
    with LifelongMemory(path, config=bounded(24, batch=4)) as memory:
        memory.teach("never carry knives near children", skill="pick")
        for i in range(3):
            memory.record(outcome("pick can @ desk", Code.GRASP_FAILED, 10.0 + i))
        lesson = next(x for x in memory.lessons("pick", "can") if x.subject == "can")
        memory.pin_lesson(lesson.id)
        for i in range(200):
            memory.remember(f"note {i}", stamp=DAY * (1 + i))
        kept = texts(memory)
        assert "never carry knives near children" in kept
        assert lesson.text in kept
        assert memory.lessons("pick")[0].text == "never carry knives near children"


def test_pins_are_refused_where_they_make_no_sense(path: Path) -> None:
    with LifelongMemory(path, config=bounded(8, batch=1)) as memory:
        ids = [memory.remember(f"note {i}", stamp=float(i)).id for i in range(8)]
        for item in ids[:4]:
            memory.pin(item)
        memory.pin(ids[0])
        with pytest.raises(MemagentError, match="half of the budget"):
            memory.pin(ids[5])
        with pytest.raises(MemagentError, match="no item of this memory"):
            memory.pin("item-99")
        with pytest.raises(MemagentError, match="no item id"):
            memory.pin("fact-1")
        assert memory.unpin(ids[0])
        assert not memory.unpin(ids[0])
        memory.remember("one more", stamp=9.0)
        gist = next(item for item in memory.timeline() if item.source == "gist")
        with pytest.raises(MemagentError, match="gist"):
            memory.pin(gist.id)


def test_a_budget_in_bytes_holds(path: Path) -> None:
    config = bounded(1_000_000, budget_mb=0.9)
    with LifelongMemory(path, config=config) as memory:
        for i in range(4500):
            memory.remember(f"note {i} " + "x" * 200, stamp=60.0 * i)
            if i % 100 == 0:
                assert memory.footprint().bytes <= 0.9e6
        assert 500 < memory.footprint().items < 4000
    assert path.stat().st_size <= 0.9e6


def test_a_smaller_budget_is_worked_off_in_bounded_steps(path: Path) -> None:
    with LifelongMemory(path, config=bounded(2000)) as memory:
        for i in range(1500):
            memory.remember(f"note {i} " + "x" * 300, stamp=float(i))
    large = path.stat().st_size
    with LifelongMemory(path, config=bounded(100, batch=25)) as memory:
        before = memory.footprint().items
        for i in range(40):
            memory.remember(f"late {i}", stamp=2000.0 + i)
            after = memory.footprint().items
            assert before - after <= 100
            before = after
        assert before <= 100
    assert path.stat().st_size < large / 2, "free pages were given back"


def test_a_write_that_fails_forgets_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LifelongMemory(path, config=bounded(16, batch=4)) as memory:
        for i in range(16):
            memory.remember(f"note {i}", stamp=float(i))
        kept, run = texts(memory), SQLiteStore._run

        def fail(self: SQLiteStore, sql: str, parameters: tuple[object, ...] = ()) -> object:
            if sql == "COMMIT":
                raise StoreError("the disk is full")
            return run(self, sql, parameters)

        with monkeypatch.context() as broken:
            broken.setattr(SQLiteStore, "_run", fail)
            with pytest.raises(StoreError):
                memory.remember("one too many", stamp=20.0)
        assert texts(memory) == kept
        assert memory.footprint().items == 16
        memory.remember("one more", stamp=21.0)
        assert memory.footprint().items <= 16
        assert "one more" in texts(memory)


def test_recall_is_right_after_thousands_were_forgotten(path: Path) -> None:
    with LifelongMemory(path, config=bounded(400)) as memory:
        for i in range(2500):
            memory.remember(f"note number{i}", stamp=60.0 * i, position=(float(i), 0.0, 0.0))
        for item in memory.timeline(limit=1000):
            if item.source == "gist":
                continue
            number = item.text.split()[-1]
            assert memory.recall(Query(text=number, limit=1)).items[0].id == item.id
            assert item.position is not None
            near = memory.recall(Query(text=number, near=item.position, radius=0.1))
            assert [found.id for found in near.items] == [item.id]
        assert memory._index.size < 1700, "the index closed its gaps"
        parts = "SELECT sum(length(block)) FROM item_text_data"
        before = memory._store.query(parts)[0][0]
        with memory._store.transaction():
            memory._store.execute("INSERT INTO item_text (item_text) VALUES ('optimize')")
        assert before < 2.5 * memory._store.query(parts)[0][0], "words of what is gone went too"


def test_context_reaches_back_through_gists(path: Path) -> None:
    config = bounded(30, batch=4)
    with LifelongMemory(path, config=config) as memory:
        for i in range(200):
            memory.observe(percept(600.0 * i, summary=f"goes to {i}"))
    with LifelongMemory(path, config=config) as memory:
        context = memory.context()
        assert context[0].startswith("on day 1 from 00:00")
        assert context[-1] == "goes to 199"


def test_facts_that_hold_stay_where_old_ones_go(path: Path, site: Site) -> None:
    config = bounded(10_000, facts=20)
    with LifelongMemory(path, site, config) as memory:
        show(memory, percept(0.0, thing("green can", (6.3, 5.6, 0.745), 2),
                             where={"green can": "on desk"}))  # fmt: skip
        for i in range(300):
            where = ("desk", (6.0, 5.6, 0.745)) if i % 2 else ("coffee_table", (6.4, 1.6, 0.4))
            seen = thing("red mug", where[1])
            show(memory, percept(DAY * (1 + i), seen, where={"red mug": f"on {where[0]}"}))
        assert memory.stats()["fact"] < 20 + 64 * 3
        assert {f.relation.object for f in memory.facts("green can")} == {"desk"}
        assert sum(habit.visits for habit in memory.habits("red mug")) > 250


def test_a_gist_can_be_forgotten_itself(path: Path) -> None:
    config = bounded(16, batch=4)
    with LifelongMemory(path, config=config) as memory:
        for i in range(40):
            memory.remember(f"waters fern{i}", stamp=float(i), kind="step")
        gist = next(item for item in memory.timeline() if item.source == "gist")
        assert memory.forget(gist.id)
        assert memory.footprint().forgotten == memory.footprint().gists == 0
        for i in range(40, 80):
            memory.remember(f"waters fern{i}", stamp=float(i), kind="step")
        assert memory.verify_forgotten("fern0") == ()
        assert 0 < memory.footprint().forgotten <= 60
