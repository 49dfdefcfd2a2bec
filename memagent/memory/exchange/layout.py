# SPDX-License-Identifier: Apache-2.0
"""What an exported memory consists of: tables, the types of their columns, and what refers to what.

Left out is what is derived (vectors, indices), what only this file can undo (operations), and that
a summary is a gist: among another memory's, it is a summary like others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from memagent.types import Code, LessonClaim, LessonLevel, MemoryKind, Predicate

FORMAT = "memagent-memory/2"


@dataclass(frozen=True, slots=True)
class Column:
    """What a column may hold."""

    type: str
    """text, name (text that is not empty), real (finite), whole, flag (0 or 1), object (JSON) or
    texts (an object of texts)."""
    optional: bool = False
    one_of: frozenset[str] = frozenset()
    """The only texts allowed; none for any."""
    refers_to: str = ""
    """The table whose row this is the number of."""


@dataclass(frozen=True, slots=True)
class Table:
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    """("seq",) where rows are numbered, else what a row is known by."""
    newest: str = ""
    """Of two rows with one key, that with more of this is kept; "" keeps what is there."""

    @property
    def numbered(self) -> bool:
        return self.key == ("seq",)


_TEXT, _NAME, _REAL, _WHOLE = Column("text"), Column("name"), Column("real"), Column("whole")
_FLAG, _OBJECT = Column("flag"), Column("object")
_MAYBE = Column("real", optional=True)
_XYZ = {"x": _MAYBE, "y": _MAYBE, "z": _MAYBE}
_SEQ = {"seq": _WHOLE}


def _one_of(*words: str) -> Column:
    return Column("text", one_of=frozenset(words))


def _to(table: str, *, optional: bool = False) -> Column:
    return Column("whole", optional, refers_to=table)


_PREDICATE = _one_of(*get_args(Predicate))
_CODE = _one_of(*(code.value for code in Code))

TABLES: Mapping[str, Table] = {
    "episode": Table(
        {
            **_SEQ, "instruction": _TEXT, "started": _REAL, "finished": _MAYBE, "status": _TEXT,
            "reason": _TEXT, "parent": _to("episode", optional=True), "learned": _FLAG,
        },
        ("seq",),
    ),
    "outcome": Table(
        {
            **_SEQ, "episode": _to("episode", optional=True), "skill": _NAME, "object": _TEXT,
            "place": _TEXT, **_XYZ, "label": _TEXT, "category": _TEXT, "code": _CODE,
            "message": _TEXT, "started": _REAL, "finished": _REAL,
            "conditions": Column("texts", optional=True),
        },
        ("seq",),
    ),
    "fact": Table(
        {
            **_SEQ, "subject": _NAME, "predicate": _PREDICATE, "object": _NAME,
            "confidence": _REAL, "valid_from": _REAL, "valid_to": _MAYBE, "learned": _REAL,
            "expired": _MAYBE, "last_seen": _REAL, **_XYZ, "by_robot": _FLAG, "source": _TEXT,
            "evidence": _WHOLE,
        },
        ("seq",),
    ),
    "item": Table(
        {
            **_SEQ, "kind": _one_of(*get_args(MemoryKind)), "text": _TEXT, "stamp": _REAL, **_XYZ,
            "valid_from": _MAYBE, "valid_to": _MAYBE, "episode": _TEXT, "confidence": _REAL,
            "source": _TEXT, "data": _OBJECT, "thing": _TEXT,
            "fact": _to("fact", optional=True),
        },
        ("seq",),
    ),
    "event": Table(
        {
            **_SEQ, "episode": _to("episode", optional=True), "started": _REAL,
            "first_item": _WHOLE, "text": _TEXT,
        },
        ("seq",),
    ),
    "lesson": Table(
        {
            **_SEQ, "level": _one_of(*get_args(LessonLevel)), "skill": _TEXT, "subject": _TEXT,
            "claim": _one_of(*get_args(LessonClaim)), "words": _TEXT, "pinned": _FLAG,
            "learned": _REAL,
        },
        ("seq",),
    ),
    "evidence": Table(
        {
            **_SEQ, "lesson": _to("lesson"), "outcome": _to("outcome", optional=True),
            "episode": _to("episode", optional=True), "code": _NAME,
        },
        ("seq",),
    ),
    "visit": Table(
        {
            **_SEQ, "thing": _NAME, "predicate": _PREDICATE, "place": _NAME, **_XYZ,
            "first": _REAL, "last": _REAL, "count": _WHOLE,
        },
        ("seq",),
    ),
    "contradiction": Table(
        {
            **_SEQ, "stamp": _REAL, "old": _to("fact"), "new": _to("fact", optional=True),
            "why": _TEXT,
        },
        ("seq",),
    ),
    "evidence_gone": Table(
        {"lesson": _to("lesson"), "code": _NAME, "count": _WHOLE},
        ("lesson", "code"),
    ),
    "item_use": Table({"item": _to("item"), "uses": _WHOLE, "used": _REAL}, ("item",)),
    "pin": Table({"item": _to("item"), "stamp": _REAL}, ("item",)),
    "entity": Table(
        {
            "name": _NAME, "label": _NAME, "category": _TEXT, "colour": _TEXT, "size_x": _REAL,
            "size_y": _REAL, "size_z": _REAL, **_XYZ, "first_seen": _REAL, "last_seen": _REAL,
            "confidence": _REAL,
        },
        ("name",),
        "last_seen",
    ),
    "alias": Table({"label": _NAME, "name": _NAME}, ("label", "name")),
    "container": Table(
        {
            "name": _NAME, "is_open": _FLAG, "opening": _REAL, "confidence": _REAL,
            "stamp": _REAL,
        },
        ("name",),
        "stamp",
    ),
    "search": Table(
        {"place": _NAME, "thing": _TEXT, "since": _REAL, "stamp": _REAL, "share": _REAL},
        ("place", "thing"),
        "stamp",
    ),
    "claim": Table(
        {
            "thing": _NAME, "subject": _NAME, "predicate": _PREDICATE, "object": _NAME,
            "confidence": _REAL, "stamp": _REAL, "source": _TEXT,
        },
        ("thing",),
        "stamp",
    ),
}  # fmt: skip
"""In an order in which every row comes after those that it refers to."""
