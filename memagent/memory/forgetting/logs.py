# SPDX-License-Identifier: Apache-2.0
"""The bounds of all that is logged beside items: the oldest go, a few at a time.

What they counted for stays: habits count visits, and lessons the outcomes they rest on. Facts that
hold, objects and what is believed of the world are never dropped: the world bounds them.
Contradictions, operations, claims, visits, searches, lessons and their evidence are bounded where
they are written.
"""

from __future__ import annotations

from memagent.memory.forgetting.retention import ForgettingConfig
from memagent.memory.store.interface import Store

_AT_ONCE = 256
"""The most rows of one log that go at once."""
_EVERY = 64
"""Writes between two looks: in fewer than so many, no log grows by as much as can go at once."""


class Logs:
    """Drops what logs have too much of, inside a transaction of the caller."""

    def __init__(self, store: Store, config: ForgettingConfig) -> None:
        self._store = store
        self._config = config
        self._writes = 0

    def trim(self) -> None:
        """Now and then, drop the oldest rows beyond each log's bound."""
        self._writes += 1
        if self._writes % _EVERY:
            return
        c = self._config
        self._drop("event", "seq", "1 = 1", c.events)
        self._drop("outcome", "seq", "1 = 1", c.outcomes)
        self._drop("episode", "seq", "finished IS NOT NULL AND learned = 1", c.episodes)
        self._drop("fact", "valid_to", "valid_to IS NOT NULL", c.facts)

    def _drop(self, table: str, order: str, where: str, bound: int) -> None:
        count = self._store.query(f"SELECT count(*) FROM {table} WHERE {where}")[0][0]
        if count > bound:
            self._store.execute(
                f"DELETE FROM {table} WHERE seq IN (SELECT seq FROM {table} WHERE {where} "
                f"ORDER BY {order}, seq LIMIT ?)",
                (min(count - bound, _AT_ONCE),),
            )
