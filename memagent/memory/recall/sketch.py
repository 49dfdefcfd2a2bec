# SPDX-License-Identifier: Apache-2.0
"""Which few of many vectors are worth exact scores: short codes, stored by likeness.

A code is a vector's strongest principal components, a byte each. Codes lie together in memory by
the nearest of some centres, so that a question reads only the groups nearest to it, one after the
other (an inverted file, as in Jégou et al., TPAMI 2011), and of these only what passes where that
is an interval of the log. What came after the centres were chosen is read by every question, until
a new sketch is made.

How much is read is not a guess: a new sketch is asked for vectors near to stored ones, and reads as
much as it takes to find what exact scores find. There are vectors of which no sketch is good enough
(random ones, say); then it is not to be used.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Codes = NDArray[np.int8]
Rows = NDArray[np.int64]
_Number = TypeVar("_Number", np.int32, np.int8)

_CODE = 64
"""The most dimensions of a code."""
_TELLING = 0.95
"""Share of the vectors' squared length at which a code needs no more dimensions."""
_SAMPLE = 4_096
"""Vectors from which the components are chosen."""
_TAUGHT = 20
"""Codes per centre from which the centres are chosen."""
_ROUNDS = 4
_CHUNK = 1_024
"""Rows in one piece of work: larger ones would leave the process large."""
_EFFORTS = ((12, 200), (16, 200), (20, 200), (40, 600), (80, 2_400), (160, 9_600))
"""Codes that a question reads, in roots of how many there are, and rows left for exact scores."""
_LEAST = 2_000
"""Codes that a question reads in any case."""
_ASKED = 64
_FOUND = 10
_ENOUGH = 0.995
"""Share of the exact best that a good sketch finds, over the questions that it is tried with."""
_NOISE = 0.3
"""Length of what these questions differ by from stored vectors, which are of length one."""
_ROW_BITS = 32
_SPARE = 4
"""How many times as many groups are looked into as an even spread of what passes would need."""
_MOST = 127
_FINEST = 1e-9
_SCATTERED = 4
"""How many codes in a row are read in the time of one at any place."""


