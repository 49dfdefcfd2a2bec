# SPDX-License-Identifier: Apache-2.0
"""What happened since the task began: the working memory of one attempt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from memagent.planner.config import PlannerConfig
from memagent.types import Code, SkillCall, SkillOutcome

Key = tuple[str, str, str]
"""Skill, object, place."""

Facts = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Effects:
    """Facts that a skill begins and ends."""

    makes: Facts = frozenset()
    ends: Facts = frozenset()


NO_EFFECTS = Effects()

NO_ANSWER = (Code.EXECUTOR_LOST, Code.ROBOT_STALE)


def key_of(call: SkillCall) -> Key:
    return (call.name, call.object, call.place)


@dataclass
class Journal:
    """Grows by :meth:`record`; everything else reads it."""

    since: float
    """When the task began. Only what was seen after that counts as evidence of success."""
    config: PlannerConfig = field(default_factory=PlannerConfig)
    outcomes: list[SkillOutcome] = field(default_factory=list)
    looks: Counter[str] = field(default_factory=Counter)
    """Place -> how often it was looked at."""
    looked: dict[str, float] = field(default_factory=dict)
    """Place -> when the last look at it began."""
    opened: set[str] = field(default_factory=set)
    """Containers that this task opened and has not closed again."""
    keep_open: set[str] = field(default_factory=set)
    """Containers that were asked to be open."""
    delivered: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Object -> where this task put it, and when."""
    believed: dict[str, set[str]] = field(default_factory=dict)
    """Object -> places where it was believed to be in this task."""
    doubted: dict[str, float] = field(default_factory=dict)
    """Object -> sightings up to then no longer tell where it is."""
    failures: Counter[Key] = field(default_factory=Counter)
    messages: dict[Key, str] = field(default_factory=dict)
    slippery: set[str] = field(default_factory=set)
    """Objects that, by memory's lessons, take more grasps than others."""
    facts: set[tuple[str, str]] = field(default_factory=set)
    """What this task's skills have brought about beyond whereabouts: ("heated", "apple")."""
    standing: str = ""
    """The place that the base last drove to, while it may still be there."""
    astray: bool = False
    """True after something was out of reach: whatever the base is near to, it must drive anew."""
    no_answers: int = 0
    """Calls in a row that nobody answered."""

    def record(self, outcome: SkillOutcome, effects: Effects = NO_EFFECTS) -> None:
        """Note how a skill went; ``effects`` are those it has if it succeeded."""
        self.outcomes.append(outcome)
        if outcome.success:
            self.facts = (self.facts - effects.ends) | effects.makes
        self.no_answers = self.no_answers + 1 if outcome.code in NO_ANSWER else 0
        if outcome.success:
            self._record_success(outcome)
        elif outcome.code not in NO_ANSWER:
            self._record_failure(outcome)

    def _record_success(self, outcome: SkillOutcome) -> None:
        call = outcome.call
        self.failures.pop(key_of(call), None)
        if call.name == "navigate_to":
            self.standing, self.astray = call.place, False
        elif call.name == "look_at":
            self.looks[call.place] += 1
            self.looked[call.place] = outcome.started
        elif call.name == "open":
            self.opened.add(call.place)
        elif call.name == "close":
            self.opened.discard(call.place)
        elif call.name == "pick":
            self.delivered.pop(call.object, None)
        elif call.name in ("place", "put_in"):
            self.delivered[call.object] = (call.place, outcome.finished)

    def _record_failure(self, outcome: SkillOutcome) -> None:
        call = outcome.call
        self.failures[key_of(call)] += 1
        self.messages[key_of(call)] = outcome.message or outcome.code.value
        if call.object and outcome.code in (Code.GRASP_FAILED, Code.DROPPED, Code.NOT_FOUND):
            self.doubted[call.object] = outcome.finished
            self.delivered.pop(call.object, None)
        if call.name == "navigate_to" or outcome.code is Code.UNREACHABLE:
            self.standing, self.astray = "", True
        if outcome.code is Code.BAD_ARGUMENT:
            self.failures[key_of(call)] = self.config.skill_attempts

    def limit(self, skill: str, name: str) -> int:
        """How often a call may fail before it is given up."""
        if skill != "pick":
            return self.config.skill_attempts
        hard = name in self.slippery
        return self.config.grasp_attempts_hard if hard else self.config.grasp_attempts

    def gave_up(self, skill: str, place: str, name: str = "") -> bool:
        """Whether this call has failed too often to be tried again."""
        return self.failures[(skill, name, place)] >= self.limit(skill, name)

    def why_gave_up(self, skill: str, place: str, name: str = "") -> str:
        key = (skill, name, place)
        call = SkillCall(skill, place, name)
        return f"{call} failed {self.failures[key]} times, last: {self.messages.get(key, '')}"

    @property
    def duration(self) -> float:
        """From the first skill's start to the last one's end, seconds."""
        return self.outcomes[-1].finished - self.outcomes[0].started if self.outcomes else 0.0
