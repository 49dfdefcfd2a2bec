# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.recall import log_index
from memagent.memory.recall.log_index import LogIndex
from memagent.memory.store import SQLiteStore
from memagent.memory.store.tables import Tables
from memagent.types import Query

pytestmark = pytest.mark.unit

DIMENSION = 128


def unit(random: np.random.Generator, count: int) -> np.ndarray:
    """Vectors that mostly lie in a few directions, as those of texts do."""
    vectors = random.normal(size=(count, 24)) @ random.normal(size=(24, DIMENSION))
    vectors += 0.1 * random.normal(size=(count, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def fill(tables: Tables, index: LogIndex, vectors: np.ndarray) -> None:
    with tables.store.transaction():
        for i in range(len(vectors)):
            position = (float(i % 10), 0.0, 0.0) if i % 2 else None
            kind = "note" if i % 3 else "step"
            tables.add_item(kind, f"item {i}", float(i), position=position)
    index.tail()
    index.put_vectors(range(1, len(vectors) + 1), vectors)


@pytest.fixture
def tables() -> Tables:
    return Tables(SQLiteStore(":memory:"))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    kinds=st.sampled_from([(), ("note",), ("step", "note"), ("lesson",)]),
    since=st.none() | st.floats(-5, 60),
    until=st.none() | st.floats(-5, 60),
    near=st.none() | st.tuples(st.floats(0, 9), st.floats(-1, 1), st.just(0.0)),
    radius=st.floats(0.1, 4.0),
)
def test_filters_agree_with_a_plain_loop(kinds, since, until, near, radius) -> None:
    tables = Tables(SQLiteStore(":memory:"))
    index = LogIndex(tables.store, "m", DIMENSION)
    vectors = unit(np.random.default_rng(0), 60)
    fill(tables, index, vectors)
    query = Query(kinds=kinds, since=since, until=until, near=near, radius=radius)
    expected = [
        int(item.id.removeprefix("item-"))
        for item in tables.items("ORDER BY seq")
        if (not kinds or item.kind in kinds)
        and (since is None or item.stamp >= since)
        and (until is None or item.stamp <= until)
        and (
            near is None
            or (
                item.position is not None
                and np.linalg.norm(np.subtract(item.position, near)) <= radius
            )
        )
    ]
    passing = index.passing(query)
    found = index.seqs(index.newest(60, passing))
    assert sorted(found.tolist()) == expected
    rows, cosines = index.similar(vectors[7], 60, passing)
    assert sorted(index.seqs(rows).tolist()) == expected
    assert list(cosines) == sorted(cosines, reverse=True)


def test_it_follows_the_log_and_is_rebuilt_from_it(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "memory.db")
    tables, vectors = Tables(store), unit(np.random.default_rng(1), 30)
    index = LogIndex(store, "m", DIMENSION)
    fill(tables, index, vectors)
    with store.transaction():
        for seq, vector in enumerate(vectors[:20], start=1):
            store.execute("INSERT INTO vector VALUES (?,?,?)", (seq, "m", vector.tobytes()))
        tables.forget_item(3)
    index.drop_forgotten()
    rebuilt, other = LogIndex(store, "m", DIMENSION), LogIndex(store, "other", DIMENSION)
    assert rebuilt.without_vector(100) == list(range(21, 31))
    assert not other.has_vectors
    assert len(other.without_vector(100)) == 29
    for each in (index, rebuilt):
        rows, _ = each.similar(vectors[2], 30)
        assert 3 not in each.seqs(rows)
    rows, cosines = rebuilt.similar(vectors[9], 1)
    assert rebuilt.seqs(rows).tolist() == [10]
    assert cosines[0] == pytest.approx(1.0, abs=1e-5)


def test_the_sketch_finds_what_exact_scores_find(tables, monkeypatch) -> None:
    monkeypatch.setattr(log_index, "_SKETCH_FROM", 500)
    monkeypatch.setattr(log_index, "_SHORTLIST", 100)
    random = np.random.default_rng(2)
    vectors = unit(random, 2000)
    index = LogIndex(tables.store, "m", DIMENSION)
    fill(tables, index, vectors)
    hits = 0
    for query in vectors[random.integers(0, 2000, 50)]:
        exact = set((np.argsort(-(vectors @ query))[:10] + 1).tolist())
        rows, _ = index.similar(query, 10)
        hits += len(exact & set(index.seqs(rows).tolist()))
    assert hits / 500 >= 0.99
    # What comes after the sketch was made is in it as well.
    with tables.store.transaction():
        tables.add_item("note", "late", 3000.0)
    index.tail()
    late = unit(np.random.default_rng(5), 1)
    index.put_vectors([2001], late)
    assert index.seqs(index.similar(late[0], 1)[0]).tolist() == [2001]


def test_the_sketch_is_made_anew_when_there_is_more_to_see(tables, monkeypatch) -> None:
    monkeypatch.setattr(log_index, "_SKETCH_FROM", 50)
    monkeypatch.setattr(log_index, "_SHORTLIST", 60)
    vectors = unit(np.random.default_rng(3), 2000)
    alike = vectors.copy()
    alike[:100] = unit(np.random.default_rng(4), 1)[0]
    index = LogIndex(tables.store, "m", DIMENSION)
    fill(tables, index, alike[:100])
    index.similar(alike[0], 10)  # Chosen from a hundred that are all the same.
    with tables.store.transaction():
        for i in range(100, 2000):
            tables.add_item("note", "later", float(i))
    index.tail()
    index.put_vectors(range(101, 2001), alike[100:])
    hits = 0
    for number in range(100, 2000, 95):
        exact = set((np.argsort(-(alike @ alike[number]))[:10] + 1).tolist())
        rows, _ = index.similar(alike[number], 10)
        hits += len(exact & set(index.seqs(rows).tolist()))
    assert hits / 200 >= 0.95


def test_neighbours_are_near_in_time_and_of_one_kind(tables) -> None:
    index = LogIndex(tables.store)
    with tables.store.transaction():
        for stamp, kind in ((0, "note"), (10, "note"), (20, "step"), (30, "step"), (500, "step")):
            tables.add_item(kind, "x", float(stamp))
    index.tail()
    rows = np.arange(5)
    assert index.neighbours(rows, 1, 60.0).tolist() == [1, -1, 3, -1, -1]
    assert index.neighbours(rows, -2, 60.0).tolist() == [-1, -1, -1, -1, -1]
    assert index.stretches(rows, 60.0).tolist() == [0, 0, 0, 0, 1]


def test_dropping_items_closes_gaps_and_keeps_the_rest(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_index, "_SPARE", 10)
    monkeypatch.setattr(log_index, "_SAMPLE", 7)
    vectors = unit(np.random.default_rng(2), 60)
    index = LogIndex(tables.store, "m", DIMENSION)
    fill(tables, index, vectors)
    gone = [seq for seq in range(1, 61) if seq % 3]
    with tables.store.transaction():
        for seq in gone:
            tables.forget_item(seq)
    for start in range(0, 40, 5):
        index.drop(gone[start : start + 5])
    assert index.size < 40
    assert index.embedded == 20
    for seq in range(3, 61, 3):
        rows, _ = index.similar(vectors[seq - 1], 1)
        assert index.seqs(rows).tolist() == [seq]
    rebuilt = LogIndex(tables.store, "m", DIMENSION)
    assert index.seqs(index.newest(60)).tolist() == rebuilt.seqs(rebuilt.newest(60)).tolist()
    tables.store.close()
