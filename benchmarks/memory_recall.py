# SPDX-License-Identifier: Apache-2.0
"""How fast memory writes and recalls as it grows, and whether it finds what exact search does.

Vectors of 384 dimensions in clusters, as sentence embeddings are; questions are noisy copies of
stored ones, and their words are in no text, so that meaning alone finds what they ask for. "words"
has three common words in each question as well. Filters: half of the time and a ball of 2 m
("filtered"), half of the time, a ball alone. Exact search over all vectors is the reference for
recall@10. Writes are synced (durability "full"); the peer emem, if asked for, and plain SQLite with
exact NumPy get the same vectors in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import memory_rivals
import numpy as np
from memory_sample import (
    DIMENSION,
    MILLION,
    QUERIES,
    UNBOUNDED,
    VECTORS_S,
    Lookup,
    Sample,
    fill,
    vectors,
)
from rich.console import Console
from rich.table import Table

import report
from memagent.memory import LifelongMemory
from memagent.memory.recall.log_index import LogIndex
from memagent.memory.recall.sketch import Sketch
from memagent.memory.store import SQLiteStore, StoreConfig
from memagent.types import Query

WARM_UP = 20
SINGLE_WRITES = 1000
ROUND = 50
"""Writes after which the rate is noted; the median of these counts."""
WRITES_PER_S = 100.0
PAUSE_S = 0.02
"""Between two questions."""
QUIET = 3.0
"""Load of the machine from which on a report is worth a word of caution."""


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile, milliseconds."""
    return float(1e3 * np.percentile(seconds, 50)), float(1e3 * np.percentile(seconds, 99))


def timed(ask: Callable[[Any], object], questions: Sequence[Any]) -> list[float]:
    """Seconds that each question takes. Between two there is a pause and another question, so that
    neither the scheduler's slices nor cold caches count.
    """
    for question in questions[:WARM_UP]:
        ask(question)
    took = []
    for number, question in enumerate(questions):
        time.sleep(PAUSE_S)
        ask(questions[number - 1])
        began = time.perf_counter()
        ask(question)
        took.append(time.perf_counter() - began)
    return took


def measure(count: int, folder: Path, seed: int, emem: str = "") -> dict[str, Any]:
    """All figures at one size."""
    sample, lookup = Sample.make(count, seed), Lookup()
    path = folder / f"{count}.db"
    row: dict[str, Any] = {"memories": count, "seed": seed, "load_before": os.getloadavg()[0]}
    row["batch_rows_per_s"] = fill(path, sample, lookup)
    row["disk_bytes_per_item"] = path.stat().st_size / count
    row |= _opened(path)
    row |= _recall_at_10(path, sample)
    meanings = [f"zzmeaning{i}" for i in range(QUERIES)]  # No word of any item.
    words = [f"{worded} zz{i}" for i, worded in enumerate(sample.worded)]
    lookup.known = dict(zip(meanings, sample.asked, strict=True))
    lookup.known |= zip(words, sample.asked, strict=True)
    with LifelongMemory(path, config=UNBOUNDED, embedder=lookup) as memory:
        memory.recall(Query(text=meanings[0]))
        memory._index._sketching.wait()
        took = {
            "vector": timed(memory.recall, [Query(text=text) for text in meanings]),
            "words": timed(memory.recall, [Query(text=text) for text in words]),
        }
        for name, filters in sample.filters().items():
            asked = [Query(text=t, **f) for t, f in zip(meanings, filters, strict=True)]
            took[name] = timed(memory.recall, asked)
        row |= _single_writes(memory, lookup, sample)
        took["under_writes"] = _under_writes(memory, lookup, sample, meanings)
    for name, seconds in took.items():
        row[f"{name}_p50_ms"], row[f"{name}_p99_ms"] = percentiles(seconds)
    if count < MILLION:
        row |= memory_rivals.plain(sample, folder)
    if emem and count < MILLION:
        row |= memory_rivals.peer(emem, sample, SINGLE_WRITES)
    row["load_after"] = os.getloadavg()[0]
    return row


def _opened(path: Path) -> dict[str, float]:
    """A new process opens the memory and recalls once; its seconds, and its memory afterwards."""
    command = [sys.executable, __file__, "--open", str(path)]
    paths = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    said = [
        json.loads(
            subprocess.run(
                command, env=os.environ | {"PYTHONPATH": paths}, check=True, capture_output=True
            ).stdout
        )
        for _ in range(3)
    ]
    return {name: float(np.median([one[name] for one in said])) for name in said[0]}


