# SPDX-License-Identifier: Apache-2.0
"""The contradiction log: which beliefs turned out wrong, against what, why and when.

What the robot itself changes contradicts nothing. A belief is contradicted by seeing its object
elsewhere, by not seeing it where it should be, or by a person. The log is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

from memagent.memory.records import FactRecord
from memagent.memory.store.tables import Tables
from memagent.types import Fact

SEEN_ELSEWHERE = "seen elsewhere"
READ_OTHERWISE = "seen again, unmoved, on or in something else"
NOT_THERE = "not there when looked"
PERSON = "a person said otherwise"
MERGED = "two names of one object"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A fact that something spoke against."""

    id: str
    old: Fact
    """The fact that was believed, now closed."""
    new: Fact | None
    """What is believed instead; None if only that the old one is wrong."""
    why: str
    stamp: float
    """When memory noticed, seconds."""


class Contradictions:
    """The newest ``limit`` contradictions, in the store."""

    def __init__(self, tables: Tables, limit: int) -> None:
        self._tables = tables
        self._limit = limit

    def add(self, old: FactRecord, new: FactRecord | None, why: str, stamp: float) -> None:
        """Log that ``old`` was contradicted; the oldest entry beyond the limit is dropped."""
        store = self._tables.store
        seq = store.execute(
            "INSERT INTO contradiction (stamp, old, new, why) VALUES (?,?,?,?)",
            (stamp, old.seq, new.seq if new else None, why),
        )
        store.execute("DELETE FROM contradiction WHERE seq <= ?", (seq - self._limit,))

    def since(self, stamp: float | None, limit: int) -> tuple[Contradiction, ...]:
        """Those noticed at or after a time in seconds, newest first."""
        rows = self._tables.store.query(
            "SELECT seq, stamp, old, new, why FROM contradiction WHERE stamp >= ? "
            "ORDER BY seq DESC LIMIT ?",
            (float("-inf") if stamp is None else stamp, limit),
        )
        found = []
        for seq, noticed, old, new, why in rows:
            before = self._tables.fact(old)
            after = self._tables.fact(new) if new is not None else None
            if before is not None:
                facts = before.public(), after.public() if after else None
                found.append(Contradiction(f"contradiction-{seq}", *facts, why, noticed))
        return tuple(found)
