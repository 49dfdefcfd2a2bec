# SPDX-License-Identifier: Apache-2.0
"""Recall: by meaning, by place and by time, in any combination.

Filters come first and are exact (kinds, interval, ball); what passes is scored. Meaning is BM25
over stemmed words, which finds a row the moment it is durable, mixed with the similarity of vectors
where there is an embedder. What happened around a match counts for it, and what happened right
beside one is recalled with it: memories of one stretch of time belong together. The score is a
convex mixture of meaning, nearness and recency, each in [0, 1], over those that were asked for;
convex mixtures retrieve better than rank fusion when one signal is much stronger than the others.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.recall.embedders import Embedder, EmbedderError
from memagent.memory.recall.log_index import LogIndex
from memagent.memory.recall.sketch import Rows, Vectors, among, distinct
from memagent.memory.store.interface import Words
from memagent.memory.store.tables import Tables
from memagent.memory.store.text_search import conditions
from memagent.types import MemoryItem, Query, Recall, Vector3

_STOP_WORDS = """
a about all am an and any are as at be been by could did do does for from had has have i in into is
it its me my of on or so that the then there these this to was we were what when where which who why
will with you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
_PREPARED = 64
"""Query vectors that are kept."""

Scores = NDArray[np.float64]


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
    scored: Annotated[int, Field(ge=1)] = 4_000
    """The most items that words may match before the commonest words are left out."""
    vectors: Annotated[float, Field(ge=0, le=1)] = 0.4
    """Share of vectors in meaning, where there is an embedder; words have the rest."""
    least_cosine: Annotated[float, Field(ge=-1, le=1)] = 0.2
    """Similarity below which a vector says nothing."""
    neighbours: tuple[Annotated[float, Field(ge=0)], ...] = (0.4, 0.3)
    """What the better of the two items one place (two, ...) away in the log adds to a match."""
    stretch: Annotated[float, Field(ge=0)] = 0.3
    """What the other matches of the same stretch of time add."""
    neighbour_gap: Annotated[float, Field(gt=0)] = 60.0
    """Seconds: items further apart are no neighbours."""
    stretch_gap: Annotated[float, Field(gt=0)] = 1800.0
    """Seconds without any item that end a stretch."""


@dataclass(frozen=True, slots=True)
class Strength:
    """How well the best match has a question's meaning, to compare answers of several memories."""

    words: float = 0.0
    """Its BM25, turned to where more is better; 0 if none has any word, or without text."""
    vector: float = 0.0
    """Its cosine; 0 if that tells nothing."""


