# SPDX-License-Identifier: Apache-2.0
"""The facade: a robot's whole memory behind one object.

    with LifelongMemory("robot.memory", site) as memory:
        memory.observe(percept)
        memory.where("red mug").candidates[0].place

Every call is atomic and durable when it returns, and safe from any thread (one lock). If a write
fails, nothing of that call is kept and the memory goes on from its last durable state.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, get_args

import networkx as nx
from pydantic import BaseModel, ConfigDict

from memagent.catalogue import Colour
from memagent.errors import MemagentError
from memagent.memory.acting import Acting
from memagent.memory.corrections.corrections import Corrections
from memagent.memory.corrections.operations import Operation
from memagent.memory.episodic.chronology import Chronology
from memagent.memory.export import exported
from memagent.memory.knowledge.contradictions import Contradiction
from memagent.memory.knowledge.quarantine import Claim
from memagent.memory.perceiving import Perceiving, PerceivingConfig
from memagent.memory.recall.embedders import Embedder, EmbedderConfig, choose_embedder
from memagent.memory.recall.embedding import Embedding
from memagent.memory.recall.log_index import LogIndex
from memagent.memory.records import ROBOT, MemoryEvent
from memagent.memory.semantic.merging import LessonMerger
from memagent.memory.state import MemoryState, StateConfig
from memagent.memory.store.config import StoreConfig
from memagent.memory.store.interface import Store
from memagent.memory.store.opening import open_store
from memagent.site import Site
from memagent.types import (
    Episode,
    Event,
    Fact,
    Habit,
    Keyframe,
    Lesson,
    MemoryItem,
    MemoryKind,
    ObjectBelief,
    Percept,
    Query,
    Recall,
    SkillOutcome,
    TaskResult,
    Vector3,
    WorldBelief,
)


class MemoryConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    store: StoreConfig = StoreConfig()
    embedder: EmbedderConfig = EmbedderConfig()
    state: StateConfig = StateConfig()
    perceiving: PerceivingConfig = PerceivingConfig()
    persist_every: float = 5.0
    """Seconds: how often "still there" is written while nothing changes."""
    late: float = 2.0
    """Seconds by which a percept may be older than the newest one; it is then left out."""


class LifelongMemory:
    """Temporal, spatial, episodic and semantic memory in one file, or on a server.

    Satisfies :class:`memagent.planner.ports.MemoryPort`. One process writes; others may open the
    same file with ``StoreConfig(read_only=True)`` and see it as it was when they opened it.
    """

    def __init__(
        self,
        path: Path | str,
        site: Site | None = None,
        config: MemoryConfig | None = None,
        embedder: Embedder | None = None,
        merger: LessonMerger | None = None,
    ) -> None:
        """Open the memory, creating it if need be; ":memory:" keeps nothing.

        Args:
            path: the file, or a PostgreSQL server's address: ``postgresql://user@host/database``.
            site: the surveyed map; without one, places are those that percepts mention.
            config: constants of the models and of the store.
            embedder: yours, instead of one that the configuration names.
            merger: decides what new evidence does to lessons; rules by default.

        Raises:
            EmbedderError: the embedder that the configuration names cannot be loaded.
            StoreError: it cannot be opened; see :func:`memagent.memory.store.open_store`.
        """
        self._config = config or MemoryConfig()
        self._site = site
        self._lock = threading.RLock()
        self._embedder = embedder or choose_embedder(self._config.embedder)
        self._embedding: Embedding | None = None
        self._store = open_store(path, self._config.store)
        self._merger = merger
        self._untold: list[MemoryEvent] = []
        self._loaded: MemoryState | None = None
        self._read_in = self._store.generation
        try:
            self._index = _index(self._store, self._embedder)
            if not self._config.store.read_only:  # A file from an older version has no lessons.
                with self._store.transaction():
                    self._state.lessons.learn(tell=False)
                if self._embedder is not None:
                    self._embedding = Embedding(
                        self._embedder, self._store, self._index, self._lock
                    )
        except BaseException:
            self._store.close()
            raise
        self._chronology = Chronology(self._state.tables, self._lock, lambda: self._state.now)

    def close(self) -> None:
        """Write what ran ahead of the file, and close it; a second call does nothing."""
        if self._embedding is not None:
            self._embedding.stop()
        with self._lock:
            try:
                if self._store.is_open and self._loaded and not self._config.store.read_only:
                    with self._store.transaction():
                        self._state.persist()
            finally:
                self._store.close()

    @property
    def name(self) -> str:
        """Where it is kept: the file, or the server and namespace without any password."""
        return self._store.name

    def __enter__(self) -> LifelongMemory:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- writing ------------------------------------------------------------------------------

    def observe(self, percept: Percept) -> tuple[MemoryEvent, ...]:
        """Update all of memory by a percept, in one transaction.

        Returns:
            What changed, including by skills and episodes recorded since the last percept. A
            percept that is a little late changes nothing.

        Raises:
            MemagentError: the percept is malformed, or the robot's clock went back.
            StoreError: it could not be written; nothing of it is kept.
        """
        _validate(percept)
        with self._lock:
            if self._is_late(percept):
                return ()
            with self._writing():
                events = self._perceiving.apply(percept)
                due = self._state.now - self._state.persisted >= self._config.persist_every
                if self._store.dirty or due:
                    self._state.persist()
            events = [*self._untold, *events]
            self._untold = []
            return tuple(events)

    def remember(
        self,
        text: str,
        *,
        stamp: float,
        position: Vector3 | None = None,
        kind: MemoryKind = "note",
        confidence: float = 1.0,
        source: str = "",
    ) -> MemoryItem:
        """Remember something in words, at a time in seconds and maybe a place in ``map``.

        Raises:
            MemagentError: the text is empty, or a number is not finite.
        """
        if not text.strip():
            raise MemagentError("a memory needs some text, got an empty one")
        _finite("stamp", stamp)
        _finite("position", *(position or ()))
        with self._writing():
            return self._state.tables.add_item(
                kind,
                text,
                stamp,
                position=position,
                confidence=confidence,
                source=source,
                episode=self._state.episodic.running,
            )

    def keyframe(self, caption: str, *, stamp: float, path: str = "") -> Keyframe:
        """Keep a reference to an image of what happens at a time in seconds.

        Raises:
            MemagentError: the caption is empty, or the stamp is not finite.
        """
        if not caption.strip():
            raise MemagentError("a keyframe needs a caption, got an empty one")
        _finite("stamp", stamp)
        with self._writing():
            return self._state.episodic.keep(stamp, caption, path)

    def begin_episode(self, instruction: str, parent: str = "") -> str:
        """Start remembering an attempt and return its id.

        Args:
            instruction: what is attempted.
            parent: id of the running episode that it is a part of. Any other one that is still
                running is interrupted.

        Raises:
            MemagentError: ``parent`` is not running.
        """
        with self._writing():
            return self._state.episodic.begin(instruction, self._state.now, parent)

    def record(self, outcome: SkillOutcome) -> None:
        """Remember how a skill went, and what that says of the world.

        Raises:
            MemagentError: the outcome's times are not finite.
        """
        _finite("an outcome's times", outcome.started, outcome.finished)
        with self._writing():
            self._untold += self._acting.apply(outcome)
            self._state.persist()

    def end_episode(self, result: TaskResult, episode: str = "") -> None:
        """Close a running episode, the innermost by default; without one, nothing happens.

        Raises:
            MemagentError: ``episode`` is given and not running.
        """
        with self._writing():
            stamp = self._state.now
            event = self._state.episodic.end(result, stamp, episode)
            if event is not None:
                lessons = self._state.lessons.learn()
                self._untold.append(event)
                self._untold += [MemoryEvent(stamp, "lesson", lesson.text) for lesson in lessons]
                self._state.persist()

    def teach(self, text: str, *, skill: str = "", subject: str = "") -> Lesson:
        """Keep a rule, such as one about safety, that no outcome ever changes or deletes.

        Args:
            text: the rule.
            skill: the skill that it is about; "" for any.
            subject: the object or place that it is about; "" for any.

        Raises:
            MemagentError: the text is empty.
        """
        if not text.strip():
            raise MemagentError("a rule needs some text, got an empty one")
        with self._writing():
            return self._state.lessons.teach(text, skill, subject, self._state.now)

    def pin_lesson(self, lesson_id: str, pinned: bool = True) -> Lesson:
        """Keep a lesson even when outcomes contradict it, or no longer.

        Raises:
            MemagentError: there is no such lesson.
        """
        with self._writing():
            return self._state.lessons.pin(lesson_id, pinned)

    def forget(self, item_id: str) -> bool:
        """Remove an item for good, with the fact it tells; an object's item takes all of it along.

        Returns:
            Whether there was such an item.
        """
        prefix, _, number = item_id.rpartition("-")
        if prefix != "item" or not number.isdigit():
            raise MemagentError(f"{item_id!r} is no item id; they look like 'item-12'")
        with self._writing():
            self._state.persist()
            forgotten = self._state.tables.forget_item(int(number))
        if forgotten:
            with self._lock:
                self._index.drop_forgotten()
                self._loaded = None
        return forgotten

    def wait_for_vectors(self, timeout: float) -> bool:
        """Wait until every item has its vector, at most ``timeout`` seconds; False if not yet.

        True at once without an embedder.
        """
        return self._embedding is None or self._embedding.wait(timeout)

    # --- setting right ------------------------------------------------------------------------

    def merge(self, a: str, b: str) -> Operation:
        """Two names are one object: all that is known of ``b`` belongs to ``a`` from now on.

        Raises:
            MemagentError: there is no such object.
        """
        return self._setting_right(lambda corrections: corrections.merge(a, b))

    def split(
        self, name: str, *, since: float | None = None, places: tuple[str, ...] = ()
    ) -> Operation:
        """One name is two objects: what began ``since`` then, or was at ``places``, is another's.

        Returns:
            The operation; the last of its names is the new object's.

        Raises:
            MemagentError: there is no such object, or nothing would belong to one of the two.
        """
        return self._setting_right(lambda corrections: corrections.split(name, since, places))

    def correct(self, what: str, place: str) -> Operation:
        """A person says where an object is: the wrong fact ends now, and the right one begins.

        Args:
            what: an object, or a fact ("fact-12") about where it is.
            place: a place or room of the site, "floor", or another object.

        Raises:
            MemagentError: there is no such fact or place, or several objects may be meant.
        """
        return self._setting_right(lambda corrections: corrections.correct(what, place))

    def undo(self, operation: str | None = None) -> Operation:
        """Take back a merge, split or correction, by default the newest; what came later stays.

        Raises:
            MemagentError: there is none, or a later one builds on it.
        """
        return self._setting_right(lambda corrections: corrections.undo(operation))

    def operations(self, limit: int = 50) -> tuple[Operation, ...]:
        """What people set right, newest first."""
        with self._lock:
            return Corrections(self._state).operations(limit)

    # --- asking about now ---------------------------------------------------------------------

    @property
    def latest_stamp(self) -> float | None:
        """Stamp of the newest percept, seconds; None before the first."""
        with self._lock:
            return self._state.percept_stamp

    def world(self, after: float | None = None) -> WorldBelief:
        """What is believed now.

        Raises:
            MemagentError: ``after`` is given and no percept at least as new was observed.
        """
        with self._lock:
            state = self._state
            newest = state.percept_stamp
            if after is not None and (newest is None or newest < after):
                seen = "none yet" if newest is None else f"the newest is from {newest:.3f} s"
                raise MemagentError(f"no percept as new as {after:.3f} s was observed ({seen})")
            held = state.graph.held
            return WorldBelief(
                stamp=state.now,
                base=state.base,
                holding=held.thing if held else "",
                objects=tuple(self._belief(e.name) for e in state.entities.all()),
                containers=state.places.beliefs(state.now),
                viewed=state.places.viewed(self._config.perceiving.viewed),
            )

    def where(self, name: str) -> ObjectBelief:
        """Candidates for where an object is, most probable first, also for one never seen.

        Args:
            name: an object's name, label, category, or the last words of its label.
        """
        with self._lock:
            found = [self._belief(e.name) for e in self._state.entities.matching(name)]
            if found:
                return max(found, key=_certainty)
            words = name.lower().split()
            colour = words[0] if len(words) > 1 and words[0] in get_args(Colour) else ""
            category = " ".join(words[1:] if colour else words)
            return ObjectBelief(name, category, colour, self._state.believe(name))

    def facts(self, subject: str | None = None, as_of: float | None = None) -> tuple[Fact, ...]:
        """Facts that hold now, or held at ``as_of`` (seconds), about one subject or all."""
        with self._lock:
            if as_of is None:
                records = self._state.graph.open_facts()
            else:
                records = self._state.tables.facts_at(as_of)
            return tuple(
                record.public() for record in sorted(records, key=lambda r: r.seq)
                if subject in (None, record.relation.subject, record.thing)
            )  # fmt: skip

    def history(self, thing: str) -> tuple[Fact, ...]:
        """What was ever believed of ``thing``, newest first: where it is, and where it was."""
        with self._lock:
            return tuple(record.public() for record in self._state.tables.facts_about(thing))

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
        ``valid_to``, ``confidence``, ``evidence`` (agreeing observations), ``strength`` (both,
        faded with age), ``position`` and ``by_robot``. With ``around``, at most ``budget`` vertices
        and ``edges`` edges come back, however large the graph.
        """
        sources = (around,) if isinstance(around, str) else around or ()
        with self._lock:
            return self._state.graph.graph(as_of, sources, hops, budget, edges)

    def contradictions(
        self, since: float | None = None, limit: int = 50
    ) -> tuple[Contradiction, ...]:
        """Beliefs that turned out wrong, newest first: the old fact, the new one, why and when.

        Args:
            since: a time in seconds; None is ever.
            limit: the most to return.
        """
        with self._lock:
            return self._state.graph.contradictions.since(since, limit)

    def quarantined(self) -> tuple[Claim, ...]:
        """Unsure sightings that wait for a second witness, oldest first."""
        with self._lock:
            return self._state.quarantine.all()

    # --- asking about the past ----------------------------------------------------------------

    def recall(self, query: Query) -> Recall:
        """Remembered items for a query by meaning, place and time, best first."""
        with self._lock:
            return self._state.recaller.recall(query, self._state.now)

    def near(self, position: Vector3, radius: float, limit: int = 10) -> tuple[MemoryItem, ...]:
        """Items within ``radius`` metres of a position, nearest first."""
        with self._lock:
            return self._state.recaller.near(position, radius, limit)

    def timeline(
        self, since: float | None = None, until: float | None = None, limit: int = 100
    ) -> tuple[MemoryItem, ...]:
        """The newest items of an interval in seconds, oldest first."""
        with self._lock:
            return self._state.recaller.timeline(since, until, limit)

    def context(self) -> tuple[str, ...]:
        """What happened so far, oldest first: old times in short, the last steps word for word."""
        with self._lock:
            return tuple(moment.text for moment in self._state.temporal.moments)

    def lessons(self, skill: str = "", subject: str = "") -> tuple[Lesson, ...]:
        """What outcomes teach of a skill and an object or place, the most specific first."""
        with self._lock:
            entity = next(iter(self._state.entities.matching(subject)), None) if subject else None
            label = entity.label if entity and entity.name == subject else subject
            category = entity.category if entity else ""
            return self._state.lessons.about(skill, label, category)

    def task_lessons(self, instruction: str, limit: int = 10) -> tuple[Lesson, ...]:
        """What attempts at this instruction and at ones like it teach, the closest first."""
        with self._lock:
            return self._state.lessons.about_task(instruction, limit)

    def habits(self, thing: str) -> tuple[Habit, ...]:
        """Where people keep an object, the most frequent place first, with the visits that say so.

        Args:
            thing: as for :meth:`where`; of several objects, the one with the most visits.
        """
        with self._lock:
            found = [
                self._state.habits.public(e.name) for e in self._state.entities.matching(thing)
            ]
            return max(found, key=lambda habits: habits[0].of if habits else 0, default=())

    def episodes(self, limit: int = 20) -> tuple[Episode, ...]:
        """The newest episodes with their outcomes, newest first."""
        with self._lock:
            return self._state.tables.episodes(limit)

    def similar_episodes(self, instruction: str, limit: int = 5) -> tuple[Episode, ...]:
        """Finished attempts at instructions like this one, the most alike first."""
        with self._lock:
            return self._state.episodic.similar(instruction, self._state.now, limit)

    def order(self, *texts: str) -> tuple[MemoryItem, ...]:
        """What each text describes best, in the order in which it happened."""
        with self._lock:
            return self._state.episodic.order(*texts, now=self._state.now)

    @property
    def chronology(self) -> Chronology:
        """Answers to what came before what, when, and how long it took."""
        return self._chronology

    def relive(self, text: str, neighbours: int = 1) -> tuple[Event, ...]:
        """The event that a text describes best, with those just before and after it, in order."""
        with self._lock:
            return self._state.episodic.relive(text, neighbours, self._state.now)

    def events(self, episode: str) -> tuple[Event, ...]:
        """What happened in an episode and the ones within it, cut at boundaries, in order.

        Raises:
            MemagentError: it is no episode's id.
        """
        with self._lock:
            return self._state.episodic.events(episode)

    # --- the memory as a whole ----------------------------------------------------------------

    def export(self) -> dict[str, Any]:
        """What is known, JSON-able: rooms with places and objects, facts, episodes, lessons."""
        with self._lock:
            return exported(self._state)

    def snapshot(self, path: Path | str) -> None:
        """Write a consistent copy of the file while the memory is in use.

        Raises:
            StoreError: it cannot be written there.
        """
        with self._lock:
            self._store.snapshot(path)

    def stats(self) -> dict[str, int]:
        """How many rows of each kind there are."""
        with self._lock:
            return self._state.tables.counts()

    # --- inside -------------------------------------------------------------------------------

    @property
    def _state(self) -> MemoryState:
        """What is in memory, read from the store where that is due: it may not answer just now."""
        generation = self._store.generation
        if self._loaded is None or generation != self._read_in:
            state = MemoryState(
                self._store, self._site, self._config.state, self._index, self._embedder,
                self._merger,
            )  # fmt: skip
            self._perceiving = Perceiving(state, self._config.perceiving)
            self._acting = Acting(state, self._perceiving)
            self._loaded, self._read_in = state, generation
        return self._loaded

    def _setting_right(self, change: Callable[[Corrections], Operation]) -> Operation:
        with self._lock:
            with self._writing():
                operation = change(Corrections(self._state))
            self._index.reload()
            self._loaded = None
        return operation

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; if it fails, what is in memory is read again from the store."""
        with self._lock:
            untold, _ = len(self._untold), self._state
            try:
                with self._store.transaction():
                    yield
                if self._embedding is not None:
                    self._embedding.wake()
            except BaseException:
                del self._untold[untold:]
                self._loaded = None
                raise

    def _is_late(self, percept: Percept) -> bool:
        newest = self._state.percept_stamp
        if newest is None or percept.stamp >= newest:
            return False
        if percept.stamp >= newest - self._config.late:
            return True
        raise MemagentError(
            f"percept at {percept.stamp:.3f} s is older than the newest one at {newest:.3f} s: the "
            "robot's clock must not go back; start it after `latest_stamp`"
        )

    def _belief(self, name: str) -> ObjectBelief:
        entity = self._state.entities.get(name)
        assert entity is not None, name
        return ObjectBelief(name, entity.category, entity.colour, self._state.believe(name))


def _index(store: Store, embedder: Embedder | None) -> LogIndex:
    return LogIndex(store, embedder.id, embedder.dimension) if embedder else LogIndex(store)


def _certainty(belief: ObjectBelief) -> float:
    return belief.candidates[0].probability if belief.candidates else 0.0


def _validate(percept: Percept) -> None:
    """Refuse what would poison memory."""
    _finite("a percept's stamp", percept.stamp)
    _finite("a percept's base", percept.base.x, percept.base.y, percept.base.yaw)
    for seen in percept.objects:
        _finite(f"the position of {seen.label!r}", *seen.position, seen.confidence)
        if not seen.label or seen.label == ROBOT:
            raise MemagentError(f"an observed object needs a label other than {seen.label!r}")


def _finite(what: str, *values: float) -> None:
    if not all(math.isfinite(value) for value in values):
        raise MemagentError(f"{what} must be finite, got {values}")
