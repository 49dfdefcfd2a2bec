# SPDX-License-Identifier: Apache-2.0
"""What rules have in common: how they open, write and look, and say what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from memagent.errors import MemagentError
from memagent.memory.store.config import StoreConfig
from memagent.memory.store.interface import Store

Open = Callable[[str, StoreConfig], Store]
"""Opens the memory of a name, creating it; a name is a word in lower-case letters and _."""

WRITER = StoreConfig()
READER = StoreConfig(read_only=True)
_NEW_ITEM = (
    "INSERT INTO item (kind, text, stamp, x, y, z, episode, confidence, source, data, thing) "
    "VALUES (?,?,?,?,?,?,'',1.0,'','{}','')"
)


class BrokenRuleError(MemagentError):
    """A store does not keep a rule of the interface."""


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BrokenRuleError(otherwise)


def equal(found: object, wanted: object, where: str = "") -> None:
    if found != wanted:
        shown = f"{found!r:.300} instead of {wanted!r:.300}"
        raise BrokenRuleError(f"{where}: {shown}" if where else shown)


def raises(kind: type[Exception], attempt: Callable[[], Any]) -> Exception:
    try:
        attempt()
    except kind as error:
        return error
    raise BrokenRuleError(f"no {kind.__name__} was raised")


def put(store: Store, key: str, value: str) -> None:
    store.execute("INSERT INTO meta (key, value) VALUES (?,?)", (key, value))


def add_item(
    store: Store,
    text: str,
    *,
    stamp: float = 0.0,
    position: tuple[float, float, float] | None = (0.0, 0.0, 0.0),
    kind: str = "note",
) -> int:
    return store.execute(_NEW_ITEM, (kind, text, stamp, *(position or (None, None, None))))


def keys(store: Store) -> list[str]:
    return [key for (key,) in store.query("SELECT key FROM meta ORDER BY key")]


def rows_of(store: Store, table: str) -> list[tuple[Any, ...]]:
    columns = store.columns(table)
    if table == "vector":  # Each engine has its own form of them.
        return [(s, bytes(v)) for s, v in store.vectors("m")]
    order = ", ".join(columns[:2])
    return store.query(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}")
