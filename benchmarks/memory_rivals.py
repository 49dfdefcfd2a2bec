# SPDX-License-Identifier: Apache-2.0
"""What the memory is measured against: the package emem, and plain SQLite with exact NumPy."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from memagent.errors import MemagentError

if TYPE_CHECKING:
    from memory_sample import Sample

SCRIPT = Path(__file__).with_name("memory_peer.py")


def peer(python: str, sample: Sample, singles: int) -> dict[str, float]:
    """The figures of ``memory_peer.py``, run by a Python that has emem; names end in ``_emem``.

    Raises:
        MemagentError: it did not run.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given.npz"
        np.savez(
            given, vectors=sample.vectors, texts=np.array(sample.texts), places=sample.places,
            asked=sample.asked, exact=sample.exact(), singles=-sample.vectors[:singles],
        )  # fmt: skip
        done = subprocess.run([python, str(SCRIPT), str(given)], capture_output=True, text=True)
    if done.returncode:
        raise MemagentError(f"{python} could not run emem: {done.stderr.strip()[-500:]}")
    return {f"{name}_emem": value for name, value in json.loads(done.stdout).items()}


def plain(sample: Sample, folder: Path) -> dict[str, float]:
    """One table, its vectors in an array, exact scores; names end in ``_plain``."""
    with closing(sqlite3.connect(folder / "plain.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE item (seq INTEGER PRIMARY KEY, text, stamp, x, y, z, value)")
        insert = "INSERT INTO item VALUES (NULL,?,?,?,?,?,?)"
        rows = [
            (text, 10.0 * i, *place, vector.tobytes())
            for i, (text, place, vector) in enumerate(
                zip(sample.texts, sample.places.tolist(), sample.vectors, strict=True)
            )
        ]
        began = time.perf_counter()
        for start in range(0, len(rows), 1000):
            db.execute("BEGIN")
            db.executemany(insert, rows[start : start + 1000])
            db.execute("COMMIT")
        batch = len(rows) / (time.perf_counter() - began)
        rounds = []
        for _ in range(10):
            began = time.perf_counter()
            for row in rows[:50]:
                db.execute(insert, row)
            rounds.append(50 / (time.perf_counter() - began))
        single = float(np.median(rounds))
        took, took_filtered = [], []
        stamps = 10.0 * np.arange(len(rows))
        read = "SELECT * FROM item WHERE seq IN ({})"
        for vector, spot in zip(sample.asked, sample.spots, strict=True):
            time.sleep(0.02)  # As between the memory's own questions, and so is the next line.
            np.argpartition(-(sample.vectors @ sample.asked[0]), 10)
            began = time.perf_counter()
            best = np.argpartition(-(sample.vectors @ vector), 10)[:10]
            db.execute(read.format(",".join(map(str, best + 1)))).fetchall()
            took.append(time.perf_counter() - began)
            began = time.perf_counter()
            away = np.linalg.norm(sample.places - spot, axis=1)
            inside = np.flatnonzero((stamps >= sample.middle) & (away <= 2.0))
            best = inside[np.argsort(-(sample.vectors[inside] @ vector))[:10]]
            db.execute(read.format(",".join(map(str, best + 1)))).fetchall()
            took_filtered.append(time.perf_counter() - began)
    return {
        "batch_rows_per_s_plain": batch,
        "single_writes_per_s_plain": single,
        "vector_p50_ms_plain": float(1e3 * np.median(took)),
        "filtered_p50_ms_plain": float(1e3 * np.median(took_filtered)),
    }
