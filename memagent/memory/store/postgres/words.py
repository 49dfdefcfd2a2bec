# SPDX-License-Identifier: Apache-2.0
"""The words of a server's items, in this process: derived data, with the file engine's ranking.

PostgreSQL ranks text by other rules than BM25 (``ts_rank`` knows nothing of how rare a word is), so
that one question would have two answers. This follows the log instead, by sequence numbers, into
the item tables of the file engine, held in memory; what was removed or put back is looked at again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from memagent.memory.store.interface import Row
from memagent.memory.store.sqlite import migrations
from memagent.memory.store.text_search import Statement

_NEWS = (
    "SELECT 0 AS revision, seq, kind, text, stamp, x, y, z FROM item WHERE seq > ? "
    "UNION ALL SELECT r.seq, r.item, i.kind, i.text, i.stamp, i.x, i.y, i.z "
    "FROM revision AS r LEFT JOIN item AS i ON i.seq = r.item WHERE r.seq > ? ORDER BY 1, 2"
)
_ADD = (
    "INSERT INTO item (seq, kind, text, stamp, x, y, z, episode, confidence, source, data, thing) "
    "VALUES (?,?,?,?,?,?,?,'',1.0,'','{}','')"
)


class WordIndex:
    """Items by their words, as of the last :meth:`follow`."""

    def __init__(self) -> None:
        self._item = self._revision = 0
        self.ahead = False
        """Whether it has rows of a transaction that may yet be rolled back."""
        self._tables = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._tables.executescript(migrations()[0])

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
                self._tables.execute("DELETE FROM item WHERE seq = ?", (seq,))
                self._revision = revision
            else:
                self._item = seq
            if values[0] is not None:
                self._tables.execute(_ADD, (seq, *values))
        self._tables.execute("COMMIT")

    def find(self, statement: Statement) -> list[Row]:
        """The rows of a statement of :mod:`memagent.memory.store.text_search`."""
        return self._tables.execute(*statement).fetchall()

    def close(self) -> None:
        self._tables.close()