class Recaller:
    """Answers queries over the log. Not thread-safe."""

    def __init__(
        self,
        tables: Tables,
        config: RecallConfig,
        index: LogIndex | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._tables = tables
        self._config = config
        self._index = index or LogIndex(tables.store)
        self._embedder = embedder
        self._vectors: dict[str, Vectors] = {}
        """Of texts asked for lately."""
        self._common: set[str] = set()
        """Words that match more items than are scored."""

    def prepare(self, text: str) -> None:
        """Embed a text that will be asked for; the only part of recall that may be slow."""
        if self._embedder is None or not text.strip() or text in self._vectors:
            return
        if not self._index.has_vectors:
            return
        with suppress(EmbedderError):  # Words still answer; who embeds the log says what is wrong.
            self._vectors[text] = self._embedder.embed([text])[0]
            while len(self._vectors) > _PREPARED:
                self._vectors.pop(next(iter(self._vectors)), None)

    def recall(self, query: Query, now: float, *, context: bool = True) -> Recall:
        """Items for a query, best first; equal ones newest first.

        Args:
            query: text and filters. Without text, all that pass the filters match.
            now: seconds on the robot's clock, for recency.
            context: whether what happened around a match counts.
        """
        return self.ranked(query, now, context=context)[0]

    def ranked(self, query: Query, now: float, *, context: bool = True) -> tuple[Recall, Strength]:
        """As :meth:`recall`, and how well the best match has the meaning."""
        self._index.tail()
        passing = self._index.passing(query)
        meanings: Scores | None = None
        best = Strength()
        if not query.text.strip():
            rows = self._index.newest(self._config.candidates, passing)
        else:
            rows, meanings, best = self._matches(query, passing)
            if context and len(rows):
                rows, meanings = self._in_context(rows, meanings, passing)
        if not len(rows):
            return Recall(), best
        if meanings is not None and len(rows) > self._config.candidates:
            first = np.argsort(-meanings, kind="stable")[: self._config.candidates]
            rows, meanings = rows[first], meanings[first]
        rough = self._scores(rows, meanings, query, now)
        order = np.lexsort((-rows, -self._index.stamps(rows), -rough))[: 3 * query.limit]
        scored: list[tuple[float, MemoryItem]] = []
        for start in range(0, len(order), query.limit):
            some = order[start : start + query.limit]
            if len(scored) >= query.limit and rough[some[0]] < scored[query.limit - 1][0]:
                break  # What an item turns out to be never raises its score.
            scored += [
                (float(score) * self._validity(item), item)
                for score, item in zip(rough[some], self._read(rows[some]), strict=True)
                if item is not None  # Another process may have forgotten it meanwhile.
                if query.near is None or _distance(item, query.near) <= query.radius
            ]
            scored.sort(key=lambda pair: (-pair[0], -pair[1].stamp, -_number(pair[1].id)))
        top = scored[: query.limit]
        return Recall(tuple(item for _, item in top), tuple(score for score, _ in top)), best

    def near(self, position: Vector3, radius: float, limit: int) -> tuple[MemoryItem, ...]:
        """Items within ``radius`` metres, nearest first."""
        where, parameters = conditions(Query(near=position, radius=radius))
        found = self._tables.items(f"WHERE {where}", parameters)
        inside = [item for item in found if _distance(item, position) <= radius]
        inside.sort(key=lambda item: (_distance(item, position), -item.stamp))
        return tuple(inside[:limit])

    def timeline(
        self, since: float | None, until: float | None, limit: int
    ) -> tuple[MemoryItem, ...]:
        """The newest ``limit`` items of an interval, oldest first."""
        where, parameters = conditions(Query(since=since, until=until))
        newest = f"{where and 'WHERE ' + where} ORDER BY item.stamp DESC, item.seq DESC LIMIT ?"
        return tuple(reversed(self._tables.items(newest, (*parameters, limit))))

    # --- what matches -------------------------------------------------------------------------

    def _matches(self, query: Query, passing: Rows | None) -> tuple[Rows, Scores, Strength]:
        """Rows that match a text by words or by vector, how well, 0 to 1, and the best one."""
        rows, by_words, best = self._by_words(query)
        self.prepare(query.text)
        vector = self._vectors.get(query.text)
        if vector is None:
            return rows, by_words, Strength(best)
        alike, cosines = self._index.similar(vector, self._config.candidates, passing)
        telling = cosines >= self._config.least_cosine
        if not telling.any():
            return rows, by_words, Strength(best)
        alike, cosines = alike[telling], cosines[telling]
        floor = min(float(cosines[-1]), self._config.least_cosine)
        by_vector = (cosines - floor) / max(float(cosines[0]) - floor, 1e-9)
        share = self._config.vectors
        both = distinct(np.concatenate([rows, alike]))
        scores = np.zeros(len(both))
        scores[np.searchsorted(both, rows)] += (1.0 - share) * by_words
        scores[np.searchsorted(both, alike)] += share * by_vector
        return both, scores, Strength(best, float(cosines[0]))

    def _found(self, query: Query) -> list[tuple[int, float]]:
        """Items by their words, or else by how these begin, with their BM25."""
        words = list(dict.fromkeys(content_words(query.text)))
        found = self._search(self._match(words), query)
        return found or self._search((tuple(f"{w[: max(3, len(w) - 2)]}*" for w in words),), query)

    def _by_words(self, query: Query) -> tuple[Rows, Scores, float]:
        found = self._found(query)
        if not found:
            return np.zeros(0, np.int64), np.zeros(0), 0.0
        rows = self._index.rows([seq for seq, _ in found])
        ranks = np.array([rank for _, rank in found])  # BM25 as SQLite has it: small is good.
        scores = ranks / ranks.min() if ranks.min() < 0.0 else np.ones(len(ranks))
        order = np.argsort(rows)
        return rows[order], scores[order], -float(ranks.min())

    def _match(self, words: list[str]) -> Words:
        """Any of the words; in a large memory without those that nearly everything has.

        They say little, and scoring all that they match takes long.
        """
        most = self._config.scored
        if self._index.size <= most:
            return (words,)
        count = self._tables.store.count_text
        matches = {w: most + 1 if w in self._common else count(((w,),), most + 1) for w in words}
        self._common |= {w for w, n in matches.items() if n > most}  # Not to be counted again.
        rare: list[str] = []
        total = 0
        for word in sorted((w for w in words if matches[w]), key=lambda w: matches[w]):
            total += matches[word]
            if rare and total > most:
                break
            rare.append(word)
        if len(rare) == 1 and matches[rare[0]] > most:
            # Common words all of them: what has them together.
            common = [(w,) for w in words if matches[w]]
            if count(common, 1):
                return common
        return (rare,)

    def _search(self, words: Words, query: Query) -> list[tuple[int, float]]:
        if not all(words):
            return []
        return self._tables.store.search_text(words, query, self._config.candidates)

    # --- what belongs to it -------------------------------------------------------------------

    def _in_context(
        self, rows: Rows, meanings: Scores, passing: Rows | None
    ) -> tuple[Rows, Scores]:
        """Matches and what happened right beside them, each strengthened by those around it."""
        c, index = self._config, self._index
        places = np.arange(1, len(c.neighbours) + 1)
        offsets = np.concatenate([places, -places])
        beside = index.neighbours(rows[:, None], offsets, c.neighbour_gap)
        match, offset = np.nonzero(beside >= 0)
        beside = beside[match, offset]
        everything = distinct(np.concatenate([rows, beside]))
        own = np.zeros(len(everything))
        own[np.searchsorted(everything, rows)] = meanings
        better = np.zeros((len(places), len(everything)))
        where = (np.abs(offsets[offset]) - 1, np.searchsorted(everything, beside))
        np.maximum.at(better, where, meanings[match])
        scores = own + np.array(c.neighbours) @ better
        if passing is not None:
            inside = among(everything, passing)
            everything, own, scores = everything[inside], own[inside], scores[inside]
        if not len(everything):
            return everything, scores
        stretches = index.stretches(everything, c.stretch_gap)
        of = np.cumsum(np.diff(stretches, prepend=stretches[:1]) > 0)
        strength = np.bincount(of, own**2)
        scores += c.stretch * strength[of] / max(float(strength.max()), 1e-9)
        return everything, scores / (1.0 + sum(c.neighbours) + c.stretch)

    # --- how good it is -----------------------------------------------------------------------

    def _scores(self, rows: Rows, meanings: Scores | None, query: Query, now: float) -> Scores:
        c = self._config
        ages = np.maximum(0.0, now - self._index.stamps(rows))
        scores, weight = c.recency * np.exp(-ages / c.recency_tau), c.recency
        if meanings is not None:
            scores, weight = scores + c.meaning * meanings, weight + c.meaning
        if query.near is not None:
            away = self._index.distances(rows, query.near) / max(query.radius, 1e-9)
            scores, weight = scores + c.nearness * (1.0 - away), weight + c.nearness
        return np.asarray(scores / weight)

    def _validity(self, item: MemoryItem) -> float:
        ended = item.kind in ("relation", "lesson") and item.valid_to is not None
        return self._config.over if ended else 1.0

    def _read(self, rows: Rows) -> list[MemoryItem | None]:
        seqs = self._index.seqs(rows).tolist()
        found = self._tables.items_of(seqs)
        return [found.get(seq) for seq in seqs]


def content_words(text: str) -> list[str]:
    """The words of a text that carry meaning, or all of them if none seems to."""
    words = re.findall(r"\w+", text.lower())
    return [w for w in words if w not in STOP_WORDS] or words


def _distance(item: MemoryItem, position: Vector3) -> float:
    return math.inf if item.position is None else math.dist(item.position, position)


def _number(item_id: str) -> int:
    return int(item_id.removeprefix("item-"))
