# SPDX-License-Identifier: Apache-2.0
"""Episodic memory: each attempt at an instruction, with its events and every skill's outcome.

Episodes nest: a task has subgoals, and what happens in one of them happened in the task as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from memagent.errors import MemagentError
from memagent.memory.episodic.events import KEYFRAME, Events, keyframe_of
from memagent.memory.recall.recaller import Recaller, content_words
from memagent.memory.records import MemoryEvent
from memagent.memory.store.tables import Tables
from memagent.types import (
    Episode,
    Event,
    Keyframe,
    MemoryItem,
    MemoryKind,
    Query,
    SkillOutcome,
    TaskResult,
)

INTERRUPTED = "INTERRUPTED"
"""Status of an episode that never ended: its process died, or what it was a part of ended."""
_ALIKE = 20
"""Memories among which the one that a text means is chosen."""
_HAPPENING: tuple[MemoryKind, ...] = ("step", "note", "relation", "object")


class EpisodicMemory:
    """Episodes. Those running are within one another, and go on after a restart."""

    def __init__(self, tables: Tables, recaller: Recaller) -> None:
        self._tables = tables
        self._recaller = recaller
        self._events = Events(tables)
        self._running = list(tables.running_episodes())

    @property
    def running(self) -> str:
        """The innermost running episode's id, or ""."""
        return _id(self._running[-1]) if self._running else ""

    # --- writing ------------------------------------------------------------------------------

    def begin(self, instruction: str, stamp: float, parent: str = "") -> str:
        """Start an attempt, as a part of ``parent``; others still running are interrupted.

        Raises:
            MemagentError: ``parent`` is not running.
        """
        within = self._position(parent) + 1 if parent else 0
        self._interrupt(within, stamp, "another episode began")
        above = self._running[-1] if self._running else None
        self._running.append(self._tables.begin_episode(instruction, stamp, above))
        self._events.cut(stamp, instruction, self._running[-1])
        return self.running

    def cut(self, stamp: float, text: str) -> None:
        """Something else begins to happen."""
        self._events.cut(stamp, text, self._running[-1] if self._running else None)

    def record(
        self, outcome: SkillOutcome, label: str, category: str, conditions: Mapping[str, str]
    ) -> MemoryItem:
        """Note how a skill went, in the innermost running episode if there is one.

        Args:
            outcome: of the skill.
            label: of the object that it was about, or "".
            category: of that object, or "".
            conditions: believed to hold when it began.
        """
        running = self._running[-1] if self._running else None
        self._tables.add_outcome(running, outcome, label, category, conditions)
        said = f": {outcome.message}" if outcome.message else ""
        return self._tables.add_item(
            "step",
            f"{outcome.call} {outcome.code.value}{said}",
            outcome.finished,
            position=outcome.call.position,
            valid_from=outcome.started,
            valid_to=outcome.finished,
            episode=self.running,
            source="outcome",
            data={"code": outcome.code.value},
        )

    def keep(self, stamp: float, caption: str, path: str) -> Keyframe:
        """Keep a reference to an image; its caption can be recalled like any other words."""
        item = self._tables.add_item(
            "note", caption, stamp, episode=self.running, source=KEYFRAME, data={"path": path}
        )
        return keyframe_of(item)

    def end(self, result: TaskResult, stamp: float, episode: str = "") -> MemoryEvent | None:
        """Close a running episode, the innermost by default; None if none is running.

        Raises:
            MemagentError: ``episode`` is given and not running.
        """
        if not self._running and not episode:
            return None
        position = self._position(episode) if episode else len(self._running) - 1
        self._interrupt(position + 1, stamp, "the episode around it ended")
        number = self._running.pop()
        self._tables.end_episode(number, stamp, result.status.value, result.reason)
        ended = self._tables.episode(number)
        assert ended is not None, number
        text = f"{ended.instruction}: {result.status.value} after {len(ended.outcomes)} skills"
        if result.reason:
            text += f" ({result.reason})"
        self._tables.add_item(
            "episode",
            text,
            stamp,
            valid_from=ended.started,
            valid_to=stamp,
            episode=ended.id,
            data={"instruction": ended.instruction, "status": result.status.value},
        )
        around = self._tables.episode(self._running[-1]) if self._running else None
        self.cut(stamp, around.instruction if around else "")
        return MemoryEvent(stamp, "episode", text)

    # --- asking -------------------------------------------------------------------------------

    def similar(self, instruction: str, now: float, limit: int = 5) -> tuple[Episode, ...]:
        """Finished episodes whose instructions are most like this one, best first."""
        query = Query(text=instruction, kinds=("episode",), limit=limit)
        found = (
            self._tables.episode(_number(item.episode))
            for item in self._recaller.recall(query, now, context=False).items
            if item.episode  # Else it is of another memory, which had forgotten it.
        )
        return tuple(episode for episode in found if episode is not None)

    def order(self, *texts: str, now: float) -> tuple[MemoryItem, ...]:
        """What each text best describes, in the order it happened: "which came first?"."""
        best = (self._meant(text, now) for text in texts)
        return tuple(sorted((item for item in best if item), key=lambda item: item.stamp))

    def _meant(self, text: str, now: float) -> MemoryItem | None:
        """What a text best describes: what says all of it, and of the very thing it names, before
        what is merely more recent and says much the same of another.
        """
        words = set(content_words(text))

        def says(item: MemoryItem) -> tuple[bool, bool]:
            thing = content_words(str(item.data.get("object", "")))
            return words <= set(content_words(item.text)), bool(thing) and words.issuperset(thing)

        items = self._recaller.recall(Query(text=text, limit=_ALIKE), now, context=False).items
        return max(items, key=says, default=None)

    def relive(self, text: str, neighbours: int, now: float) -> tuple[Event, ...]:
        """The event that a text describes best, among those just before and after it."""
        query = Query(text=text, kinds=_HAPPENING, limit=1)
        found = self._recaller.recall(query, now, context=False).items
        return self._events.around(found[0], neighbours) if found else ()

    def events(self, episode: str) -> tuple[Event, ...]:
        """What happened in an episode and those within it, in order."""
        return self._events.of_episode(_number(episode))

    # --- the running ones ---------------------------------------------------------------------

    def _position(self, episode: str) -> int:
        ids = [_id(number) for number in self._running]
        if episode not in ids:
            running = ", ".join(ids) or "none is"
            raise MemagentError(f"episode {episode!r} is not running; running: {running}")
        return ids.index(episode)

    def _interrupt(self, position: int, stamp: float, reason: str) -> None:
        """End the running episodes from a position on, the innermost first."""
        while len(self._running) > position:
            self._tables.end_episode(self._running.pop(), stamp, INTERRUPTED, reason)


def _id(number: int) -> str:
    return f"episode-{number}"


def _number(episode: str) -> int:
    prefix, _, number = episode.rpartition("-")
    if prefix != "episode" or not number.isdigit():
        raise MemagentError(f"{episode!r} is no episode id; they look like 'episode-12'")
    return int(number)
