# SPDX-License-Identifier: Apache-2.0
"""One memory takes another in: all of it or nothing, whatever the file holds."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from memagent import resources
from memagent.errors import MemagentError
from memagent.memory import LifelongMemory, MemoryConfig, QuarantineConfig, StateConfig, StoreConfig
from memagent.memory.exchange.layout import TABLES
from memagent.memory.store import Store, schema
from memagent.site import Site, load_site
from memagent.types import Code, Query, TaskResult, TaskStatus, Vector3

from ..scenes import DAY, DESK, mug_on_desk, outcome, percept, thing, watch

pytestmark = pytest.mark.unit

WARY = MemoryConfig(state=StateConfig(quarantine=QuarantineConfig(below=0.6)))
SHELF: Vector3 = (7.0, 5.0, 1.0)
SUCCEEDED = TaskResult(TaskStatus.SUCCEEDED, "", "bring the red mug", 2, 0, 20.0, 0)


def _live(memory: LifelongMemory, start: float = 0.0, label: str = "red mug") -> None:
    """Some days of a life that leave something in every table."""
    desk = {label: "on desk"}
    watch(memory, percept(0.0, thing(label, DESK), where=desk), start, 3.0)
    memory.remember("the spare key hangs by the door", stamp=start + 4.0, position=DESK)
    memory.keyframe("a tidy desk", stamp=start + 4.5, path="frames/1.jpg")
    task = memory.begin_episode("bring the red mug")
    part = memory.begin_episode("look for it", parent=task)
    memory.record(outcome(f"pick {label} @ desk", Code.GRASP_FAILED, finished=start + 10.0))
    memory.record(outcome("open @ fridge", finished=start + 15.0))
    memory.end_episode(SUCCEEDED, part)
    memory.end_episode(SUCCEEDED, task)
    memory.teach("never put a knife in the hand of a child", skill="hand_over", subject="knife")
    later = start + DAY
    shelf = percept(
        0.0, thing(label, SHELF), thing("tea box", DESK, track=2),
        where={label: "on shelf", "tea box": "on desk"}, viewed={"desk": 1.0},
        containers={"fridge": True},
    )  # fmt: skip
    watch(memory, shelf, later, 5.0)
    memory.recall(Query(text="key"))
    memory.pin(memory.remember("the fuse box is in the cellar", stamp=later + 6.0).id)
    faint = percept(0.0, thing("fork", DESK, track=3, confidence=0.35), where={"fork": "on desk"})
    watch(memory, faint, later + 10.0, 0.2)


@pytest.fixture
def other(tmp_path: Path, site: Site) -> Iterator[LifelongMemory]:
    with LifelongMemory(tmp_path / "other.memory", site, WARY) as memory:
        _live(memory)
        yield memory


def _known(memory: LifelongMemory) -> dict[str, Any]:
    """What people see of a memory."""
    seen = memory.export()
    return {key: seen[key] for key in ("rooms", "objects", "facts", "episodes", "lessons", "stamp")}


def test_a_memory_goes_into_an_empty_one_as_it_is(
    memory: LifelongMemory, other: LifelongMemory, tmp_path: Path
) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(other.export()), encoding="utf-8")
    added = memory.import_(file)
    assert added["item"] == other.stats()["item"]
    assert _known(memory) == _known(other)
    assert memory.timeline() == other.timeline()
    assert memory.events("episode-1") == other.events("episode-1")
    assert memory.habits("red mug") == other.habits("red mug")
    assert memory.quarantined() == other.quarantined()
    assert memory.contradictions() == other.contradictions()
    assert memory.latest_stamp == other.latest_stamp
    for text in ("spare key", "red mug shelf", "knife"):
        query = Query(text=text)
        assert memory.recall(query).items[0].text == other.recall(query).items[0].text


def test_every_table_is_in_it(other: LifelongMemory) -> None:
    for name, table in other.export()["tables"].items():
        if name not in ("alias", "evidence_gone"):
            assert table["rows"], name


def test_the_layout_is_that_of_the_store() -> None:
    derived = {"meta", "vector", "operation", "gist"}
    with LifelongMemory(":memory:") as memory:
        store: Store = memory._store
        assert set(schema.TABLES) - derived == set(TABLES)
        for name, table in TABLES.items():
            assert set(store.columns(name)) == set(table.columns), name


def test_what_was_seen_last_is_where_it_is_now(memory: LifelongMemory, site: Site) -> None:
    with LifelongMemory(":memory:", site) as other:
        watch(other, mug_on_desk(0.0), 100.0, 3.0)
        shelf = percept(0.0, thing("red mug", SHELF), where={"red mug": "on shelf"})
        watch(other, shelf, 300.0, 3.0)
        watch(memory, mug_on_desk(0.0), 200.0, 3.0)
        memory.import_(other.export())
    assert memory.where("red mug").candidates[0].place == "shelf"
    history = [(f.relation.object, f.valid_from, f.valid_to) for f in memory.history("red mug")]
    intervals = sorted(history, key=lambda h: h[1])
    assert [place for place, _, _ in intervals] == ["desk", "desk", "shelf"]
    (_, _, first_end), (_, second_start, second_end), (_, last_start, last_end) = intervals
    assert (first_end, second_end, last_end) == (second_start, last_start, None)


def test_lessons_on_one_subject_become_one(memory: LifelongMemory, other: LifelongMemory) -> None:
    memory.record(outcome("pick red mug @ desk", Code.GRASP_FAILED, finished=1.0))
    memory.import_(other.export())
    lesson = next(x for x in memory.lessons("pick", "red mug") if x.subject == "red mug")
    assert lesson.failures == 2
    memory.record(outcome("pick red mug @ desk", Code.GRASP_FAILED, finished=3 * DAY))
    lesson = next(x for x in memory.lessons("pick", "red mug") if x.subject == "red mug")
    assert lesson.failures == 3


def test_what_the_other_hand_holds_is_not_in_this_one(memory: LifelongMemory, site: Site) -> None:
    with LifelongMemory(":memory:", site) as other:
        watch(other, mug_on_desk(0.0), 0.0, 3.0)
        other.record(outcome("pick red mug @ desk", finished=9.0))
        assert other.world().holding == "red mug"
        memory.observe(percept(1.0))
        memory.import_(other.export())
    assert memory.world().holding == ""


def test_nothing_is_taken_in_twice_nor_from_itself(
    memory: LifelongMemory, other: LifelongMemory
) -> None:
    export = other.export()
    memory.import_(export)
    before = memory.stats()
    with pytest.raises(MemagentError, match="taken in before"):
        memory.import_(export)
    with pytest.raises(MemagentError, match="this very memory"):
        other.import_(export)
    assert memory.stats() == before


def test_what_was_taken_in_survives(path: Path, site: Site, other: LifelongMemory) -> None:
    with LifelongMemory(path, site) as memory:
        memory.import_(other.export())
        known = _known(memory)
    with LifelongMemory(path, site) as memory:
        assert _known(memory) == known


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[1, 2", "no JSON"),
        ('{"format": NaN}', "NaN"),
        ("[]", "no exported memory"),
        ('{"format": "memagent-memory/9"}', "memagent-memory/2"),
        ('{"format": "memagent-memory/2", "memory": "x", "tables": {}}', "tables"),
        ('{"format": 1, "format": 2}', "twice"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_export_is_refused_by_its_name(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text)
    with LifelongMemory(":memory:") as memory, pytest.raises(MemagentError, match=said) as error:
        memory.import_(file)
    assert str(file) in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with LifelongMemory(":memory:") as memory:
        for name in ("none.json", "binary"):
            with pytest.raises(MemagentError, match=name):
                memory.import_(tmp_path / name)


# --- anything at all --------------------------------------------------------------------------

_ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 40), st.integers(), st.text(max_size=3),
    st.floats(), st.sampled_from(["", "red mug", "desk", "on", "holding", "I", "episode-1"]),
    st.just("\x00"), st.just([]), st.just({}), st.just("\ud800"),
)  # fmt: skip


@pytest.fixture(scope="module")
def export() -> dict[str, Any]:
    site = load_site(resources.find("configs/sites/flat.yaml"))
    with LifelongMemory(":memory:", site, WARY) as memory:
        _live(memory)
        return json.loads(json.dumps(memory.export()))


@seed(1)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_export_is_refused_or_harmless(
    data: st.DataObject, export: dict[str, Any], site: Site
) -> None:
    damaged = {**export, "tables": copy.deepcopy(export["tables"])}
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(damaged["tables"])))
        table = damaged["tables"][name]
        if not isinstance(table, dict) or not table["rows"]:
            continue
        row = data.draw(st.integers(0, len(table["rows"]) - 1))
        how = data.draw(st.sampled_from(["value", "value", "value", "row", "drop", "twice"]))
        if how == "value":
            column = data.draw(st.integers(0, len(table["columns"]) - 1))
            if isinstance(table["rows"][row], list) and table["rows"][row]:
                table["rows"][row][min(column, len(table["rows"][row]) - 1)] = data.draw(_ODD)
        elif how == "row":
            table["rows"][row] = data.draw(_ODD)
        elif how == "drop":
            del table["rows"][row]
        else:
            table["rows"].append(copy.deepcopy(table["rows"][row]))
    config = MemoryConfig(store=StoreConfig(durability="normal"))
    with LifelongMemory(":memory:", site, config) as memory:
        watch(memory, mug_on_desk(0.0), 0.0, 1.0)
        before = _known(memory), memory.timeline()
        try:
            memory.import_(damaged)
        except MemagentError:
            assert (_known(memory), memory.timeline()) == before
        _still_works(memory)


def _still_works(memory: LifelongMemory) -> None:
    now = max(memory.latest_stamp or 0.0, memory.world().stamp) + 10.0
    watch(memory, mug_on_desk(0.0), now, 1.0)
    memory.record(outcome("pick red mug @ desk", Code.GRASP_FAILED, finished=now + 2.0))
    assert memory.where("red mug").candidates
    assert json.dumps(memory.export())
    for text in ("red mug", "bring the red mug", ""):
        memory.recall(Query(text=text))
        memory.similar_episodes(text or "x")
    memory.graph(as_of=now / 2)
    memory.habits("red mug")
    memory.lessons("pick", "red mug")
    memory.task_lessons("bring the red mug")
    memory.relive("red mug")
    for episode in memory.episodes():
        memory.events(episode.id)
    memory.contradictions()
    memory.undo(memory.correct("red mug", "shelf").id)
