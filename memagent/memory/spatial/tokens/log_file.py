# SPDX-License-Identifier: Apache-2.0
"""A token log as bytes and as a file.

Little-endian throughout::

    header   magic "MATL", schema u16, width u32, keyframe_every u32, places u32,
             fingerprint of the network 32 bytes, crc32 of these
    place    length of name u16, records u32, name UTF-8, token i64 (width,), crc32
    record   flags u8, stamp f64, residual i32 (width,), rest f32 (width,) if flags & 1,
             keyframe i64 (width,) if flags & 2, crc32

A record's crc32 also covers the numbers of its place and of itself: one that has moved is found as
one that has changed is.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from memagent.errors import StoreError
from memagent.memory.spatial.tokens.log import Chain, Record, TokenLog
from memagent.memory.spatial.tokens.network import ReversibleNetwork
from memagent.whole_file import write_whole

MAGIC = b"MATL"
SCHEMA = 1
_HEADER = struct.Struct("<4sHIII32s")
_PLACE = struct.Struct("<HI")
_RECORD = struct.Struct("<Bd")
_CRC = struct.Struct("<I")
_HAS_REST, _HAS_KEYFRAME = 1, 2


def to_bytes(log: TokenLog) -> bytes:
    """All of a log but the weights of its network, of which the fingerprint is kept."""
    fixed = (MAGIC, SCHEMA, log.network.width, log.keyframe_every, len(log.chains))
    parts = [_sealed(_HEADER.pack(*fixed, log.network.fingerprint()))]
    for place, (name, chain) in enumerate(log.chains.items()):
        encoded = name.encode()
        head = _PLACE.pack(len(encoded), len(chain.records))
        parts.append(_sealed(head + encoded + chain.token.astype("<i8").tobytes(), place))
        for number, record in enumerate(chain.records):
            parts.append(_sealed(_packed(record), place, number))
    return b"".join(parts)


def from_bytes(data: bytes, network: ReversibleNetwork, source: str = "token log") -> TokenLog:
    """The log that ``to_bytes`` wrote.

    Args:
        data: all bytes.
        network: the one it was written with; the maps of search may differ.
        source: what errors call the bytes.

    Raises:
        StoreError: other weights, another schema, or changed, cut or surplus bytes.
    """
    reader = _Reader(data, source)
    reader.begin("its header")
    magic, schema, width, keyframe_every, places, fingerprint = reader.unpack(_HEADER)
    if magic != MAGIC:
        raise StoreError(f"{source}: is no token log: begins with {magic!r}, not {MAGIC!r}")
    if schema != SCHEMA:
        raise StoreError(f"{source}: has schema {schema}; this version reads schema {SCHEMA}")
    reader.check()
    if fingerprint != network.fingerprint():
        raise StoreError(
            f"{source}: was written with the weights {fingerprint.hex()[:16]}, and the network "
            f"has {network.fingerprint().hex()[:16]}; load the network that wrote it"
        )
    log = TokenLog(network, keyframe_every)
    for place in range(places):
        reader.begin(f"place {place}")
        length, count = reader.unpack(_PLACE)
        encoded = reader.take(length)
        token = reader.array("<i8", width).astype(np.int64)
        reader.check(place)
        chain = log.chains[encoded.decode()] = Chain(token)
        for number in range(count):
            reader.begin(f"record {number} of {encoded.decode()!r}")
            flags, stamp = reader.unpack(_RECORD)
            residual = reader.array("<i4", width).astype(np.int32)
            rest = reader.array("<f4", width).astype(np.float32) if flags & _HAS_REST else None
            kept = reader.array("<i8", width).astype(np.int64) if flags & _HAS_KEYFRAME else None
            reader.check(place, number)
            chain.records.append(Record(stamp, residual, rest, kept))
    if reader.at != len(data):
        raise StoreError(f"{source}: goes on for {len(data) - reader.at} bytes after its end")
    return log


def save(log: TokenLog, path: Path) -> None:
    """Write or replace a file: after a crash it is the old one or the new one, never half of it."""
    write_whole(path, to_bytes(log))


def load(path: Path, network: ReversibleNetwork) -> TokenLog:
    """Read what ``save`` wrote.

    Raises:
        StoreError: as ``from_bytes``, or the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    return from_bytes(data, network, str(path))


class _Reader:
    """Goes through the bytes part by part, each with its checksum."""

    def __init__(self, data: bytes, source: str) -> None:
        self.data = memoryview(data)
        self.source = source
        self.at = 0
        self._part, self._begin = "", 0

    def begin(self, part: str) -> None:
        self._part, self._begin = part, self.at

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise StoreError(f"{self.source}: ends within {self._part}")
        self.at += size
        return bytes(self.data[self.at - size : self.at])

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self.take(layout.size))

    def array(self, kind: DTypeLike, count: int) -> NDArray[Any]:
        return np.frombuffer(self.take(np.dtype(kind).itemsize * count), kind)

    def check(self, *numbers: int) -> None:
        body = self.data[self._begin : self.at]
        (found,) = _CRC.unpack(self.take(_CRC.size))
        if found != _checksum(body, *numbers):
            raise StoreError(f"{self.source}: {self._part} is damaged: its checksum does not fit")


def _packed(record: Record) -> bytes:
    flags = _HAS_REST * (record.rest is not None) | _HAS_KEYFRAME * (record.keyframe is not None)
    parts = [_RECORD.pack(flags, record.stamp), record.residual.astype("<i4").tobytes()]
    if record.rest is not None:
        parts.append(record.rest.astype("<f4").tobytes())
    if record.keyframe is not None:
        parts.append(record.keyframe.astype("<i8").tobytes())
    return b"".join(parts)


def _checksum(body: bytes | memoryview, *numbers: int) -> int:
    return zlib.crc32(struct.pack(f"<{len(numbers)}I", *numbers), zlib.crc32(body))


def _sealed(body: bytes, *numbers: int) -> bytes:
    return body + _CRC.pack(_checksum(body, *numbers))
