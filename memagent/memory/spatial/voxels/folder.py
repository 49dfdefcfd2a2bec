# SPDX-License-Identifier: Apache-2.0
"""A voxel map's folder: a snapshot, a journal of what came after it, and regions put aside.

``manifest.json`` names the files that count and is replaced in one step, so at any instant the
folder holds one whole map. A change is in the journal before it is made. A journal that ends early
ends before a change that was never acknowledged; a file that is damaged is refused, not repaired.
"""

from __future__ import annotations

import fcntl
import json
import struct
import zlib
from pathlib import Path
from typing import Any

from memagent.memory.spatial.voxels.columns import Columns
from memagent.memory.spatial.voxels.config import VoxelConfig
from memagent.memory.spatial.voxels.errors import DamagedFileError, VoxelError
from memagent.memory.spatial.voxels.framing import (
    SCHEMA,
    cannot_write,
    framed,
    only_record,
    packed,
    unpacked,
    write_file,
)
from memagent.memory.spatial.voxels.journal import Journal
from memagent.whole_file import sync_path

Region = tuple[int, int, int]
"""Which region, counted from the origin."""
Corner = tuple[int, int, int]

OBSERVED, LOWERED, PUT_ASIDE, _VOXELS = 1, 2, 3, 4
_CORNER = struct.Struct("<3q")


class VoxelFolder:
    """One process at a time."""

    def __init__(self, path: Path, config: VoxelConfig) -> None:
        self._path = path
        self._sync = config.durability == "full"
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = (path / "lock").open("w")
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise VoxelError(f"{path}: another process has this voxel map open") from None
        try:
            self._open(config)
        except BaseException:
            self._lock.close()
            raise

    def _open(self, config: VoxelConfig) -> None:
        manifest = self._path / "manifest.json"
        space = {"resolution": config.resolution, "origin": list(config.origin),
                 "frame": config.frame}  # fmt: skip
        if manifest.exists():
            state = _read_manifest(manifest)
            if state["space"] != space:
                raise VoxelError(f"{self._path}: the map is of {state['space']}, not of {space}")
        elif any(self._path.glob("*.voxels")):
            raise DamagedFileError(f"{manifest}: is missing, and there are files of a map")
        else:
            state = {"number": 0, "snapshot": None, "regions": {}}
        self._space = space
        self._number: int = state["number"]
        self._snapshot: str | None = state["snapshot"]
        self.regions: dict[Region, str] = {
            _region(name): file for name, file in state["regions"].items()
        }
        """Files of regions that are not in memory."""
        if not manifest.exists():
            self._write_manifest()
        self.journal = Journal(self._path / f"journal-{self._number}.log", self._sync)
        """What came after the snapshot."""
        if self._sync:
            sync_path(self._path)

    # --- reading ------------------------------------------------------------------------------

    def snapshot(self) -> tuple[Corner, Columns] | None:
        return None if self._snapshot is None else self._voxels(self._snapshot)

    def region(self, region: Region) -> tuple[Corner, Columns]:
        return self._voxels(self.regions[region])

    def _voxels(self, name: str) -> tuple[Corner, Columns]:
        path = self._path / name
        kind, payload = only_record(path)
        if kind != _VOXELS:
            raise DamagedFileError(f"{path}: holds no voxels")
        return read_observed(payload, path)

    # --- writing ------------------------------------------------------------------------------

    def put_aside(self, region: Region, corner: Corner, columns: Columns) -> None:
        """Write a region's voxels to a file of their own, and then journal that they are there."""
        name = f"region-{'_'.join(map(str, region))}-{self._number}-{self.journal.length}.voxels"
        self._write_voxels(name, corner, columns)
        self.journal.append(PUT_ASIDE, json.dumps([list(region), name]).encode())
        self.regions[region] = name

    def replace(self, corner: Corner, columns: Columns) -> None:
        """Make a snapshot of what is in memory, and begin a new journal."""
        number = self._number + 1
        name = f"snapshot-{number}.voxels"
        journal = self._path / f"journal-{number}.log"
        self._write_voxels(name, corner, columns)
        old = self._number, self._snapshot
        write_file(journal, b"", self._sync)
        self._number, self._snapshot = number, name
        try:
            self._write_manifest()
        except VoxelError:
            self._number, self._snapshot = old
            raise
        self.journal.close()
        self.journal = Journal(journal, self._sync)
        self._sweep()

    def _sweep(self) -> None:
        """Remove files that no longer count."""
        kept = {self._snapshot, self.journal.path.name, *self.regions.values()}
        for pattern in ("*.voxels", "journal-*.log", "*.new"):
            for path in self._path.glob(pattern):
                if path.name not in kept:
                    path.unlink(missing_ok=True)

    def _write_voxels(self, name: str, corner: Corner, columns: Columns) -> None:
        data = framed(_VOXELS, observed(corner, columns))
        write_file(self._path / name, data, self._sync)

    def _write_manifest(self) -> None:
        state = {
            "schema": SCHEMA,
            "space": self._space,
            "number": self._number,
            "snapshot": self._snapshot,
            "regions": {"_".join(map(str, r)): file for r, file in self.regions.items()},
        }
        text = json.dumps({**state, "crc32": _sum(state)}, indent=1)
        write_file(self._path / "manifest.json", text.encode(), self._sync)

    def close(self) -> None:
        self.journal.close()
        self._lock.close()


def observed(corner: Corner, columns: Columns) -> bytes:
    """Voxels whose keys count from ``corner``, as a payload."""
    return _CORNER.pack(*corner) + packed(columns)


def read_observed(payload: bytes, path: Path) -> tuple[Corner, Columns]:
    return _CORNER.unpack_from(payload), unpacked(payload[_CORNER.size :], path)


def read_put_aside(payload: bytes) -> tuple[Region, str]:
    region, name = json.loads(payload)
    return (region[0], region[1], region[2]), name


def _region(name: str) -> Region:
    x, y, z = map(int, name.split("_"))
    return x, y, z


def _sum(state: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(state, sort_keys=True).encode())


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_bytes())
        crc = state.pop("crc32")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise DamagedFileError(f"{path}: is not a manifest: {error}") from error
    if state.get("schema") != SCHEMA:
        raise VoxelError(f"{path}: schema {state.get('schema')}; this version reads {SCHEMA}")
    if _sum(state) != crc:
        raise DamagedFileError(f"{path}: its checksum does not match; put it back from a copy")
    return dict(state)
