# SPDX-License-Identifier: Apache-2.0
"""One way to ask of several memories: ours, what it is measured against, and a peer if installed.

An answer is a place's name, ``UNKNOWN``, or None where a memory has no means to tell.
"""

from __future__ import annotations

import bisect
import importlib
import importlib.util
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from memagent.memory import LifelongMemory
from memagent.types import Fact, Percept

UNKNOWN = ""
CONFIDENT = 0.7
"""An answer counts as confident from this probability on. Chosen on another seed's 60 days, where
abstention's F1 is flat from 0.7 to 0.8; at 0.5, guesses by elimination pass for knowledge."""
ALIKE = 0.8
"""Sentences count as matches from this share of the best score on."""
RELEVANT = 0.3
"""Below this best score, nothing that was said answers the question."""


class Answers(Protocol):
    """What the benchmark asks of a memory."""

    def observe(self, percepts: Sequence[Percept]) -> None:
        """Take in one look."""
        ...

    def where(self, thing: str) -> str: ...

    def where_at(self, thing: str, stamp: float) -> str | None: ...

    def first_at(self, thing: str, place: str) -> float | None:
        """When it was first seen there; infinity if never, None if the memory cannot tell."""
        ...

    def time_at(self, thing: str, place: str, now: float) -> float | None:
        """Seconds spent there so far."""
        ...

    def usual(self, thing: str, since: float, now: float) -> str | None:
        """Where it mostly was."""
        ...


class Ours:
    """The lifelong memory, by its public methods."""

    def __init__(self, memory: LifelongMemory) -> None:
        self._memory = memory

    def observe(self, percepts: Sequence[Percept]) -> None:
        for percept in percepts:
            self._memory.observe(percept)

    def belief(self, thing: str) -> tuple[str, float]:
        """The most probable place and its probability."""
        candidates = self._memory.where(thing).candidates
        return (candidates[0].place, candidates[0].probability) if candidates else (UNKNOWN, 0.0)

    def has_fact(self, thing: str) -> bool:
        """Whether memory holds a fact of where it is, rather than a guess."""
        return any(_places(fact) for fact in self._memory.facts(thing))

    def where(self, thing: str) -> str:
        place, probability = self.belief(thing)
        return place if probability >= CONFIDENT else UNKNOWN

    def where_at(self, thing: str, stamp: float) -> str | None:
        facts = [fact for fact in self._memory.facts(thing, as_of=stamp) if _places(fact)]
        return facts[-1].relation.object if facts else UNKNOWN

    def first_at(self, thing: str, place: str) -> float | None:
        return min((fact.valid_from for fact in self._stays(thing, place)), default=math.inf)

    def first_seen(self, things: Sequence[str]) -> tuple[str, ...]:
        """The things in the order in which memory first saw them."""
        items = self._memory.order(*(f"first saw {thing}" for thing in things))
        return tuple(str(item.data.get("object", "")) for item in items)

    def time_at(self, thing: str, place: str, now: float) -> float | None:
        return sum(
            (now if fact.valid_to is None else fact.valid_to) - fact.valid_from
            for fact in self._stays(thing, place)
        )

    def usual(self, thing: str, since: float, now: float) -> str | None:
        spent: defaultdict[str, float] = defaultdict(float)
        for fact in filter(_places, self._memory.history(thing)):
            end = now if fact.valid_to is None else fact.valid_to
            spent[fact.relation.object] += max(0.0, end - max(since, fact.valid_from))
        return max(spent, key=lambda place: spent[place], default=UNKNOWN)

    def _stays(self, thing: str, place: str) -> list[Fact]:
        stays = filter(_places, self._memory.history(thing))
        return [fact for fact in stays if fact.relation.object == place]


def _places(fact: Fact) -> bool:
    return fact.relation.predicate in ("on", "in", "at")


class LastWrite:
    """A dictionary: what was said last of a thing, and of the past nothing else."""

    def __init__(self) -> None:
        self._place: dict[str, str] = {}

    def observe(self, percepts: Sequence[Percept]) -> None:
        for percept in percepts:
            self._place |= {relation.subject: relation.object for relation in percept.relations}

    def where(self, thing: str) -> str:
        return self._place.get(thing, UNKNOWN)

    def where_at(self, thing: str, stamp: float) -> str | None:
        return self.where(thing)

    def first_at(self, thing: str, place: str) -> float | None:
        return None

    def time_at(self, thing: str, place: str, now: float) -> float | None:
        return None

    def usual(self, thing: str, since: float, now: float) -> str | None:
        return self.where(thing)


