# SPDX-License-Identifier: Apache-2.0
"""Operations that can be undone: what a person changed, with every row that it touched.

An operation is recorded by comparing the rows about its objects before and after it, in the same
transaction. Undoing puts back what it changed and what still is as it left it: what was learned
since then stays, an object never gets two whereabouts, and a fact that the operation added is kept
as one that never held.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from memagent.errors import MemagentError
from memagent.memory.store.tables import Tables

OperationKind = Literal["merge", "split", "correct"]
Rows = dict[str, dict[str, dict[str, Any]]]
"""By table and key (JSON), a row's values by column."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "fact": ("seq",), "item": ("seq",), "visit": ("seq",), "search": ("place", "thing"),
    "entity": ("name",), "alias": ("label", "name"), "claim": ("thing",),
}  # fmt: skip
_ABOUT: Mapping[str, tuple[str, ...]] = {
    "fact": ("subject", "object"), "item": ("thing",), "visit": ("thing",), "search": ("thing",),
    "entity": ("name",), "alias": ("name",), "claim": ("thing",),
}  # fmt: skip
"""Columns that name the objects a row is about."""
_KEPT = 1000
"""The newest operations that can be undone."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that a person changed in memory."""

    id: str
    kind: OperationKind
    text: str
    stamp: float
    """When, seconds."""
    names: tuple[str, ...]
    """The objects concerned; a split's new one comes last."""
    undone: float | None = None
    """When it was undone, seconds."""


@dataclass(frozen=True, slots=True)
class _Change:
    table: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    def differs(self, column: str) -> bool:
        assert self.before is not None, self
        assert self.after is not None, self
        return bool(self.before[column] != self.after[column])


