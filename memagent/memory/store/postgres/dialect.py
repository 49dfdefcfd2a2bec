# SPDX-License-Identifier: Apache-2.0
"""The common SQL in PostgreSQL's words, and vectors in pgvector's binary form."""

from __future__ import annotations

import re
import struct
from functools import lru_cache

import numpy as np
from psycopg import Connection
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.pq import Format
from psycopg.types import TypeInfo
from psycopg.types.numeric import Int8BinaryDumper

from memagent.memory.store.interface import Row
from memagent.memory.store.schema import NUMBERED

_TOKEN = re.compile(r"'(?:[^']|'')*'|\?|%")
_INSERT = re.compile(r"\s*INSERT INTO (\w+)")
_HEADER = struct.Struct(">HH")
"""Of a vector: its dimension, and zero."""


@lru_cache(maxsize=1024)
def translated(sql: str) -> tuple[bytes, bool]:
    """The statement for psycopg, and whether it returns the new row's sequence number."""
    statement = _TOKEN.sub(_token, sql)
    insert = _INSERT.match(sql)
    numbered = insert is not None and insert.group(1) in NUMBERED
    return f"{statement}{' RETURNING seq' if numbered else ''}".encode(), numbered


def _token(match: re.Match[str]) -> str:
    return "%s" if match.group() == "?" else match.group().replace("%", "%%")


class Vector(bytes):
    """float16 in the machine's order, to be written to a column of pgvector's type."""


class _VectorDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Vector) -> Buffer:
        values = np.frombuffer(obj, np.float16)
        return _HEADER.pack(len(values), 0) + values.astype(">f4").tobytes()


class _VectorLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return np.frombuffer(data, ">f4", offset=_HEADER.size).astype(np.float16).tobytes()


def adapt(connection: Connection[Row], vector: TypeInfo | None) -> None:
    """Let whole numbers travel as BIGINT, and vectors as pgvector has them."""
    # One width for all: each other one would be prepared as another statement.
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    if vector is not None:
        dumper = type("VectorDumper", (_VectorDumper,), {"oid": vector.oid})
        connection.adapters.register_dumper(Vector, dumper)
        connection.adapters.register_loader(vector.oid, _VectorLoader)
