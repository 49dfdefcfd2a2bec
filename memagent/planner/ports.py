# SPDX-License-Identifier: Apache-2.0
"""What the planner needs from the rest: a memory to ask and skills to call.

``LifelongMemory`` and the executor satisfy these in one process; the planner node satisfies them
with service and action clients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from memagent.types import (
    FloatArray,
    Lesson,
    ObjectBelief,
    SkillCall,
    SkillOutcome,
    TaskResult,
    WorldBelief,
)

Canceled = Callable[[], bool]
"""Asked often; True once the user has canceled the task."""

Corrections = Callable[[], str]
"""Asked between skills; what a person has said about the task since the last time, or ""."""


class MemoryPort(Protocol):
    def world(self, after: float | None = None) -> WorldBelief:
        """What is believed now, including every percept with a stamp up to ``after``.

        Waits, with a time-out, for a percept at least as new as ``after``.

        Raises:
            MemagentError: memory does not answer, or no such percept came in time.
        """
        ...

    def where(self, name: str) -> ObjectBelief:
        """Candidates for where ``name`` is, also for an object that was never seen."""
        ...

    def lessons(self, skill: str, subject: str) -> tuple[Lesson, ...]: ...

    def begin_episode(self, instruction: str) -> str:
        """Start remembering an attempt and return its id."""
        ...

    def record(self, outcome: SkillOutcome) -> None:
        """Remember how a skill went, in the running episode."""
        ...

    def end_episode(self, result: TaskResult) -> None: ...


class SpacePort(Protocol):
    """Spatial memory, where there is one."""

    def route_lengths(self, start: tuple[float, float], goals: FloatArray) -> FloatArray:
        """(n,) metres of known ways from x, y to (n, 2) goals, NaN where none is known.

        Raises:
            MemagentError: it does not answer.
        """
        ...


class SkillPort(Protocol):
    def execute(self, call: SkillCall, canceled: Canceled) -> SkillOutcome:
        """Run one skill to its end. Never raises for what a robot may meet; see ``Code``."""
        ...