class Sketch:
    """Codes of rows of a matrix of unit vectors."""

    def __init__(self, vectors: Vectors, rows: Rows) -> None:
        """Choose components and centres, and sort the codes.

        Args:
            vectors: a matrix.
            rows: ascending, those of its rows that are vectors; at least one.
        """
        self._axes = _principal_axes(vectors, rows)
        taught = self._sample(vectors, rows)
        self._unit = np.maximum(np.abs(taught).max(axis=0), _FINEST) / _MOST
        """What one step of a code is in each dimension."""
        self._centres = _centres(taught, round(math.sqrt(len(rows))))
        self._half_norms = _half_norms(self._centres)
        group = np.empty(len(rows), np.int64)
        for some in _chunks(len(rows)):
            group[some] = _nearest(vectors[rows[some]] @ self._axes, self._centres)
        order = np.argsort(group, kind="stable")
        self._starts = np.searchsorted(group[order], np.arange(len(self._centres) + 1))
        self._rows = rows[order].astype(np.int32)
        """The row of each code; -1 if it was forgotten."""
        self._keys = (group[order] << _ROW_BITS) + rows[order]
        """The group and the row of each code, ascending."""
        self._codes: Codes = np.empty((len(rows), self._axes.shape[1]), np.int8)
        for some in _chunks(len(rows)):
            self._codes[some] = self._coded(vectors[self._rows[some]])
        self._place: NDArray[np.int32] = np.full(len(vectors), -1, np.int32)
        """Where the code of each row is: here, or after all of these among the late ones."""
        self._place[self._rows] = np.arange(len(rows), dtype=np.int32)
        self._late_rows: NDArray[np.int32] = np.zeros(1024, np.int32)
        self._late_codes: Codes = np.zeros((1024, self._axes.shape[1]), np.int8)
        self.late = 0
        """How many codes came later."""
        self._effort = _EFFORTS[0]
        self.is_good = self._find_effort(vectors, rows)
        """Whether it finds what exact scores find."""

    def __len__(self) -> int:
        """How many codes there were when it was made."""
        return len(self._rows)

    def put(self, rows: Rows, vectors: Vectors) -> None:
        """Take in vectors, new ones or in place of older ones."""
        if not len(rows):
            return
        self._place = _grown(self._place, int(rows.max()) + 1, -1)
        self.forget(rows)
        end = self.late + len(rows)
        self._late_rows = _grown(self._late_rows, end)
        self._late_codes = _grown(self._late_codes, end)
        self._late_rows[self.late : end] = rows
        self._late_codes[self.late : end] = self._coded(vectors)
        self._place[rows] = np.arange(self.late, end, dtype=np.int32) + len(self)
        self.late = end

    def forget(self, rows: Rows) -> None:
        """Leave nothing of these rows' codes."""
        rows = rows[rows < len(self._place)]
        places = self._place[rows]
        self._place[rows] = -1
        sorted_ones = places[(places >= 0) & (places < len(self))]
        self._rows[sorted_ones], self._codes[sorted_ones] = -1, 0
        late = places[places >= len(self)] - len(self)
        self._late_rows[late], self._late_codes[late] = -1, 0

    def shortlist(self, vector: Vectors, count: int, passing: Rows | None = None) -> Rows:
        """Rows that have the ``count`` most like a vector among them, of those that pass."""
        code = vector @ self._axes
        total = len(self) + self.late
        roots, left = self._effort
        reads = max(float(_LEAST), roots * math.sqrt(total))
        if passing is not None and not is_interval(passing):
            reads *= total / max(1, len(passing))
        if passing is not None and len(passing) * _SCATTERED < reads:
            rows, scores = self._gathered(code, passing)
        else:
            rows, scores = self._scanned(code, reads, passing)
        left = max(left, count * 5 // 4)
        if left < len(rows):
            rows = rows[np.argpartition(scores, len(rows) - left)[len(rows) - left :]]
        return rows[rows >= 0].astype(np.int64)

    def _coded(self, vectors: Vectors) -> Codes:
        steps = np.rint(vectors @ self._axes / self._unit)
        return np.asarray(np.clip(steps, -_MOST, _MOST), np.int8)

    def _sample(self, vectors: Vectors, rows: Rows) -> Vectors:
        """The components of some vectors, from which centres are chosen."""
        some = rows[:: max(1, len(rows) // (_TAUGHT * round(math.sqrt(len(rows)))))]
        return np.concatenate([vectors[some[part]] @ self._axes for part in _chunks(len(some))])

    def _find_effort(self, vectors: Vectors, rows: Rows) -> bool:
        asked = _questions(vectors[rows[:: max(1, len(rows) // _ASKED)][:_ASKED]])
        exact = _best(vectors, rows, asked)
        for self._effort in _EFFORTS:
            found = 0
            for vector, best in zip(asked, exact, strict=True):
                some = self.shortlist(vector, _FOUND)
                top = some[largest(vectors[some] @ vector, _FOUND)]
                found += len(np.intersect1d(top, best))
            if found >= _ENOUGH * exact.size:
                return True
        return False

    def _gathered(self, code: Vectors, passing: Rows) -> tuple[NDArray[np.int32], Vectors]:
        rows = passing[passing < len(self._place)]
        places = self._place[rows]
        rows, places = rows[places >= 0], places[places >= 0]
        early = places < len(self)
        codes = np.empty((len(rows), len(code)), np.int8)
        codes[early] = self._codes.take(places[early], axis=0)
        codes[~early] = self._late_codes[places[~early] - len(self)]
        return rows.astype(np.int32), self._likeness(codes, code)

    def _likeness(self, codes: Codes, code: Vectors) -> Vectors:
        """Cosines, roughly."""
        return np.asarray(codes.astype(np.float32) @ (self._unit * code))

    def _scanned(
        self, code: Vectors, reads: float, passing: Rows | None
    ) -> tuple[NDArray[np.int32], Vectors]:
        """Rows and scores of the groups nearest to a code, and of what came late; -1 is no row."""
        groups = np.argsort(self._half_norms - self._centres @ code)
        late = np.arange(self.late)
        if passing is not None and is_interval(passing):
            groups = groups[: math.ceil(_SPARE * reads * len(groups) / len(passing))]
            begins, ends = self._between(groups, int(passing[0]), int(passing[-1]))
            late = late[among(self._late_rows[: self.late], passing)]
        else:
            begins, ends = self._starts[groups], self._starts[groups + 1]
        enough = int(np.searchsorted(np.cumsum(ends - begins), reads)) + 1
        parts = [slice(b, e) for b, e in zip(begins[:enough], ends[:enough], strict=True)]
        rows = np.concatenate([*(self._rows[part] for part in parts), self._late_rows[late]])
        codes = np.concatenate([*(self._codes[part] for part in parts), self._late_codes[late]])
        if passing is not None and not is_interval(passing):
            inside = among(rows, passing)
            rows, codes = rows[inside], codes[inside]
        return rows, self._likeness(codes, code)

    def _between(self, groups: Rows, first: int, last: int) -> tuple[Rows, Rows]:
        """Where in some groups the codes of an interval of rows begin and end."""
        keys = groups << _ROW_BITS
        begins = np.searchsorted(self._keys, keys + first)
        return begins, np.searchsorted(self._keys, keys + last, side="right")


def is_interval(rows: Rows) -> bool:
    """Whether ascending rows are all of an interval."""
    return bool(len(rows)) and bool(rows[-1] - rows[0] + 1 == len(rows))


def among(rows: NDArray[np.signedinteger], others: Rows) -> NDArray[np.bool_]:
    """Which of some rows are among others; these are ascending, and mostly all of an interval."""
    if not len(others):
        return np.zeros(len(rows), bool)
    if is_interval(others):
        return np.asarray((rows >= others[0]) & (rows <= others[-1]))
    at = np.minimum(np.searchsorted(others, rows), len(others) - 1)
    return np.asarray(others[at] == rows)


def distinct(rows: Rows) -> Rows:
    """Each row once, ascending; for a thousand of them much faster than ``np.unique``."""
    rows = np.sort(rows)
    return rows[np.append(True, rows[1:] != rows[:-1])] if len(rows) else rows


def largest(values: Vectors, count: int) -> Rows:
    """Indices of the largest values, largest first; equal ones newest first."""
    if count < len(values):
        chosen = np.argpartition(values, len(values) - count)[len(values) - count :]
    else:
        chosen = np.arange(len(values))
    return chosen[np.lexsort((-chosen, -values[chosen]))]


def _principal_axes(vectors: Vectors, rows: Rows) -> Vectors:
    """The strongest principal components of a sample, shape (dimension, code)."""
    sample = rows[:: max(1, len(rows) // _SAMPLE)]
    moments = np.zeros((vectors.shape[1], vectors.shape[1]))
    for some in _chunks(len(sample)):
        part = vectors[sample[some]]
        moments += part.T @ part
    lengths, axes = np.linalg.eigh(moments)  # The shortest first.
    told = np.cumsum(lengths[::-1]) / lengths.sum()
    code = min(_CODE, 8 * math.ceil((np.searchsorted(told, _TELLING) + 1) / 8))
    return np.ascontiguousarray(axes[:, -code:], dtype=np.float32)


def _centres(sample: Vectors, count: int) -> Vectors:
    """Centres of a sample by a few rounds of k-means, always the same for the same sample."""
    centres = sample[:: max(1, len(sample) // count)][:count].copy()
    for _ in range(_ROUNDS):
        group = np.concatenate([_nearest(sample[s], centres) for s in _chunks(len(sample))])
        order = np.argsort(group, kind="stable")
        numbers, starts = np.unique(group[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, axis=0)
        sizes = np.diff(np.append(starts, len(sample)))
        centres[numbers] = sums / sizes[:, None]  # A centre of nothing stays where it was.
    return centres


def _nearest(codes: Vectors, centres: Vectors) -> Rows:
    """The nearest centre of each code."""
    return np.asarray((codes @ centres.T - _half_norms(centres)).argmax(axis=1))


def _chunks(size: int) -> list[slice]:
    return [slice(start, start + _CHUNK) for start in range(0, size, _CHUNK)]


def _questions(stored: Vectors) -> Vectors:
    """Unit vectors near to stored ones, always the same."""
    noise = np.random.default_rng(0).normal(size=stored.shape)
    asked = stored + _NOISE * noise / math.sqrt(stored.shape[1])
    return np.asarray(asked / np.linalg.norm(asked, axis=1, keepdims=True), np.float32)


def _best(vectors: Vectors, rows: Rows, asked: Vectors) -> Rows:
    """The rows with the largest exact scores for each question."""
    candidates: list[Rows] = []
    scores: list[Vectors] = []
    for part in _chunks(len(rows)):
        some = rows[part]
        cosines = asked @ vectors[some].T
        best = np.argpartition(cosines, -min(_FOUND, len(some)), axis=1)[:, -_FOUND:]
        candidates.append(some[best])
        scores.append(np.take_along_axis(cosines, best, axis=1))
    best = np.argsort(-np.concatenate(scores, axis=1), axis=1)[:, :_FOUND]
    return np.take_along_axis(np.concatenate(candidates, axis=1), best, axis=1)


def _half_norms(centres: Vectors) -> Vectors:
    return np.asarray(0.5 * np.einsum("ij,ij->i", centres, centres), np.float32)


def _grown(array: NDArray[_Number], size: int, filling: int = 0) -> NDArray[_Number]:
    """The array itself if it has the size, or else a longer copy, the rest filled."""
    if size <= len(array):
        return array
    longer = np.full((max(size, len(array) * 5 // 4), *array.shape[1:]), filling, array.dtype)
    longer[: len(array)] = array
    return longer