class Vectors:
    """A vector store alone: every sighting a sentence with a time; the newest of the best matches.

    TF-IDF over words, cosine, exact. Equal sentences share one vector and keep all their times.
    """

    def __init__(self) -> None:
        self._times: dict[str, list[float]] = {}
        self._rows: NDArray[np.float64] = np.zeros((0, 0))
        self._vocabulary: dict[str, int] = {}
        self._idf: NDArray[np.float64] = np.zeros(0)

    def observe(self, percepts: Sequence[Percept]) -> None:
        for percept in percepts:
            for relation in percept.relations:
                said = f"{relation.subject} {relation.predicate} {relation.object}"
                self._times.setdefault(said, []).append(percept.stamp)

    def where(self, thing: str) -> str:
        return self._newest(thing, math.inf)

    def where_at(self, thing: str, stamp: float) -> str | None:
        return self._newest(thing, stamp)

    def first_at(self, thing: str, place: str) -> float | None:
        words = set(f"{thing} {place}".split())
        told = [said for said in self._matches(f"{thing} {place}") if words <= set(said.split())]
        return self._times[told[0]][0] if told else math.inf

    def time_at(self, thing: str, place: str, now: float) -> float | None:
        return None

    def usual(self, thing: str, since: float, now: float) -> str | None:
        seen: Counter[str] = Counter()
        for said in self._matches(thing):
            times = self._times[said]
            seen[_place_in(said)] += len(times) - bisect.bisect_left(times, since)
        return max(seen, key=lambda place: seen[place], default=UNKNOWN)

    def _newest(self, thing: str, until: float) -> str:
        newest, place = -math.inf, UNKNOWN
        for said in self._matches(thing):
            times = self._times[said]
            index = bisect.bisect_right(times, until) - 1
            if index >= 0 and times[index] > newest:
                newest, place = times[index], _place_in(said)
        return place

    def _matches(self, query: str) -> list[str]:
        """Sentences nearly as similar to the query as the best one, best first."""
        if len(self._rows) != len(self._times):
            self._index()
        vector = self._embed(query)
        if not vector.any():
            return []
        scores = self._rows @ vector
        order = np.argsort(-scores, kind="stable")
        said = list(self._times)
        least = max(RELEVANT, ALIKE * scores[order[0]])
        return [said[i] for i in order if scores[i] >= least]

    def _index(self) -> None:
        words = sorted({word for said in self._times for word in said.split()})
        self._vocabulary = {word: i for i, word in enumerate(words)}
        spread = Counter(word for said in self._times for word in set(said.split()))
        self._idf = np.array([math.log(1 + len(self._times) / spread[word]) for word in words])
        self._rows = np.stack([self._embed(said) for said in self._times])

    def _embed(self, text: str) -> NDArray[np.float64]:
        """Unknown words count in the length: a query for a stranger matches nothing well."""
        vector, unknown = np.zeros(len(self._vocabulary)), 0.0
        for word in text.split():
            if word in self._vocabulary:
                vector[self._vocabulary[word]] += self._idf[self._vocabulary[word]]
            else:
                unknown += math.log(1 + len(self._times)) ** 2
        norm = math.sqrt(float(vector @ vector) + unknown)
        return vector / norm if norm else vector


def _place_in(said: str) -> str:
    """The place in "red mug on kitchen counter"."""
    return said.split(maxsplit=3)[3]


class Peer:
    """The package ``emem``: its semantic search, and the newest of what it finds for a thing.

    It is given each thing once per look (its index holds a hundred thousand vectors), and words
    hashed into vectors, as it brings no embedder. What it finds for other things is left out.
    """

    WIDTH = 384
    FOUND = 50

    def __init__(self, folder: Path) -> None:
        emem = importlib.import_module("emem")
        embedding = importlib.import_module("emem.embeddings")
        self._now = 0.0
        self._memory: Any = emem.SpatioTemporalMemory(
            str(folder / "peer.db"),
            embedding_provider=embedding.CallableEmbeddingProvider(self._embed, self.WIDTH),
            get_current_time=lambda: self._now,
        )

    @staticmethod
    def is_installed() -> bool:
        return importlib.util.find_spec("emem") is not None

    def observe(self, percepts: Sequence[Percept]) -> None:
        self._now = percepts[-1].stamp
        said = {r.subject: r for percept in percepts for r in percept.relations}
        spots = {o.label: o.position for percept in percepts for o in percept.objects}
        for label, relation in said.items():
            text = f"{label} {relation.predicate} {relation.object}"
            self._memory.add(text, *spots[label], timestamp=self._now)

    def where(self, thing: str) -> str:
        return self._newest(thing, self._now)

    def where_at(self, thing: str, stamp: float) -> str | None:
        return self._newest(thing, stamp)

    def first_at(self, thing: str, place: str) -> float | None:
        stamps = [o.timestamp for o in self._found(f"{thing} {place}", self._now)
                  if o.text.startswith(thing + " ") and o.text.endswith(" " + place)]  # fmt: skip
        return min(stamps, default=math.inf)

    def time_at(self, thing: str, place: str, now: float) -> float | None:
        return None

    def usual(self, thing: str, since: float, now: float) -> str | None:
        return None

    def close(self) -> None:
        self._memory.close()

    def _newest(self, thing: str, until: float) -> str:
        own = [o for o in self._found(thing, until) if o.text.startswith(thing + " ")]
        return _place_in(max(own, key=lambda o: o.timestamp).text) if own else UNKNOWN

    def _found(self, query: str, until: float) -> list[Any]:
        self._memory._ensure_flushed()
        found = self._memory.store.semantic_search(
            query=query, n_results=self.FOUND, time_range=(0.0, until)
        )
        return [o for o in found if hasattr(o, "timestamp")]

    def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        rows = np.zeros((len(texts), self.WIDTH))
        for row, text in zip(rows, [texts] if isinstance(texts, str) else texts, strict=True):
            for word in text.split():
                row += _direction(word, self.WIDTH)
            row /= np.linalg.norm(row) or 1.0
        return [[float(value) for value in row] for row in rows]


@cache
def _direction(word: str, width: int) -> NDArray[np.float64]:
    """A word's vector: the same for the same word, nearly orthogonal to any other's."""
    seed = int.from_bytes(word.encode()[:16].ljust(16, b"\0"), "big")
    return np.random.default_rng(seed).standard_normal(width)
