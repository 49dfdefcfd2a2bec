# SPDX-License-Identifier: Apache-2.0
"""Events: the log of remembered things, cut where something else begins.

A percept marked as a boundary cuts, and so does the beginning and the end of an episode. Items
belong to the event during which they were remembered. So events follow one another without gap or
overlap, and neighbours in time are neighbours in number.
"""

from __future__ import annotations

from memagent.memory.store.interface import Row
from memagent.memory.store.tables import WITHIN, Tables
from memagent.types import Event, Keyframe, MemoryItem

KEYFRAME = "keyframe"
"""Source of items that refer to an image."""
NEXT_STARTED = "(SELECT n.started FROM event AS n WHERE n.seq > event.seq ORDER BY n.seq LIMIT 1)"
"""When the event after that of a row began, as SQL."""
_COLUMNS = (
    f"seq, episode, started, first_item, text, {NEXT_STARTED}, "
    "(SELECT n.first_item FROM event AS n WHERE n.seq > event.seq ORDER BY n.seq LIMIT 1)"
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
        seq = rows[0][0]
        if seq is None:
            return ()
        rows = self._tables.store.query(
            f"SELECT {_COLUMNS} FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq",
            (seq - neighbours, seq + neighbours),
        )
        return tuple(self._event_of(row) for row in rows)

    def of_episode(self, episode: int) -> tuple[Event, ...]:
        """The events of an episode and of those within it, in order."""
        rows = self._tables.store.query(
            f"{WITHIN} SELECT {_COLUMNS} FROM event WHERE episode IN (SELECT seq FROM within) "
            "ORDER BY seq",
            (episode,),
        )
        return tuple(self._event_of(row) for row in rows)

    def _event_of(self, row: Row) -> Event:
        seq, episode, started, first_item, text, finished, next_item = row
        until = (1 << 62) if next_item is None else next_item
        items = self._tables.items(
            "WHERE seq >= ? AND seq < ? AND source <> 'gist' ORDER BY seq", (first_item, until)
        )
        frames = tuple(keyframe_of(i) for i in items if i.source == KEYFRAME)
        within = "" if episode is None else f"episode-{episode}"
        return Event(f"event-{seq}", started, finished, text, within, items, frames)


def keyframe_of(item: MemoryItem) -> Keyframe:
    """The keyframe that an item refers to."""
    return Keyframe(item.id, item.stamp, item.text, str(item.data.get("path", "")), item.episode)
