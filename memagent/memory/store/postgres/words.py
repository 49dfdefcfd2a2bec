# SPDX-License-Identifier: Apache-2.0
"""The words of a server's items, in this process: derived data, with the file engine's ranking.

PostgreSQL ranks text by other rules than BM25 (``ts_rank`` knows nothing of how rare a word is), so
that one question would have two answers. This follows the log instead, by sequence numbers, into
the item tables of the file engine, held in memory; what was removed or put back is looked at again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from memagent.memory.store import text_search
from memagent.memory.store.interface import Row
from memagent.memory.store.interface import Words as Groups
from memagent.memory.store.sqlite import migrations
from memagent.types import Query

_NEWS = (
    "SELECT 0 AS revision, seq, kind, text, stamp, x, y, z FROM item WHERE seq > ? "
    "UNION ALL SELECT r.seq, r.item, i.kind, i.text, i.stamp, i.x, i.y, i.z "
    "FROM revision AS r LEFT JOIN item AS i ON i.seq = r.item WHERE r.seq > ? ORDER BY 1, 2"
)
_ADD = (
    "INSERT INTO item (seq, kind, text, stamp, x, y, z, episode, confidence, source, data, thing) "
    "VALUES (?,?,?,?,?,?,?,'',1.0,'','{}','')"
)


_ROBOTS_APART = 1 << 40
"""How far the numbers of one robot's items are from the next one's."""


class Words:
    """The words of one robot's items, as of the last :meth:`follow`.

    Several may share the tables: then a word is as rare as all of them together make it, and their
    ranks compare with one another.
    """

    def __init__(self, tables: sqlite3.Connection | None = None, number: int = 0) -> None:
        """Begin with none.

        Args:
            tables: from :func:`new_tables`; None for its own.
            number: of the robot, another one for each that shares them.
        """
        self._tables = tables or new_tables()
        self._offset = number * _ROBOTS_APART
        self._among = (self._offset, self._offset + _ROBOTS_APART - 1)
        self._item = self._revision = 0
        self.ahead = False
        """Whether it has rows of a transaction that may yet be rolled back."""

    def follow(self, query: Callable[[str, Row], list[Row]], *, within: bool) -> None:
        """Take in what there is to see since the last time, in one statement.

        Args:
            query: asks the server.
            within: whether it sees rows of a running transaction.
        """
        rows = query(_NEWS, (self._item, self._revision))
        self.ahead = within
        if not rows:
            return
        self._tables.execute("BEGIN")
        for revision, seq, *values in rows:
            if revision:
                self._tables.execute("DELETE FROM item WHERE seq = ?", (self._offset + seq,))
                self._revision = revision
            else:
                self._item = seq
            if values[0] is not None:
                self._tables.execute(_ADD, (self._offset + seq, *values))
        self._tables.execute("COMMIT")

    def clear(self) -> None:
        """Forget all; the next :meth:`follow` begins anew."""
        self._tables.execute("DELETE FROM item WHERE seq BETWEEN ? AND ?", self._among)
        self._item = self._revision = 0
        self.ahead = False

    def search(self, words: Groups, filters: Query, limit: int) -> list[tuple[int, float]]:
        rows = self._tables.execute(*text_search.search(words, filters, limit, self._among))
        return [(seq - self._offset, rank) for seq, rank in rows]

    def find(self, words: Groups) -> list[int]:
        rows = self._tables.execute(*text_search.find(words, self._among))
        return [seq - self._offset for (seq,) in rows]

    def count(self, words: Groups, most: int) -> int:
        statement = text_search.count(words, most, self._among)
        return int(self._tables.execute(*statement).fetchone()[0])


def new_tables() -> sqlite3.Connection:
    """The file engine's tables of items, empty and in memory."""
    tables = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    tables.executescript(migrations()[0])
    return tables
