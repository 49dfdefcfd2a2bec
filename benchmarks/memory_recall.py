# SPDX-License-Identifier: Apache-2.0
"""How fast memory writes and recalls as it grows, and whether it finds what exact search does.

Vectors of 384 dimensions in clusters, as sentence embeddings are; queries are noisy copies of
stored ones. "vector" recalls by meaning alone, "words" by full text too, "filtered" within half of
the time and a ball of 2 m. Exact search over all vectors is the reference for recall@10.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

import report
from memagent.memory import LifelongMemory, MemoryConfig, StoreConfig
from memagent.memory.recall.log_index import LogIndex
from memagent.memory.store import SQLiteStore
from memagent.memory.store.tables import Tables
from memagent.types import Query

DIMENSION = 384
CLUSTERS = 2000
LATENT = 32
QUERIES = 300
WARM_UP = 20
SINGLE_WRITES = 1000
WRITES_PER_S = 100.0
DAY = 86_400.0
SIDE = 40.0
"""Metres of the square that memories lie in."""
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


def vectors(count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Unit vectors in clusters of a latent space, with noise."""
    basis = random.normal(size=(LATENT, DIMENSION)).astype(np.float32)
    centres = random.normal(size=(CLUSTERS, LATENT)).astype(np.float32)
    made = centres[random.integers(CLUSTERS, size=count)]
    made = (made + 0.3 * random.normal(size=made.shape).astype(np.float32)) @ basis
    made += random.normal(size=made.shape).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def fill(path: Path, made: NDArray[np.float32], random: np.random.Generator) -> float:
    """Write one item per vector, in bulk; returns rows per second."""
    store = SQLiteStore(path, StoreConfig(durability="normal"))
    tables = Tables(store)
    texts = [" ".join(random.choice(WORDS, 8)) for _ in range(len(made))]
    places = random.uniform(0.0, SIDE, (len(made), 2)).tolist()
    began = time.perf_counter()
    for start in range(0, len(made), 1000):
        with store.transaction():
            for i in range(start, min(start + 1000, len(made))):
                item = tables.add_item("note", texts[i], 10.0 * i, position=(*places[i], 0.5))
                store.execute(
                    "INSERT INTO vector VALUES (?,?,?)",
                    (int(item.id.removeprefix("item-")), Lookup.id, made[i].tobytes()),
                )
    seconds = time.perf_counter() - began
    with store.transaction():
        tables.put_meta("now", 10.0 * len(made))
    store.close()
    return len(made) / seconds


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile, milliseconds."""
    return float(1e3 * np.percentile(seconds, 50)), float(1e3 * np.percentile(seconds, 99))


def timed(memory: LifelongMemory, queries: Sequence[Query]) -> list[float]:
    for query in queries[:WARM_UP]:
        memory.recall(query)
    took = []
    for query in queries:
        began = time.perf_counter()
        memory.recall(query)
        took.append(time.perf_counter() - began)
    return took


def measure(count: int, folder: Path, seed: int) -> dict[str, Any]:
    """All figures at one size."""
    random = np.random.default_rng(seed)
    made = vectors(count, random)
    path = folder / f"{count}.db"
    batch_rate = fill(path, made, random)
    lookup = Lookup()
    noise = random.normal(0.0, 0.3 / np.sqrt(DIMENSION), (QUERIES, DIMENSION)).astype(np.float32)
    asked = made[random.integers(count, size=QUERIES)] + noise
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    meanings = [f"zzmeaning{i}" for i in range(QUERIES)]  # No word of any item.
    words = [" ".join(random.choice(WORDS, 3)) + f" zz{i}" for i in range(QUERIES)]
    for i, vector in enumerate(asked):
        lookup.known[meanings[i]] = lookup.known[words[i]] = vector
    config = MemoryConfig(store=StoreConfig(durability="normal", check_on_open=False))
    began = time.perf_counter()
    memory = LifelongMemory(path, config=config, embedder=lookup)
    memory.recall(Query(text=meanings[0]))
    cold = time.perf_counter() - began
    middle = 5.0 * count
    spots = random.uniform(0.0, SIDE, (QUERIES, 2)).tolist()
    with memory:
        vector = timed(memory, [Query(text=t) for t in meanings])
        worded = timed(memory, [Query(text=t) for t in words])
        filtered = timed(
            memory,
            [
                Query(text=t, since=middle, near=(*spot, 0.5), radius=2.0)
                for t, spot in zip(meanings, spots, strict=True)
            ],
        )
        rates = _single_writes(memory, lookup, made)
        under_load = _under_writes(memory, lookup, made, meanings)
    found = _recall_at_10(path, made, asked, spots, middle)
    row = {
        "memories": count,
        "batch_rows_per_s": batch_rate,
        "single_writes_per_s": rates,
        "cold_start_s": cold,
        "disk_bytes_per_item": path.stat().st_size / count,
        "recall_at_10": found[0],
        "recall_at_10_filtered": found[1],
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    for name, took in (
        ("vector", vector), ("words", worded), ("filtered", filtered), ("under_writes", under_load)
    ):  # fmt: skip
        row[f"{name}_p50_ms"], row[f"{name}_p99_ms"] = percentiles(took)
    return row


def _single_writes(memory: LifelongMemory, lookup: Lookup, made: NDArray[np.float32]) -> float:
    for i in range(SINGLE_WRITES):
        lookup.known[f"written {i}"] = -made[i % len(made)]  # Far from what is asked for.
    began = time.perf_counter()
    for i in range(SINGLE_WRITES):
        memory.remember(f"written {i}", stamp=1e9 + i)
    rate = SINGLE_WRITES / (time.perf_counter() - began)
    memory.settle(120.0)
    return rate


def _under_writes(
    memory: LifelongMemory, lookup: Lookup, made: NDArray[np.float32], texts: Sequence[str]
) -> list[float]:
    """Recall while another thread remembers things at a steady rate."""
    done = threading.Event()
    for i in range(60_000):
        lookup.known[f"meanwhile {i}"] = -made[i % len(made)]

    def write() -> None:
        began, i = time.perf_counter(), 0
        while not done.is_set():
            memory.remember(f"meanwhile {i}", stamp=2e9 + i)
            i += 1
            done.wait(max(0.0, began + i / WRITES_PER_S - time.perf_counter()))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return timed(memory, [Query(text=text) for text in texts])
    finally:
        done.set()
        writer.join(30.0)


def _recall_at_10(
    path: Path,
    made: NDArray[np.float32],
    asked: NDArray[np.float32],
    spots: Sequence[Sequence[float]],
    middle: float,
) -> tuple[float, float]:
    """Share of the exact ten nearest vectors that the index finds, without and with filters."""
    store = SQLiteStore(path, StoreConfig(read_only=True))
    index = LogIndex(store, Lookup.id, DIMENSION)
    hits = wanted = hits_filtered = wanted_filtered = 0
    for vector, spot in zip(asked, spots, strict=True):
        exact = set((np.argsort(-(made @ vector))[:10] + 1).tolist())
        rows, _ = index.similar(vector, 10)
        hits += len(exact & set(index.seqs(rows).tolist()))
        wanted += len(exact)
        passing = index.passing(Query(since=middle, until=1e8, near=(*spot, 0.5), radius=2.0))
        assert passing is not None
        inside = np.flatnonzero(passing[: len(made)])
        best = inside[np.argsort(-(made[inside] @ vector))[:10]]
        rows, _ = index.similar(vector, 10, passing)
        hits_filtered += len(set((best + 1).tolist()) & set(index.seqs(rows).tolist()))
        wanted_filtered += len(best)
    store.close()
    return hits / wanted, hits_filtered / max(1, wanted_filtered)


def run(out: Path, sizes: Sequence[int], seed: int = 0) -> dict[str, Any]:
    """Measure, print and write ``out/memory_recall.json``; figures are those of the largest size
    but one million, whose own end in ``_1m``.
    """
    with tempfile.TemporaryDirectory() as name:
        rows = [measure(n, Path(name), seed) for n in track(sizes, "sizes", transient=True)]
    table = Table(title="Memory as it grows")
    for row in rows:
        if not table.columns:
            table.add_column("")
        table.add_column(f"{row['memories']:,}", justify="right")
    for key in rows[0]:
        if key != "memories":
            table.add_row(key, *(f"{row[key]:,.3g}" for row in rows))
    Console(highlight=False).print(table)
    fitting = [row for row in rows if row["memories"] < 1_000_000] or rows
    largest = max(fitting, key=lambda row: row["memories"])
    figures = {
        "recall_p50_ms": largest["vector_p50_ms"],
        "recall_filtered_p50_ms": largest["filtered_p50_ms"],
        "recall_words_p50_ms": largest["words_p50_ms"],
        "recall_p99_ms_under_writes": largest["under_writes_p99_ms"],
        "recall_at_10": largest["recall_at_10"],
        "cold_start_s": largest["cold_start_s"],
        "disk_bytes_per_item": largest["disk_bytes_per_item"],
    }
    if rows[-1]["memories"] >= 1_000_000:
        figures["recall_1m_p50_ms"] = rows[-1]["vector_p50_ms"]
    return report.write(out, "memory_recall", figures, rows, {"dimension": DIMENSION}, [seed])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="memory_recall", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for memory_recall.json")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--seed", type=int, default=0)
    o = parser.parse_args(arguments)
    run(o.out, o.sizes, o.seed)


if __name__ == "__main__":
    main()
