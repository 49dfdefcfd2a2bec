# SPDX-License-Identifier: Apache-2.0
"""Takes an exported memory in: all of it, or nothing.

Rows are numbered anew, and what refers to them follows. Things of one name are one thing: their
histories are put in order, and what was seen last is where it is now. Lessons on one subject become
one, with the evidence of both. Nothing that is known already is changed otherwise.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from memagent.errors import MemagentError
from memagent.memory.corrections.corrections import Corrections
from memagent.memory.episodic.episodes import INTERRUPTED
from memagent.memory.exchange.checking import Export
from memagent.memory.exchange.layout import TABLES, Table
from memagent.memory.forgetting.gist import SOURCE as GIST
from memagent.memory.records import whereabouts_of
from memagent.memory.state import MemoryState
from memagent.types import Relation

SOURCE = "import"
_IMPORTED = "imported"
_EPISODE = "episode-"

Row = Mapping[str, Any]


class Importing:
    """Writes an export's rows, inside a transaction of the caller. Load the state anew after it."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state
        self._tables = state.tables
        self._store = state.tables.store
        self._new: dict[str, dict[int, int]] = {name: {} for name in TABLES}
        """The new number of each row, by table and old number."""
        self._items: list[int] = []
        """Old numbers of items in order, as soon as all are known."""

    def apply(self, export: Export) -> dict[str, int]:
        """Take everything in; returns how many rows of each table were added.

        Raises:
            MemagentError: it is of this very memory, or was taken in before.
        """
        self._refuse_twice(export)
        state = self._state
        state.lessons.catch_up()
        state.persist()
        held_here = state.graph.held is not None
        for name, table in TABLES.items():
            for row in export.rows[name]:
                if table.numbered:
                    self._add(name, table, row)
                elif name == "evidence_gone":
                    self._add_count(table, row)
                else:
                    self._keep_newest(name, table, self._renumbered(table, row))
        state.now = max(state.now, export.now)
        self._let_go(export, held_here)
        self._settle(export)
        if export.percept_stamp is not None:
            state.percept_stamp = max(state.percept_stamp or 0.0, export.percept_stamp)
        state.lessons.skip(max(self._new["outcome"].values(), default=0))
        state.persist()
        state.episodic.cut(state.now, "")  # What comes next is no part of what was taken in.
        return {name: len(numbers) for name, numbers in self._new.items() if TABLES[name].numbered}

    # --- rows ---------------------------------------------------------------------------------

    def _add(self, name: str, table: Table, row: Row) -> None:
        """Add a numbered row under a new number, unless it says what is there already."""
        if name == "lesson" and (known := self._known_lesson(row)) is not None:
            self._new[name][row["seq"]] = known
            return
        values = self._renumbered(table, row)
        del values["seq"]
        if name == "item":
            self._renumber_item(values)
        elif name == "event":
            values["first_item"] = self._first_item(row["first_item"])
        elif name == "episode" and values["finished"] is None:
            values |= {"finished": values["started"], "status": INTERRUPTED}
        self._new[name][row["seq"]] = self._insert(name, values)

    def _renumbered(self, table: Table, row: Row) -> dict[str, Any]:
        """A row that refers to others by their new numbers."""
        return {
            column: self._new[table.columns[column].refers_to][value]
            if table.columns[column].refers_to and value is not None
            else value
            for column, value in row.items()
        }

    def _renumber_item(self, values: dict[str, Any]) -> None:
        if values["episode"]:
            number = int(values["episode"].removeprefix(_EPISODE))
            values["episode"] = f"{_EPISODE}{self._new['episode'][number]}"
        if values["source"] == GIST:
            values["source"] = SOURCE  # Of another memory's time: it may overlap with gists here.

    def _first_item(self, old: int) -> int:
        """The new number of the first item from an old number on."""
        items = self._new["item"]
        if not self._items:
            self._items = sorted(items)
        position = bisect_left(self._items, old)
        if position < len(self._items):
            return items[self._items[position]]
        return items[self._items[-1]] + 1 if items else 1

    def _known_lesson(self, row: Row) -> int | None:
        rows = self._store.query(
            "SELECT seq FROM lesson WHERE level = ? AND skill = ? AND subject = ? "
            "AND (level <> 'rule' OR words = ?)",
            (row["level"], row["skill"], row["subject"], row["words"]),
        )
        return int(rows[0][0]) if rows else None

    def _keep_newest(self, name: str, table: Table, row: Row) -> None:
        where = " AND ".join(f"{column} = ?" for column in table.key)
        key = tuple(row[column] for column in table.key)
        there = self._store.query(f"SELECT {table.newest or '0'} FROM {name} WHERE {where}", key)
        if there and (not table.newest or there[0][0] >= row[table.newest]):
            return
        self._store.execute(f"DELETE FROM {name} WHERE {where}", key)
        self._insert(name, row)

    def _add_count(self, table: Table, row: Row) -> None:
        values = self._renumbered(table, row)
        self._store.execute(
            "INSERT INTO evidence_gone (lesson, code, count) VALUES (?,?,?) ON CONFLICT "
            "(lesson, code) DO UPDATE SET count = evidence_gone.count + excluded.count",
            (values["lesson"], values["code"], values["count"]),
        )

    def _insert(self, name: str, values: Row) -> int:
        marks = ",".join("?" * len(values))
        return self._store.execute(
            f"INSERT INTO {name} ({','.join(values)}) VALUES ({marks})", tuple(values.values())
        )

    # --- what must agree ----------------------------------------------------------------------

    def _let_go(self, export: Export, held_here: bool) -> None:
        """What the other hand held is not in this one, unless this memory knew of none."""
        if not held_here and self._state.percept_stamp is None:
            return
        for row in export.rows["fact"]:
            if row["predicate"] == "holding" and row["valid_to"] is None:
                end = max(row["valid_from"], row["last_seen"])
                self._tables.close_fact(self._new["fact"][row["seq"]], end, self._state.now)

    def _settle(self, export: Export) -> None:
        """One place at a time, and one fact about two things that are near to one another."""
        corrections = Corrections(self._state)
        things = {
            whereabouts_of(Relation(row["subject"], row["predicate"], row["object"]))
            for row in export.rows["fact"]
        }
        for thing in sorted(things - {""}):
            corrections.settle(thing)
        self._store.execute(
            "UPDATE fact SET valid_to = last_seen, expired = ? WHERE predicate = 'near' "
            "AND valid_to IS NULL AND EXISTS (SELECT 1 FROM fact AS newer WHERE "
            "newer.predicate = 'near' AND newer.valid_to IS NULL AND newer.seq > fact.seq AND "
            "newer.subject = fact.subject AND newer.object = fact.object)",
            (self._state.now,),
        )

    def _refuse_twice(self, export: Export) -> None:
        own = self._tables.meta("id")
        known = self._tables.meta(_IMPORTED) or []
        if export.memory == own or export.memory in known:
            which = "is of this very memory" if export.memory == own else "was taken in before"
            raise MemagentError(
                f"the export {which} (id {export.memory}); import it into a new memory instead"
            )
        self._tables.put_meta(_IMPORTED, [*known, export.memory])


def read_json(text: str) -> object:
    """Parse JSON strictly: no NaN, no key twice.

    Raises:
        MemagentError: it is not JSON.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise MemagentError(f"is no JSON memory: a key is there twice in {sorted(found)[:5]}")
        return found

    def refuse(constant: str) -> None:
        raise MemagentError(f"is no JSON memory: {constant} is no number")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise MemagentError(f"is no JSON memory: {error}") from error
