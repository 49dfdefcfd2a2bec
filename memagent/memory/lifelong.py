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
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from memagent.errors import MemagentError, StoreError
from memagent.memory.acting import Acting
from memagent.memory.asking import Asking
from memagent.memory.background import Background
from memagent.memory.config import MemoryConfig
from memagent.memory.corrections.corrections import Corrections
from memagent.memory.corrections.operations import Operation
from memagent.memory.exchange.checking import checked
from memagent.memory.exchange.importing import Importing, read_json
from memagent.memory.forgetting.erasure import erase
from memagent.memory.forgetting.forgetting import Footprint, Forgetting, number_of
from memagent.memory.perceiving import Perceiving
from memagent.memory.recall.embedders import Embedder, choose_embedder
from memagent.memory.recall.embedding import GATHER_S, Embedding
from memagent.memory.records import ROBOT, MemoryEvent, Note
from memagent.memory.retelling import Retelling, Summarizer
from memagent.memory.retrieval import Retrieval
from memagent.memory.semantic.merging import LessonMerger
from memagent.memory.semantic.study import Study
from memagent.memory.state import MemoryState
from memagent.memory.store.opening import open_store
from memagent.site import Site
from memagent.types import (
    Keyframe,
    Lesson,
    MemoryItem,
    MemoryKind,
    Percept,
    Query,
    Recall,
    SkillOutcome,
    TaskResult,
    Vector3,
)


