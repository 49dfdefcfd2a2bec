# SPDX-License-Identifier: Apache-2.0
"""The files of places and things: a snapshot, and a journal of what came after it.

``places.snapshot`` names the journal that follows it and is replaced in one step, so that at any
instant the folder holds one whole state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from memagent.memory.spatial.voxels.errors import DamagedFileError, VoxelError
from memagent.memory.spatial.voxels.framing import framed, records, write_file
from memagent.memory.spatial.voxels.journal import Journal

SCHEMA = 1
_HEAD = 0
Record = tuple[int, bytes]
"""Kind (above 0) and payload."""


class SpatialLog:
    """One process at a time: whoever opens it holds the voxel folder's lock."""

    def __init__(self, folder: Path, sync: bool) -> None:
        """Open the files in ``folder``, or begin them.

        Raises:
            DamagedFileError: one does not hold what was written to it.
            VoxelError: they cannot be written, or are of another schema.
        """
        self._folder = folder
        self._sync = sync
        self._number, self._snapshot = self._read_snapshot()
        self.journal = Journal(self._file(self._number), sync)
        """What came after the snapshot."""
        self._sweep()

    def _file(self, number: int) -> Path:
        return self._folder / f"places-{number}.log"

    def _read_snapshot(self) -> tuple[int, list[Record]]:
        path = self._folder / "places.snapshot"
        if not path.exists():
            if any(self._folder.glob("places-*.log")) and not self._file(0).exists():
                raise DamagedFileError(
                    f"{path}: is missing, and there is a journal that follows it"
                )
            return 0, []
        data = path.read_bytes()
        found = list(records(data, path))
        if not found or found[-1][1] != len(data) or found[0][0] != _HEAD:
            raise DamagedFileError(f"{path}: cut short or overgrown: {len(data)} bytes")
        head = json.loads(found[0][2])
        if head["schema"] != SCHEMA:
            raise VoxelError(f"{path}: schema {head['schema']}; this version reads {SCHEMA}")
        if len(found) != head["records"] + 1:
            raise DamagedFileError(f"{path}: holds {len(found) - 1} of {head['records']} records")
        return head["journal"], [(kind, payload) for kind, _, payload in found[1:]]

    def read(self) -> Iterator[Record]:
        """All that was acknowledged, in its order; to be read once, before anything is appended."""
        yield from self._snapshot
        self._snapshot = []
        yield from self.journal.changes()

    def replace(self, state: Sequence[Record]) -> None:
        """Make ``state`` the snapshot, and begin a new journal.

        Raises:
            VoxelError: it could not be written; all is as before.
        """
        number = self._number + 1
        head = {"schema": SCHEMA, "journal": number, "records": len(state)}
        parts = [framed(_HEAD, json.dumps(head).encode()), *(framed(*record) for record in state)]
        write_file(self._file(number), b"", self._sync)
        write_file(self._folder / "places.snapshot", b"".join(parts), self._sync)
        self.journal.close()
        self._number, self.journal = number, Journal(self._file(number), self._sync)
        self._sweep()

    def _sweep(self) -> None:
        """Remove journals that no longer count."""
        for path in [*self._folder.glob("places-*.log"), *self._folder.glob("places*.new")]:
            if path != self.journal.path:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        self.journal.close()
