# SPDX-License-Identifier: Apache-2.0
"""The gists of a lifetime, in the log and in order of time, no two of them overlapping."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from memagent.memory.forgetting.gist import SOURCE, Gist, closest, condense, gist_of, merge
from memagent.memory.forgetting.retention import ForgettingConfig
from memagent.memory.store.tables import Tables
from memagent.types import MemoryItem


class Gists:
    """All gists. Every change belongs inside a transaction; the log is behind until it is told."""

    def __init__(self, tables: Tables, config: ForgettingConfig) -> None:
        self._tables = tables
        self._config = config
        rows = tables.items("WHERE seq IN (SELECT item FROM gist)")
        self._gists = sorted(map(gist_of, rows), key=lambda gist: gist.start)

    @property
    def all(self) -> tuple[Gist, ...]:
        """Every gist, oldest first."""
        return tuple(self._gists)

    @property
    def most(self) -> int:
        """How many there may be: a quarter of the rows at most."""
        rows = self._config.budget_rows
        return self._config.gists if rows is None else min(self._config.gists, max(1, rows // 4))

    def absorb(
        self, items: Sequence[MemoryItem], places: Sequence[Sequence[str]], now: float
    ) -> list[int]:
        """Let gists stand for items, which the caller removes.

        Args:
            items: what is forgotten.
            places: where each of them was, by any names.
            now: seconds.

        Returns:
            Numbers of the items that told gists before; they are gone.
        """
        changed: dict[int, None] = {}
        for stretch in _by_stretch(items, self._config.stretch):
            group, named = [items[i] for i in stretch], [places[i] for i in stretch]
            for part in self._apart(group):
                new = condense(
                    [group[i] for i in part], [named[i] for i in part], self._config.names
                )
                self._add(new, changed)
        while len(self._gists) > self.most:
            at = closest(self._gists, now)
            a, b = self._gists[at : at + 2]
            self._gists[at : at + 2] = [merge(a, b, self._config.names)]
            changed[a.item] = changed[b.item] = None
        return self._tell(changed)

    def without(self, gone: Callable[[Gist], Gist]) -> list[int]:
        """Rewrite gists as ``gone`` says; returns the items that told those that changed."""
        rewritten = [gone(gist) for gist in self._gists]
        changed = {
            old.item: None for old, new in zip(self._gists, rewritten, strict=True) if old != new
        }
        self._gists = rewritten
        return self._tell(changed)

    def drop(self, item: int) -> None:
        """Forget a gist, whose item the caller removes."""
        self._gists = [gist for gist in self._gists if gist.item != item]

    # --- inside -------------------------------------------------------------------------------

    def _apart(self, items: Sequence[MemoryItem]) -> list[list[int]]:
        """Items of one stretch, apart where a gist lies between them."""
        starts = [gist.start for gist in self._gists]
        groups: dict[int, list[int]] = {}
        for i, item in enumerate(items):
            groups.setdefault(bisect_right(starts, item.stamp), []).append(i)
        return list(groups.values())

    def _add(self, new: Gist, changed: dict[int, None]) -> None:
        """Into a gist of the same stretch, or in its place in the order."""
        at = bisect_right([gist.start for gist in self._gists], new.start)
        for i in (at - 1, at):
            if 0 <= i < len(self._gists) and self._belongs(new, self._gists[i]):
                changed[self._gists[i].item] = None
                self._gists[i] = merge(self._gists[i], new, self._config.names)
                return
        changed[0] = None
        self._gists.insert(at, new)

    def _belongs(self, new: Gist, gist: Gist) -> bool:
        length = self._config.stretch
        ends = (gist.start // length, gist.end // length)
        overlap = new.start <= gist.end and new.end >= gist.start
        return overlap or new.start // length in ends or new.end // length in ends

    def _tell(self, changed: dict[int, None]) -> list[int]:
        """Put gists that changed into the log anew, at its end: no text there ever changes."""
        for i, gist in enumerate(self._gists):
            if gist.item in changed:
                self._gists[i] = self._put(gist)
        gone = [item for item in changed if item]
        for item in gone:
            self._tables.store.execute("DELETE FROM item WHERE seq = ?", (item,))
        return gone

    def _put(self, gist: Gist) -> Gist:
        item = self._tables.add_item(
            "summary", gist.text, gist.end, valid_from=gist.start, valid_to=gist.end,
            source=SOURCE, data=gist.data(),
        )  # fmt: skip
        told = gist_of(item)
        self._tables.store.execute(
            "INSERT INTO gist (item, started, ended, stands_for) VALUES (?,?,?,?)",
            (told.item, told.start, told.end, told.stands_for),
        )
        return told


def _by_stretch(items: Sequence[MemoryItem], length: float) -> list[list[int]]:
    groups: dict[float, list[int]] = {}
    for i, item in enumerate(items):
        groups.setdefault(item.stamp // length, []).append(i)
    return list(groups.values())
