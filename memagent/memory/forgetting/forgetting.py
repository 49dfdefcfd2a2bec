# SPDX-License-Identifier: Apache-2.0
"""Forgetting within a budget: a write that exceeds it takes the weakest items, a batch at a time.

It happens inside the transaction of the write that made it necessary, so that it costs no sync of
its own and a crash leaves either both or neither. The work of one write is bounded; where a smaller
budget is set on a large memory, the following writes work it off. Use is counted in memory while
others read, and noted with the next write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memagent.errors import MemagentError
from memagent.memory.forgetting.gist import Gist
from memagent.memory.forgetting.gists import Gists
from memagent.memory.forgetting.logs import Logs
from memagent.memory.forgetting.retention import ForgettingConfig
from memagent.memory.forgetting.traces import Traces
from memagent.memory.store.interface import Row
from memagent.memory.store.tables import Tables
from memagent.site import Site
from memagent.types import MemoryItem

_QUEUE = 16
"""Batches that are chosen at once."""
_MARKS = 500
"""The most parameters of one query."""
_PER_WRITE = 64
"""More items than one write adds."""
_MERGE = 8
"""The text index is merged each time that one of so many items has gone."""
_FULL = 0.95
"""Share of the budget in bytes from which items go."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """How much there is of a memory."""

    bytes: int
    """Of the file in use, without free pages and the write-ahead log."""
    items: int
    embedded: int
    """Items with a vector in the index: hot. The others are found by their words only: warm."""
    pinned: int
    gists: int
    forgotten: int
    """Items that gists stand for: cold."""


class Forgetting:
    """The budget of a memory's items, and what of them was used or pinned. Not thread-safe."""

    def __init__(self, tables: Tables, config: ForgettingConfig, site: Site | None) -> None:
        self._tables = tables
        self._store = tables.store
        self._config = config
        self._site = site
        self._rooms = {place.name: place.room for place in site.places} if site else {}
        self._logs = Logs(tables.store, config)
        self._used: dict[int, tuple[int, float]] = {}
        self._loaded: Traces | None = None
        self.gists = Gists(self._tables, self._config)
        self._doomed: list[int] = []
        """What goes next, the weakest last."""
        self._gone: list[int] = []
        self._unmerged = 0
        """Items that went since the text index was last merged."""
        self._writes = 0
        """Since the traces followed the log: it may have grown by so much."""

    @property
    def _traces(self) -> Traces:
        """Read at the first need, which the first question of a large memory has not."""
        if self._loaded is None:
            self._loaded = Traces(self._store)
        return self._loaded

    # --- use and pins -------------------------------------------------------------------------

    def use(self, items: Sequence[MemoryItem], now: float) -> None:
        """Count that items were recalled, at a time in seconds."""
        for item in items:
            seq = number_of(item.id)
            self._used[seq] = (self._used.get(seq, (0, 0.0))[0] + 1, now)

    def pin(self, item_id: str, stamp: float) -> None:
        """Keep an item for good.

        Raises:
            MemagentError: there is no such item, it is a gist, or pins would fill the budget.
        """
        seq = number_of(item_id)
        rows = self._store.query("SELECT seq FROM item WHERE seq = ?", (seq,))
        if not rows or any(gist.item == seq for gist in self.gists.all):
            what = "a gist, which only makes room" if rows else "no item of this memory"
            raise MemagentError(f"{item_id!r} cannot be pinned: it is {what}")
        if self._store.query("SELECT item FROM pin WHERE item = ?", (seq,)):
            return
        budget = self._config.budget_rows
        if budget is not None and self.pinned() >= budget // 2:
            raise MemagentError(f"half of the budget of {budget} items is pinned; unpin some first")
        self._store.execute("INSERT INTO pin (item, stamp) VALUES (?,?)", (seq, stamp))
        self._follow()
        self._traces.keep([seq])

    def unpin(self, item_id: str) -> bool:
        """Let a pinned item fade again; returns whether it was pinned."""
        seq = number_of(item_id)
        if not self._store.query("SELECT item FROM pin WHERE item = ?", (seq,)):
            return False
        self._store.execute("DELETE FROM pin WHERE item = ?", (seq,))
        self._traces.keep([seq], False)
        return True

    def pinned(self) -> int:
        """How many items are pinned."""
        return int(self._store.query("SELECT count(*) FROM pin")[0][0])

    # --- the budget ---------------------------------------------------------------------------

    def enforce(self, now: float) -> None:
        """Note uses and make room, at a time in seconds, inside the transaction of a write."""
        self._note_uses()
        self._logs.trim()
        self._writes += 1
        rows = self._config.budget_rows
        if rows is not None and self._traces.alive + self._writes * _PER_WRITE > rows:
            self._follow()
        most = 4 * self._config.batch
        gone = 0
        while gone < most and (wanted := self._excess()):
            forgotten = self._forget(min(wanted, most - gone), now)
            if not forgotten:
                break
            gone += forgotten
        if not gone and self._is_full():
            self._follow()
            gone = self._forget(self._config.batch, now)
        if gone:
            self._unmerged += gone
            much = self._unmerged >= self._traces.alive // _MERGE
            self._store.tidy(much=much)
            self._unmerged = 0 if much else self._unmerged

    def settle(self) -> list[int]:
        """Note that the transaction is durable; returns the items that are gone since.

        After one that failed, what is known here is not what is stored: make another one.
        """
        gone, self._gone = self._gone, []
        return gone

    def drop(self, seqs: Sequence[int]) -> None:
        """Note that items were removed by somebody else."""
        self._removed(seqs)

    def drop_gist(self, seq: int) -> None:
        """Forget what an item stands for, if it is a gist; the caller removes it."""
        self.gists.drop(seq)

    def footprint(self, embedded: int) -> Footprint:
        """How much there is, with so many vectors in the index."""
        self._traces.tail()
        gists: Sequence[Gist] = self.gists.all
        return Footprint(
            self._store.bytes_used(), self._traces.alive, embedded, self.pinned(), len(gists),
            sum(gist.stands_for for gist in gists),
        )  # fmt: skip

    # --- inside -------------------------------------------------------------------------------

    def _follow(self) -> None:
        self._traces.tail()
        self._writes = 0

    def _note_uses(self) -> None:
        if self._used:
            self._follow()
        for seq, (uses, used) in self._used.items():
            self._store.execute(
                "INSERT INTO item_use (item, uses, used) SELECT seq, ?, ? FROM item WHERE seq = ? "
                "ON CONFLICT (item) DO UPDATE SET uses = item_use.uses + excluded.uses, "
                "used = excluded.used",
                (uses, used, seq),
            )
            self._traces.reinforce(seq, used, uses)
        if self._used:
            self._doomed = [seq for seq in self._doomed if seq not in self._used]
        self._used.clear()

    def _excess(self) -> int:
        """How many rows too many there are; some more, so that not every write forgets."""
        rows = self._config.budget_rows
        over = 0 if rows is None else self._traces.alive - rows
        return max(over, min(self._config.batch, (rows or 0) // 16)) if over > 0 else 0

    def _is_full(self) -> bool:
        limit = self._config.budget_mb
        return limit is not None and self._store.bytes_used() > _FULL * limit * 1e6

    def _forget(self, count: int, now: float) -> int:
        """Let gists stand for the weakest items; returns how many went."""
        pinned = self._pinned_lessons()
        going: list[MemoryItem] = []
        while len(going) < count:
            if not self._doomed and (going or not self._choose(count, now)):
                break  # What is going already would be chosen again.
            taken = [self._doomed.pop() for _ in range(min(count - len(going), len(self._doomed)))]
            read = self._read(taken)
            self._traces.drop(set(taken) - {number_of(item.id) for item in read})
            for item in read:
                if item.kind == "lesson" and item.valid_to is None and _told(item) in pinned:
                    self._traces.keep([number_of(item.id)])
                else:
                    going.append(item)
        if not going:
            return 0
        told = self.gists.absorb(going, self._places(going), now)
        seqs = [number_of(item.id) for item in going]
        for seq in seqs:
            self._store.execute("DELETE FROM item WHERE seq = ?", (seq,))
        self._removed([*seqs, *told])
        self._traces.tail()
        return len(going)

    def _choose(self, count: int, now: float) -> bool:
        """Choose what goes next; False if nothing may."""
        count = max(count, _QUEUE * self._config.batch)
        for seq, evidence, seen in self._in_parts(
            "SELECT item.seq, fact.evidence, fact.last_seen FROM item "
            "JOIN fact ON fact.seq = item.fact WHERE item.seq IN ({})",
            self._traces.weakest(2 * count, now),
        ):
            self._traces.confirm(seq, seen, evidence - 1)
        # Not all of them: what is weak among few is not weak for long.
        self._doomed = self._traces.weakest(min(count, 1 + self._traces.alive // 4), now)[::-1]
        return bool(self._doomed)

    def _removed(self, seqs: Sequence[int]) -> None:
        self._traces.tail()
        self._traces.drop(seqs)
        gone = set(seqs)
        self._doomed = [seq for seq in self._doomed if seq not in gone]
        self._gone += seqs

    def _read(self, seqs: Sequence[int]) -> tuple[MemoryItem, ...]:
        marks = ",".join("?" * len(seqs))
        return self._tables.items(f"WHERE seq IN ({marks}) ORDER BY stamp, seq", tuple(seqs))

    def _places(self, items: Sequence[MemoryItem]) -> list[tuple[str, ...]]:
        """Where each item was: the place its fact names, and the room."""
        of_fact: dict[int, str] = dict(
            self._in_parts(
                "SELECT item.seq, fact.object FROM item JOIN fact ON fact.seq = item.fact "
                "WHERE fact.predicate <> 'holding' AND item.seq IN ({})",
                [number_of(item.id) for item in items],
            )
        )
        named = []
        for item in items:
            place = str(of_fact.get(number_of(item.id), ""))
            room = self._rooms.get(place, "")
            if not room and item.position is not None and self._site is not None:
                room = self._site.room_at(*item.position[:2])
            named.append(tuple(name for name in (room, place) if name))
        return named

    def _pinned_lessons(self) -> set[tuple[str, str, str]]:
        rows = self._store.query("SELECT level, skill, subject FROM lesson WHERE pinned = 1")
        return {(level, skill, subject) for level, skill, subject in rows}

    def _in_parts(self, sql: str, seqs: Sequence[int]) -> list[Row]:
        found: list[Row] = []
        for start in range(0, len(seqs), _MARKS):
            part = tuple(seqs[start : start + _MARKS])
            found += self._store.query(sql.format(",".join("?" * len(part))), part)
        return found


def number_of(item_id: str) -> int:
    """The number in an item's id.

    Raises:
        MemagentError: it is no item's id.
    """
    prefix, _, number = item_id.rpartition("-")
    if prefix != "item" or not number.isdigit():
        raise MemagentError(f"{item_id!r} is no item id; they look like 'item-12'")
    return int(number)


def _told(item: MemoryItem) -> tuple[str, str, str]:
    data = item.data
    return data.get("level", "action"), data.get("skill", ""), data.get("subject", "")
