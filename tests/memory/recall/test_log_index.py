# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.recall import log_index, sketch, sketching
from memagent.memory.recall.log_index import LogIndex, bytes_of, vectors_of
from memagent.memory.recall.sketch import Sketch
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


def exactness(index: LogIndex, vectors: np.ndarray, asked: np.ndarray, **filters) -> float:
    """Share of the exact ten best among the index's ten best."""
    passing = index.passing(Query(**filters))
    rows = np.arange(len(vectors)) if passing is None else passing
    hits = wanted = 0
    for query in asked:
        exact = set((rows[np.argsort(-(vectors[rows] @ query))[:10]] + 1).tolist())
        found, _ = index.similar(query, 10, passing)
        hits += len(exact & set(index.seqs(found).tolist()))
        wanted += len(exact)
    return hits / wanted


def sketched(index: LogIndex) -> Sketch:
    """The sketch that the index has once it had time to make it."""
    index.similar(np.zeros(DIMENSION, np.float32), 1)
    index._sketching.wait()
    index.similar(np.zeros(DIMENSION, np.float32), 1)
    assert index._sketching._sketch is not None
    return index._sketching._sketch


def test_the_sketch_finds_what_exact_scores_find(tables, monkeypatch) -> None:
    monkeypatch.setattr(sketching, "_FROM", 500)
    monkeypatch.setattr(sketch, "_EFFORTS", ((10, 100), (40, 400)))
    monkeypatch.setattr(log_index, "_EXACT", 50)
    random = np.random.default_rng(2)
    vectors = unit(random, 3000)
    index = LogIndex(tables.store, "m", DIMENSION)
    fill(tables, index, vectors[:2900])
    assert sketched(index).is_good
    asked = vectors[random.integers(0, 2900, 40)]
    assert exactness(index, vectors[:2900], asked) >= 0.99
    for filters in (
        {"since": 2700.0}, {"since": 100.0}, {"kinds": ("step",)}, {"since": 2880.0},
        {"near": (3.0, 0.0, 0.0), "radius": 1.5}, {"near": (3.0, 0.0, 0.0), "since": 1500.0},
    ):  # fmt: skip
        assert exactness(index, vectors[:2900], asked, **filters) >= 0.99
    # What comes after the sketch was made is in it as well, and what is forgotten is not.
    with tables.store.transaction():
        for number in range(2900, 3000):
            tables.add_item("note", "late", float(number))
    index.tail()
    index.put_vectors(range(2901, 3001), vectors[2900:])
    assert exactness(index, vectors, vectors[2900:]) >= 0.99
    assert exactness(index, vectors, vectors[2950:], since=1000.0) >= 0.99
    with tables.store.transaction():
        tables.forget_item(2950)
        tables.forget_item(50)
    index.drop_forgotten()
    for number in (2950, 50):
        rows, _ = index.similar(vectors[number - 1], 20)
        assert number not in index.seqs(rows)


def test_an_interval_without_what_is_most_alike_is_read_further(tables, monkeypatch) -> None:
    monkeypatch.setattr(sketching, "_FROM", 500)
    monkeypatch.setattr(sketch, "_LEAST", 100)
    monkeypatch.setattr(log_index, "_EXACT", 50)
    vectors = unit(np.random.default_rng(3), 4000)
    vectors = vectors[np.argsort(vectors @ vectors[0])]  # Alike ones are at one time.
    index = LogIndex(tables.store, "m", DIMENSION)
    fill(tables, index, vectors)
    assert sketched(index).is_good
    assert exactness(index, vectors, vectors[3900::5], until=2000.0) >= 0.99
    assert exactness(index, vectors, vectors[:100:5], since=2000.0) >= 0.99


def test_the_sketch_is_made_anew_when_there_is_more_to_see(tables, monkeypatch) -> None:
    monkeypatch.setattr(sketching, "_FROM", 50)
    vectors = unit(np.random.default_rng(3), 2000)
    alike = vectors.copy()
    alike[:100] = unit(np.random.default_rng(4), 1)[0]
    index = LogIndex(tables.store, "m", DIMENSION)
    fill(tables, index, alike[:100])
    first = sketched(index)  # Made of a hundred that are all the same.
    with tables.store.transaction():
        for i in range(100, 2000):
            tables.add_item("note", "later", float(i))
    index.tail()
    index.put_vectors(range(101, 2001), alike[100:])
    assert sketched(index) is not first
    assert exactness(index, alike, alike[100:2000:95]) >= 0.95


def test_what_changes_while_a_sketch_is_made_is_in_it(tables, monkeypatch) -> None:
    monkeypatch.setattr(sketching, "_FROM", 500)
    vectors = unit(np.random.default_rng(7), 1200)
    index = LogIndex(tables.store, "m", DIMENSION)
    fill(tables, index, vectors[:1000])
    going = threading.Event()
    make = sketching.Sketch
    monkeypatch.setattr(sketching, "Sketch", lambda *given: going.wait(10.0) and make(*given))
    index.similar(vectors[0], 1)
    with tables.store.transaction():
        for number in range(1000, 1200):
            tables.add_item("note", "late", float(number))
    index.tail()
    index.put_vectors(range(1001, 1201), vectors[1000:])
    going.set()
    assert sketched(index).late == 200
    assert exactness(index, vectors, vectors[1000:1200:10]) >= 0.99


def test_a_sketch_knows_that_it_is_no_good() -> None:
    noise = np.random.default_rng(6).normal(size=(20_000, 384)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    assert not Sketch(noise, np.arange(len(noise))).is_good


def test_vectors_are_kept_in_half_precision_and_older_ones_in_full_are_read() -> None:
    vectors = unit(np.random.default_rng(8), 3)
    kept = [bytes_of(vector) for vector in vectors]
    assert len(kept[0]) == 2 * DIMENSION
    np.testing.assert_allclose(vectors_of(kept, DIMENSION), vectors, atol=1e-3)
    kept[1] = vectors[1].tobytes()
    np.testing.assert_allclose(vectors_of(kept, DIMENSION), vectors, atol=1e-3)


def test_neighbours_are_near_in_time_and_of_one_kind(tables) -> None:
    index = LogIndex(tables.store)
    with tables.store.transaction():
        for stamp, kind in ((0, "note"), (10, "note"), (20, "step"), (30, "step"), (500, "step")):
            tables.add_item(kind, "x", float(stamp))
    index.tail()
    rows = np.arange(5)
    beside = index.neighbours(rows[:, None], np.array([1, -2]), 60.0)
    assert beside[:, 0].tolist() == [1, -1, 3, -1, -1]
    assert beside[:, 1].tolist() == [-1, -1, -1, -1, -1]
    assert index.stretches(rows, 60.0).tolist() == [0, 0, 0, 0, 1]


def test_dropping_items_closes_gaps_and_keeps_the_rest(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_index, "_SPARE", 10)
    monkeypatch.setattr(log_index, "_CHUNK", 7)
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
