# SPDX-License-Identifier: Apache-2.0
"""All resident voxels: a few runs of falling size, merged as new ones come (as an LSM tree does).

A key is in one run at most. An observation of a known voxel is added in place; only what is new
makes a run, which is merged into the one before it once that is not several times larger. So a
frame costs what it holds, not what the map holds. Rows count through all runs, the largest first,
and hold until the next change.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from memagent.memory.spatial.voxels.cloud import Points
from memagent.memory.spatial.voxels.columns import Columns, concatenated
from memagent.memory.spatial.voxels.morton import Cells, Ints, decode
from memagent.memory.spatial.voxels.run import Run
from memagent.memory.spatial.voxels.window import Window

_CHUNK = 1 << 12
_RATIO = 4
"""Times that a run is larger than the one after it."""


class Tiers:
    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.version = 0
        """Counts changes."""

    def __len__(self) -> int:
        """Living voxels."""
        return sum(len(run) - run.dead for run in self.runs)

    @property
    def rows(self) -> int:
        """Of all runs, dead ones too."""
        return sum(map(len, self.runs))

    @property
    def nbytes(self) -> int:
        return sum(run.nbytes for run in self.runs)

    # --- finding ------------------------------------------------------------------------------

    def find(self, cells: Cells) -> Ints:
        """(N,) rows of living voxels at (3, N) cells, -1 for none."""
        out = np.full(cells.shape[1], -1, np.int64)
        base = 0
        for run in self.runs:
            rows = run.find(cells)
            if run.dead:
                rows[run.columns.evidence.take(rows, mode="clip") <= 0] = -1
            out = rows if base == 0 else np.where(rows >= 0, rows + base, out)
            base += len(run)
        return out

    def find_points(self, window: Window, points: Points) -> Ints:
        """The same for (N, 3) points, a part at a time so that it stays in the cache."""
        out = np.empty(len(points), np.int64)
        for start in range(0, len(points), _CHUNK):
            part = slice(start, start + _CHUNK)
            out[part] = self.find(window.cells(points[part]))
        return out

    def each(self, rows_of: Callable[[Run], Ints]) -> Ints:
        """Rows that ``rows_of`` gives for each run, as rows through all."""
        found, base = [np.zeros(0, np.int64)], 0
        for run in self.runs:
            found.append(rows_of(run) + base)
            base += len(run)
        return np.concatenate(found)

    def in_box(self, low: Ints, high: Ints) -> Ints:
        return self.each(lambda run: run.in_box(low, high))

    def all(self) -> Ints:
        return self.each(lambda run: np.flatnonzero(run.alive))

    def take(self, rows: Ints) -> Columns:
        """The voxels of rows, in that order."""
        if len(self.runs) == 1:
            return self.runs[0].columns.take(rows)
        parts, places = [], []
        for run, where, local in self._split(rows):
            parts.append(run.columns.take(local))
            places.append(where)
        if not parts:
            return Columns.empty()
        back = np.argsort(np.concatenate(places), kind="stable")
        return concatenated(parts).take(back)

    def _split(self, rows: Ints) -> list[tuple[Run, Ints, Ints]]:
        """Per run that any row is in: the run, where in ``rows``, and rows within the run."""
        parts, base = [], 0
        for run in self.runs:
            where = np.flatnonzero((rows >= base) & (rows < base + len(run)))
            if len(where):
                parts.append((run, where, rows[where] - base))
            base += len(run)
        return parts

    # --- changing -----------------------------------------------------------------------------

    def absorb(self, batch: Columns, most: int) -> None:
        """Add observations of distinct voxels, in order of key."""
        self.version += 1
        for run in self.runs:
            rows = run.find(decode(batch.keys))
            known = rows >= 0
            if known.any():
                run.update(rows[known], batch.take(known), most)
                batch = batch.take(~known)
        if len(batch):
            self.runs.append(Run(batch))
        self._balance()

    def lower(self, rows: Ints, amount: int) -> int:
        """Take evidence from distinct living voxels; returns how many are gone."""
        self.version += 1
        gone = sum(run.lower(local, amount) for run, _, local in self._split(rows))
        for i, run in enumerate(self.runs):
            if 4 * run.dead > len(run):
                self.runs[i] = Run(run.living())
        self._balance()
        return gone

    def remove(self, regions: set[int], level: int) -> None:
        """Let go of all voxels whose key's ancestor at ``level`` is one of ``regions``."""
        self.version += 1
        wanted = np.fromiter(regions, np.int64)
        for i, run in enumerate(self.runs):
            kept = run.alive & ~np.isin(run.columns.keys >> (3 * level), wanted)
            self.runs[i] = Run(run.columns.take(kept))
        self._balance()

    def _balance(self) -> None:
        self.runs = [run for run in self.runs if len(run)]
        while len(self.runs) > 1 and len(self.runs[-2]) < _RATIO * len(self.runs[-1]):
            last = self.runs.pop()
            self.runs[-1] = self.runs[-1].merged(last)

    def compact(self) -> None:
        """Merge everything into one run, for reading."""
        if len(self.runs) > 1 or any(run.dead for run in self.runs):
            self.version += 1
            while len(self.runs) > 1:
                last = self.runs.pop()
                self.runs[-1] = self.runs[-1].merged(last)
            self.runs = [Run(self.runs[0].living())] if self.runs[0].dead else self.runs
            self._balance()

    def replace(self, columns: Columns) -> None:
        """Hold these voxels, in order of key, and no others."""
        self.version += 1
        self.runs = [Run(columns)] if len(columns) else []
