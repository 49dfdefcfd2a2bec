# SPDX-License-Identifier: Apache-2.0
"""The in-process index over the log of remembered things: derived data, never the only copy.

One row per item in the order of the log: when, where, what kind, and its vector if it has one.
It is fed by tailing the log, and read from it anew at start. Filters are masks over these columns;
what passes is scored exactly. Where nothing is filtered and there are many vectors, a sketch of
each (its strongest principal components) chooses which to score exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from memagent.memory.store.interface import Store
from memagent.types import Query, Vector3

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
"""Positions in the index, ascending with the log's sequence numbers."""
Mask = NDArray[np.bool_]
"""Over all rows of the index."""

_SKETCH = 64
"""Dimensions of the sketch."""
_SKETCH_FROM = 20_000
"""Rows below which all are scored exactly."""
_SHORTLIST = 1_000
"""Rows that the sketch leaves for exact scores."""
_SAMPLE = 4_096
_SPARE = 1_024
"""Dead rows that are never worth closing the gaps."""
_COLUMNS = (
    "_seqs", "_stamps", "_kind", "_where", "_vectors", "_embedded", "_alive", "_sketch",
)  # fmt: skip


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
        self._where = np.zeros((0, 3), np.float32)
        self._vectors = np.zeros((0, dimension), np.float32)
        self._embedded = np.zeros(0, bool)
        self._alive = np.zeros(0, bool)
        self._axes: Vectors | None = None
        self._sampled = 0
        """Vectors that there were when the axes were chosen."""
        self._sketch = np.zeros((0, _SKETCH), np.float32)
        self.reload()

    # --- following the log --------------------------------------------------------------------

    def tail(self) -> int:
        """Take in what was appended since the last time; returns how many items that was."""
        if self._generation != self._store.generation:
            before = self.size
            self.reload()
            return self.size - before
        return self._append()

    def _append(self) -> int:
        rows = self._store.query(
            "SELECT seq, stamp, kind, x, y, z FROM item WHERE seq > ? ORDER BY seq", (self._last,)
        )
        if not rows:
            return 0
        start, end = self.size, self.size + len(rows)
        self._reserve(end)
        seqs, stamps, kinds, x, y, z = zip(*rows, strict=True)
        self._seqs[start:end] = seqs
        self._stamps[start:end] = stamps
        self._kind[start:end] = [self._kinds.setdefault(k, len(self._kinds)) for k in kinds]
        self._where[start:end] = np.array((x, y, z), dtype=np.float32).T  # None becomes NaN.
        self._alive[start:end] = True
        self.size, self._last = end, seqs[-1]
        return len(rows)

    def follow(self) -> None:
        """Take in what another process did to the log: items, vectors and what it forgot."""
        self.tail()
        if self._store.query("SELECT count(*) FROM item")[0][0] != int(self._alive.sum()):
            self.drop_forgotten()
        if self._embedder:
            lacking = self.without_vector(self.size)
            for start in range(0, len(lacking), _SAMPLE):
                self._load_vectors(lacking[start], lacking[start : start + _SAMPLE][-1])

    def reload(self) -> None:
        """Read the whole log again, after rows within it came or went."""
        generation, self._generation = self._store.generation, -1  # Half read is not read.
        self.size = self._last = 0
        self._embedded[:] = False
        self._vectors[:] = 0.0
        self._axes = None
        self._append()
        self._load_vectors()
        self._generation = generation

    def put_vectors(self, seqs: Iterable[int], vectors: Vectors) -> None:
        """Take in the vectors of items that are in the log."""
        rows, known = self._rows(np.fromiter(seqs, np.int64))
        self._vectors[rows[known]] = vectors[known]
        self._embedded[rows[known]] = True
        if self._axes is not None:
            self._sketch[rows[known]] = vectors[known] @ self._axes

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
        self._embedded[rows[known]] = False
        self._vectors[rows[known]] = 0.0  # What is forgotten is gone from here too.
        self._sketch[rows[known]] = 0.0

    def without_vector(self, count: int) -> list[int]:
        """Sequence numbers of items that have no vector yet, the newest ``count`` of them."""
        lacking = np.flatnonzero(self._alive[: self.size] & ~self._embedded[: self.size])
        return [int(seq) for seq in self._seqs[lacking[-count:]]]

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
        away = self._where[rows] - np.asarray(position, np.float32)
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", away, away, dtype=np.float64)))

    def newest(self, count: int, passing: Mask | None = None) -> Rows:
        """The ``count`` rows with the newest stamps, newest first."""
        rows = np.flatnonzero(self._alive[: self.size] if passing is None else passing)
        return rows[np.lexsort((-rows, -self._stamps[rows]))[:count]]

    def rows(self, seqs: Sequence[int]) -> Rows:
        """The rows of items that are in the index, in the order given."""
        rows, known = self._rows(np.asarray(seqs, np.int64))
        return rows[known]

    def passing(self, query: Query) -> Mask | None:
        """Which rows pass the filters of a query; None if it filters nothing."""
        n = self.size
        masks: list[Mask] = []
        if query.kinds:
            codes = [self._kinds[k] for k in query.kinds if k in self._kinds]
            masks.append(np.isin(self._kind[:n], codes))
        if query.since is not None:
            masks.append(self._stamps[:n] >= query.since)
        if query.until is not None:
            masks.append(self._stamps[:n] <= query.until)
        if query.near is not None:
            away = self._where[:n] - np.asarray(query.near, np.float32)
            with np.errstate(invalid="ignore"):
                masks.append(np.einsum("ij,ij->i", away, away) <= query.radius**2 * (1 + 1e-6))
        if not masks:
            return None
        passing = self._alive[:n].copy()
        for mask in masks:
            passing &= mask
        return passing

    def similar(
        self, vector: Vectors, count: int, passing: Mask | None = None
    ) -> tuple[Rows, Vectors]:
        """The ``count`` most similar rows, best first, with their cosines.

        Args:
            vector: a unit vector, shape (dimension,).
            count: how many at most.
            passing: a mask from :meth:`passing`; None for all.
        """
        eligible = self._embedded[: self.size]
        if passing is None and (embedded := int(eligible.sum())) > _SKETCH_FROM:
            rows = self._shortlist(vector, max(_SHORTLIST, 4 * count), embedded)
        else:
            rows = np.flatnonzero(eligible if passing is None else eligible & passing)
        whole = len(rows) == self.size
        cosines = (self._vectors[: self.size] if whole else self._vectors[rows]) @ vector
        best = _largest(cosines, count)
        return rows[best], cosines[best]

    def neighbours(self, rows: Rows, offset: int, gap: float) -> Rows:
        """The row that many places after each in the log (before, if negative), or -1.

        There is none where it is more than ``gap`` seconds away per place, or of another kind.
        """
        there = rows + offset
        inside = (there >= 0) & (there < self.size)
        there = np.where(inside, there, rows)
        near = np.abs(self._stamps[there] - self._stamps[rows]) <= gap * abs(offset)
        alike = self._kind[there] == self._kind[rows]
        return np.where(inside & near & alike & self._alive[there], there, -1)

    def stretches(self, rows: Rows, gap: float) -> Rows:
        """A number per row, equal for rows between which the log never pauses for ``gap``."""
        pauses = np.flatnonzero(np.abs(np.diff(self._stamps[: self.size])) > gap)
        return np.searchsorted(pauses, rows, side="left")

    # --- inside -------------------------------------------------------------------------------

    def _rows(self, seqs: Rows) -> tuple[Rows, Mask]:
        rows = np.searchsorted(self._seqs[: self.size], seqs)
        rows = np.minimum(rows, max(self.size - 1, 0))
        known = self._seqs[rows] == seqs if self.size else np.zeros(len(seqs), bool)
        return rows, known

    def _compact(self) -> None:
        """Close the gaps that forgotten items left."""
        kept = np.flatnonzero(self._alive[: self.size])
        for name in _COLUMNS:
            column = getattr(self, name)
            for start in range(0, len(kept), _SAMPLE):  # In parts: a copy of all would be large.
                part = kept[start : start + _SAMPLE]
                column[start : start + len(part)] = column[part]
            column[len(kept) : self.size] = 0
        self.size = len(kept)

    def _reserve(self, size: int) -> None:
        if size <= len(self._seqs):
            return
        capacity = max(1024, size + size // 4)
        for name in _COLUMNS:
            old = getattr(self, name)
            new = np.zeros((capacity, *old.shape[1:]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)

    def _load_vectors(self, first: int = 0, last: int = 1 << 62) -> None:
        if not self._embedder:
            return
        rows = self._store.vectors(self._embedder, first, last)
        if rows:
            values = np.frombuffer(b"".join(row[1] for row in rows), np.float32)
            self.put_vectors((row[0] for row in rows), values.reshape(len(rows), self.dimension))

    def _shortlist(self, vector: Vectors, count: int, embedded: int) -> Rows:
        n = self.size
        if self._axes is None or embedded > 2 * self._sampled:  # They were chosen from too few.
            self._sampled = embedded
            self._axes = self._principal_axes()
            self._sketch[:n] = self._vectors[:n] @ self._axes
        rough = self._sketch[:n] @ (vector @ self._axes)
        rough[~self._embedded[:n]] = -np.inf
        rows = _largest(rough, count)
        return rows[np.isfinite(rough[rows])]

    def _principal_axes(self) -> Vectors:
        """The strongest principal components of a sample, shape (dimension, sketch)."""
        embedded = np.flatnonzero(self._embedded[: self.size])
        step = max(1, len(embedded) // _SAMPLE)
        sample = self._vectors[embedded[::step]].astype(np.float64)
        _, axes = np.linalg.eigh(sample.T @ sample)
        return np.ascontiguousarray(axes[:, -_SKETCH:], dtype=np.float32)


def _largest(values: Vectors, count: int) -> Rows:
    """Indices of the largest values, largest first; equal ones newest first."""
    if count < len(values):
        chosen = np.argpartition(-values, count)[:count]
    else:
        chosen = np.arange(len(values))
    return chosen[np.lexsort((-chosen, -values[chosen]))]
