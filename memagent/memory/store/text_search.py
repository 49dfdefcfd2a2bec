# SPDX-License-Identifier: Apache-2.0
"""Items by their words, as SQL on SQLite's FTS5: the one ranking, whatever engine keeps the rows.

The tables are ``item``, its words ``item_text`` and its positions ``item_place``.
"""

from __future__ import annotations

from typing import Any

from memagent.memory.store.interface import Row, Words
from memagent.types import Query

Statement = tuple[str, Row]
"""SQL and its parameters."""


def search(words: Words, filters: Query, limit: int) -> Statement:
    """The sequence numbers and ranks of the items that have the words best."""
    where, parameters = conditions(filters)
    if not where:
        sql = "SELECT rowid, rank FROM item_text WHERE item_text MATCH ?"
    else:
        sql = (
            "SELECT item.seq, rank FROM item_text JOIN item ON item.seq = item_text.rowid "
            f"WHERE item_text MATCH ? AND {where}"
        )
    return f"{sql} ORDER BY rank LIMIT ?", (_expression(words), *parameters, limit)


def find(words: Words) -> Statement:
    return "SELECT rowid FROM item_text WHERE item_text MATCH ?", (_expression(words),)


def count(words: Words) -> Statement:
    return "SELECT count(*) FROM item_text WHERE item_text MATCH ?", (_expression(words),)


def conditions(filters: Query) -> Statement:
    """A query's kinds, times and the box around its ball, as a condition on ``item``, or ""."""
    clauses: list[str] = []
    parameters: list[Any] = []
    if filters.kinds:
        clauses.append(f"item.kind IN ({','.join('?' * len(filters.kinds))})")
        parameters += filters.kinds
    if filters.since is not None:
        clauses.append("item.stamp >= ?")
        parameters.append(filters.since)
    if filters.until is not None:
        clauses.append("item.stamp <= ?")
        parameters.append(filters.until)
    if filters.near is not None:
        clauses.append(
            "item.seq IN (SELECT seq FROM item_place WHERE x1 >= ? AND x0 <= ? AND y1 >= ? "
            "AND y0 <= ? AND z1 >= ? AND z0 <= ?)"
        )
        for value in filters.near:
            parameters += (value - filters.radius, value + filters.radius)
    return " AND ".join(clauses), tuple(parameters)


def _expression(words: Words) -> str:
    return " AND ".join(f"({' OR '.join(map(_quoted, group))})" for group in words)


def _quoted(word: str) -> str:
    stem = word.removesuffix("*")
    star = "*" if stem != word else ""
    return '"' + stem.replace('"', '""') + '"' + star
