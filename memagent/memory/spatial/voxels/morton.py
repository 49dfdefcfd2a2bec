# SPDX-License-Identifier: Apache-2.0
"""Morton keys: the bits of three cell coordinates interleaved, so that a key's prefix is a parent.

A cell is (x, y, z), each 0 .. 2^21 - 1; its key has 63 bits, x lowest. ``key >> 3`` is the key of
the cell of twice the side around it, hence keys in order walk the octree depth first. (The masks of
Mem4Nav's public code map every cell to key 0; here they are checked for all 21 bits.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Keys = NDArray[np.int64]
"""Morton keys, never negative."""
Cells = NDArray[np.int64]
"""(3, N): one row per axis, so that each axis is contiguous."""

BITS = 21
SIDE = 1 << BITS
_SPREAD = (
    (32, 0x1F00000000FFFF),
    (16, 0x1F0000FF0000FF),
    (8, 0x100F00F00F00F00F),
    (4, 0x10C30C30C30C30C3),
    (2, 0x1249249249249249),
)
_TABLE = 1 << 17
"""Longest table of spread coordinates that is worth making."""
_CHUNK = 1 << 12
"""Numbers worked on at once, so that what is in between stays in the cache."""


def spread(values: Ints) -> Ints:
    """Move bit i of each value to bit 3i."""
    out = values & (SIDE - 1)
    for shift, mask in _SPREAD:
        out = (out | (out << shift)) & mask
    return out


def gather(keys: Keys) -> Ints:
    """Move bit 3i of each key to bit i; the inverse of ``spread``."""
    out = keys & _SPREAD[-1][1]
    for (shift, _), (_, mask) in zip(_SPREAD[::-1], (*_SPREAD[-2::-1], (0, SIDE - 1)), strict=True):
        out = (out | (out >> shift)) & mask
    return out


def encode(cells: Cells) -> Keys:
    """Keys of (3, N) cells. Within a small box each axis is one look-up in a table."""
    if cells.shape[1] < 64:
        x, y, z = spread(cells)
        return np.asarray(x | (y << 1) | (z << 2), np.int64)
    keys: Keys | None = None
    for axis in range(3):
        low, high = int(cells[axis].min()), int(cells[axis].max())
        if high - low < min(_TABLE, 4 * cells.shape[1]):
            part = (spread(np.arange(low, high + 1)) << axis).take(cells[axis] - low)
        else:
            part = spread(cells[axis]) << axis
        keys = part if keys is None else keys | part
    assert keys is not None
    return keys


def decode(keys: Keys) -> Cells:
    """(3, N) cells of keys."""
    cells = np.empty((3, len(keys)), np.int64)
    for start in range(0, len(keys), _CHUNK):
        part = slice(start, start + _CHUNK)
        for axis in range(3):
            cells[axis, part] = gather(keys[part] >> axis)
    return cells


class Compact:
    """Keys of cells within a box, without the bits that are the same in all of them.

    Sorting values is several times faster than sorting positions, so a key shares one 64-bit number
    with what belongs to it. That fits because only bits that vary in the box matter. Of an axis
    that crosses a power of two, where many bits flip at once, the highest stands for all of them.
    """

    def __init__(self, low: Ints, high: Ints) -> None:
        """For cells from ``low`` to ``high``, (3,) each, both included."""
        kept: list[tuple[int, int, int, int]] = []  # Place in the key, axis, bit, what flips.
        for axis in range(3):
            a, b = int(low[axis]), int(high[axis])
            bits = (b - a).bit_length()
            kept += [(3 * bit + axis, axis, bit, 1 << bit) for bit in range(bits)]
            if (flips := (a >> bits) ^ (b >> bits)) != 0:
                top = flips.bit_length() - 1 + bits
                kept.append((3 * top + axis, axis, top, flips << bits))
        self.bits = len(kept)
        self.fits = int((high - low).max()) < _TABLE
        self._low, self._high = low, high
        self._kept = sorted(kept)
        corner = np.array([[int(low[a]) >> (b := int(high[a] - low[a]).bit_length()) << b]
                           for a in range(3)])  # fmt: skip
        self._base = int(encode(corner)[0])

    def tables(self, shift: int) -> list[Ints]:
        """Per axis, what each cell from ``low`` on adds to a compact key shifted left."""
        tables = []
        for axis in range(3):
            cells = np.arange(int(self._low[axis]), int(self._high[axis]) + 1)
            table = np.zeros(len(cells), np.int64)
            for rank, (_, of, bit, _) in enumerate(self._kept):
                if of == axis:
                    table |= ((cells >> bit) & 1) << (rank + shift)
            tables.append(table)
        return tables

    def expand(self, compact: Ints) -> Keys:
        """Keys of compact keys. A bit flips the same bits of every key, so tables are xor-ed."""
        keys = np.full(len(compact), self._base, np.int64)
        for first in range(0, self.bits, 11):
            table = np.zeros(1 << min(11, self.bits - first), np.int64)
            for rank, (_, axis, _, flips) in enumerate(self._kept[first : first + 11]):
                flip = int(spread(np.array([flips]))[0]) << axis
                table[np.arange(len(table)) >> rank & 1 == 1] ^= flip
            keys ^= table.take((compact >> first) & (len(table) - 1))
        return keys


def distinct_sorted(values: Ints) -> Ints:
    """Where each distinct value begins in sorted ``values``."""
    if not len(values):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
