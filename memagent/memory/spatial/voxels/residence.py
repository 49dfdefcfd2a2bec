# SPDX-License-Identifier: Apache-2.0
"""Where voxels are: in memory, or in a region's file; every change journalled before it is made."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from memagent.memory.spatial.voxels.cloud import Points
from memagent.memory.spatial.voxels.columns import Columns
from memagent.memory.spatial.voxels.config import VoxelConfig
from memagent.memory.spatial.voxels.errors import DamagedFileError, VoxelError
from memagent.memory.spatial.voxels.folder import (
    LOWERED,
    OBSERVED,
    PUT_ASIDE,
    Corner,
    Region,
    VoxelFolder,
    observed,
    read_observed,
    read_put_aside,
)
from memagent.memory.spatial.voxels.morton import (
    SIDE,
    Cells,
    Ints,
    Keys,
    decode,
    distinct_sorted,
    encode,
)
from memagent.memory.spatial.voxels.tiers import Tiers
from memagent.memory.spatial.voxels.window import REGION_LEVEL, Window

_LOWERED = struct.Struct("<3qq")
_EASE = 0.8
"""Share of the bound that putting regions aside comes down to."""


class Residence:
    def __init__(self, config: VoxelConfig, folder: Path | None, most: int) -> None:
        self._config = config
        self._most = most
        self.window = Window.of(config)
        self.tiers = Tiers()
        self.folder = None if folder is None else VoxelFolder(Path(folder), config)
        if self.folder is not None:
            try:
                self._replay(self.folder, Path(folder or ""))
            except BaseException:
                self.folder.close()
                raise

    def _replay(self, folder: VoxelFolder, path: Path) -> None:
        if (held := folder.snapshot()) is not None:
            self.window = self.window.at(held[0])
            self.tiers.replace(held[1])
        for kind, payload in folder.journal.changes():
            if kind == OBSERVED:
                corner, batch = read_observed(payload, path)
                self._move_to(corner)
                self._observe(batch)
            elif kind == LOWERED:
                *at, amount = _LOWERED.unpack_from(payload)
                self._move_to((at[0], at[1], at[2]))
                self._lower(np.frombuffer(payload, "<i8", -1, _LOWERED.size), amount)
            elif kind == PUT_ASIDE:
                region, name = read_put_aside(payload)
                folder.regions[region] = name
                self.tiers.remove({self._ancestor(region)}, REGION_LEVEL)
            else:
                raise DamagedFileError(f"{path}: the journal holds a record of unknown kind {kind}")

    # --- changes ------------------------------------------------------------------------------

    def observe(self, batch: Columns) -> None:
        """Add observations, in order of key."""
        if self.folder is not None:
            self.folder.journal.append(OBSERVED, observed(self.window.corner, batch))
        self._observe(batch)

    def _observe(self, batch: Columns) -> None:
        if self.aside:
            self.recall_cells(decode(batch.keys))
        self.tiers.absorb(batch, self._most)

    def lower(self, rows: Ints, amount: int) -> int:
        """Take evidence from distinct living voxels; returns how many are gone."""
        if self.folder is not None:
            keys = self.tiers.take(rows).keys
            head = _LOWERED.pack(*self.window.corner, amount)
            self.folder.journal.append(LOWERED, head + keys.astype("<i8").tobytes())
        return self.tiers.lower(rows, amount)

    def _lower(self, keys: Keys, amount: int) -> None:
        cells = decode(keys.astype(np.int64))
        self.recall_cells(cells)
        rows = self.tiers.find(cells)
        self.tiers.lower(rows[rows >= 0], amount)

    # --- the window ---------------------------------------------------------------------------

    def move(self, points: Points) -> None:
        """Move the window so that it reaches these points too, if it can."""
        low, high = np.full(3, SIDE), np.full(3, -1)
        for run in self.tiers.runs:
            blocks = decode(run.blocks)
            low = np.minimum(low, blocks.min(axis=1) << 2)
            high = np.maximum(high, (blocks.max(axis=1) << 2) + 3)
        for region in self.aside:
            corner = (np.array(region) << REGION_LEVEL) - np.array(self.window.corner)
            low = np.minimum(low, corner)
            high = np.maximum(high, corner + (1 << REGION_LEVEL) - 1)
        wanted = self.window.around(points, low, high)
        if wanted is not None:
            self._move_to(wanted.corner)

    def _move_to(self, corner: Corner) -> None:
        if corner == self.window.corner:
            return
        self.compact()
        if self.tiers.runs:
            self.tiers.replace(
                self._rekeyed(self.tiers.runs[0].living(), self.window.corner, corner)
            )
        self.window = self.window.at(corner)

    @staticmethod
    def _rekeyed(columns: Columns, old: Corner, new: Corner) -> Columns:
        if old == new:
            return columns
        shift = np.array(old, np.int64) - np.array(new, np.int64)
        keys = encode(decode(columns.keys) + shift[:, None])
        order = np.argsort(keys)
        moved = columns.take(order)
        moved.keys[:] = keys[order]
        return moved

    # --- regions on disk ----------------------------------------------------------------------

    @property
    def aside(self) -> dict[Region, str]:
        return {} if self.folder is None else self.folder.regions

    def _ancestor(self, region: Region) -> int:
        """The key's prefix that all voxels of a region share."""
        at = np.array(region, np.int64) - (np.array(self.window.corner) >> REGION_LEVEL)
        return int(encode(at[:, None])[0])

    def recall_cells(self, cells: Cells) -> None:
        """Bring back the regions that cells lie in."""
        if self.aside:
            inside = self.window.inside(cells)
            known = cells if inside is None else cells[:, inside]
            wanted = set(np.unique(encode(known) >> (3 * REGION_LEVEL)).tolist())
            self._recall([r for r in self.aside if self._ancestor(r) in wanted])

    def recall_box(self, corners: Points) -> None:
        """Bring back the regions that a box, (2, 3) metres, touches."""
        if self.aside:
            low, high = (
                self.window.cells(corners).T + np.array(self.window.corner)
            ) >> REGION_LEVEL
            self._recall([r for r in self.aside if (low <= r).all() and (r <= high).all()])

    def recall_all(self) -> None:
        self._recall(list(self.aside))

    def _recall(self, regions: list[Region]) -> None:
        for region in regions:
            assert self.folder is not None
            corner, columns = self.folder.region(region)
            self.tiers.absorb(self._rekeyed(columns, corner, self.window.corner), self._most)
            del self.folder.regions[region]

    def put_aside(self, before: float = np.inf, until: int = 0) -> int:
        """Put the stalest regions on disk, those last seen before ``before``, while more than
        ``until`` voxels are in memory; returns how many regions.
        """
        if self.folder is None:
            raise VoxelError("evict: this map has no folder to put regions in")
        self.compact()
        if not self.tiers.runs:
            return 0
        held = self.tiers.runs[0].columns
        parents = held.keys >> (3 * REGION_LEVEL)
        starts = distinct_sorted(parents)
        ends = np.append(starts[1:], len(parents))
        seen = np.maximum.reduceat(held.seen, starts)
        at = decode(parents[starts]) + (np.array(self.window.corner) >> REGION_LEVEL)[:, None]
        left, gone = len(held), set()
        for i in np.argsort(seen, kind="stable"):
            if left <= until or seen[i] >= before:
                break
            x, y, z = at[:, i].tolist()
            part = held.take(slice(int(starts[i]), int(ends[i])))
            self.folder.put_aside((x, y, z), self.window.corner, part)
            gone.add(int(parents[starts[i]]))
            left -= len(part)
        if gone:
            self.tiers.remove(gone, REGION_LEVEL)
        return len(gone)

    # --- bounds -------------------------------------------------------------------------------

    def make_room(self) -> None:
        """Before a change: keep the journal and memory within their bounds."""
        if self.folder is None:
            return
        bound = self._config.resident_voxels
        if bound is not None and len(self.tiers) > bound:
            self.put_aside(until=int(_EASE * bound))
        if self.folder.journal.length > self._config.journal_bytes:
            self.checkpoint()

    def checkpoint(self) -> None:
        if self.folder is None:
            raise VoxelError("checkpoint: this map has no folder")
        self.compact()
        held = self.tiers.runs[0].columns if self.tiers.runs else Columns.empty()
        self.folder.replace(self.window.corner, held)

    def compact(self) -> None:
        self.tiers.compact()

    def close(self) -> None:
        if self.folder is not None:
            self.folder.close()
