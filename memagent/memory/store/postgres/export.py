# SPDX-License-Identifier: Apache-2.0
"""A namespace as a memory file: every row as of one instant, in a file that opens by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from psycopg import Connection

from memagent.memory.store.config import StoreConfig
from memagent.memory.store.interface import Row
from memagent.memory.store.schema import NUMBERED, TABLES
from memagent.memory.store.sqlite import SQLiteStore

_QUICK = StoreConfig(durability="normal", check_on_open=False)
_AT_ONCE = 2000
"""Rows in one answer of the server."""


def export(session: Connection[Row], target: Path) -> None:
    """Write what the session's namespace has now to ``target``, complete or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        copy = SQLiteStore(Path(folder) / "copy.memory", _QUICK)
        try:
            with copy.transaction(), session.transaction():
                session.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                for table in TABLES:
                    columns = ", ".join(copy.columns(table))
                    marks = ",".join("?" * len(copy.columns(table)))
                    for row in _rows(session, f"SELECT {columns} FROM {table}"):
                        copy.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)
                for table in NUMBERED:
                    _go_on_from(copy, table, _last_number(session, table))
            copy.snapshot(target)
        finally:
            copy.close()


def _rows(session: Connection[Row], sql: str) -> Iterator[Row]:
    with session.cursor(name="export", binary=True) as cursor:
        cursor.itersize = _AT_ONCE
        yield from cursor.execute(sql.encode())


def _last_number(session: Connection[Row], table: str) -> int:
    """The last sequence number given, also to a row that is gone."""
    (sequence,) = session.execute(b"SELECT pg_get_serial_sequence(%s, 'seq')", (table,)).fetchone()  # type: ignore[misc]
    row = session.execute(f"SELECT last_value, is_called FROM {sequence}".encode()).fetchone()
    return int(row[0]) if row is not None and row[1] else 0


def _go_on_from(copy: SQLiteStore, table: str, number: int) -> None:
    copy.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
    copy.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?,?)", (table, number))
