# SPDX-License-Identifier: Apache-2.0
"""Merging new evidence into what is known already: add, update, delete, or leave it.

The decision is made against the nearest existing lessons only, so that its cost does not grow with
a lifetime. :class:`RuleMerger` decides by counts; a language model may decide instead, by the same
protocol, for example to fold two wordings of one instruction into one lesson.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, Protocol

from memagent.memory.semantic.trials import LessonConfig, Posterior, Trial, posterior, preconditions
from memagent.types import Code, Lesson, LessonClaim, LessonLevel, TaskStatus

NEAREST = 10
TELLS_NOTHING = frozenset(
    code.value
    for code in (
        Code.NOT_FOUND, Code.BAD_ARGUMENT, Code.CANCELED, Code.ESTOP, Code.ROBOT_STALE,
        Code.EXECUTOR_LOST,
    )
) | {TaskStatus.CANCELED.value, "INTERRUPTED"}  # fmt: skip
"""Ends that say nothing of how well it works: wrong beliefs, wrong calls, interruptions."""

Key = tuple[LessonLevel, str, str]
"""Level, skill and subject."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One outcome, as evidence on one subject."""

    level: LessonLevel
    skill: str
    subject: str
    trial: Trial
    stamp: float

    @property
    def key(self) -> Key:
        return self.level, self.skill, self.subject


@dataclass(frozen=True, slots=True)
class LessonRecord:
    """A lesson as memory holds it."""

    seq: int
    level: LessonLevel
    skill: str
    subject: str
    claim: LessonClaim
    words: str
    """In somebody's words, or "" to tell its counts."""
    pinned: bool
    learned: float
    trials: tuple[Trial, ...] = ()
    """The newest, oldest first."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How often it ended with each code, by all of its evidence."""

    @property
    def key(self) -> Key:
        return self.level, self.skill, self.subject

    @property
    def id(self) -> str:
        return f"lesson-{self.seq}"

    def tried(self, trial: Trial, window: int) -> LessonRecord:
        """The lesson with one more trial."""
        counts = {**self.counts, trial.code: self.counts.get(trial.code, 0) + 1}
        return replace(self, trials=(*self.trials, trial)[-window:], counts=counts)

    def posterior(self, config: LessonConfig) -> Posterior:
        return posterior(self.trials, config.half_life)

    def strength(self, config: LessonConfig) -> float:
        return self.posterior(config).strength(self.claim)

    def public(self, config: LessonConfig) -> Lesson:
        rate = self.posterior(config)
        codes = sorted(
            ((code, n) for code, n in self.counts.items() if code != Code.OK.value),
            key=lambda pair: -pair[1],
        )
        needs = preconditions(self.trials, config.contrast)
        cited = dict.fromkeys(t.episode for t in reversed(self.trials) if t.episode is not None)
        return Lesson(
            self.skill,
            self.subject,
            self.words or self._told(codes, needs),
            self.counts.get(Code.OK.value, 0),
            sum(n for _, n in codes),
            id=self.id,
            level=self.level,
            claim=self.claim,
            rate=rate.mean,
            interval=rate.interval(config.credibility),
            strength=rate.strength(self.claim),
            codes=tuple(codes),
            preconditions=needs,
            episodes=tuple(f"episode-{seq}" for seq in cited),
            pinned=self.pinned,
        )

    def _told(self, codes: Sequence[tuple[str, int]], needs: Sequence[str]) -> str:
        what = self.subject if self.level == "task" else self.skill
        if self.level == "action" and self.subject:
            what = f"{self.skill}({self.subject})"
        failures = sum(n for _, n in codes)
        tried = failures + self.counts.get(Code.OK.value, 0)
        text = f"{what} worked {tried} of {tried} times"
        if failures:
            reasons = ", ".join(code for code, _ in codes)
            text = f"{what} failed {failures} of {tried} times: {reasons}"
        return f"{text}; success needs {' and '.join(needs)}" if needs else text


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one lesson in the light of evidence.

    ADD makes a new lesson on the evidence's own subject; UPDATE counts the evidence for an existing
    one; DELETE removes one. ADD beside DELETE of the same subject states it anew: the newest
    outcomes of the old lesson go over to the new one. NOOP does nothing.
    """

    action: Literal["ADD", "UPDATE", "DELETE", "NOOP"]
    lesson: str = ""
    """Id of the lesson to update or delete."""
    words: str = ""
    """How to tell it; "" keeps the words it has, or tells its counts."""


class LessonMerger(Protocol):
    """Decides what evidence changes, in its own time: memory goes on meanwhile."""

    def decide(self, evidence: Evidence, nearest: Sequence[LessonRecord]) -> Sequence[Decision]:
        """Decide on evidence.

        Args:
            evidence: one new outcome.
            nearest: at most ten existing lessons, the most similar first.

        Raises:
            MemagentError: it cannot decide; the rules will.
        """
        ...


class RuleMerger:
    """One lesson per subject, as long as the world agrees with what it claims."""

    def __init__(self, config: LessonConfig) -> None:
        self._config = config

    def decide(self, evidence: Evidence, nearest: Sequence[LessonRecord]) -> Sequence[Decision]:
        if evidence.trial.code in TELLS_NOTHING:
            return (Decision("NOOP"),)
        same = next((record for record in nearest if record.key == evidence.key), None)
        if same is None:
            return (Decision("ADD"),)
        after = same.tried(evidence.trial, self._config.window)
        if not same.pinned and after.strength(self._config) < self._config.forget_below:
            return Decision("DELETE", same.id), Decision("ADD")
        return (Decision("UPDATE", same.id),)


def restated(old: LessonRecord, config: LessonConfig) -> tuple[Trial, ...]:
    """The trials that a lesson stated anew takes over: those of the last half-life."""
    return old.trials[-(math.ceil(config.half_life) - 1) :] if config.half_life > 1 else ()


def nearest(
    evidence: Evidence, records: Iterable[LessonRecord], limit: int = NEAREST
) -> tuple[LessonRecord, ...]:
    """The lessons most similar to evidence: on its own subject, then by shared words and skill."""

    def similarity(record: LessonRecord) -> float:
        if record.level != evidence.level:
            return 0.0
        if record.key == evidence.key:
            return 2.0
        a, b = _words(record.subject), _words(evidence.subject)
        shared = len(a & b)
        alike = shared / (len(a) + len(b) - shared) if shared else 0.0
        return alike if record.skill == evidence.skill else alike / 2.0

    scored = ((similarity(record), record.seq, record) for record in records)
    best = heapq.nlargest(limit, (entry for entry in scored if entry[0] > 0.0))
    return tuple(record for _, _, record in best)


def similar_words(a: str, b: str) -> float:
    """Share of words that two texts have in common, 0 to 1 (Jaccard)."""
    together = _words(a) | _words(b)
    return len(_words(a) & _words(b)) / len(together) if together else 0.0


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))
