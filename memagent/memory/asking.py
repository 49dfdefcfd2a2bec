# SPDX-License-Identifier: Apache-2.0
"""What a memory answers, whoever writes it: about now, about the past, and about itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import networkx as nx

from memagent.catalogue import Colour
from memagent.errors import MemagentError
from memagent.memory.config import MemoryConfig
from memagent.memory.corrections.corrections import Corrections
from memagent.memory.corrections.operations import Operation
from memagent.memory.episodic.chronology import Chronology
from memagent.memory.exchange.export import exported
from memagent.memory.knowledge.contradictions import Contradiction
from memagent.memory.knowledge.quarantine import Claim
from memagent.memory.recall.embedders import Embedder
from memagent.memory.recall.log_index import LogIndex
from memagent.memory.retrieval import Retrieval, retrieve
from memagent.memory.state import MemoryState
from memagent.memory.store.interface import Store
from memagent.site import Site
from memagent.types import (
    Episode,
    Event,
    Fact,
    Habit,
    Lesson,
    MemoryItem,
    ObjectBelief,
    Query,
    Recall,
    Vector3,
    WorldBelief,
)

if TYPE_CHECKING:
    from typing_extensions import Self  # In typing from Python 3.11 on.


class Asking:
    """The questions. Each is answered from one consistent state, and safe from any thread."""

    def __init__(
        self,
        store: Store,
        site: Site | None,
        config: MemoryConfig,
        embedder: Embedder | None = None,
        *,
        lessons_studied: bool = False,
    ) -> None:
        self._store = store
        self._site = site
        self._config = config
        self._embedder = embedder
        self._lessons_studied = lessons_studied
        self._lock = threading.RLock()
        self._index = _index(store, embedder)
        self._loaded: MemoryState | None = None
        self._read_in = store.generation
        self._chronology = Chronology(self._state.tables, self._lock, lambda: self._state.now)

    @property
    def name(self) -> str:
        """Where it is kept: the file, or the server and namespace without any password."""
        return self._store.name

    def close(self) -> None:
        """Close the store; a second call does nothing."""
        with self._lock:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # --- asking about now ---------------------------------------------------------------------

    @property
    def latest_stamp(self) -> float | None:
        """Stamp of the newest percept, seconds; None before the first."""
        with self._asking() as state:
            return state.percept_stamp

    def world(self, after: float | None = None) -> WorldBelief:
        """What is believed now.

        Raises:
            MemagentError: ``after`` is given and no percept at least as new was observed.
        """
        with self._asking() as state:
            newest = state.percept_stamp
            if after is not None and (newest is None or newest < after):
                seen = "none yet" if newest is None else f"the newest is from {newest:.3f} s"
                raise MemagentError(f"no percept as new as {after:.3f} s was observed ({seen})")
            held = state.graph.held
            return WorldBelief(
                stamp=state.now,
                base=state.base,
                holding=held.thing if held else "",
                objects=tuple(_belief(state, e.name) for e in state.entities.all()),
                containers=state.places.beliefs(state.now),
                viewed=state.places.viewed(self._config.perceiving.viewed),
            )

    def where(self, name: str) -> ObjectBelief:
        """Candidates for where an object is, most probable first, also for one never seen.

        Args:
            name: an object's name, label, category, or the last words of its label.
        """
        with self._asking() as state:
            found = [_belief(state, e.name) for e in state.entities.matching(name)]
            if found:
                return max(found, key=_certainty)
            words = name.lower().split()
            colour = words[0] if len(words) > 1 and words[0] in get_args(Colour) else ""
            category = " ".join(words[1:] if colour else words)
            return ObjectBelief(name, category, colour, state.believe(name))

    def facts(self, subject: str | None = None, as_of: float | None = None) -> tuple[Fact, ...]:
        """Facts that hold now, or held at ``as_of`` (seconds), about one subject or all."""
        with self._asking() as state:
            graph, tables = state.graph, state.tables
            records = graph.open_facts() if as_of is None else tables.facts_at(as_of)
            return tuple(
                record.public() for record in sorted(records, key=lambda r: r.seq)
                if subject in (None, record.relation.subject, record.thing)
            )  # fmt: skip

    def history(self, thing: str) -> tuple[Fact, ...]:
        """What was ever believed of ``thing``, newest first: where it is, and where it was."""
        with self._asking() as state:
            return tuple(record.public() for record in state.tables.facts_about(thing))

    def graph(
        self,
        as_of: float | None = None,
        around: str | tuple[str, ...] | None = None,
        hops: int = 2,
        budget: int = 64,
        edges: int = 256,
    ) -> nx.MultiDiGraph:
        """The knowledge graph as a copy: now or at ``as_of``, whole or around some vertices.

        Vertices carry ``kind`` (robot, room, place, object); edges ``predicate``, ``valid_from``,
        ``valid_to``, ``learned``, ``confidence``, ``evidence`` (agreeing observations),
        ``strength`` (both, faded with age), ``position``, ``by_robot`` and ``source``. With
        ``around``, at most ``budget`` vertices and ``edges`` edges come back, however large the
        graph.
        """
        sources = (around,) if isinstance(around, str) else around or ()
        with self._asking() as state:
            return state.graph.graph(as_of, sources, hops, budget, edges)

    def contradictions(
        self, since: float | None = None, limit: int = 50
    ) -> tuple[Contradiction, ...]:
        """Beliefs that turned out wrong, newest first: the old fact, the new one, why and when.

        Args:
            since: a time in seconds; None is ever.
            limit: the most to return.
        """
        with self._asking() as state:
            return state.graph.contradictions.since(since, limit)

    def quarantined(self) -> tuple[Claim, ...]:
        """Unsure sightings that wait for a second witness, oldest first."""
        with self._asking() as state:
            return state.quarantine.all()

    # --- asking about the past ----------------------------------------------------------------

    def recall(self, query: Query) -> Recall:
        """Remembered items for a query by meaning, place and time, best first."""
        self._prepare(query.text)
        with self._asking() as state:
            return state.recaller.recall(query, state.now)

    def retrieve(self, query: Query, hops: int = 2, budget: int = 64) -> Retrieval:
        """What all four kinds of memory have to say, as of one instant.

        Args:
            query: text and filters.
            hops: how far the graph is followed from what the text names, and from this room.
            budget: the most vertices of it.
        """
        self._prepare(query.text)
        with self._asking() as state:
            return retrieve(state, query, hops, budget)

    def near(self, position: Vector3, radius: float, limit: int = 10) -> tuple[MemoryItem, ...]:
        """Items within ``radius`` metres of a position, nearest first."""
        with self._asking() as state:
            return state.recaller.near(position, radius, limit)

    def timeline(
        self, since: float | None = None, until: float | None = None, limit: int = 100
    ) -> tuple[MemoryItem, ...]:
        """The newest items of an interval in seconds, oldest first."""
        with self._asking() as state:
            return state.recaller.timeline(since, until, limit)

    def context(self) -> tuple[str, ...]:
        """What happened so far, oldest first: old times in short, the last steps word for word."""
        with self._asking() as state:
            return tuple(moment.text for moment in state.temporal.moments)

    def lessons(self, skill: str = "", subject: str = "") -> tuple[Lesson, ...]:
        """What outcomes teach of a skill and an object or place, the most specific first."""
        with self._asking() as state:
            entity = next(iter(state.entities.matching(subject)), None) if subject else None
            label = entity.label if entity and entity.name == subject else subject
            category = entity.category if entity else ""
            return state.lessons.about(skill, label, category)

    def task_lessons(self, instruction: str, limit: int = 10) -> tuple[Lesson, ...]:
        """What attempts at this instruction and at ones like it teach, the closest first."""
        with self._asking() as state:
            return state.lessons.about_task(instruction, limit)

    def habits(self, thing: str) -> tuple[Habit, ...]:
        """Where people keep an object, the most frequent place first, with the visits that say so.

        Args:
            thing: as for :meth:`where`; of several objects, the one with the most visits.
        """
        with self._asking() as state:
            found = [state.habits.public(e.name) for e in state.entities.matching(thing)]
            return max(found, key=lambda habits: habits[0].of if habits else 0, default=())

    def episodes(self, limit: int = 20) -> tuple[Episode, ...]:
        """The newest episodes with their outcomes, newest first."""
        with self._asking() as state:
            return state.tables.episodes(limit)

    def similar_episodes(self, instruction: str, limit: int = 5) -> tuple[Episode, ...]:
        """Finished attempts at instructions like this one, the most alike first."""
        self._prepare(instruction)
        with self._asking() as state:
            return state.episodic.similar(instruction, state.now, limit)

    def order(self, *texts: str) -> tuple[MemoryItem, ...]:
        """What each text describes best, in the order in which it happened."""
        self._prepare(*texts)
        with self._asking() as state:
            return state.episodic.order(*texts, now=state.now)

    @property
    def chronology(self) -> Chronology:
        """Answers to what came before what, when, and how long it took."""
        return self._chronology

    def relive(self, text: str, neighbours: int = 1) -> tuple[Event, ...]:
        """The event that a text describes best, with those just before and after it, in order."""
        self._prepare(text)
        with self._asking() as state:
            return state.episodic.relive(text, neighbours, state.now)

    def events(self, episode: str) -> tuple[Event, ...]:
        """What happened in an episode and the ones within it, cut at boundaries, in order.

        Raises:
            MemagentError: it is no episode's id.
        """
        with self._asking() as state:
            return state.episodic.events(episode)

    def operations(self, limit: int = 50) -> tuple[Operation, ...]:
        """What people set right, newest first."""
        with self._asking() as state:
            return Corrections(state).operations(limit)

    # --- the memory as a whole ----------------------------------------------------------------

    def export(self) -> dict[str, Any]:
        """What is known, JSON-able: rooms with places and objects, facts, episodes, lessons.

        It is also complete: another memory takes it in by ``import_``.
        """
        with self._asking() as state:
            return exported(state)

    def snapshot(self, path: Path | str) -> None:
        """Write a consistent copy of the file while the memory is in use.

        Raises:
            StoreError: it cannot be written there.
        """
        with self._lock:
            self._store.snapshot(path)

    def stats(self) -> dict[str, int]:
        """How many rows of each kind there are."""
        with self._asking() as state:
            return state.tables.counts()

    # --- inside -------------------------------------------------------------------------------

    @contextmanager
    def _asking(self) -> Iterator[MemoryState]:
        """The state, which nobody changes meanwhile."""
        with self._lock:
            yield self._state

    def _prepare(self, *texts: str) -> None:
        """Embed what is asked before the lock is taken: a slow embedder holds up nobody else."""
        with self._lock:
            recaller = self._state.recaller
        for text in texts:
            recaller.prepare(text)

    @property
    def _state(self) -> MemoryState:
        """What is known, read from the store where that is due: it may not answer just now."""
        generation = self._store.generation
        if self._loaded is None or generation != self._read_in:
            self._loaded, self._read_in = self._read(), generation
        return self._loaded

    def _read(self) -> MemoryState:
        return MemoryState(
            self._store,
            self._site,
            self._config.state,
            self._index,
            self._embedder,
            lessons_studied=self._lessons_studied,
        )


def _index(store: Store, embedder: Embedder | None) -> LogIndex:
    return LogIndex(store, embedder.id, embedder.dimension) if embedder else LogIndex(store)


def _belief(state: MemoryState, name: str) -> ObjectBelief:
    entity = state.entities.get(name)
    assert entity is not None, name
    return ObjectBelief(name, entity.category, entity.colour, state.believe(name))


def _certainty(belief: ObjectBelief) -> float:
    return belief.candidates[0].probability if belief.candidates else 0.0
