# SPDX-License-Identifier: Apache-2.0
"""Episodic memory: each attempt at an instruction, with the outcome of every skill."""

from __future__ import annotations

from memagent.memory.recall import Recaller
from memagent.memory.records import MemoryEvent
from memagent.memory.tables import Tables
from memagent.types import Episode, MemoryItem, Query, SkillOutcome, TaskResult

INTERRUPTED = "INTERRUPTED"
"""Status of an episode that never ended: its process died."""


class EpisodicMemory:
    """Episodes. One at most is running; it goes on after a restart."""

    def __init__(self, tables: Tables, recaller: Recaller) -> None:
        self._tables = tables
        self._recaller = recaller
        self._running = tables.running_episode()

    @property
    def running(self) -> str:
        """The running episode's id, or ""."""
        return "" if self._running is None else f"episode-{self._running}"

    def begin(self, instruction: str, stamp: float) -> str:
        """Start an attempt; one still running is closed as interrupted."""
        if self._running is not None:
            self._tables.end_episode(self._running, stamp, INTERRUPTED, "another episode began")
        self._running = self._tables.begin_episode(instruction, stamp)
        return self.running

    def record(self, outcome: SkillOutcome, label: str, category: str) -> MemoryItem:
        """Note how a skill went, in the running episode if there is one."""
        self._tables.add_outcome(self._running, outcome, label, category)
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
        )

    def end(self, result: TaskResult, stamp: float) -> MemoryEvent | None:
        """Close the running episode; None if none is running."""
        if self._running is None:
            return None
        self._tables.end_episode(self._running, stamp, result.status.value, result.reason)
        episode = self._tables.episode(self._running)
        assert episode is not None, self._running
        text = f"{episode.instruction}: {result.status.value} after {len(episode.outcomes)} skills"
        if result.reason:
            text += f" ({result.reason})"
        self._tables.add_item(
            "episode",
            text,
            stamp,
            valid_from=episode.started,
            valid_to=stamp,
            episode=episode.id,
            data={"instruction": episode.instruction, "status": result.status.value},
        )
        self._running = None
        return MemoryEvent(stamp, "episode", text)

    def similar(self, instruction: str, now: float, limit: int = 5) -> tuple[Episode, ...]:
        """Finished episodes whose instructions are most like this one, best first."""
        query = Query(text=instruction, kinds=("episode",), limit=limit)
        found = (
            self._tables.episode(int(item.episode.removeprefix("episode-")))
            for item in self._recaller.recall(query, now, context=False).items
        )
        return tuple(episode for episode in found if episode is not None)

    def order(self, *texts: str, now: float) -> tuple[MemoryItem, ...]:
        """What each text best describes, in the order it happened: "which came first?"."""
        best = (
            self._recaller.recall(Query(text=text, limit=1), now, context=False).items
            for text in texts
        )
        return tuple(sorted((items[0] for items in best if items), key=lambda item: item.stamp))
