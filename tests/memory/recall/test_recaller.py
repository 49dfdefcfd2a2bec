# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
import random
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from memagent.memory import EmbedderError, LifelongMemory, MemoryConfig, StateConfig
from memagent.memory.recall.embedders import NGramEmbedder
from memagent.memory.recall.recaller import RecallConfig
from memagent.types import Query

pytestmark = pytest.mark.unit


@pytest.fixture
def diary(memory: LifelongMemory) -> LifelongMemory:
    memory.remember("the spare key hangs beside the door", stamp=10.0, position=(1.0, 1.0, 1.5))
    memory.remember("a guest put the keys into a bowl", stamp=2000.0, position=(5.0, 5.0, 0.7))
    memory.remember("watered the plants", stamp=30.0, position=(1.2, 1.0, 0.3), kind="summary")
    memory.remember("crème brûlée in the fridge", stamp=40.0)
    return memory


def _texts(memory: LifelongMemory, query: Query) -> list[str]:
    return [item.text for item in memory.recall(query).items]


def test_by_meaning_words_are_stemmed_and_accents_do_not_matter(diary: LifelongMemory) -> None:
    assert set(_texts(diary, Query(text="Where is my key?"))) == {
        "the spare key hangs beside the door",
        "a guest put the keys into a bowl",
    }
    assert _texts(diary, Query(text="plant watering")) == ["watered the plants"]
    assert _texts(diary, Query(text="creme brulee")) == ["crème brûlée in the fridge"]


def test_part_of_a_word_finds_it_when_nothing_else_does(diary: LifelongMemory) -> None:
    assert _texts(diary, Query(text="hanging")) == _texts(diary, Query(text="hangs"))
    assert _texts(diary, Query(text="bowling")) == ["a guest put the keys into a bowl"]
    assert _texts(diary, Query(text="xylophone")) == []


@pytest.mark.parametrize("text", ['"', "key AND", "NEAR(", "text:key*", "-key", "'; --", "???"])
def test_no_text_is_a_syntax_error(diary: LifelongMemory, text: str) -> None:
    found = _texts(diary, Query(text=text))
    assert set(found) <= {item.text for item in diary.timeline()}


def test_filters_are_conjunctive_and_exact(diary: LifelongMemory) -> None:
    door = (1.0, 1.0, 1.5)
    assert _texts(diary, Query(near=door, radius=1.5)) == [
        "the spare key hangs beside the door",
        "watered the plants",
    ]
    assert _texts(diary, Query(text="key", near=door)) == ["the spare key hangs beside the door"]
    assert _texts(diary, Query(text="key", since=1000.0)) == ["a guest put the keys into a bowl"]
    assert _texts(diary, Query(text="key", until=9.0)) == []
    assert _texts(diary, Query(kinds=("summary",))) == ["watered the plants"]
    assert len(diary.recall(Query(limit=2)).items) == 2


def test_scores_fall_and_recency_breaks_ties(memory: LifelongMemory) -> None:
    for day in range(5):
        memory.remember("fed the cat", stamp=86400.0 * day)
    recall = memory.recall(Query(text="cat"))
    assert list(recall.scores) == sorted(recall.scores, reverse=True)
    assert [i.stamp for i in recall.items] == [86400.0 * d for d in (4, 3, 2, 1, 0)]


def test_a_ball_is_a_ball_not_a_box(memory: LifelongMemory) -> None:
    dice = random.Random(3)
    centre, radius = (2.0, 3.0, 1.0), 1.1
    inside = set()
    for i in range(300):
        position = tuple(c + dice.uniform(-1.5, 1.5) for c in centre)
        item = memory.remember(f"spot {i}", stamp=1.0, position=position)  # type: ignore[arg-type]
        if math.dist(position, centre) <= radius:
            inside.add(item.id)
    near = memory.near(centre, radius, limit=300)
    assert {i.id for i in near} == inside
    distances = [math.dist(i.position or (), centre) for i in near]
    assert distances == sorted(distances)


def test_the_timeline_gives_the_newest_of_an_interval_in_order(diary: LifelongMemory) -> None:
    assert [i.stamp for i in diary.timeline(limit=2)] == [40.0, 2000.0]
    assert [i.stamp for i in diary.timeline(since=20.0, until=40.0)] == [30.0, 40.0]


