# SPDX-License-Identifier: Apache-2.0
"""Every run ends: detectors for going in circles and for getting nowhere, and a replan budget."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from memagent.planner.config import PlannerConfig
from memagent.planner.situation import Situation
from memagent.types import SkillCall

_LONGEST_CYCLE = 4


def signature(situation: Situation) -> Hashable:
    """What the task's course can depend on; two moments with the same one are the same state.

    Failures and looks are part of it: a retry knows more than the try before, and both are bounded.
    """
    world, journal = situation.world, situation.journal
    located = []
    for known in world.objects:
        location = situation.location(known.name)
        place = location.place if location is not None else ""
        located.append((known.name, place, situation.fresh(known.name)))
    return (
        journal.standing,
        situation.holding,
        tuple(sorted(located)),
        tuple(sorted(c.name for c in world.containers if c.is_open)),
        tuple(sorted(p.name for p in situation.site.places if situation.looks(p.name))),
        sum(min(n, situation.config.passes) for n in journal.looks.values()),
        sum(journal.failures.values()),
        journal.no_answers,
        frozenset(journal.facts),
    )


@dataclass
class Liveness:
    """Watches one run. Each check returns the evidence for being stuck, or ""."""

    config: PlannerConfig
    plans: int = 0
    _history: list[tuple[Hashable, str]] = field(default_factory=list)
    _states: set[Hashable] = field(default_factory=set)
    _idle: int = 0

    def before_plan(self, reason: str) -> str:
        """Call before each plan is made; ``reason`` says why the last one was given up."""
        if self.plans > self.config.max_replans:
            return (
                f"{self.plans} plans, which is the budget, were not enough; "
                f"the last was given up because: {reason or 'it ended without attaining its aim'}"
            )
        self.plans += 1
        return ""

    def after_skill(self, before: Hashable, call: SkillCall, after: Hashable) -> str:
        """Call after each skill with the state before and after it."""
        self._history.append((before, str(call)))
        self._states.add(before)
        self._idle = self._idle + 1 if after in self._states else 0
        self._states.add(after)
        return self._cycle() or self._no_progress()

    def _cycle(self) -> str:
        for length in range(1, _LONGEST_CYCLE + 1):
            span = length * self.config.repeats
            recent = self._history[-span:]
            if len(recent) == span and all(
                recent[i] == recent[i % length] for i in range(length, span)
            ):
                calls = ", ".join(call for _, call in recent[:length])
                return f"{calls}: done {self.config.repeats} times over, and nothing changed"
        return ""

    def _no_progress(self) -> str:
        if self._idle < self.config.no_progress:
            return ""
        recent = ", ".join(call for _, call in self._history[-4:])
        return f"the last {self._idle} skills brought about nothing new (the last were {recent})"
