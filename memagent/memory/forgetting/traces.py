# SPDX-License-Identifier: Apache-2.0
"""How strong every remembered item is, in columns: which are the weakest is asked of all at once.

Derived from the log and from what is noted of its use; read anew at start, then fed by tailing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from memagent.memory.forgetting import gist
from memagent.memory.forgetting.retention import fading, importance
from memagent.memory.store.interface import Store

_SPARE = 1024
"""Dead rows that are never worth a compaction."""
_COLUMNS = ("_seqs", "_used", "_weight", "_reinforced", "_confirmed", "_kept", "_alive")


class Traces:
    """One row per item, ascending by its number. Not thread-safe."""

    def __init__(self, store: Store) -> None:
        """Read everything from the store."""
        self._store = store
        self._size = self._dead = self._last = 0
        self._newest = float("-inf")
        self._seqs = np.zeros(0, np.int64)
        self._used = np.zeros(0)
        self._weight = np.zeros(0, np.float32)
        self._reinforced = np.zeros(0, np.int32)
        self._confirmed = np.zeros(0, np.int32)
        self._kept = np.zeros(0, bool)
        self._alive = np.zeros(0, bool)
        self.tail()
        for item, uses, used in self._store.query("SELECT item, uses, used FROM item_use"):
            self.reinforce(item, used, uses)
        self.keep([row[0] for row in self._store.query("SELECT item FROM pin")])

    @property
    def alive(self) -> int:
        """Items that there are."""
        return self._size - self._dead

    def tail(self) -> None:
        """Take in what was appended since the last time."""
        rows = self._store.query(
            "SELECT seq, stamp, kind, source, data FROM item WHERE seq > ? ORDER BY seq",
            (self._last,),
        )
        if not rows:
            return
        start, end = self._size, self._size + len(rows)
        self._reserve(end)
        self._seqs[start:end] = [row[0] for row in rows]
        self._used[start:end] = [row[1] for row in rows]
        weights = [_weight(*row[2:]) for row in rows]
        self._weight[start:end] = weights
        self._kept[start:end] = np.isinf(weights)
        self._reinforced[start:end] = self._confirmed[start:end] = 0
        self._alive[start:end] = True
        self._size, self._last = end, rows[-1][0]
        self._newest = max(self._newest, float(self._used[start:end].max()))

    def reinforce(self, seq: int, used: float, times: int) -> None:
        """Note that an item was used so many times, at last at a time in seconds."""
        row = self._row(seq)
        if row is not None:
            self._reinforced[row] += times
            self._used[row] = max(self._used[row], used)

    def confirm(self, seq: int, seen: float, times: int) -> None:
        """Note how often what an item tells was confirmed by now, at last at a time in seconds."""
        row = self._row(seq)
        if row is not None:
            self._confirmed[row] = times
            self._used[row] = max(self._used[row], seen)

    def keep(self, seqs: Iterable[int], kept: bool = True) -> None:
        """Never call items weak, or do so again."""
        for seq in seqs:
            row = self._row(seq)
            if row is not None:
                self._kept[row] = kept

    def drop(self, seqs: Iterable[int]) -> None:
        """Leave out items that are no longer in the log."""
        for seq in seqs:
            row = self._row(seq)
            if row is not None:
                self._alive[row] = False
                self._dead += 1
        if self._dead > max(_SPARE, self._size // 4):
            self._compact()

    def weakest(self, count: int, now: float) -> list[int]:
        """The items that have faded most, the weakest first; equal ones the oldest first."""
        n = self._size
        rows = np.flatnonzero(self._alive[:n] & ~self._kept[:n])
        reinforced = self._reinforced[rows] + self._confirmed[rows]
        now = max(now, self._newest)  # What people told is dated by them.
        faded = fading(now - self._used[rows], self._weight[rows], reinforced)
        if count < len(rows):
            best = np.argpartition(-faded, count)[:count]
            rows, faded = rows[best], faded[best]
        return [int(seq) for seq in self._seqs[rows[np.lexsort((rows, -faded))]]]

    # --- inside -------------------------------------------------------------------------------

    def _row(self, seq: int) -> int | None:
        row = int(np.searchsorted(self._seqs[: self._size], seq))
        there = row < self._size and self._seqs[row] == seq and self._alive[row]
        return row if there else None

    def _reserve(self, size: int) -> None:
        if size > len(self._seqs):
            for name in _COLUMNS:
                old: NDArray[np.generic] = getattr(self, name)
                new = np.zeros(max(1024, size + size // 4), old.dtype)
                new[: len(old)] = old
                setattr(self, name, new)

    def _compact(self) -> None:
        alive = np.flatnonzero(self._alive[: self._size])
        for name in _COLUMNS:
            column: NDArray[np.generic] = getattr(self, name)
            column[: len(alive)] = column[alive]
        self._size, self._dead = len(alive), 0


@lru_cache(maxsize=4096)
def _weight(kind: str, source: str, data: str) -> float:
    """How important an item is; a gist has a bound of its own, and a rule is somebody's word."""
    told = {} if data == "{}" else json.loads(data)
    if source == gist.SOURCE or told.get("level") == "rule":
        return math.inf
    return importance(kind, source, told)