class Journal:
    """Records operations and undoes them, inside a transaction of the caller."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._store = tables.store

    def rows(self, names: Iterable[str]) -> Rows:
        """Everything stored about some objects."""
        names = tuple(names)
        marks = ",".join("?" * len(names))
        found: Rows = {}
        for table, about in _ABOUT.items():
            columns = self._store.columns(table)
            where = " OR ".join(f"{column} IN ({marks})" for column in about)
            rows = self._store.query(
                f"SELECT {','.join(columns)} FROM {table} WHERE {where}", names * len(about)
            )
            found[table] = {}
            for row in rows:
                values = dict(zip(columns, row, strict=True))
                found[table][json.dumps([values[k] for k in _KEYS[table]])] = values
        return found

    def record(
        self, kind: OperationKind, names: tuple[str, ...], text: str, stamp: float, before: Rows
    ) -> Operation:
        """Note what happened to ``names`` since their rows were ``before``."""
        after = self.rows(names)
        changes = [
            (table, key, before[table].get(key), after[table].get(key))
            for table in _KEYS
            for key in dict.fromkeys((*before[table], *after[table]))
            if before[table].get(key) != after[table].get(key)
        ]
        seq = self._store.execute(
            "INSERT INTO operation (kind, stamp, text, names, changes) VALUES (?,?,?,?,?)",
            (kind, stamp, text, json.dumps(names), json.dumps(changes)),
        )
        self._store.execute("DELETE FROM operation WHERE seq <= ?", (seq - _KEPT,))
        return Operation(f"operation-{seq}", kind, text, stamp, names)

    def all(self, limit: int) -> tuple[Operation, ...]:
        """The newest operations, newest first."""
        return self._operations("ORDER BY seq DESC LIMIT ?", limit)

    def undo(self, operation: str | None, stamp: float) -> Operation:
        """Undo an operation, or the newest one that was not undone yet.

        Raises:
            MemagentError: there is none, a later one depends on it, or a name is taken again.
        """
        found = self._to_undo(operation)
        seq = int(found.id.removeprefix("operation-"))
        changes = self._changes(seq)
        self._refuse_if_built_upon(found, seq, changes)
        for change in reversed(changes):
            if change.before is None:
                self._take_back(change, changes, stamp)
            elif change.after is None:
                self._put_back(change, found)
            else:
                self._restore(change)
        self._reopen(changes, found.stamp)
        self._store.execute("UPDATE operation SET undone = ? WHERE seq = ?", (stamp, seq))
        return self._operations("WHERE seq = ?", seq)[0]

    # --- one kind of change each --------------------------------------------------------------

    def _take_back(self, change: _Change, changes: Iterable[_Change], stamp: float) -> None:
        """Remove a row that was added, unless more is known by now; a fact stays, as never held."""
        assert change.after is not None, change
        if change.table == "fact":
            self._tables.close_fact(change.after["seq"], change.after["valid_from"], stamp)
            return
        told = change.table == "item" and change.after["fact"] is not None
        if told or self._current(change) != change.after:
            return
        if change.table == "entity" and self._has_other_facts(change.after["name"], changes):
            return
        where = " AND ".join(f"{key} = ?" for key in _KEYS[change.table])
        self._store.execute(
            f"DELETE FROM {change.table} WHERE {where}", tuple(json.loads(change.key))
        )

    def _has_other_facts(self, name: str, changes: Iterable[_Change]) -> bool:
        own = {json.loads(c.key)[0] for c in changes if c.table == "fact"}
        rows = self._store.query(
            "SELECT seq FROM fact WHERE subject = ? UNION SELECT seq FROM fact "
            "WHERE predicate = 'holding' AND object = ?",
            (name, name),
        )
        return any(seq not in own for (seq,) in rows)

    def _put_back(self, change: _Change, operation: Operation) -> None:
        """Add a row that was removed."""
        assert change.before is not None, change
        columns, values = tuple(change.before), tuple(change.before.values())
        exists = self._current(change)
        if exists is not None and change.table == "entity":
            raise MemagentError(
                f"{operation.id} cannot be undone: {change.before['name']!r} names another object "
                "by now; merge or forget that one first"
            )
        if exists is None:
            self._store.execute(
                f"INSERT INTO {change.table} ({','.join(columns)}) "
                f"VALUES ({','.join('?' * len(columns))})",
                values,
            )

    def _restore(self, change: _Change) -> None:
        """Put back the columns that changed and are as the operation left them."""
        assert change.before is not None, change
        current = self._current(change)
        if current is None:
            return
        for column, value in change.before.items():
            late = change.table == "fact" and column in ("valid_to", "expired")
            told = change.table == "item" and column == "valid_to" and current["fact"] is not None
            if late or told or not change.differs(column):
                continue
            if current[column] != (change.after or {})[column]:
                continue
            where = " AND ".join(f"{key} = ?" for key in _KEYS[change.table])
            self._store.execute(
                f"UPDATE {change.table} SET {column} = ? WHERE {where}",
                (value, *json.loads(change.key)),
            )

    def _reopen(self, changes: Iterable[_Change], since: float) -> None:
        """Put back how long facts held, unless newer knowledge stands against it."""
        facts = [c for c in changes if c.table == "fact" and c.before and c.after]
        facts.sort(key=lambda c: (c.before or {})["predicate"] == "near")
        for change in facts:
            was, left = change.before or {}, change.after or {}
            current = self._current(change)
            if current is None or (was["valid_to"], was["expired"]) == (
                left["valid_to"],
                left["expired"],
            ):
                continue
            if (current["valid_to"], current["expired"]) != (left["valid_to"], left["expired"]):
                continue
            if was["valid_to"] is None and not self._may_open(current, since):
                continue
            self._store.execute(
                "UPDATE fact SET valid_to = ?, expired = ? WHERE seq = ?",
                (was["valid_to"], was["expired"], was["seq"]),
            )
            self._store.execute(
                "UPDATE item SET valid_to = ? WHERE fact = ?", (was["valid_to"], was["seq"])
            )

    def _may_open(self, fact: Mapping[str, Any], since: float) -> bool:
        open_facts = "SELECT learned FROM fact WHERE valid_to IS NULL AND "
        whereabouts = open_facts + (
            "((predicate IN ('on', 'in', 'at') AND subject = ?) "
            "OR (predicate = 'holding' AND object = ?))"
        )
        if fact["predicate"] == "near":  # Both must still be where they were.
            return all(
                learned <= since
                for end in (fact["subject"], fact["object"])
                for (learned,) in self._store.query(whereabouts, (end, end))
            )
        if fact["predicate"] == "holding":
            if self._store.query(open_facts + "predicate = 'holding'"):
                return False
            return not self._store.query(whereabouts, (fact["object"],) * 2)
        return not self._store.query(whereabouts, (fact["subject"],) * 2)

    # --- inside -------------------------------------------------------------------------------

    def _to_undo(self, operation: str | None) -> Operation:
        if operation is None:
            found = self._operations("WHERE undone IS NULL ORDER BY seq DESC LIMIT ?", 1)
        else:
            number = operation.removeprefix("operation-")
            if not number.isdigit():
                raise MemagentError(f"{operation!r} is no operation; they look like 'operation-3'")
            found = self._operations("WHERE seq = ?", int(number))
        if not found:
            raise MemagentError(f"there is nothing to undo: no {operation or 'operation'}")
        if found[0].undone is not None:
            raise MemagentError(f"{found[0].id} was undone already")
        return found[0]

    def _refuse_if_built_upon(
        self, operation: Operation, seq: int, changes: Iterable[_Change]
    ) -> None:
        mine = {(c.table, c.key) for c in changes}
        rows = self._store.query(
            "SELECT seq FROM operation WHERE seq > ? AND undone IS NULL ORDER BY seq DESC", (seq,)
        )
        for (later,) in rows:
            if mine & {(c.table, c.key) for c in self._changes(later)}:
                raise MemagentError(
                    f"{operation.id} cannot be undone before operation-{later}, which builds on it"
                )

    def _operations(self, where: str, parameter: int) -> tuple[Operation, ...]:
        rows = self._store.query(
            f"SELECT seq, kind, text, stamp, names, undone FROM operation {where}", (parameter,)
        )
        return tuple(
            Operation(f"operation-{r[0]}", r[1], r[2], r[3], tuple(json.loads(r[4])), r[5])
            for r in rows
        )

    def _changes(self, seq: int) -> list[_Change]:
        rows = self._store.query("SELECT changes FROM operation WHERE seq = ?", (seq,))
        return [_Change(*change) for change in json.loads(rows[0][0])]

    def _current(self, change: _Change) -> dict[str, Any] | None:
        columns = self._store.columns(change.table)
        where = " AND ".join(f"{key} = ?" for key in _KEYS[change.table])
        rows = self._store.query(
            f"SELECT {','.join(columns)} FROM {change.table} WHERE {where}",
            tuple(json.loads(change.key)),
        )
        return dict(zip(columns, rows[0], strict=True)) if rows else None
