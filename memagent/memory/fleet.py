# SPDX-License-Identifier: Apache-2.0
"""What several robots remember: one question to all their namespaces on a PostgreSQL server.

    with Fleet("postgresql://reader@replica/robots") as fleet:
        for found in fleet.recall(Query(text="where is the red mug")):
            print(found.robot, found.item.text)

Each namespace is recalled from by itself, with one index of words for all: what is rare in the
fleet counts as rare, whoever remembers it. The answers are merged by score; a robot's matches count
less where its best one has the meaning less well, by words and by vector, than another robot's best
one. Times are compared as they stand, so the robots' clocks have to agree.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from memagent.errors import StoreError
from memagent.memory.recall.embedders import Embedder
from memagent.memory.recall.log_index import LogIndex
from memagent.memory.recall.recaller import RecallConfig, Recaller, Strength
from memagent.memory.store.config import StoreConfig
from memagent.memory.store.opening import is_server
from memagent.memory.store.tables import Tables
from memagent.types import MemoryItem, Query

if TYPE_CHECKING:
    from memagent.memory.store.postgres import PostgresStore

SHARED = "shared"
"""The namespace of what concerns all robots; whoever opens it as its writer tells them."""


class FleetConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    store: StoreConfig = StoreConfig()
    """Time-outs; the fleet only reads."""
    recall: RecallConfig = RecallConfig()


@dataclass(frozen=True, slots=True)
class FleetItem:
    """Something that a robot remembers."""

    robot: str
    """Its namespace."""
    item: MemoryItem
    score: float


class Fleet:
    """Reads the memories of several robots; safe from any thread."""

    def __init__(
        self, dsn: str, config: FleetConfig | None = None, embedder: Embedder | None = None
    ) -> None:
        """Connect to the server, or to a replica of it.

        Args:
            dsn: the server's address.
            config: constants of recall, and time-outs.
            embedder: the robots' own; what was remembered without it is found by its words.

        Raises:
            DependencyError: psycopg is not installed.
            StoreError: it is no address of a server, or cannot be reached.
        """
        if not is_server(dsn):
            raise StoreError(
                f"{dsn}: a fleet's memories are on a server: postgresql://host/database"
            )
        from memagent.memory.store import postgres  # Needs psycopg.

        self._postgres = postgres
        self._dsn = dsn
        self._config = config or FleetConfig()
        self._embedder = embedder
        self._store_config = self._config.store.model_copy(update={"read_only": True})
        self._lock = threading.Lock()
        self._readers: dict[str, _Reader] = {}
        self._tables = postgres.new_tables()
        self._directory = postgres.Directory(dsn, self._store_config)

    def robots(self) -> tuple[str, ...]:
        """The namespaces there are, in order."""
        with self._lock:
            return self._directory.names()

    def recall(
        self, query: Query, robots: Sequence[str] | None = None, *, shared: bool = True
    ) -> tuple[FleetItem, ...]:
        """What the robots remember of a query, best first, at most ``query.limit`` items.

        Args:
            query: as for :meth:`memagent.memory.LifelongMemory.recall`.
            robots: their namespaces; None for all there are now.
            shared: whether what is shared counts as well.

        Raises:
            StoreError: there is no such robot, or the server does not answer.
        """
        with self._lock:
            there = self._directory.names()
            unknown = sorted(set(robots or ()) - set(there))
            if unknown:
                name = self._directory.name
                raise StoreError(f"{name}: no memory is called {unknown}; there are {there}")
            asked = [n for n in there if robots is None or n in robots or n == SHARED]
            readers = [self._reader(n) for n in asked if shared or n != SHARED]
            now = max((reader.follow() for reader in readers), default=0.0)
            found = [reader.recall(query, now) for reader in readers]
        shares = self._shares([strength for _, strength in found])
        merged = [
            replace(item, score=item.score * share)
            for (items, _), share in zip(found, shares, strict=True)
            for item in items
        ]
        merged.sort(key=lambda f: (-f.score, -f.item.stamp, f.robot))
        return tuple(merged[: query.limit])

    def close(self) -> None:
        """Disconnect; a second call does nothing."""
        with self._lock:
            for reader in self._readers.values():
                reader.store.close()
            self._readers.clear()
            self._directory.close()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _shares(self, strengths: Sequence[Strength]) -> list[float]:
        """How well each answer has the meaning, as a share of the best; 1 where there is none."""
        words = max((s.words for s in strengths), default=0.0)
        vector = max((s.vector for s in strengths), default=0.0)
        of_vector = self._config.recall.vectors if words and vector else float(vector > 0.0)
        if not words and not vector:
            return [1.0] * len(strengths)
        return [
            (1.0 - of_vector) * s.words / (words or 1.0) + of_vector * s.vector / (vector or 1.0)
            for s in strengths
        ]

    def _reader(self, robot: str) -> _Reader:
        if robot not in self._readers:
            config = self._store_config.model_copy(update={"namespace": robot})
            words = self._postgres.Words(self._tables, len(self._readers))
            store = self._postgres.PostgresStore(self._dsn, config, words)
            self._readers[robot] = _Reader(robot, store, self._config.recall, self._embedder)
        return self._readers[robot]


class _Reader:
    """One robot's memory, as far as recall goes."""

    def __init__(
        self, robot: str, store: PostgresStore, config: RecallConfig, embedder: Embedder | None
    ) -> None:
        self._robot = robot
        self.store = store
        known = (embedder.id, embedder.dimension) if embedder else ("", 0)
        self._index = LogIndex(store, *known)
        self._recaller = Recaller(Tables(store), config, self._index, embedder)

    def follow(self) -> float:
        """Take in what is new; when it last remembered anything, seconds.

        All robots do before any is asked: until then nobody knows how rare a word is.
        """
        self.store.follow()
        self._index.tail()
        self._index.follow_vectors()
        return self._index.latest

    def recall(self, query: Query, now: float) -> tuple[list[FleetItem], Strength]:
        """Its items, and how well the best of them has the meaning."""
        found, strength = self._recaller.ranked(query, now)
        pairs = zip(found.items, found.scores, strict=True)
        return [FleetItem(self._robot, item, score) for item, score in pairs], strength
