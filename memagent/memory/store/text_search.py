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
Among = tuple[int, int]
"""The first and the last sequence number to look at. How rare a word is counts in all the table."""


def search(words: Words, filters: Query, limit: int, among: Among | None = None) -> Statement:
    """The sequence numbers and ranks of the items that have the words best."""
    matching, found = _matching(words, among)
    where, parameters = conditions(filters)
    if not where:
        sql = f"SELECT rowid, rank FROM item_text WHERE {matching}"
    else:
        sql = (
            "SELECT item.seq, rank FROM item_text JOIN item ON item.seq = item_text.rowid "
            f"WHERE {matching} AND {where}"
        )
    return f"{sql} ORDER BY rank LIMIT ?", (*found, *parameters, limit)


def find(words: Words, among: Among | None = None) -> Statement:
    matching, found = _matching(words, among)
    return f"SELECT rowid FROM item_text WHERE {matching}", found


def count(words: Words, most: int, among: Among | None = None) -> Statement:
    matching, found = _matching(words, among)
    some = f"SELECT 1 FROM item_text WHERE {matching} LIMIT ?"
    return f"SELECT count(*) FROM ({some}) AS some", (*found, most)


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


def _matching(words: Words, among: Among | None) -> Statement:
    match = "item_text MATCH ?"
    if among is None:
        return match, (_expression(words),)
    return f"{match} AND item_text.rowid BETWEEN ? AND ?", (_expression(words), *among)


def _expression(words: Words) -> str:
    return " AND ".join(f"({' OR '.join(map(_quoted, group))})" for group in words)


def _quoted(word: str) -> str:
    stem = word.removesuffix("*")
    star = "*" if stem != word else ""
    return '"' + stem.replace('"', '""') + '"' + star
