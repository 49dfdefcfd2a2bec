# SPDX-License-Identifier: Apache-2.0
"""The in-process index over the log of remembered things: derived data, never the only copy.

One row per item in the order of the log: when, where, what kind, and its vector if it has one.
It is fed by tailing the log, and read from it anew at start. Filters are exact, over these columns;
of what passes, a few rows are scored exactly, many only after a sketch has chosen among them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from memagent.memory.recall.place_grid import PlaceGrid
from memagent.memory.recall.sketch import Rows, Vectors, largest
from memagent.memory.recall.sketching import Sketching
from memagent.memory.store.interface import Row, Store
from memagent.types import Query, Vector3

_EXACT = 500
"""Rows up to which all that pass are scored exactly."""
_CHUNK = 1_024
_SPARE = 1_024
"""Dead rows that are never worth closing the gaps."""
_COLUMNS = ("_seqs", "_stamps", "_kind", "_x", "_y", "_z", "_vectors", "_embedded", "_alive")


class LogIndex:
    """Columns of the log, and vectors of one embedder. Not thread-safe."""

    def __init__(self, store: Store, embedder: str = "", dimension: int = 0) -> None:
        """Read the whole log.

        Args:
            store: the log.
            embedder: id of the embedder whose vectors count; "" for none.
            dimension: of its vectors.
        """
        self._store = store
        self._embedder = embedder
        self._generation = store.generation
        self._kinds: dict[str, int] = {}
        self.size = 0
        """Rows that are filled."""
        self._last = 0
        self._seqs = np.zeros(0, np.int64)
        self._stamps = np.zeros(0)
        self._kind = np.zeros(0, np.int16)
        self._x, self._y, self._z = (np.zeros(0, np.float32) for _ in range(3))
        self._vectors = np.zeros((0, dimension), np.float32)
        self._embedded = np.zeros(0, bool)
        self._alive = np.zeros(0, bool)
        self._in_order = True
        """Whether stamps ascend, as they do unless something was remembered late."""
        self._pauses: tuple[float, int, Rows] = (0.0, 0, np.zeros(0, np.int64))
        """The gap, how many rows were looked at, and after which of them the log paused for it."""
        self._grid = PlaceGrid()
        self._sketching = Sketching()
        self.reload()

    # --- following the log --------------------------------------------------------------------

    def tail(self) -> int:
        """Take in what was appended since the last time; returns how many items that was."""
        before = self.size
        if self._generation != self._store.generation:
            self.reload()
        else:
            self._append()
        return self.size - before

    def _append(self) -> None:
        while self._take_in(
            self._store.query(
                "SELECT seq, stamp, kind, x, y, z FROM item WHERE seq > ? ORDER BY seq LIMIT ?",
                (self._last, _CHUNK),
            )
        ):
            pass

    def follow(self) -> None:
        """Take in what another process did to the log: items, vectors and what it forgot."""
        self.tail()
        if not self._is_whole():
            self.drop_forgotten()
        if not self._is_whole():  # Some were put back where they had been.
            self.reload()
        self.follow_vectors()

    def follow_vectors(self) -> None:
        """Take in the vectors that another process has made since."""
        if self._embedder:
            self._load_vectors(self._lacking())

    def reload(self) -> None:
        """Read the whole log again, after rows within it came or went."""
        generation, self._generation = self._store.generation, -1  # Half read is not read.
        self.size = self._last = 0
        self._embedded[:] = False
        self._vectors[:] = 0.0
        self._in_order, self._pauses = True, (0.0, 0, np.zeros(0, np.int64))
        self._grid.clear()
        self._sketching.begin_anew()
        self._reserve(int(self._store.query("SELECT count(*) FROM item")[0][0]))
        self._append()
        self._load_vectors()
        self._generation = generation

    def put_vectors(self, seqs: Sequence[int], vectors: NDArray[np.floating]) -> None:
        """Take in the vectors of items that are in the log; sequence numbers ascend."""
        rows, known = self._rows(np.array(seqs, np.int64))
        rows, vectors = rows[known], vectors[known]
        if len(rows) and rows[-1] - rows[0] + 1 == len(rows):  # One after the other, mostly.
            self._vectors[rows[0] : rows[-1] + 1] = vectors
        else:
            self._vectors[rows] = vectors
        self._embedded[rows] = True
        self._sketching.put(rows, self._vectors)

    def drop_forgotten(self) -> None:
        """Leave out what is no longer in the log."""
        kept = np.array([row[0] for row in self._store.query("SELECT seq FROM item")], np.int64)
        self.drop(self._seqs[: self.size][~np.isin(self._seqs[: self.size], kept)].tolist())

    def drop(self, seqs: Sequence[int]) -> None:
        """Leave out items that are no longer in the log."""
        rows, known = self._rows(np.asarray(seqs, np.int64))
        self._alive[rows[known]] = False
        self.drop_vectors(seqs)
        if self.size - np.count_nonzero(self._alive[: self.size]) > max(_SPARE, self.size // 4):
            self._compact()

    def drop_vectors(self, seqs: Sequence[int]) -> None:
        """Leave out the vectors of items whose words have changed, or that are gone."""
        rows, known = self._rows(np.asarray(seqs, np.int64))
        rows = rows[known]
        self._embedded[rows] = False
        self._vectors[rows] = 0.0  # What is forgotten is gone from here too.
        self._sketching.forget(rows)

    def without_vector(self, count: int) -> list[int]:
        """Sequence numbers of items that have no vector yet, the newest ``count`` of them."""
        return [int(seq) for seq in self._seqs[self._lacking()[-count:]]]

    @property
    def embedded(self) -> int:
        """How many items have a vector."""
        return int(np.count_nonzero(self._embedded[: self.size]))

    @property
    def has_vectors(self) -> bool:
        return bool(self._embedded[: self.size].any())

    @property
    def dimension(self) -> int:
        return self._vectors.shape[1]

    @property
    def latest(self) -> float:
        """The newest stamp, seconds; 0 without any item."""
        return float(self._stamps[: self.size].max(initial=0.0))

    # --- asking -------------------------------------------------------------------------------

    def seqs(self, rows: Rows) -> Rows:
        """The log's sequence numbers of rows."""
        return self._seqs[rows]

    def stamps(self, rows: Rows) -> NDArray[np.float64]:
        return self._stamps[rows]

    def distances(self, rows: Rows, position: Vector3) -> NDArray[np.float64]:
        """Metres from a position; NaN where an item has none."""
        x, y, z = position
        return np.sqrt(
            (self._x[rows] - np.float64(x)) ** 2
            + (self._y[rows] - np.float64(y)) ** 2
            + (self._z[rows] - np.float64(z)) ** 2
        )

    def newest(self, count: int, passing: Rows | None = None) -> Rows:
        """The ``count`` rows with the newest stamps, newest first."""
        rows = np.flatnonzero(self._alive[: self.size]) if passing is None else passing
        if self._in_order:
            return rows[::-1][:count]
        return rows[np.lexsort((-rows, -self._stamps[rows]))[:count]]

    def rows(self, seqs: Sequence[int]) -> Rows:
        """The rows of items that are in the index, in the order given."""
        rows, known = self._rows(np.asarray(seqs, np.int64))
        return rows[known]

    def passing(self, query: Query) -> Rows | None:
        """The rows that pass the filters of a query, ascending; None if it filters nothing."""
        if (query.kinds, query.since, query.until, query.near) == ((), None, None, None):
            return None
        since = -math.inf if query.since is None else query.since
        until = math.inf if query.until is None else query.until
        first, last, stamps = 0, self.size, self._stamps[: self.size]
        if self._in_order:
            first = int(np.searchsorted(stamps, since))
            last = int(np.searchsorted(stamps, until, "right"))
        if query.near is not None:
            x, y = self._x[: self.size], self._y[: self.size]
            rows = self._grid.near(x, y, query.near[:2], query.radius)
            rows = rows[(rows >= first) & (rows < last)]
            rows = rows[self._alive[rows]]
            rows = rows[self.distances(rows, query.near) <= query.radius * (1 + 1e-6)]
        elif self._alive[first:last].all():
            rows = np.arange(first, last)
        else:
            rows = first + np.flatnonzero(self._alive[first:last])
        if not self._in_order:
            stamps = self._stamps[rows]
            rows = rows[(stamps >= since) & (stamps <= until)]
        if query.kinds:
            codes = [self._kinds[k] for k in query.kinds if k in self._kinds]
            rows = rows[np.isin(self._kind[rows], np.array(codes, np.int16))]
        return rows

    def similar(
        self, vector: Vectors, count: int, passing: Rows | None = None
    ) -> tuple[Rows, Vectors]:
        """The ``count`` most similar rows, best first, with their cosines.

        Args:
            vector: a unit vector, shape (dimension,).
            count: how many at most.
            passing: rows from :meth:`passing`; None for all.
        """
        n = self.size
        if passing is not None and not self._embedded[:n].all():
            passing = passing[self._embedded[passing]]
        sketch = self._sketching.current(self._vectors[:n], self._embedded[:n])
        if sketch is not None and (passing is None or len(passing) > _EXACT):
            rows = sketch.shortlist(vector, count, passing)
        else:
            rows = np.flatnonzero(self._embedded[:n]) if passing is None else passing
        whole = len(rows) == n
        cosines = (self._vectors[:n] if whole else self._vectors[rows]) @ vector
        best = largest(cosines, count)
        return rows[best], cosines[best]

    def neighbours(self, rows: Rows, offsets: Rows, gap: float) -> Rows:
        """The rows that many places after each in the log (before, if negative), or -1.

        There is none where it is more than ``gap`` seconds away per place, or of another kind.

        Args:
            rows: shape (n, 1).
            offsets: shape (m,).
            gap: seconds.
        """
        there = rows + offsets
        inside = (there >= 0) & (there < self.size)
        there = np.where(inside, there, rows)
        near = np.abs(self._stamps[there] - self._stamps[rows]) <= gap * np.abs(offsets)
        alike = self._kind[there] == self._kind[rows]
        return np.where(inside & near & alike & self._alive[there], there, -1)

    def stretches(self, rows: Rows, gap: float) -> Rows:
        """A number per row, equal for rows between which the log never pauses for ``gap``."""
        known, seen, pauses = self._pauses
        if known != gap:
            seen, pauses = 0, np.zeros(0, np.int64)
        if seen < self.size:
            first = max(0, seen - 1)
            new = np.flatnonzero(np.abs(np.diff(self._stamps[first : self.size])) > gap) + first
            pauses = np.concatenate([pauses, new])
            self._pauses = (gap, self.size, pauses)
        return np.searchsorted(pauses, rows, side="left")

    # --- inside -------------------------------------------------------------------------------

    def _rows(self, seqs: Rows) -> tuple[Rows, NDArray[np.bool_]]:
        rows = np.searchsorted(self._seqs[: self.size], seqs)
        rows = np.minimum(rows, max(self.size - 1, 0))
        known = self._seqs[rows] == seqs if self.size else np.zeros(len(seqs), bool)
        return rows, known

    def _compact(self) -> None:
        """Close the gaps that forgotten items left."""
        kept = np.flatnonzero(self._alive[: self.size])
        for name in _COLUMNS:
            column = getattr(self, name)
            for start in range(0, len(kept), _CHUNK):  # In parts: a copy of all would be large.
                part = kept[start : start + _CHUNK]
                column[start : start + len(part)] = column[part]
            column[len(kept) : self.size] = 0
        self.size = len(kept)
        self._pauses = (0.0, 0, np.zeros(0, np.int64))
        self._grid.clear()
        self._sketching.begin_anew()

    def _is_whole(self) -> bool:
        """Whether it has the items that the log has, by their number and the sum of theirs."""
        ((count, total),) = self._store.query("SELECT count(*), coalesce(sum(seq), 0) FROM item")
        alive = self._seqs[: self.size][self._alive[: self.size]]
        return (int(count), int(total)) == (len(alive), int(alive.sum()))

    def _lacking(self) -> Rows:
        return np.flatnonzero(self._alive[: self.size] & ~self._embedded[: self.size])

    def _reserve(self, size: int) -> None:
        if size <= len(self._seqs):
            return
        capacity = max(1024, size + size // 4)  # What is not used yet takes no memory.
        for name in _COLUMNS:
            old = getattr(self, name)
            new = np.zeros((capacity, *old.shape[1:]), old.dtype)
            new[: self.size] = old[: self.size]
            setattr(self, name, new)

    def _take_in(self, rows: list[Row]) -> bool:
        """Append some of the log; whether there may be more."""
        if not rows:
            return False
        start, end = self.size, self.size + len(rows)
        self._reserve(end)
        seqs, stamps, kinds, x, y, z = zip(*rows, strict=True)
        self._seqs[start:end] = seqs
        self._stamps[start:end] = stamps
        self._kind[start:end] = [self._kinds.setdefault(k, len(self._kinds)) for k in kinds]
        self._x[start:end], self._y[start:end], self._z[start:end] = np.array(
            (x, y, z),
            dtype=np.float32,  # None becomes NaN.
        )
        since = self._stamps[max(0, start - 1) : end]
        self._in_order = self._in_order and bool((since[1:] >= since[:-1]).all())
        self._alive[start:end] = True
        self.size, self._last = end, seqs[-1]
        return len(rows) == _CHUNK

    def _load_vectors(self, rows: Rows | None = None) -> None:
        """Read the vectors of some rows, or of all, a part at a time."""
        if not self._embedder:
            return
        wanted = self._seqs[: self.size] if rows is None else self._seqs[rows]
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            found = self._store.vectors(self._embedder, int(part[0]), int(part[-1]))
            if found:
                seqs, values = zip(*found, strict=True)
                self.put_vectors(seqs, vectors_of(values, self.dimension))


def bytes_of(vector: Vectors) -> bytes:
    """A vector as it is kept: in half precision, which changes a cosine by less than 1e-3."""
    return vector.astype(np.float16).tobytes()


def vectors_of(kept: Sequence[bytes], dimension: int) -> NDArray[np.floating]:
    """Vectors from how they are kept, shape (len(kept), dimension)."""
    if {len(value) for value in kept} == {2 * dimension}:
        return np.frombuffer(b"".join(kept), np.float16).reshape(-1, dimension)
    # Older memories have them in full.
    return np.stack(
        [np.frombuffer(v, np.float16 if len(v) == 2 * dimension else np.float32) for v in kept]
    )
