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
from collections.abc import Iterable
from pathlib import Path

from memagent.errors import MemagentError, StoreError
from memagent.language_model import Endpoint
from memagent.memory.acting import Acting
from memagent.memory.by_language_model.merger import ModelMerger
from memagent.memory.by_language_model.summarizer import ModelSummarizer
from memagent.memory.config import MemoryConfig
from memagent.memory.keeping import Keeping, Models
from memagent.memory.perceiving import Perceiving
from memagent.memory.recall.embedders import Embedder, choose_embedder
from memagent.memory.records import ROBOT, MemoryEvent, Note
from memagent.memory.retelling import Summarizer
from memagent.memory.semantic.merging import LessonMerger
from memagent.memory.state import MemoryState
from memagent.memory.store.opening import open_store
from memagent.site import Site
from memagent.types import (
    Keyframe,
    Lesson,
    MemoryItem,
    MemoryKind,
    Percept,
    SkillOutcome,
    TaskResult,
    Vector3,
)


class LifelongMemory(Keeping):
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
            merger: decides what new evidence does to lessons; by default the language model that
                the configuration names, or rules.
            summarizer: tells old steps in short; by default likewise.

        Raises:
            EmbedderError: the embedder that the configuration names cannot be loaded.
            StoreError: it cannot be opened; see :func:`memagent.memory.store.open_store`.
        """
        config = config or MemoryConfig()
        if config.store.read_only:
            raise StoreError(f"{path}: cannot be written read-only; ask it with a MemoryReader")
        embedder = embedder or choose_embedder(config.embedder)
        if config.language_model is not None:
            model = Endpoint(config.language_model)
            merger = merger or ModelMerger(model, config.state.lessons)
            summarizer = summarizer or ModelSummarizer(model)
        models = Models(embedder, merger, summarizer)
        super().__init__(open_store(path, config.store), site, config, models)

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

    # --- inside -------------------------------------------------------------------------------

    def _read(self) -> MemoryState:
        state = super()._read()
        self._perceiving = Perceiving(state, self._config.perceiving)
        self._acting = Acting(state, self._perceiving)
        return state

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
