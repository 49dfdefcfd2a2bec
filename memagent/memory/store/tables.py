# SPDX-License-Identifier: Apache-2.0
"""What the rows of the memory file mean: records in and out, one short method per need.

Every write belongs inside ``tables.store.transaction()``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from memagent.memory.records import ContainerState, Entity, FactRecord, Search, Visit
from memagent.memory.store.interface import Row, Store
from memagent.types import (
    Code,
    Episode,
    MemoryItem,
    MemoryKind,
    Relation,
    SkillCall,
    SkillOutcome,
    Vector3,
)

ITEM_COLUMNS = (
    "item.seq, item.kind, item.text, item.stamp, item.x, item.y, item.z, item.valid_from, "
    "item.valid_to, item.episode, item.confidence, item.source, item.data, item.thing, item.fact"
)
_NEW_FACT = (
    "subject, predicate, object, confidence, valid_from, valid_to, learned, expired, last_seen, "
    "x, y, z, by_robot, source, evidence"
)
_FACT_COLUMNS = f"seq, {_NEW_FACT}"
_EPISODE_COLUMNS = "seq, instruction, started, finished, status, reason, parent"
_ENTITY_COLUMNS = (
    "name, label, category, colour, size_x, size_y, size_z, x, y, z, first_seen, last_seen, "
    "confidence"
)
WITHIN = (
    "WITH RECURSIVE within (seq) AS (SELECT seq FROM episode WHERE seq = ? UNION ALL "
    "SELECT e.seq FROM episode AS e JOIN within ON e.parent = within.seq)"
)
"""An episode and all those within it, as SQL."""
_CONTAINER_COLUMNS = "name, is_open, opening, confidence, stamp"
_SEARCH_COLUMNS = "place, thing, since, stamp, share"
_AT_ONCE = 500
"""Parameters in one statement; old versions of SQLite take no more than 999."""


def _put(table: str, columns: str, key: str) -> str:
    """An INSERT that takes the place of the row with the same key."""
    names = columns.split(", ")
    changes = ", ".join(f"{c} = excluded.{c}" for c in names if c not in key.split(", "))
    return (
        f"INSERT INTO {table} ({columns}) VALUES ({','.join('?' * len(names))}) "
        f"ON CONFLICT ({key}) DO UPDATE SET {changes}"
    )


_PUT_META = _put("meta", "key, value", "key")
_PUT_ENTITY = _put("entity", _ENTITY_COLUMNS, "name")
_PUT_CONTAINER = _put("container", _CONTAINER_COLUMNS, "name")
_PUT_SEARCH = _put("search", _SEARCH_COLUMNS, "place, thing")


class Tables:
    """Typed access to a store's rows."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # --- items --------------------------------------------------------------------------------

    def add_item(
        self,
        kind: MemoryKind,
        text: str,
        stamp: float,
        *,
        position: Vector3 | None = None,
        valid_from: float | None = None,
        valid_to: float | None = None,
        episode: str = "",
        confidence: float = 1.0,
        source: str = "",
        data: Mapping[str, Any] | None = None,
        thing: str = "",
        fact: int | None = None,
    ) -> MemoryItem:
        row = (
            kind, text, stamp, *_xyz(position), valid_from, valid_to, episode, confidence, source,
            json.dumps(dict(data), sort_keys=True) if data else "{}", thing, fact,
        )  # fmt: skip
        seq = self.store.execute(
            "INSERT INTO item (kind, text, stamp, x, y, z, valid_from, valid_to, episode, "
            "confidence, source, data, thing, fact) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            row,
        )
        return item_of((seq, *row))

    def items(self, where: str, parameters: Row = ()) -> tuple[MemoryItem, ...]:
        """Items by an SQL condition and order on the table ``item``."""
        rows = self.store.query(f"SELECT {ITEM_COLUMNS} FROM item {where}", parameters)
        return tuple(item_of(row) for row in rows)

    def items_of(self, seqs: Sequence[int]) -> dict[int, MemoryItem]:
        """Those items that are there, by sequence number."""
        found: dict[int, MemoryItem] = {}
        for start in range(0, len(seqs), _AT_ONCE):
            some = tuple(seqs[start : start + _AT_ONCE])
            marks = ",".join("?" * len(some))
            sql = f"SELECT {ITEM_COLUMNS} FROM item WHERE seq IN ({marks})"
            found.update((row[0], item_of(row)) for row in self.store.query(sql, some))
        return found

    def forget_item(self, seq: int) -> bool:
        """Remove an item, with the fact or lesson it tells; with an object's, all of that object.

        Returns:
            Whether there was such an item.
        """
        rows = self.store.query(
            "SELECT kind, thing, fact, valid_to, data, text FROM item WHERE seq = ?", (seq,)
        )
        if not rows:
            return False
        kind, thing, fact, valid_to, data, text = rows[0]
        self.store.execute(  # An event may be told in the words of the item that began it.
            "UPDATE event SET text = '' WHERE text = ? AND seq = "
            "(SELECT max(seq) FROM event WHERE first_item <= ?)",
            (text, seq),
        )
        self.store.execute("DELETE FROM item WHERE seq = ?", (seq,))
        if fact is not None:
            self.store.execute("DELETE FROM contradiction WHERE old = ? OR new = ?", (fact, fact))
            self.store.execute("DELETE FROM fact WHERE seq = ?", (fact,))
        if kind == "object" and thing:
            self._forget_thing(thing)
        if kind == "lesson" and valid_to is None:
            self._forget_lesson(json.loads(data))
        return True

    def _forget_lesson(self, told: Mapping[str, str]) -> None:
        """Remove a lesson by what its item says of it; what it was drawn from stays."""
        which = "level = ? AND skill = ? AND subject = ? AND ? IN ('', 'lesson-' || seq)"
        key = (
            told.get("level", "action"), told.get("skill"), told.get("subject"),
            told.get("lesson", ""),
        )  # fmt: skip
        self.store.execute(
            f"DELETE FROM evidence WHERE lesson IN (SELECT seq FROM lesson WHERE {which})", key
        )
        self.store.execute(f"DELETE FROM lesson WHERE {which}", key)

    def _forget_thing(self, name: str) -> None:
        facts = "(SELECT seq FROM fact WHERE subject = ? OR object = ?)"
        for side in ("old", "new"):
            self.store.execute(f"DELETE FROM contradiction WHERE {side} IN {facts}", (name, name))
        for seq, names in self.store.query("SELECT seq, names FROM operation"):
            if name in json.loads(names):
                self.store.execute("DELETE FROM operation WHERE seq = ?", (seq,))
        self.store.execute("DELETE FROM claim WHERE thing = ?", (name,))
        self.store.execute("DELETE FROM alias WHERE name = ?", (name,))
        self.store.execute("DELETE FROM item WHERE thing = ?", (name,))
        self.store.execute("DELETE FROM fact WHERE subject = ? OR object = ?", (name, name))
        self.store.execute("DELETE FROM visit WHERE thing = ?", (name,))
        self.store.execute("DELETE FROM search WHERE thing = ?", (name,))
        self.store.execute("DELETE FROM entity WHERE name = ?", (name,))

    # --- facts --------------------------------------------------------------------------------

    def add_fact(
        self,
        relation: Relation,
        stamp: float,
        learned: float,
        *,
        position: Vector3 | None = None,
        by_robot: bool = False,
        source: str = "",
    ) -> FactRecord:
        row = (
            relation.subject, relation.predicate, relation.object, relation.confidence, stamp,
            None, learned, None, stamp, *_xyz(position), int(by_robot), source, 1,
        )  # fmt: skip
        seq = self.store.execute(
            f"INSERT INTO fact ({_NEW_FACT}) VALUES ({','.join('?' * len(row))})", row
        )
        return _fact_of((seq, *row))

    def close_fact(self, seq: int, stamp: float, learned: float) -> None:
        """Let a fact, and the item that tells it, end at ``stamp``."""
        self.store.execute(
            "UPDATE fact SET valid_to = ?, expired = ? WHERE seq = ?", (stamp, learned, seq)
        )
        self.store.execute("UPDATE item SET valid_to = ? WHERE fact = ?", (stamp, seq))

    def refresh_fact(self, fact: FactRecord) -> None:
        """Store what changes while a fact goes on: when and where its object was last seen."""
        self.store.execute(
            "UPDATE fact SET last_seen = ?, confidence = ?, evidence = ?, x = ?, y = ?, z = ? "
            "WHERE seq = ?",
            (fact.last_seen, fact.relation.confidence, fact.evidence, *_xyz(fact.position),
             fact.seq),
        )  # fmt: skip

    def fact(self, seq: int) -> FactRecord | None:
        return next(iter(self._facts("WHERE seq = ?", (seq,))), None)

    def open_facts(self) -> tuple[FactRecord, ...]:
        return self._facts("WHERE valid_to IS NULL")

    def facts_at(self, stamp: float) -> tuple[FactRecord, ...]:
        """Facts that held at ``stamp``, as far as is known by now."""
        return self._facts(
            "WHERE valid_from <= ? AND (valid_to IS NULL OR valid_to > ?)", (stamp, stamp)
        )

    def facts_about(self, thing: str) -> tuple[FactRecord, ...]:
        """Every fact about ``thing`` that was ever believed, newest first."""
        return self._facts(
            "WHERE subject = ? OR (predicate = 'holding' AND object = ?)", (thing, thing), "DESC"
        )

    def all_facts(self) -> tuple[FactRecord, ...]:
        return self._facts("")

    def ended_since(self, stamp: float) -> tuple[FactRecord, ...]:
        """Facts that held until after ``stamp`` and no longer do."""
        # Sorting by an expression leaves SQLite the index on ends, not a walk through all facts.
        return self._facts("WHERE valid_to > ?", (stamp,), "+ 0")

    def last_holding(self, thing: str) -> FactRecord | None:
        """The newest fact that the robot held ``thing``."""
        found = self._facts("WHERE predicate = 'holding' AND object = ?", (thing,), "DESC LIMIT 1")
        return found[0] if found else None

    def _facts(self, where: str, parameters: Row = (), order: str = "") -> tuple[FactRecord, ...]:
        sql = f"SELECT {_FACT_COLUMNS} FROM fact {where} ORDER BY seq {order}"
        return tuple(_fact_of(row) for row in self.store.query(sql, parameters))

    # --- the spatial state --------------------------------------------------------------------

    def put_entity(self, e: Entity) -> None:
        self.store.execute(
            _PUT_ENTITY,
            (e.name, e.label, e.category, e.colour, *e.size, *_xyz(e.position), e.first_seen,
             e.last_seen, e.confidence),
        )  # fmt: skip

    def entities(self) -> tuple[Entity, ...]:
        rows = self.store.query(f"SELECT {_ENTITY_COLUMNS} FROM entity ORDER BY first_seen, name")
        return tuple(
            Entity(r[0], r[1], r[2], r[3], (r[4], r[5], r[6]), _point(r[7:10]), *r[10:])
            for r in rows
        )

    def aliases(self) -> tuple[tuple[str, str], ...]:
        """Further labels of objects, with the objects' names."""
        rows = self.store.query("SELECT label, name FROM alias ORDER BY label, name")
        return tuple((label, name) for label, name in rows)

    def put_container(self, c: ContainerState) -> None:
        self.store.execute(
            _PUT_CONTAINER,
            (c.name, int(c.is_open), c.opening, c.confidence, c.stamp),
        )

    def containers(self) -> tuple[ContainerState, ...]:
        rows = self.store.query(f"SELECT {_CONTAINER_COLUMNS} FROM container ORDER BY name")
        return tuple(ContainerState(r[0], bool(r[1]), *r[2:]) for r in rows)

    def put_search(self, s: Search) -> None:
        self.store.execute(_PUT_SEARCH, (s.place, s.thing, s.since, s.stamp, s.share))

    def remove_search(self, place: str, thing: str) -> None:
        self.store.execute("DELETE FROM search WHERE place = ? AND thing = ?", (place, thing))

    def searches(self) -> tuple[Search, ...]:
        sql = f"SELECT {_SEARCH_COLUMNS} FROM search ORDER BY place, thing"
        return tuple(Search(*row) for row in self.store.query(sql))

    def add_visit(self, visit: Visit) -> int:
        return self.store.execute(
            "INSERT INTO visit (thing, predicate, place, x, y, z, first, last) "
            "VALUES (?,?,?,?,?,?,?,?)",
            (visit.thing, visit.predicate, visit.place, *_xyz(visit.position), visit.first,
             visit.last),
        )  # fmt: skip

    def refresh_visit(self, visit: Visit) -> None:
        self.store.execute(
            "UPDATE visit SET first = ?, last = ?, count = ?, x = ?, y = ?, z = ? WHERE seq = ?",
            (visit.first, visit.last, visit.count, *_xyz(visit.position), visit.seq),
        )

    def remove_visit(self, seq: int) -> None:
        self.store.execute("DELETE FROM visit WHERE seq = ?", (seq,))

    def visits(self) -> tuple[Visit, ...]:
        rows = self.store.query(
            "SELECT seq, thing, predicate, place, x, y, z, first, last, count FROM visit "
            "ORDER BY seq"
        )
        return tuple(Visit(r[0], r[1], r[2], r[3], _point(r[4:7]), r[7], r[8], r[9]) for r in rows)

    # --- episodes -----------------------------------------------------------------------------

    def begin_episode(self, instruction: str, stamp: float, parent: int | None = None) -> int:
        return self.store.execute(
            "INSERT INTO episode (instruction, started, parent) VALUES (?,?,?)",
            (instruction, stamp, parent),
        )

    def end_episode(self, seq: int, stamp: float, status: str, reason: str) -> None:
        self.store.execute(
            "UPDATE episode SET finished = ?, status = ?, reason = ? WHERE seq = ?",
            (stamp, status, reason, seq),
        )

    def add_outcome(
        self,
        episode: int | None,
        outcome: SkillOutcome,
        label: str,
        category: str,
        conditions: Mapping[str, str],
    ) -> None:
        call = outcome.call
        self.store.execute(
            "INSERT INTO outcome (episode, skill, object, place, x, y, z, label, category, code, "
            "message, started, finished, conditions) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (episode, call.name, call.object, call.place, *_xyz(call.position), label, category,
             outcome.code.value, outcome.message, outcome.started, outcome.finished,
             json.dumps(dict(conditions), sort_keys=True)),
        )  # fmt: skip

    def running_episodes(self) -> tuple[int, ...]:
        """Episodes that have not ended, the innermost last."""
        rows = self.store.query("SELECT seq FROM episode WHERE finished IS NULL ORDER BY seq")
        return tuple(row[0] for row in rows)

    def episodes(self, limit: int) -> tuple[Episode, ...]:
        """The newest episodes, newest first."""
        rows = self.store.query(
            f"SELECT {_EPISODE_COLUMNS} FROM episode ORDER BY seq DESC LIMIT ?", (limit,)
        )
        return tuple(self._episode_of(row) for row in rows)

    def episode(self, seq: int) -> Episode | None:
        rows = self.store.query(f"SELECT {_EPISODE_COLUMNS} FROM episode WHERE seq = ?", (seq,))
        return self._episode_of(rows[0]) if rows else None

    def _episode_of(self, row: Row) -> Episode:
        outcomes = self.store.query(
            f"{WITHIN} SELECT skill, place, object, x, y, z, code, message, started, finished "
            "FROM outcome WHERE episode IN (SELECT seq FROM within) ORDER BY seq",
            (row[0],),
        )
        taken = tuple(_outcome_of(o) for o in outcomes)
        parent = "" if row[6] is None else f"episode-{row[6]}"
        return Episode(
            f"episode-{row[0]}", row[1], row[2], row[3], row[4], row[5], taken, parent
        )  # fmt: skip

    # --- the file as a whole ------------------------------------------------------------------

    def put_meta(self, key: str, value: object) -> None:
        self.store.execute(_PUT_META, (key, json.dumps(value)))

    def meta(self, key: str) -> Any:
        rows = self.store.query("SELECT value FROM meta WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else None

    def counts(self) -> dict[str, int]:
        """Rows per table."""
        tables = (
            "item", "fact", "entity", "container", "search", "visit", "episode", "outcome",
            "lesson", "event",
        )  # fmt: skip
        return {t: int(self.store.query(f"SELECT count(*) FROM {t}")[0][0]) for t in tables}


def item_of(row: Row) -> MemoryItem:
    """The item in a row of ``ITEM_COLUMNS``."""
    seq, kind, text, stamp, x, y, z, valid_from, valid_to, episode, confidence, source = row[:12]
    data: dict[str, Any] = {} if row[12] == "{}" else json.loads(row[12])
    if row[13]:
        data["object"] = row[13]
    if row[14] is not None:
        data["fact"] = f"fact-{row[14]}"
    return MemoryItem(
        f"item-{seq}", kind, text, stamp, _point((x, y, z)), valid_from, valid_to, episode,
        confidence, source, data,
    )  # fmt: skip


def _outcome_of(row: Row) -> SkillOutcome:
    call = SkillCall(row[0], row[1], row[2], _point(row[3:6]))
    return SkillOutcome(call, Code(row[6]), row[7], row[8], row[9])


def _fact_of(row: Row) -> FactRecord:
    seq, subject, predicate, thing, confidence, valid_from, valid_to, learned, expired = row[:9]
    return FactRecord(
        seq, Relation(subject, predicate, thing, confidence), valid_from, valid_to, learned,
        expired, row[9], _point(row[10:13]), bool(row[13]), row[14],
        row[15],
    )  # fmt: skip


def _xyz(position: Vector3 | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if position is None else position


def _point(xyz: Row) -> Vector3 | None:
    return None if xyz[0] is None else (xyz[0], xyz[1], xyz[2])
