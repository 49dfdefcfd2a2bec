# SPDX-License-Identifier: Apache-2.0
"""Reads an exported memory, believing nothing: whatever is wrong is named before anything is kept.

What can go wrong later must be found here: a row that memory cannot work with would break it on
some other day.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from memagent.errors import MemagentError
from memagent.memory.exchange.layout import FORMAT, TABLES, Column, Table

Rows = list[dict[str, Any]]
_BIGGEST = 1 << 53
"""Whole numbers beyond this are not exact in JSON."""


@dataclass(frozen=True, slots=True)
class Export:
    """An exported memory that was checked."""

    memory: str
    """Id of the memory that it is of."""
    now: float
    """The newest time that memory knew of, seconds."""
    percept_stamp: float | None
    """Of its newest percept, seconds."""
    rows: Mapping[str, Rows]
    """By table; objects as JSON text."""


def checked(data: object) -> Export:
    """Check what was read from JSON.

    Raises:
        MemagentError: it is no export, or a row is wrong; the message names table, row and column.
    """
    if not isinstance(data, dict) or "format" not in data:
        raise MemagentError('is no exported memory: it is no JSON object with a "format"')
    if data["format"] != FORMAT:
        raise MemagentError(f"has the format {data['format']!r}; this memagent reads {FORMAT!r}")
    memory, tables = data.get("memory"), data.get("tables")
    if not isinstance(memory, str) or not memory:
        raise MemagentError(f'"memory" must be the id of a memory, not {memory!r}')
    if not isinstance(tables, dict) or set(tables) != set(TABLES):
        names = sorted(tables) if isinstance(tables, dict) else tables
        raise MemagentError(f'"tables" must be {sorted(TABLES)}, not {names!r}')
    rows = {name: _rows(name, table, tables[name]) for name, table in TABLES.items()}
    numbers = {"episode": {row["seq"] for row in rows["episode"]}}  # They refer to each other.
    for name, table in TABLES.items():  # In an order in which what is referred to comes first.
        rows[name] = [row for row in rows[name] if _refers_well(table, row, numbers)]
        numbers[name] = {row["seq"] for row in rows[name] if table.numbered}
    _check_meaning(rows)
    return Export(
        memory,
        _value("stamp", Column("real"), data.get("stamp")),
        _value("percept_stamp", Column("real", optional=True), data.get("percept_stamp")),
        rows,
    )


# --- one table --------------------------------------------------------------------------------


def _rows(name: str, table: Table, data: object) -> Rows:
    """The rows of a table that is written as a list of columns and a list of values per row."""
    columns, values = (
        (data.get("columns"), data.get("rows")) if isinstance(data, dict) else (None, None)
    )
    if not isinstance(columns, list) or not _is_permutation(columns, table):
        raise MemagentError(
            f'{name}: "columns" must be {list(table.columns)} in some order, not {columns!r}'
        )
    if not isinstance(values, list):
        raise MemagentError(f'{name}: "rows" must be a list, not {type(values).__name__}')
    rows: Rows = []
    keys = set()
    for number, row in enumerate(values):
        where = f"{name}, row {number}"
        if not isinstance(row, list) or len(row) != len(table.columns):
            raise MemagentError(f"{where}: must be a list of {len(table.columns)} values")
        named = dict(zip(columns, row, strict=True))
        read = {c: _value(f"{where}, {c}", t, named[c]) for c, t in table.columns.items()}
        _check_row(where, read)
        key = tuple(read[c] for c in table.key)
        if key in keys:
            raise MemagentError(f"{where}: is there twice ({key})")
        keys.add(key)
        rows.append(read)
    return sorted(rows, key=lambda row: row["seq"]) if table.numbered else rows


def _is_permutation(columns: Sequence[object], table: Table) -> bool:
    return len(columns) == len(table.columns) and set(map(str, columns)) == set(table.columns)


def _value(where: str, column: Column, value: Any) -> Any:
    """A value as the store keeps it."""
    if value is None:
        if column.optional:
            return None
        raise MemagentError(f"{where}: is missing")
    kind = column.type
    if kind == "real" and isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value) and abs(value) < _BIGGEST:
            return float(value)
    elif kind == "whole" and isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value < _BIGGEST:
            return value
    elif kind == "flag" and value in (0, 1):
        return int(value)
    elif kind in ("object", "texts") and isinstance(value, dict):
        if kind == "object" or all(isinstance(text, str) for text in value.values()):
            return json.dumps(value, sort_keys=True)
    elif kind in ("text", "name") and isinstance(value, str) and "\x00" not in value:
        storable = value.isascii() or value.encode("utf-8", "replace").decode() == value
        if storable and (value or kind == "text") and (value in column.one_of or not column.one_of):
            return value
    wanted = f"one of {sorted(column.one_of)}" if column.one_of else f"a {kind}"
    raise MemagentError(f"{where}: must be {wanted}, not {value!r}")


def _check_row(where: str, row: Mapping[str, Any]) -> None:
    if "x" in row and len({row[axis] is None for axis in "xyz"}) > 1:
        raise MemagentError(f"{where}: a position has x, y and z, or none of them")
    for start, end in (("valid_from", "valid_to"), ("started", "finished"), ("first", "last")):
        if start in row and None not in (row[start], row.get(end)) and row[end] < row[start]:
            raise MemagentError(f"{where}: {end} {row[end]:g} is before {start} {row[start]:g}")
    for share in ("confidence", "share", "opening"):
        if share in row and not 0.0 <= row[share] <= 1.0:
            raise MemagentError(f"{where}: {share} must be from 0 to 1, not {row[share]:g}")


# --- all tables together ----------------------------------------------------------------------


def _refers_well(table: Table, row: dict[str, Any], numbers: Mapping[str, set[int]]) -> bool:
    """Let a row refer to nothing that was forgotten; False if it says nothing then."""
    for column, kind in table.columns.items():
        if (
            kind.refers_to
            and row[column] is not None
            and row[column] not in numbers[kind.refers_to]
        ):
            if not kind.optional:
                return False
            row[column] = None
    return True


def _check_meaning(rows: Mapping[str, Rows]) -> None:
    """What the parts of memory rely on beyond single rows."""
    for row in rows["episode"]:
        if row["parent"] is not None and row["parent"] >= row["seq"]:
            raise MemagentError(f"episode {row['seq']}: its parent {row['parent']} is not older")
    episodes = {"", *(f"episode-{row['seq']}" for row in rows["episode"])}
    for row in rows["item"]:
        if row["episode"] not in episodes:
            row["episode"] = ""  # It was forgotten.
    _check_events(rows["event"])
    _check_lessons(rows["lesson"])
    _check_holders(rows["fact"])
    entities = {row["name"] for row in rows["entity"]}
    for row in rows["alias"]:
        if row["name"] not in entities:
            raise MemagentError(f"alias {row['label']!r}: there is no entity {row['name']!r}")


def _check_events(events: Sequence[Mapping[str, Any]]) -> None:
    for before, after in pairwise(events):
        if after["first_item"] < before["first_item"] or after["started"] < before["started"]:
            raise MemagentError(f"event {after['seq']}: begins before the event before it")


def _check_lessons(lessons: Sequence[Mapping[str, Any]]) -> None:
    seen = set()
    for row in lessons:
        key = (row["level"], row["skill"], row["subject"])
        if row["level"] != "rule" and key in seen:
            raise MemagentError(f"lesson {row['seq']}: there is another one on {key}")
        if (row["level"] == "rule") != (row["claim"] == ""):
            raise MemagentError(f"lesson {row['seq']}: a rule has no claim, and others have one")
        seen.add(key)


def _check_holders(facts: Sequence[Mapping[str, Any]]) -> None:
    """An object is at one place at a time, and the hand holds one object."""
    open_facts: set[str] = set()
    for row in facts:
        if row["valid_to"] is not None or row["predicate"] == "near":
            continue
        slots = [row["object"], "the hand"] if row["predicate"] == "holding" else [row["subject"]]
        for slot in slots:
            if slot in open_facts:
                raise MemagentError(f"fact {row['seq']}: {slot!r} has another place now as well")
        open_facts.update(slots)
