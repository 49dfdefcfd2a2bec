# SPDX-License-Identifier: Apache-2.0
"""Events: the log of remembered things, cut where something else begins.

A percept marked as a boundary cuts, and so does the beginning and the end of an episode. Items
belong to the event during which they were remembered. So events follow one another without gap or
overlap, and neighbours in time are neighbours in number.
"""

from __future__ import annotations

from memagent.memory.store import Row
from memagent.memory.tables import Tables
from memagent.types import Event, Keyframe, MemoryItem

KEYFRAME = "keyframe"
"""Source of items that refer to an image."""
_COLUMNS = (
    "seq, episode, started, first_item, text, lead(started) OVER (ORDER BY seq) AS finished, "
    "lead(first_item) OVER (ORDER BY seq) AS next_item"
)


class Events:
    """The events of a lifetime. Cutting belongs inside a transaction."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        rows = tables.store.query("SELECT started FROM event ORDER BY seq DESC LIMIT 1")
        self._started: float | None = rows[0][0] if rows else None

    def cut(self, stamp: float, text: str, episode: int | None) -> None:
        """Begin an event; the one before ends."""
        if self._started is not None:
            stamp = max(stamp, self._started)  # A percept may be a little older than an outcome.
        self._tables.store.execute(
            "INSERT INTO event (episode, started, first_item, text) "
            "SELECT ?, ?, coalesce(max(seq), 0) + 1, ? FROM item",
            (episode, stamp, text),
        )
        self._started = stamp

    def around(self, item: MemoryItem, neighbours: int) -> tuple[Event, ...]:
        """The event of an item with that many before and after, in order; empty if it has none."""
        rows = self._tables.store.query(
            "SELECT max(seq) FROM event WHERE first_item <= ?", (int(item.id.split("-")[-1]),)
        )
        return () if rows[0][0] is None else self._between(rows[0][0], neighbours)

    def of_episode(self, episode: int) -> tuple[Event, ...]:
        """The events of an episode and of those within it, in order."""
        rows = self._tables.store.query(
            "WITH RECURSIVE within (seq) AS (SELECT ? UNION ALL SELECT e.seq FROM episode AS e "
            f"JOIN within ON e.parent = within.seq) SELECT * FROM (SELECT {_COLUMNS} FROM event) "
            "WHERE episode IN within ORDER BY seq",
            (episode,),
        )
        return tuple(self._event_of(row) for row in rows)

    def _between(self, seq: int, neighbours: int) -> tuple[Event, ...]:
        first, last = seq - neighbours, seq + neighbours
        rows = self._tables.store.query(  # One more, for the end of the last.
            f"SELECT * FROM (SELECT {_COLUMNS} FROM event WHERE seq BETWEEN ? AND ?) "
            "WHERE seq <= ?",
            (first, last + 1, last),
        )
        return tuple(self._event_of(row) for row in rows)

    def _event_of(self, row: Row) -> Event:
        seq, episode, started, first_item, text, finished, next_item = row
        until = (1 << 62) if next_item is None else next_item
        items = self._tables.items("WHERE seq >= ? AND seq < ? ORDER BY seq", (first_item, until))
        frames = tuple(keyframe_of(i) for i in items if i.source == KEYFRAME)
        within = "" if episode is None else f"episode-{episode}"
        return Event(f"event-{seq}", started, finished, text, within, items, frames)


def keyframe_of(item: MemoryItem) -> Keyframe:
    """The keyframe that an item refers to."""
    return Keyframe(item.id, item.stamp, item.text, str(item.data.get("path", "")), item.episode)
