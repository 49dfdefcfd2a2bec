# SPDX-License-Identifier: Apache-2.0
"""Which of many positions may be within a ball: those in the cells of a grid that it touches.

Positions are sorted by cell, row by row of the grid, so that a ball's candidates are one run per
row of cells. What came after they were sorted is looked through one by one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float32]
Rows = NDArray[np.int64]

CELL = 1.0
"""Metres."""
_FROM = 4_096
"""Positions below which all are looked through."""
_LATE = 8
"""They are sorted anew once one in so many came later."""
_WIDEST = 1 << 20
"""Cells from the origin, further than which all are alike."""
_MOST_RUNS = 64
"""Rows of cells beyond which a ball is so large that all positions are looked through."""


class PlaceGrid:
    """Candidates among the rows of two columns that only grow."""

    def __init__(self) -> None:
        self._cells = np.zeros(0, np.int64)
        self._rows = np.zeros(0, np.int32)
        self._seen = 0
        """Rows that were there when they were sorted."""

    def clear(self) -> None:
        """All rows may be others now."""
        self._seen = 0

    def near(self, x: Column, y: Column, middle: tuple[float, float], radius: float) -> Rows:
        """Rows that may be within ``radius`` metres of a position in the plane, ascending.

        None that is within is left out. A position that is not a number is nowhere.
        """
        if len(x) < _FROM or 2 * radius / CELL > _MOST_RUNS:
            return np.flatnonzero(_within(x, middle[0], radius))
        if self._seen == 0 or (len(x) - self._seen) * _LATE > self._seen:
            self._sort(x, y)
        reach = radius + CELL / 100  # More than rounding could hide.
        first, last = _cell(np.array(middle) - reach), _cell(np.array(middle) + reach)
        lines = np.arange(first[1], last[1] + 1)
        begins = np.searchsorted(self._cells, _number(first[0], lines))
        ends = np.searchsorted(self._cells, _number(last[0], lines), side="right")
        found = [self._rows[b:e] for b, e in zip(begins, ends, strict=True)]
        late = self._seen + np.flatnonzero(_within(x[self._seen :], middle[0], radius))
        return np.sort(np.concatenate([*found, late]))

    def _sort(self, x: Column, y: Column) -> None:
        rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        cells = _number(_cell(x[rows]), _cell(y[rows]))
        order = np.argsort(cells, kind="stable")
        self._cells, self._rows, self._seen = cells[order], rows[order].astype(np.int32), len(x)


def _cell(places: NDArray[np.floating]) -> Rows:
    return np.asarray(np.clip(np.floor(places / CELL), -_WIDEST, _WIDEST), np.int64)


def _number(column: Rows | np.int64, line: Rows) -> Rows:
    return np.asarray(line * (4 * _WIDEST) + column)


def _within(values: Column, middle: float, radius: float) -> NDArray[np.bool_]:
    """Which are near enough along one axis, by more than rounding could hide."""
    spare = 1e-3 + 1e-6 * (abs(middle) + min(radius, math.inf))
    least, most = np.float32(middle - radius - spare), np.float32(middle + radius + spare)
    return np.asarray((values >= least) & (values <= most))
