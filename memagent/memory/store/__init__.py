# SPDX-License-Identifier: Apache-2.0
"""Where memory is kept: one interface, two engines, and the suite that both pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memagent.memory.store.check import check_store
from memagent.memory.store.config import StoreConfig
from memagent.memory.store.interface import Row, Store, Words
from memagent.memory.store.opening import is_server, open_store
from memagent.memory.store.sqlite import SQLiteStore

if TYPE_CHECKING:
    from memagent.memory.store.postgres import PostgresStore

__all__ = [
    "PostgresStore",
    "Row",
    "SQLiteStore",
    "Store",
    "StoreConfig",
    "Words",
    "check_store",
    "is_server",
    "open_store",
]


def __getattr__(name: str) -> Any:
    if name != "PostgresStore":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from memagent.memory.store.postgres import PostgresStore  # Needs psycopg.

    return PostgresStore
