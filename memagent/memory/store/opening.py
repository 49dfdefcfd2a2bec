# SPDX-License-Identifier: Apache-2.0
"""Which engine keeps a memory: a file has SQLite's, a ``postgresql://`` address its server's."""

from __future__ import annotations

from pathlib import Path

from memagent.memory.store.config import StoreConfig
from memagent.memory.store.interface import Store
from memagent.memory.store.sqlite import SQLiteStore

_SCHEMES = ("postgresql://", "postgres://")


def is_server(where: Path | str) -> bool:
    """Whether it is the address of a server, not a file."""
    return isinstance(where, str) and where.startswith(_SCHEMES)


def open_store(where: Path | str, config: StoreConfig | None = None) -> Store:
    """Open a memory, creating or upgrading it if need be.

    Args:
        where: a file, ":memory:", or ``postgresql://user@host/database`` (any libpq address).
        config: how.

    Raises:
        DependencyError: it is on a PostgreSQL server and psycopg is not installed.
        StoreError: it cannot be opened; the message says why and what to do.
    """
    if not is_server(where):
        return SQLiteStore(where, config)
    # Loaded late: only this engine needs a driver.
    from memagent.memory.store.postgres import PostgresStore

    return PostgresStore(str(where), config)
