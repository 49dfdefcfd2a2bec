# SPDX-License-Identifier: Apache-2.0
"""Records on disk: each with its length and checksums, so that damage is found, never read.

A record is a header (magic, kind, length, CRC-32 of what follows, CRC-32 of the header itself) and
a payload, little-endian. The header has a checksum of its own so that a flipped bit in a length
does not look like a file that ends early.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np

from memagent.memory.spatial.voxels.columns import Columns
from memagent.memory.spatial.voxels.errors import DamagedFileError, VoxelError
from memagent.whole_file import write_whole

SCHEMA = 1
"""Version of all that is written; others are refused."""
_MAGIC = b"MVX1"
_HEADER = struct.Struct("<4sIQI")
_SUM = struct.Struct("<I")
HEADER_SIZE = _HEADER.size + _SUM.size
_COLUMNS = tuple((f.name, getattr(Columns.empty(), f.name).dtype.newbyteorder("<"),
                  getattr(Columns.empty(), f.name).shape[1:]) for f in fields(Columns))  # fmt: skip


def framed(kind: int, payload: bytes) -> bytes:
    head = _HEADER.pack(_MAGIC, kind, len(payload), zlib.crc32(payload))
    return head + _SUM.pack(zlib.crc32(head)) + payload


def records(data: bytes, path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Whole records of a file: (kind, where the record ends, payload).

    Ends before a record that was cut short, or of which only zeros arrived, as a crash leaves it.

    Raises:
        DamagedFileError: a record is there and is not what was written.
    """
    at = 0
    while at + HEADER_SIZE <= len(data):
        head = data[at : at + _HEADER.size]
        (total,) = _SUM.unpack_from(data, at + _HEADER.size)
        magic, kind, length, crc = _HEADER.unpack(head)
        if magic != _MAGIC or zlib.crc32(head) != total:
            if not any(data[at:]):
                return
            raise _damaged(path, at, "header")
        begin = at + HEADER_SIZE
        if begin + length > len(data):
            return
        payload = data[begin : begin + length]
        if zlib.crc32(payload) != crc:
            raise _damaged(path, at, "record")
        at = begin + length
        yield kind, at, payload


def _damaged(path: Path, at: int, what: str) -> DamagedFileError:
    return DamagedFileError(
        f"{path}: the {what} at byte {at} is damaged (its checksum does not match); put the file "
        "back from a copy, or move the folder away to begin a new map"
    )


def only_record(path: Path) -> tuple[int, bytes]:
    """The one record of a file that was written whole."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DamagedFileError(f"{path}: cannot be read: {error.strerror}") from error
    found = list(records(data, path))
    if len(found) != 1 or found[0][1] != len(data):
        raise DamagedFileError(f"{path}: cut short or overgrown: {len(data)} bytes")
    return found[0][0], found[0][2]


def write_file(path: Path, data: bytes, sync: bool) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        VoxelError: the disk is full, or cannot be written; nothing was changed.
    """
    try:
        write_whole(path, data, sync=sync)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> VoxelError:
    return VoxelError(f"{path}: cannot be written: {error.strerror or error}; nothing was changed")


def packed(columns: Columns) -> bytes:
    parts = [np.ascontiguousarray(getattr(columns, name), dtype) for name, dtype, _ in _COLUMNS]
    return struct.pack("<Q", len(columns)) + b"".join(part.tobytes() for part in parts)


def unpacked(data: bytes, path: Path) -> Columns:
    (count,) = struct.unpack_from("<Q", data)
    at, parts = 8, []
    for _, dtype, shape in _COLUMNS:
        size = count * int(np.prod(shape, dtype=int))
        if at + size * dtype.itemsize > len(data):
            raise DamagedFileError(f"{path}: a record holds fewer voxels than it says")
        column = np.frombuffer(data, dtype, size, at).reshape(count, *shape)
        parts.append(column.astype(dtype.newbyteorder("="), copy=True))
        at += size * dtype.itemsize
    return Columns(*parts)