def open_once(path: Path) -> dict[str, float]:
    lookup = Lookup()
    lookup.known["zzanything"] = vectors(1, np.random.default_rng(0))[0]
    few = vectors(2000, np.random.default_rng(0))
    Sketch(few, np.arange(len(few)))  # What libraries take once is no item's.
    before, began = _resident(), time.perf_counter()
    with LifelongMemory(path, config=UNBOUNDED, embedder=lookup) as memory:
        memory.recall(Query(text="zzanything"))
        seconds = time.perf_counter() - began
        memory._index._sketching.wait()
        memory.recall(Query(text="zzanything"))
        return {
            "cold_start_s": seconds,
            "ram_bytes_per_item": (_resident() - before) / memory.stats()["item"],
        }


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _single_writes(memory: LifelongMemory, lookup: Lookup, sample: Sample) -> dict[str, float]:
    away = -sample.vectors[:SINGLE_WRITES]  # Far from what is asked for.
    lookup.known |= {f"written {i}": away[i % len(away)] for i in range(SINGLE_WRITES)}
    began, rounds = time.perf_counter(), []
    for first in range(0, SINGLE_WRITES, ROUND):
        start = time.perf_counter()
        for i in range(first, first + ROUND):
            memory.remember(f"written {i}", stamp=1e9 + i, position=(1.0, 2.0, 0.5))
        rounds.append(ROUND / (time.perf_counter() - start))
    memory.settle(VECTORS_S)
    return {
        "single_writes_per_s": float(np.median(rounds)),
        "single_writes_with_vectors_per_s": SINGLE_WRITES / (time.perf_counter() - began),
    }


def _under_writes(
    memory: LifelongMemory, lookup: Lookup, sample: Sample, texts: Sequence[str]
) -> list[float]:
    """Recall while another thread remembers things at a steady rate."""
    done = threading.Event()
    away = -sample.vectors[:1000]  # Far from what is asked for.

    def write() -> None:
        began, i = time.perf_counter(), 0
        while not done.is_set():
            lookup.known[f"meanwhile {i}"] = away[i % len(away)]
            memory.remember(f"meanwhile {i}", stamp=2e9 + i)
            i += 1
            done.wait(max(0.0, began + i / WRITES_PER_S - time.perf_counter()))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return timed(memory.recall, [Query(text=text) for text in texts])
    finally:
        done.set()
        writer.join(30.0)


def _recall_at_10(path: Path, sample: Sample) -> dict[str, float]:
    """Share of the exact ten nearest vectors that the index finds, without and with filters."""
    store = SQLiteStore(path, StoreConfig(read_only=True))
    index = LogIndex(store, Lookup.id, DIMENSION)
    index.similar(sample.asked[0], 10)
    index._sketching.wait()
    found = {}
    everything: list[dict[str, Any]] = [{}] * QUERIES
    for name, filters in {"all": everything, **sample.filters()}.items():
        hits = wanted = 0
        for vector, filtered in zip(sample.asked, filters, strict=True):
            passing = index.passing(Query(**filtered))
            rows = np.arange(len(sample.vectors)) if passing is None else passing
            cosines = sample.vectors @ vector
            best = rows[np.argsort(-cosines[rows])[:10]]
            hits += len(np.intersect1d(best, index.similar(vector, 10, passing)[0]))
            wanted += len(best)
        found["recall_at_10" if name == "all" else f"recall_at_10_{name}"] = hits / wanted
    store.close()
    return found


def run(
    out: Path, sizes: Sequence[int], seeds: Sequence[int] = (0,), emem: str = ""
) -> dict[str, Any]:
    """Measure, print and write ``out/memory_recall.json``.

    Figures are those of the largest size below one million; one million's own end in ``_1m`` and
    are of the first seed.
    """
    rows = []
    for size in sizes:
        for seed in seeds if size < MILLION else seeds[:1]:
            with tempfile.TemporaryDirectory() as folder:
                rows.append(measure(size, Path(folder), seed, emem))
    _show(rows)
    fitting = [row for row in rows if row["memories"] < MILLION] or rows
    largest = max(row["memories"] for row in fitting)
    groups = [row for row in fitting if row["memories"] == largest]
    names = [key for key in groups[0] if key not in ("memories", "seed")]
    figures: dict[str, Any] = {
        name: report.interval(groups, lambda rows, n=name: float(np.mean([r[n] for r in rows])))
        for name in names
    }
    figures |= {f"{name}_1m": rows[-1][name] for name in names if _is_million(rows[-1], name)}
    figures["size"] = largest
    config = {"dimension": DIMENSION, "sizes": list(sizes), "durability": "full", "n": QUERIES}
    return report.write(out, "memory_recall", figures, rows, config, list(seeds))


def _is_million(row: dict[str, Any], name: str) -> bool:
    return row["memories"] >= MILLION and name in row


def _show(rows: Sequence[dict[str, Any]]) -> None:
    table = Table(title="Memory as it grows")
    table.add_column("")
    for row in rows:
        table.add_column(f"{row['memories']:,}", justify="right")
    for key in rows[0]:
        if key != "memories":
            table.add_row(key, *(f"{row[key]:,.3g}" if key in row else "–" for row in rows))
    console = Console(highlight=False)
    console.print(table)
    if max(row["load_after"] for row in rows) > QUIET:
        console.print("  the machine was busy: times say little")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="memory_recall", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder for memory_recall.json")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--seeds", type=int, default=1, help="repetitions")
    parser.add_argument("--emem", default="", help="a Python that has the package emem")
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    o = parser.parse_args(arguments)
    if o.open:
        sys.stdout.write(json.dumps(open_once(o.open)))
    elif o.out is None:
        parser.error("--out is needed")
    else:
        run(o.out, o.sizes, range(o.seeds), o.emem)


if __name__ == "__main__":
    main()