def test_forgetting_removes_every_trace(diary: LifelongMemory) -> None:
    (item,) = diary.recall(Query(text="guest")).items
    assert diary.forget(item.id)
    assert not diary.forget(item.id)
    assert diary.recall(Query(text="guest")).items == ()
    assert diary.near((5.0, 5.0, 0.7), 1.0) == ()
    assert item.id not in [i.id for i in diary.timeline()]


# --- context and vectors ------------------------------------------------------------------------


def test_what_happened_around_a_match_counts_and_comes_along(memory: LifelongMemory) -> None:
    memory.remember("the parcel is on the desk", stamp=0.0)
    for i, text in enumerate(
        ("the doorbell rang", "the postman brought a parcel", "it went under the desk", "music")
    ):
        memory.remember(text, stamp=9000.0 + 10 * i)
    found = memory.recall(Query(text="postman parcel")).items
    assert [item.text for item in found[:2]] == [
        "the postman brought a parcel",
        "it went under the desk",
    ]
    texts = _texts(memory, Query(text="parcel", until=100.0))
    assert texts == ["the parcel is on the desk"]


class Concepts:
    """An embedder that knows a handful of concepts, and can be told to fail."""

    id = "concepts"
    dimension = 3

    def __init__(self) -> None:
        self.broken = False
        self.embedded: list[str] = []

    def embed(self, texts):
        if self.broken:
            raise EmbedderError("no answer")
        self.embedded += texts
        groups = (("cup", "mug", "drink"), ("key", "lock"), ("plant", "flower"))
        vectors = np.array([[sum(w in t for w in g) for g in groups] for t in texts], np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def test_vectors_find_what_words_do_not(path: Path) -> None:
    embedder = Concepts()
    with LifelongMemory(path, embedder=embedder) as memory:
        for i, text in enumerate(("a mug on the desk", "a key in the bowl", "watered the plant")):
            memory.remember(text, stamp=1000.0 * i)
        assert memory.settle(10.0)
        assert _texts(memory, Query(text="something to drink from")) == ["a mug on the desk"]
        assert _texts(memory, Query(text="flower", until=1500.0)) == []
    embedder.embedded.clear()
    with LifelongMemory(path, embedder=embedder) as memory:  # Nothing is embedded twice.
        assert memory.settle(10.0)
        assert embedder.embedded == []
        assert _texts(memory, Query(text="lock")) == ["a key in the bowl"]


def test_a_silent_embedder_costs_no_memory_and_no_recall(path: Path) -> None:
    embedder = Concepts()
    embedder.broken = True
    with LifelongMemory(path, embedder=embedder) as memory:
        memory.remember("a mug on the desk", stamp=0.0)
        assert not memory.settle(0.2)
        assert _texts(memory, Query(text="mug")) == ["a mug on the desk"]
        embedder.broken = False
        assert memory.settle(10.0)
        assert _texts(memory, Query(text="drink")) == ["a mug on the desk"]


def test_another_embedder_gives_every_item_a_new_vector(path: Path) -> None:
    with LifelongMemory(path, embedder=Concepts()) as memory:
        memory.remember("a mug on the desk", stamp=0.0)
        assert memory.settle(10.0)
    with LifelongMemory(path, embedder=NGramEmbedder()) as memory:
        assert memory.settle(10.0)
        assert _texts(memory, Query(text="deskes")) == ["a mug on the desk"]
    with LifelongMemory(path) as memory:  # And none at all is fine.
        assert _texts(memory, Query(text="mug")) == ["a mug on the desk"]


def test_what_is_forgotten_leaves_no_vector(path: Path) -> None:
    with LifelongMemory(path, embedder=Concepts()) as memory:
        secret = memory.remember("the key of the safe", stamp=0.0)
        assert memory.settle(10.0)
        assert memory.forget(secret.id)
        assert _texts(memory, Query(text="lock")) == []
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM vector").fetchone() == (0,)
    connection.close()


def test_in_a_large_memory_words_that_everything_has_are_left_out() -> None:
    config = MemoryConfig(state=StateConfig(recall=RecallConfig(scored=20, candidates=10)))
    with LifelongMemory(":memory:", config=config) as memory:
        for i in range(60):
            extra = " with the stripes" if i == 30 else ""
            memory.remember(f"the red mug{extra} on shelf {i}", stamp=1e4 * i)
        assert _texts(memory, Query(text="red mug with stripes"))[0].endswith("shelf 30")
        assert _texts(memory, Query(text="red mug 41", limit=1)) == ["the red mug on shelf 41"]
        assert len(_texts(memory, Query(text="red mug"))) == 10
        assert len(_texts(memory, Query(text="red unicorn"))) == 10