class LifelongMemory(Asking):
    """Temporal, spatial, episodic and semantic memory in one file, of which this is the writer.

    Satisfies :class:`memagent.planner.ports.MemoryPort`. Other processes read the same file beside
    it with :class:`memagent.memory.reader.MemoryReader`.
    """

    def __init__(
        self,
        path: Path | str,
        site: Site | None = None,
        config: MemoryConfig | None = None,
        embedder: Embedder | None = None,
        merger: LessonMerger | None = None,
        summarizer: Summarizer | None = None,
    ) -> None:
        """Open the memory, creating it if need be; ":memory:" keeps nothing.

        Args:
            path: the file, or a PostgreSQL server's address: ``postgresql://user@host/database``.
            site: the surveyed map; without one, places are those that percepts mention.
            config: constants of the models and of the store.
            embedder: yours, instead of one that the configuration names.
            merger: decides what new evidence does to lessons; rules by default.
            summarizer: tells old steps in short; rules by default.

        Raises:
            EmbedderError: the embedder that the configuration names cannot be loaded.
            StoreError: it cannot be opened; see :func:`memagent.memory.store.open_store`.
        """
        config = config or MemoryConfig()
        if config.store.read_only:
            raise StoreError(f"{path}: cannot be written read-only; ask it with a MemoryReader")
        embedder = embedder or choose_embedder(config.embedder)
        self._untold: list[MemoryEvent] = []
        self._background: list[Background] = []
        self._within = False
        store = open_store(path, config.store)
        try:
            studied = merger is not None
            super().__init__(store, site, config, embedder, lessons_studied=studied)
            with store.transaction():
                if self._state.tables.meta("id") is None:
                    self._state.tables.put_meta("id", uuid.uuid4().hex)
                self._state.lessons.learn(tell=False)  # A file from an older version has none.
        except BaseException:
            store.close()
            raise
        if merger is not None:
            study = Study(merger, self._asking, self._writing, self._untold.extend)
            self._background.append(Background("lessons", study.step))
        if summarizer is not None:
            retelling = Retelling(
                summarizer, self._asking, self._writing, lambda gone: self._forgetting.drop(gone)
            )
            self._background.append(Background("summaries", retelling.step))
        if embedder is not None:
            embedding = Embedding(embedder, store, self._index, self._lock)
            self._background.append(Background("embedding", embedding.step, GATHER_S))

    def close(self) -> None:
        """Write what ran ahead of the file, and close it; a second call does nothing."""
        for work in self._background:
            work.stop()
        with self._lock:
            try:
                if self._store.is_open and self._loaded is not None:
                    with self._store.transaction():
                        self._loaded.persist()
                        self._forgetting.enforce(self._loaded.now)
            finally:
                super().close()

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
            self._untold.clear()
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
        note = Note(text, stamp, position, kind, confidence, source)
        return self.remember_many((note,))[0]

    def remember_many(self, notes: Iterable[Note]) -> tuple[MemoryItem, ...]:
        """Remember all of some notes or none, in one transaction: one sync of the disk for all.

        Raises:
            MemagentError: a text is empty, or a number is not finite.
        """
        notes = tuple(notes)
        for note in notes:
            if not note.text.strip():
                raise MemagentError("a memory needs some text, got an empty one")
            _finite("stamp", note.stamp)
            _finite("position", *(note.position or ()))
        with self._writing():
            episode = self._state.episodic.running
            return tuple(
                self._state.tables.add_item(
                    note.kind,
                    note.text,
                    note.stamp,
                    position=note.position,
                    confidence=note.confidence,
                    source=note.source,
                    episode=episode,
                )
                for note in notes
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
        seq = number_of(item_id)
        with self._lock:
            with self._writing():
                self._state.persist()
                erased = erase(self._state, self._forgetting, seq)
            if erased is None:
                return False
            self._index.drop_vectors(erased.reworded)
            for text in erased.texts:
                self._store.scrub(text)
        return True

    def verify_forgotten(self, text: str) -> tuple[str, ...]:
        """Where a text still is, searched for byte by byte; empty if it is gone for good.

        Returns:
            Columns of the file's tables, the files themselves (a snapshot is another file), and
            "context" for the summary of what happened so far.
        """
        with self._lock:
            context = ("context",) if any(text in told for told in self.context()) else ()
            return (*self._store.holding(text), *context)

    def pin(self, item_id: str) -> None:
        """Keep an item for good: no budget takes it, only :meth:`forget`.

        Raises:
            MemagentError: there is no such item, it stands for forgotten ones, or half of the
                budget is pinned already.
        """
        with self._writing():
            self._forgetting.pin(item_id, self._state.now)

    def unpin(self, item_id: str) -> bool:
        """Let an item fade again; returns whether it was pinned."""
        with self._writing():
            return self._forgetting.unpin(item_id)

    def recall(self, query: Query) -> Recall:
        """Remembered items, best first; what is recalled is remembered better from then on."""
        found = super().recall(query)
        self._use(found)
        return found

    def retrieve(self, query: Query, hops: int = 2, budget: int = 64) -> Retrieval:
        """What all four kinds of memory have to say; see :meth:`Asking.retrieve`."""
        found = super().retrieve(query, hops, budget)
        self._use(found.episodic)
        return found

    def footprint(self) -> Footprint:
        """How large the memory is, and what of it is kept in which form."""
        with self._lock:
            self._index.tail()
            return self._forgetting.footprint(self._index.embedded)

    def save(self) -> None:
        """Write what runs ahead of the file: when things were last seen, mostly.

        Raises:
            StoreError: it could not be written.
        """
        with self._writing() as state:
            state.persist()

    def settle(self, timeout: float) -> bool:
        """Wait until every item has its vector, and models have said what they have to say.

        Returns:
            Whether that was so within ``timeout`` seconds; at once where there are only rules.
        """
        deadline = time.monotonic() + timeout
        return all(work.wait(deadline - time.monotonic()) for work in self._background)

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written inside is kept together, with one sync to disk, or none of it.

        Raises:
            StoreError: it could not be written.
        """
        with self._writing():
            yield

    def export(self) -> dict[str, Any]:
        """What is known, JSON-able and complete; see :meth:`Asking.export`."""
        with self._writing() as state:
            state.persist()
            return super().export()

    def import_(self, source: Path | str | Mapping[str, Any]) -> dict[str, int]:
        """Take in what another memory exported: all of it, or nothing.

        Args:
            source: a JSON file, or what :meth:`export` returned.

        Returns:
            How many rows of each table were added.

        Raises:
            MemagentError: it cannot be read, is no exported memory, is of this very one, or was
                taken in before; the message says what is wrong where.
        """
        name = "the export" if isinstance(source, Mapping) else str(source)
        try:
            text = None if isinstance(source, Mapping) else Path(source).read_text("utf-8")
            export = checked(source if text is None else read_json(text))
        except (OSError, UnicodeDecodeError) as error:
            raise MemagentError(f"{name}: cannot be read: {error}") from error
        except MemagentError as error:
            raise MemagentError(f"{name}: {error}") from error
        with self._lock:
            with self._writing() as state:
                added = Importing(state).apply(export)
            self._index.tail()
            self._loaded = None
        return added

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

    # --- inside -------------------------------------------------------------------------------

    def _use(self, found: Recall) -> None:
        with self._lock:
            now = self._state.now
            self._forgetting.use(found.items, now)

    def _read(self) -> MemoryState:
        state = super()._read()
        self._perceiving = Perceiving(state, self._config.perceiving)
        self._acting = Acting(state, self._perceiving)
        self._forgetting = Forgetting(state.tables, self._config.forgetting, self._site)
        return state

    def _setting_right(self, change: Callable[[Corrections], Operation]) -> Operation:
        with self._lock:
            with self._writing():
                operation = change(Corrections(self._state))
            self._index.reload()
            self._loaded = None
        return operation

    @contextmanager
    def _writing(self) -> Iterator[MemoryState]:
        """One transaction; if it fails, what is in memory is read again from the store."""
        with self._lock:
            state = self._state
            if self._within:  # A part of the transaction around it, which sees to the rest.
                yield state
                return
            untold, self._within = len(self._untold), True
            try:
                with self._store.transaction():
                    yield state
                    if self._store.dirty:
                        self._forgetting.enforce(state.now)
                if gone := self._forgetting.settle():
                    self._index.drop(gone)
                for work in self._background:
                    work.wake()
            except BaseException:
                del self._untold[untold:]
                self._loaded = None
                raise
            finally:
                self._within = False

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
