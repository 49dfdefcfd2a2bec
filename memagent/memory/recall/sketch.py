# SPDX-License-Identifier: Apache-2.0
"""Which few of many vectors are worth exact scores: short codes, stored by likeness.

A code is a vector's strongest principal components. Codes lie together in memory by the nearest of
some centres, so that a question reads only the groups nearest to it, one after the other (an
inverted file, as in Jégou et al., TPAMI 2011). What came after the centres were chosen is read by
every question, until a new sketch is made.

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
Rows = NDArray[np.int64]
_Number = TypeVar("_Number", np.int32, np.float32)

CODE = 64
"""Dimensions of a code."""
_SAMPLE = 4_096
"""Vectors from which the components are chosen."""
_TAUGHT = 20
"""Codes per centre from which the centres are chosen."""
_ROUNDS = 4
_CHUNK = 1_024
"""Rows in one piece of work: larger ones would leave the process large."""
_EFFORTS = ((20, 400), (40, 600), (80, 2_400), (160, 9_600))
"""Codes that a question reads, in roots of how many there are, and rows left for exact scores."""
_LEAST = 4_000
"""Codes that a question reads in any case."""
_ASKED = 64
_FOUND = 10
_ENOUGH = 0.998
"""Share of the exact best that a good sketch finds, over the questions that it is tried with."""
_NOISE = 0.3
"""Length of what these questions differ by from stored vectors, which are of length one."""
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
        self._centres = self._choose_centres(vectors, rows)
        self._half_norms = _half_norms(self._centres)
        group = np.empty(len(rows), np.int64)
        for some in _chunks(len(rows)):
            group[some] = _nearest(vectors[rows[some]] @ self._axes, self._centres)
        order = np.argsort(group, kind="stable")
        self._starts = np.searchsorted(group[order], np.arange(len(self._centres) + 1))
        self._rows = rows[order].astype(np.int32)
        """The row of each code; -1 if it was forgotten."""
        self._codes: Vectors = np.empty((len(rows), self._axes.shape[1]), np.float32)
        for some in _chunks(len(rows)):
            self._codes[some] = vectors[self._rows[some]] @ self._axes
        self._place: NDArray[np.int32] = np.full(len(vectors), -1, np.int32)
        """Where the code of each row is: here, or after all of these among the late ones."""
        self._place[self._rows] = np.arange(len(rows), dtype=np.int32)
        self._late_rows: NDArray[np.int32] = np.zeros(1024, np.int32)
        self._late_codes: Vectors = np.zeros((1024, self._axes.shape[1]), np.float32)
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
        self._late_codes[self.late : end] = vectors @ self._axes
        self._place[rows] = np.arange(self.late, end, dtype=np.int32) + len(self)
        self.late = end

    def forget(self, rows: Rows) -> None:
        """Leave nothing of these rows' codes."""
        rows = rows[rows < len(self._place)]
        places = self._place[rows]
        self._place[rows] = -1
        sorted_ones = places[(places >= 0) & (places < len(self))]
        self._rows[sorted_ones], self._codes[sorted_ones] = -1, 0.0
        late = places[places >= len(self)] - len(self)
        self._late_rows[late], self._late_codes[late] = -1, 0.0

    def shortlist(self, vector: Vectors, count: int, passing: Rows | None = None) -> Rows:
        """Rows that have the ``count`` most like a vector among them, of those that pass."""
        code = vector @ self._axes
        total = len(self) + self.late
        share = 1.0 if passing is None else max(1, len(passing)) / total
        roots, left = self._effort
        reads = min(float(total), max(_LEAST, roots * math.sqrt(total)) / share)
        if passing is not None and len(passing) * _SCATTERED < reads:
            rows, scores = self._gathered(code, passing)
        else:
            rows, scores = self._scanned(code, reads)
            if passing is not None:
                inside = among(rows, passing)
                rows, scores = rows[inside], scores[inside]
        best = rows[largest(scores, max(left, 2 * count))]
        return best[best >= 0].astype(np.int64)

    def _choose_centres(self, vectors: Vectors, rows: Rows) -> Vectors:
        """Centres of a sample by a few rounds of k-means, always the same for the same vectors."""
        count = round(math.sqrt(len(rows)))
        taught = rows[:: max(1, len(rows) // (_TAUGHT * count))]
        sample = np.concatenate([vectors[taught[s]] @ self._axes for s in _chunks(len(taught))])
        centres = sample[:: max(1, len(sample) // count)][:count].copy()
        for _ in range(_ROUNDS):
            group = np.concatenate([_nearest(sample[s], centres) for s in _chunks(len(sample))])
            order = np.argsort(group, kind="stable")
            numbers, starts = np.unique(group[order], return_index=True)
            sums = np.add.reduceat(sample[order], starts, axis=0)
            sizes = np.diff(np.append(starts, len(sample)))
            centres[numbers] = sums / sizes[:, None]  # A centre of nothing stays where it was.
        return centres

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
        scores = np.empty(len(rows), np.float32)
        scores[early] = self._codes.take(places[early], axis=0) @ code
        scores[~early] = self._late_codes[places[~early] - len(self)] @ code
        return rows.astype(np.int32), scores

    def _scanned(self, code: Vectors, reads: float) -> tuple[NDArray[np.int32], Vectors]:
        """Rows and scores of the groups nearest to a code, and of what came late; -1 is no row."""
        nearness = self._centres @ code - self._half_norms
        groups = np.argsort(-nearness)
        sizes = np.diff(self._starts)[groups]
        enough = int(np.searchsorted(np.cumsum(sizes), reads)) + 1
        parts = [slice(self._starts[g], self._starts[g + 1]) for g in groups[:enough]]
        rows = [*(self._rows[part] for part in parts), self._late_rows[: self.late]]
        scores = [*(self._codes[part] @ code for part in parts)]
        scores.append(self._late_codes[: self.late] @ code)
        return np.concatenate(rows), np.concatenate(scores)


def among(rows: NDArray[np.signedinteger], others: Rows) -> NDArray[np.bool_]:
    """Which of some rows are among others; these are ascending, and mostly all of an interval."""
    if not len(others):
        return np.zeros(len(rows), bool)
    if others[-1] - others[0] + 1 == len(others):
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
    _, axes = np.linalg.eigh(moments)
    return np.ascontiguousarray(axes[:, -CODE:], dtype=np.float32)


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
