# SPDX-License-Identifier: Apache-2.0
"""Points to voxels: one sort of 64-bit numbers that hold a cell's key and what goes with it.

A plain cloud carries each point's offset in its voxel beside the key, so that nothing is gathered
after the sort. A cloud with a label, a colour or a confidence per point carries positions instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.voxels.cloud import Cloud
from memagent.memory.spatial.voxels.columns import STEPS, Columns
from memagent.memory.spatial.voxels.morton import Compact, Ints, Keys, distinct_sorted, encode
from memagent.memory.spatial.voxels.window import Window

_CHUNK = 1 << 12
_FIELD = 21
"""Bits per axis of a packed offset that is added up: STEPS times up to 2^13 points."""
_OFFSET_BITS = 24


def fold(clouds: Sequence[Cloud], window: Window, most: int) -> Columns:
    """The voxels of clouds that came in this order, each with what all its points say.

    Args:
        clouds: at least one, within the window.
        window: that keys count from.
        most: evidence at which belief saturates, 1/1000 log-odds.
    """
    count = sum(sizes(clouds))
    low = np.min([window.cells(c.box[:1])[:, 0] for c in clouds], axis=0)
    high = np.max([window.cells(c.box[1:])[:, 0] for c in clouds], axis=0)
    compact = Compact(low, high)
    index_bits = max(1, (count - 1).bit_length())
    first = clouds[0]
    plain = all(c.plain for c in clouds) and all(
        (c.stamp, c.weights, c.labels) == (first.stamp, first.weights, first.labels) for c in clouds
    )
    if plain and compact.fits and compact.bits + _OFFSET_BITS <= 63:
        packed = _packed(clouds, window, compact, low, _OFFSET_BITS)
        packed.sort()
        starts = _starts(packed, _OFFSET_BITS)
        keys = compact.expand(packed[starts] >> _OFFSET_BITS)
        rows, offsets = np.zeros(0, np.int64), packed & ((1 << _OFFSET_BITS) - 1)
    else:
        offsets = np.empty(count, np.int64)
        if compact.fits and compact.bits + index_bits <= 63:
            packed = _packed(clouds, window, compact, low, index_bits, offsets)
            packed.sort()
            starts = _starts(packed, index_bits)
            keys = compact.expand(packed[starts] >> index_bits)
            rows = packed & ((1 << index_bits) - 1)
        else:
            rows, starts, keys = _wide(clouds, window, offsets)
        offsets = offsets.take(rows)
    hits = np.diff(starts, append=count)
    return Columns(
        keys=keys,
        hits=hits.astype(np.uint32),
        offsets=_means(offsets, starts, hits),
        evidence=_evidence(clouds, rows, starts, hits, most),
        seen=_seen(clouds, rows, starts),
        labels=_labels(clouds, rows, starts),
        colours=_colours(clouds, rows, starts),
    )


def sizes(clouds: Sequence[Cloud]) -> list[int]:
    return [len(c.points) for c in clouds]


# --- keys, and offsets of 8 bits per axis ---------------------------------------------------------


def _packed(
    clouds: Sequence[Cloud],
    window: Window,
    compact: Compact,
    low: Ints,
    shift: int,
    offsets: Ints | None = None,
) -> Ints:
    """(N,) compact keys, and below them offsets; or positions, with the offsets put apart."""
    tables = compact.tables(shift)
    packed = np.empty(sum(sizes(clouds)), np.int64)
    at = 0
    for cloud in clouds:
        for start in range(0, len(cloud.points), _CHUNK):  # In the cache, several times faster.
            points = cloud.points[start : start + _CHUNK]
            part = slice(at, at := at + len(points))
            key = np.zeros(len(points), np.int64)
            offset = np.zeros(len(points), np.int64)
            for axis in range(3):
                scaled = window.scaled(points[:, axis], axis)
                floor = np.floor(scaled)
                scaled -= floor
                scaled *= STEPS
                offset |= scaled.astype(np.int64) << (8 * axis)
                floor -= float(window.corner[axis] + int(low[axis]))
                key |= tables[axis].take(floor.astype(np.int64), mode="clip")
            if offsets is None:
                key |= offset
            else:
                key |= np.arange(part.start, part.stop)
                offsets[part] = offset
            packed[part] = key
    return packed


def _wide(clouds: Sequence[Cloud], window: Window, offsets: Ints) -> tuple[Ints, Ints, Keys]:
    """Clouds too wide for a key to share its number: sorts positions instead."""
    points = clouds[0].points if len(clouds) == 1 else np.concatenate([c.points for c in clouds])
    offsets[:] = 0
    for axis in range(3):
        scaled = window.scaled(points[:, axis], axis)
        offsets |= ((scaled - np.floor(scaled)) * STEPS).astype(np.int64) << (8 * axis)
    keys = encode(window.cells(points))
    rows = np.argsort(keys, kind="stable")
    keys = keys[rows]
    starts = distinct_sorted(keys)
    return rows, starts, keys[starts]


def _starts(packed: Ints, shift: int) -> Ints:
    """Where each distinct key begins: where two neighbours differ above the shift."""
    changes = np.empty(len(packed), bool)
    changes[0] = True
    np.greater_equal(packed[1:] ^ packed[:-1], 1 << shift, out=changes[1:])
    return np.flatnonzero(changes)


def _means(offsets: Ints, starts: Ints, hits: Ints) -> NDArray[np.uint8]:
    """(V, 3) mean offsets of (N,) offsets in order of key, three axes added up in one number."""
    means = np.empty((3, len(starts)), np.uint8)
    ends = np.append(starts[1:], len(offsets))
    for first in range(0, len(starts), _CHUNK):
        part = slice(first, first + _CHUNK)
        begin, counts = int(starts[first]), hits[part]
        some, where = offsets[begin : ends[part][-1]], starts[part] - begin
        if int(counts.max()) < 1 << (_FIELD - 8):
            apart = some & 0xFF
            apart |= (some & 0xFF00) << (_FIELD - 8)
            apart |= (some & 0xFF0000) << (2 * _FIELD - 16)
            sums = np.add.reduceat(apart, where)
            for axis in range(3):
                means[axis, part] = ((sums >> (_FIELD * axis)) & ((1 << _FIELD) - 1)) / counts
        else:
            for axis in range(3):
                means[axis, part] = np.add.reduceat((some >> (8 * axis)) & 0xFF, where) / counts
    return np.ascontiguousarray(means.T)


# --- what else points say -------------------------------------------------------------------------


def _evidence(
    clouds: Sequence[Cloud], rows: Ints, starts: Ints, hits: Ints, most: int
) -> NDArray[np.int16]:
    alike = {c.weights if isinstance(c.weights, int) else None for c in clouds}
    if len(alike) == 1 and (weight := alike.pop()) is not None:
        enough = most // weight + 1
        table = np.minimum(np.arange(enough + 1) * weight, most).astype(np.int16)
        return table.take(hits, mode="clip")
    each = np.concatenate([np.broadcast_to(c.weights, len(c.points)) for c in clouds])
    return np.minimum(np.add.reduceat(each.take(rows), starts), most).astype(np.int16)


def _seen(clouds: Sequence[Cloud], rows: Ints, starts: Ints) -> NDArray[np.float64]:
    stamps = [c.stamp for c in clouds]
    if min(stamps) == max(stamps):
        return np.full(len(starts), stamps[0])
    return np.maximum.reduceat(np.repeat(stamps, sizes(clouds)).take(rows), starts)


def _labels(clouds: Sequence[Cloud], rows: Ints, starts: Ints) -> NDArray[np.uint16]:
    alike = {c.labels if isinstance(c.labels, int) else None for c in clouds}
    if len(alike) == 1 and (label := alike.pop()) is not None:
        return np.full(len(starts), label, np.uint16)
    each = np.concatenate([np.broadcast_to(c.labels, len(c.points)) for c in clouds])
    last = _last(each > 0, rows, starts)
    return np.where(last >= 0, each[last], 0).astype(np.uint16)


def _colours(clouds: Sequence[Cloud], rows: Ints, starts: Ints) -> NDArray[np.uint8]:
    if all(c.colours is None for c in clouds):
        return np.zeros((len(starts), 3), np.uint8)
    each = np.concatenate(
        [np.zeros((len(c.points), 3), np.uint8) if c.colours is None else c.colours for c in clouds]
    )
    given = np.repeat([c.colours is not None for c in clouds], sizes(clouds))
    last = _last(given, rows, starts)
    return np.where(last[:, None] >= 0, each[last], 0).astype(np.uint8)


def _last(given: NDArray[np.bool_], rows: Ints, starts: Ints) -> Ints:
    """Per voxel the last point that was given something, -1 for none."""
    if given.all():
        return np.asarray(rows[np.append(starts[1:], len(rows)) - 1], np.int64)
    return np.maximum.reduceat(np.where(given[rows], rows, -1), starts)
