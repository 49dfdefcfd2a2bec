# SPDX-License-Identifier: Apache-2.0
"""A sorted run of voxels, and the index that finds them: blocks of 4 x 4 x 4 cells.

A block is 64 successive keys, so one 64-bit mask says which of its cells are occupied, and a
cell's row is its block's first row plus the number of occupied cells before it: 12 bytes per block,
about one per voxel on surfaces. A block is found in a dense table over the run's bounding box, or,
where the box is mostly void, by binary search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.voxels.columns import Columns, merged, update
from memagent.memory.spatial.voxels.morton import (
    SIDE,
    Cells,
    Ints,
    Keys,
    decode,
    distinct_sorted,
    encode,
    spread,
)

_CHUNK = 1 << 12
"""Cells looked up at once, so that what is in between stays in the cache."""
_VOID = 8
"""Entries per block that a dense table may have."""
_ONE = np.uint64(1)


def _popcount(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = words - ((words >> _ONE) & np.uint64(0x5555555555555555))
    pairs = np.uint64(0x3333333333333333)
    words = (words & pairs) + ((words >> np.uint64(2)) & pairs)
    words = (words + (words >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (words * np.uint64(0x0101010101010101)) >> np.uint64(56)


_WITHIN = decode(np.arange(64))
"""(3, 64) cells of a block, from its corner."""
_count = getattr(np, "bitwise_count", _popcount)
"""NumPy 2 has an instruction for it."""


@dataclass(frozen=True)
class _Grid:
    """A dense table of blocks over a box with a border of void around it."""

    low: Ints
    """(3,) first block, that of the border."""
    shape: tuple[int, int, int]
    top: NDArray[np.int32]
    """Block of each place, the number of blocks for none."""
    tables: tuple[Ints, Ints, Ints]
    """Per axis and cell: place in ``top`` times 64 plus place in the block, to be added up."""


class Run:
    """Voxels in order of key, each key once. Rows of dead voxels stay until the run is merged."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.dead = int(np.count_nonzero(columns.evidence <= 0))
        keys = columns.keys
        blocks = keys >> 6
        starts = distinct_sorted(blocks)
        self.blocks: Keys = blocks[starts]
        self._starts = np.append(starts, len(keys)).astype(np.int32)
        bits = _ONE << (keys & 63).astype(np.uint64)
        self._masks = np.zeros(len(starts) + 1, np.uint64)
        if len(starts):
            self._masks[:-1] = np.bitwise_or.reduceat(bits, starts)
        self._block_cells: NDArray[np.int32] | None = None
        self._grid = self._make_grid()

    def _make_grid(self) -> _Grid | None:
        if not len(self.blocks):
            return None
        at = decode(self.blocks)
        low = at.min(axis=1) - 1
        shape = at.max(axis=1) - low + 2
        entries = int(np.prod(shape.astype(float)))
        if entries > _VOID * len(self.blocks) + 4096:
            return None
        strides = (int(shape[1] * shape[2]), int(shape[2]), 1)
        top = np.full(entries, len(self.blocks), np.int32)
        top[(at - low[:, None]).T @ np.array(strides)] = np.arange(len(self.blocks))
        within = spread(np.arange(4))
        tables = [
            ((np.arange(int(shape[a])) * strides[a] * 64)[:, None] + (within << a)).ravel()
            for a in range(3)
        ]
        return _Grid(
            low, (int(shape[0]), int(shape[1]), int(shape[2])), top,
            (tables[0], tables[1], tables[2]),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def nbytes(self) -> int:
        index = 0 if self._block_cells is None else self._block_cells.nbytes
        index += self.blocks.nbytes + self._starts.nbytes + self._masks.nbytes
        if self._grid is not None:
            index += self._grid.top.nbytes + sum(t.nbytes for t in self._grid.tables)
        return self.columns.nbytes + index

    @property
    def alive(self) -> NDArray[np.bool_]:
        return self.columns.evidence > 0

    # --- finding ------------------------------------------------------------------------------

    def find(self, cells: Cells) -> Ints:
        """(N,) rows of (3, N) cells, which may lie outside of any window; -1 for none."""
        count = cells.shape[1]
        out = np.empty(count, np.int64)
        for start in range(0, count, _CHUNK):
            part = slice(start, start + _CHUNK)
            out[part] = self._find(cells[:, part])
        return out

    def _find(self, cells: Cells) -> Ints:
        if not len(self):
            return np.full(cells.shape[1], -1, np.int64)
        if self._grid is not None:
            place: Ints | None = None
            for axis in range(3):  # Beyond the box is its border, where nothing is.
                at = cells[axis] - 4 * self._grid.low[axis]
                part = self._grid.tables[axis].take(at, mode="clip")
                place = part if place is None else np.add(place, part, out=place)
            assert place is not None
            block = self._grid.top.take(place >> 6)
            bit = place & 63
        else:
            inside = ((cells >= 0) & (cells < SIDE)).all(axis=0)
            keys = encode(np.where(inside, cells, 0))
            at = np.searchsorted(self.blocks, keys >> 6)
            known = inside & (self.blocks.take(at, mode="clip") == keys >> 6)
            block = np.where(known, at, len(self.blocks))
            bit = keys & 63
        # The cell's bit as the highest, above those of the cells before it.
        mask = self._masks.take(block) << (63 - bit).view(np.uint64)
        rows = _count(mask).astype(np.int64)
        rows += self._starts.take(block)
        return np.where(mask.view(np.int64) < 0, rows - 1, -1)

    def in_box(self, low: Ints, high: Ints) -> Ints:
        """Rows of living voxels whose cells lie in low .. high, both (3,) and included."""
        rows, cells = self.cells_of(self._blocks_in(low >> 2, high >> 2))
        inside = ((cells >= low[:, None]) & (cells <= high[:, None])).all(axis=0)
        return np.asarray(rows[inside & (self.columns.evidence[rows] > 0)], np.int64)

    def _blocks_in(self, low: Ints, high: Ints) -> Ints:
        if not len(self):
            return np.zeros(0, np.int64)
        if self._grid is not None:
            shape = self._grid.shape
            x, y, z = (
                slice(max(0, int(low[a] - self._grid.low[a])),
                      max(0, int(high[a] - self._grid.low[a]) + 1))
                for a in range(3)
            )  # fmt: skip
            blocks = self._grid.top.reshape(shape)[x, y, z].ravel()
            return np.sort(blocks[blocks < len(self.blocks)])
        at = self.block_cells
        inside = (at >= low[:, None]) & (at <= high[:, None])
        return np.flatnonzero(inside.all(axis=0))

    def rows_of(self, blocks: Ints) -> Ints:
        """Rows of whole blocks, dead ones too."""
        starts = self._starts.take(blocks).astype(np.int64)
        counts = self._starts.take(blocks + 1) - starts
        total = int(counts.sum())
        ends = np.cumsum(counts)
        return np.asarray(np.arange(total) + np.repeat(starts - ends + counts, counts), np.int64)

    def cells_of(self, blocks: Ints) -> tuple[Ints, Cells]:
        """Rows of whole blocks, and their (3, R) cells."""
        rows = self.rows_of(blocks)
        counts = self._starts.take(blocks + 1) - self._starts.take(blocks)
        within = self.columns.keys.take(rows) & 63
        corners = self.block_cells[:, np.repeat(blocks, counts)]
        return rows, 4 * corners.astype(np.int64) + _WITHIN.take(within, axis=1)

    @property
    def block_cells(self) -> NDArray[np.int32]:
        """(3, B) blocks' coordinates, in blocks; made when first asked for."""
        if self._block_cells is None:
            self._block_cells = decode(self.blocks).astype(np.int32)
        return self._block_cells

    # --- changing -----------------------------------------------------------------------------

    def update(self, rows: Ints, new: Columns, most: int) -> None:
        """Add observations to distinct rows; dead ones live again."""
        self.dead -= int(np.count_nonzero(self.columns.evidence[rows] <= 0))
        update(self.columns, rows, new, most)

    def lower(self, rows: Ints, amount: int) -> int:
        """Take evidence from distinct living rows; returns how many died of it."""
        left = np.maximum(self.columns.evidence[rows].astype(np.int64) - amount, 0)
        self.columns.evidence[rows] = left
        died = int(np.count_nonzero(left == 0))
        self.dead += died
        return died

    def living(self) -> Columns:
        return self.columns if not self.dead else self.columns.take(self.alive)

    def merged(self, other: Run) -> Run:
        """Both, without their dead. They share no key."""
        return Run(merged(self.living(), other.living()))
