# SPDX-License-Identifier: Apache-2.0
"""What the package emem takes for what `memory` measures; a process of its own.

It runs in an environment that has emem and not memagent, and so imports neither: vectors and
queries come in a file of NumPy's, figures go to standard output as JSON.

    PYTHON memory_peer.py INPUT.npz
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import emem
import numpy as np
from emem.types import ObservationNode

BATCH = 1000
ROUND = 50
"""Writes after which the rate is noted; the median of these counts."""
PAUSE_S = 0.02
"""Between two questions."""


class Given:
    """An embedder whose vectors were made beforehand."""

    dim = 384

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def embed(self, texts: list[str]) -> Any:
        return np.stack([self.known[text] for text in texts])


def measure(given: Any, folder: Path) -> dict[str, float]:
    vectors, texts, places = given["vectors"], given["texts"].tolist(), given["places"].tolist()
    asked, exact = given["asked"], given["exact"]
    embedder = Given()
    settings = emem.SpatioTemporalMemoryConfig(
        db_path=str(folder / "peer.db"),
        hnsw_path=str(folder / "peer.bin"),
        hnsw_max_elements=len(vectors) + 2 * len(given["singles"]),
    )
    memory = emem.SpatioTemporalMemory(config=settings, embedding_provider=embedder)

    def node(number: int) -> Any:
        return ObservationNode(
            text=texts[number],
            coordinates=np.array(places[number]),
            timestamp=10.0 * number,
            embedding=vectors[number],
        )

    began = time.perf_counter()
    for start in range(0, len(vectors), BATCH):
        numbers = range(start, min(start + BATCH, len(vectors)))
        memory.store.add_observations_batch([node(number) for number in numbers])
    batch_rate = len(vectors) / (time.perf_counter() - began)

    embedder.known = {f"asked {i}": vector for i, vector in enumerate(asked)}
    took, hits = [], 0
    number_of = {text: i for i, text in enumerate(texts)}
    for _ in range(2):  # The first round warms up.
        took, hits = [], 0
        for i in range(len(asked)):
            time.sleep(PAUSE_S)
            memory.store.semantic_search(f"asked {(i or len(asked)) - 1}", n_results=10)
            began = time.perf_counter()
            found = memory.store.semantic_search(f"asked {i}", n_results=10)
            took.append(time.perf_counter() - began)
            hits += len(set(exact[i].tolist()) & {number_of[o.text] for o in found})

    singles = given["singles"]
    embedder.known = {f"written {i}": vector for i, vector in enumerate(singles)}
    rates = {
        "single_writes_per_s": _write(memory, len(singles), 1e9, at_once=True),
        "buffered_writes_per_s": _write(memory, len(singles), 2e9, at_once=False),
    }
    memory.close()
    used = sum(path.stat().st_size for path in folder.iterdir())
    return {
        "batch_rows_per_s": batch_rate,
        **rates,
        "vector_p50_ms": float(1e3 * np.percentile(took, 50)),
        "vector_p99_ms": float(1e3 * np.percentile(took, 99)),
        "recall_at_10": hits / exact.size,
        "disk_bytes_per_item": used / (len(vectors) + 2 * len(singles)),
    }


def _write(memory: Any, count: int, stamp: float, *, at_once: bool) -> float:
    """Writes per second. By default emem keeps five in RAM before it writes them to its file, in
    which a write survives a crash of the process; ``at_once`` has each written before the next.
    """
    rounds = []
    for first in range(0, count, ROUND):
        began = time.perf_counter()
        for i in range(first, first + ROUND):
            memory.add(f"written {i}", 1.0, 2.0, 0.5, timestamp=stamp + i)
            if at_once:
                memory._ensure_flushed()
        memory._ensure_flushed()
        rounds.append(ROUND / (time.perf_counter() - began))
    return float(np.median(rounds))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(measure(np.load(sys.argv[1]), Path(name))))  # noqa: T201
