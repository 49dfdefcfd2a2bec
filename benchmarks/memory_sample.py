# SPDX-License-Identifier: Apache-2.0
"""Memories and questions that memory's speed is measured with, the same for all engines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memagent.memory import ForgettingConfig, LifelongMemory, MemoryConfig, Note, StoreConfig
from memagent.memory.recall.log_index import bytes_of
from memagent.memory.store import SQLiteStore
from memagent.memory.store.tables import Tables

DIMENSION = 384
CLUSTERS = 2000
LATENT = 32
QUERIES = 300
BATCH = 1000
SIDE = 40.0
"""Metres of the square that memories lie in."""
MILLION = 1_000_000
UNBOUNDED = MemoryConfig(forgetting=ForgettingConfig(budget_rows=None))
"""Nothing is to be forgotten while it is measured."""
VECTORS_S = 3600.0
WORDS = [
    "mug",
    "banana",
    "apple",
    "bottle",
    "book",
    "key",
    "phone",
    "plate",
    "bowl",
    "spoon",
    "lamp",
    "chair",
    "drawer",
    "fridge",
    "counter",
    "desk",
    "shelf",
    "door",
    "window",
    "plant",
    "red",
    "blue",
    "green",
    "yellow",
    "white",
    "black",
    "opened",
    "closed",
    "moved",
    "picked",
    "placed",
    "saw",
    "found",
    "lost",
    "kitchen",
    "bedroom",
    "study",
    "hall",
    "near",
    "under",
    "behind",
    "guest",
    "robot",
    "morning",
    "evening",
]


class Lookup:
    """An embedder whose vectors were made beforehand, so that only the memory is measured."""

    id = "made beforehand"
    dimension = DIMENSION

    def __init__(self) -> None:
        self.known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.known[text] for text in texts])


@dataclass(frozen=True, slots=True)
class Sample:
    """What is remembered and what is asked; the same for all engines."""

    vectors: NDArray[np.float32]
    texts: list[str]
    places: NDArray[np.float64]
    asked: NDArray[np.float32]
    worded: list[str]
    """Three words that items have, for each question."""
    spots: NDArray[np.float64]

    @classmethod
    def make(cls, count: int, seed: int) -> Sample:
        random = np.random.default_rng(seed)
        made = vectors(count, random)
        noise = random.normal(0.0, 0.3 / np.sqrt(DIMENSION), (QUERIES, DIMENSION))
        asked = made[random.integers(count, size=QUERIES)] + noise.astype(np.float32)
        asked /= np.linalg.norm(asked, axis=1, keepdims=True)
        said = random.choice(WORDS, (count, 8))
        texts = [" ".join(words) + f" {i}" for i, words in enumerate(said)]
        worded = [" ".join(random.choice(WORDS, 3)) for _ in range(QUERIES)]
        heights = np.full((count, 1), 0.5)
        places = np.hstack([random.uniform(0.0, SIDE, (count, 2)), heights])
        spots = np.hstack([random.uniform(0.0, SIDE, (QUERIES, 2)), heights[:QUERIES]])
        return cls(made, texts, places, asked, worded, spots)

    @property
    def middle(self) -> float:
        """Half of the time."""
        return 5.0 * len(self.vectors)

    def exact(self) -> NDArray[np.int64]:
        """The ten nearest vectors of each question."""
        return np.stack([np.argsort(-(self.vectors @ vector))[:10] for vector in self.asked])

    def filters(self) -> dict[str, list[dict[str, Any]]]:
        """Of each question, by the name of the kind of filter."""
        balls = [{"near": tuple(spot), "radius": 2.0} for spot in self.spots.tolist()]
        half = {"since": self.middle, "until": 10.0 * len(self.vectors)}
        return {
            "filtered": [ball | half for ball in balls],
            "filtered_time": [half] * len(balls),
            "filtered_place": balls,
        }


def vectors(count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Unit vectors in clusters of a latent space, with noise."""
    basis = random.normal(size=(LATENT, DIMENSION)).astype(np.float32)
    centres = random.normal(size=(CLUSTERS, LATENT)).astype(np.float32)
    made = np.empty((count, DIMENSION), np.float32)
    for start in range(0, count, 10_000):
        some = centres[random.integers(CLUSTERS, size=min(10_000, count - start))]
        some = (some + 0.3 * random.normal(size=some.shape).astype(np.float32)) @ basis
        some += random.normal(size=some.shape).astype(np.float32)
        made[start : start + len(some)] = some / np.linalg.norm(some, axis=1, keepdims=True)
    return made


def fill(path: Path, sample: Sample, lookup: Lookup) -> float:
    """Remember all of a sample in batches; items per second until the last vector is durable."""
    places = sample.places.tolist()
    if len(places) >= MILLION:
        return _fill_directly(path, sample)
    lookup.known = dict(zip(sample.texts, sample.vectors, strict=True))
    with LifelongMemory(path, config=UNBOUNDED, embedder=lookup) as memory:
        began = time.perf_counter()
        for start in range(0, len(places), BATCH):
            memory.remember_many(
                Note(sample.texts[i], 10.0 * i, tuple(places[i]))
                for i in range(start, min(start + BATCH, len(places)))
            )
        if not memory.settle(VECTORS_S):
            raise TimeoutError("vectors were not ready")
        rate = len(places) / (time.perf_counter() - began)
        with memory._store.transaction():
            memory._state.tables.put_meta("now", 10.0 * len(places))
    return rate


def _fill_directly(path: Path, sample: Sample) -> float:
    """Rows with their vectors, past the memory's own ways, and not synced."""
    store = SQLiteStore(path, StoreConfig(durability="normal"))
    tables = Tables(store)
    began = time.perf_counter()
    for start in range(0, len(sample.texts), BATCH):
        with store.transaction():
            for i in range(start, min(start + BATCH, len(sample.texts))):
                tables.add_item(
                    "note", sample.texts[i], 10.0 * i, position=tuple(sample.places[i].tolist())
                )
                store.execute(
                    "INSERT INTO vector VALUES (?,?,?)",
                    (i + 1, Lookup.id, bytes_of(sample.vectors[i])),
                )
    rate = len(sample.texts) / (time.perf_counter() - began)
    with store.transaction():
        tables.put_meta("now", 10.0 * len(sample.texts))
    store.close()
    return rate
