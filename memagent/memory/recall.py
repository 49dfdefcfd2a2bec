# SPDX-License-Identifier: Apache-2.0
"""Recall: by meaning, by place and by time, in any combination.

Filters come first and are exact (kinds, interval, and an R*Tree ball); what passes is scored. By
meaning is BM25 over stemmed words, which finds a row the moment it is durable. The score is a
convex mixture of meaning, nearness and recency, each in [0, 1], over those that were asked for;
convex mixtures retrieve better than rank fusion when one signal is much stronger than the others.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.store import Row
from memagent.memory.tables import ITEM_COLUMNS, Tables, item_of
from memagent.types import MemoryItem, Query, Recall, Vector3

_STOP_WORDS = """
a about all am an and any are as at be been by could did do does for from had has have i in into is
it its me my of on or so that the then there these this to was we were what when where which who why
will with you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


class RecallConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: Annotated[float, Field(ge=0)] = 0.7
    nearness: Annotated[float, Field(ge=0)] = 0.2
    recency: Annotated[float, Field(gt=0)] = 0.1
    """Weights of the mixture, relative to one another."""
    recency_tau: Annotated[float, Field(gt=0)] = 7 * 86400.0
    """Seconds in which recency falls by a factor e."""
    over: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Factor for facts and lessons that no longer hold."""
    candidates: Annotated[int, Field(ge=1)] = 200
    """The most items that pass the filters and are scored."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    item: MemoryItem
    rank: float
    """BM25 as SQLite gives it: negative, smaller is better."""


class Recaller:
    def __init__(self, tables: Tables, config: RecallConfig) -> None:
        self._tables = tables
        self._config = config

    def recall(self, query: Query, now: float) -> Recall:
        """Items for a query, best first; equal ones newest first.

        Args:
            query: text and filters. Without text, all that pass the filters match.
            now: seconds on the robot's clock, for recency.
        """
        found = self._matching(query)
        best = min((c.rank for c in found), default=0.0)
        scored = [(self._score(c, best, query, now), c.item) for c in found]
        scored.sort(key=lambda pair: (-pair[0], -pair[1].stamp, -_number(pair[1].id)))
        top = scored[: query.limit]
        return Recall(tuple(item for _, item in top), tuple(score for score, _ in top))

    def near(self, position: Vector3, radius: float, limit: int) -> tuple[MemoryItem, ...]:
        """Items within ``radius`` metres, nearest first."""
        rows = self._select(*_filters(Query(near=position, radius=radius)), "")
        inside = [c.item for c in rows if _distance(c.item, position) <= radius]
        inside.sort(key=lambda item: (_distance(item, position), -item.stamp))
        return tuple(inside[:limit])

    def timeline(
        self, since: float | None, until: float | None, limit: int
    ) -> tuple[MemoryItem, ...]:
        """The newest ``limit`` items of an interval, oldest first."""
        where, parameters = _filters(Query(since=since, until=until))
        rows = self._select(
            where, parameters, "ORDER BY item.stamp DESC, item.seq DESC LIMIT ?", (limit,)
        )
        return tuple(c.item for c in reversed(rows))

    def _matching(self, query: Query) -> list[_Candidate]:
        where, parameters = _filters(query)
        if not query.text.strip():
            order = "ORDER BY item.stamp DESC, item.seq DESC LIMIT ?"
            found = self._select(where, parameters, order, (self._config.candidates,))
        else:
            words = content_words(query.text)
            found = self._search(" OR ".join(f'"{w}"' for w in words), where, parameters)
            if not found:
                stems = [w[: max(3, len(w) - 2)] for w in words]
                found = self._search(" OR ".join(f'"{s}"*' for s in stems), where, parameters)
        if query.near is None:
            return found
        return [c for c in found if _distance(c.item, query.near) <= query.radius]

    def _search(self, match: str, where: str, parameters: Row) -> list[_Candidate]:
        if not match:
            return []
        rows = self._tables.store.query(
            f"SELECT {ITEM_COLUMNS}, bm25(item_text) AS rank FROM item_text "
            f"JOIN item ON item.seq = item_text.rowid WHERE item_text MATCH ? AND {where} "
            "ORDER BY rank, item.seq DESC LIMIT ?",
            (match, *parameters, self._config.candidates),
        )
        return [_Candidate(item_of(row[:-1]), row[-1]) for row in rows]

    def _select(self, where: str, parameters: Row, order: str, more: Row = ()) -> list[_Candidate]:
        items = self._tables.items(f"WHERE {where} {order}", (*parameters, *more))
        return [_Candidate(item, 0.0) for item in items]

    def _score(self, candidate: _Candidate, best: float, query: Query, now: float) -> float:
        c, item = self._config, candidate.item
        age = max(0.0, now - item.stamp)
        score, weight = c.recency * math.exp(-age / c.recency_tau), c.recency
        if best < 0.0:
            score += c.meaning * candidate.rank / best
            weight += c.meaning
        if query.near is not None:
            score += c.nearness * (1.0 - _distance(item, query.near) / max(query.radius, 1e-9))
            weight += c.nearness
        ended = item.kind in ("relation", "lesson") and item.valid_to is not None
        return score / weight * (c.over if ended else 1.0)


def content_words(text: str) -> list[str]:
    """The words of a text that carry meaning, or all of them if none seems to."""
    words = re.findall(r"\w+", text.lower())
    return [w for w in words if w not in STOP_WORDS] or words


def _filters(query: Query) -> tuple[str, Row]:
    clauses: list[str] = ["1"]
    parameters: list[Any] = []
    if query.kinds:
        clauses.append(f"item.kind IN ({','.join('?' * len(query.kinds))})")
        parameters += query.kinds
    if query.since is not None:
        clauses.append("item.stamp >= ?")
        parameters.append(query.since)
    if query.until is not None:
        clauses.append("item.stamp <= ?")
        parameters.append(query.until)
    if query.near is not None:
        clauses.append(
            "item.seq IN (SELECT seq FROM item_place WHERE x1 >= ? AND x0 <= ? AND y1 >= ? "
            "AND y0 <= ? AND z1 >= ? AND z0 <= ?)"
        )
        for value in query.near:
            parameters += (value - query.radius, value + query.radius)
    return " AND ".join(clauses), tuple(parameters)


def _distance(item: MemoryItem, position: Vector3) -> float:
    return math.inf if item.position is None else math.dist(item.position, position)


def _number(item_id: str) -> int:
    return int(item_id.removeprefix("item-"))
