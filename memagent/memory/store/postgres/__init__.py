# SPDX-License-Identifier: Apache-2.0
"""The engine for memories on a PostgreSQL server; needs psycopg 3."""

from memagent.errors import DependencyError

try:
    import psycopg  # noqa: F401
except ImportError as error:
    raise DependencyError(
        "a memory on a PostgreSQL server needs psycopg 3: pip install memagent[postgres]"
    ) from error

from memagent.memory.store.postgres.directory import Directory
from memagent.memory.store.postgres.store import PostgresStore
from memagent.memory.store.postgres.words import Words, new_tables

__all__ = ["Directory", "PostgresStore", "Words", "new_tables"]
