# SPDX-License-Identifier: Apache-2.0
"""An append-only file of changes: what was appended is safe; a torn tail is cut off at opening."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from memagent.memory.spatial.voxels.errors import VoxelError
from memagent.memory.spatial.voxels.framing import cannot_write, framed, records


class Journal:
    """Records of ``framing``, one after the other. One process at a time."""

    def __init__(self, path: Path, sync: bool) -> None:
        """Open a journal, or begin one.

        Args:
            path: the file.
            sync: whether what is appended survives a power cut, at the price of a sync each.
        """
        self.path = path
        self._sync = sync
        self.torn = 0
        """Bytes of an unfinished write that reading dropped."""
        try:
            self._file = path.open("ab", buffering=0)
            self._length = path.stat().st_size
        except OSError as error:
            raise cannot_write(path, error) from error

    @property
    def length(self) -> int:
        """Bytes."""
        return self._length

    def changes(self) -> Iterator[tuple[int, bytes]]:
        """(kind, payload) of what it holds; what a crash left unfinished is cut off.

        Raises:
            DamagedFileError: a record is there and is not what was written.
        """
        end = 0
        for kind, ends, payload in records(self.path.read_bytes(), self.path):
            yield kind, payload
            end = ends
        self.torn = self._length - end
        if self.torn:
            self._file.truncate(end)
            self._length = end

    def append(self, kind: int, payload: bytes) -> None:
        """Put a change into the journal; it is safe when this returns.

        Raises:
            VoxelError: it could not be written, and was not; the journal is as before.
        """
        if self._file.closed:
            raise VoxelError(f"{self.path}: this journal is closed")
        data = framed(kind, payload)
        try:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) :]
            if self._sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            self._take_back()
            raise cannot_write(self.path, error) from error
        self._length += len(data)

    def _take_back(self) -> None:
        """Cut off what a failed write left; if even that fails, take no more changes."""
        try:
            os.ftruncate(self._file.fileno(), self._length)
        except OSError:
            self._file.close()

    def close(self) -> None:
        self._file.close()
