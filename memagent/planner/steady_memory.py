# SPDX-License-Identifier: Apache-2.0
"""A memory that is asked again, a bounded number of times, when it does not answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from memagent.errors import MemagentError
from memagent.planner.ports import MemoryPort
from memagent.types import Lesson, ObjectBelief, SkillOutcome, TaskResult, WorldBelief

Answer = TypeVar("Answer")


class MemoryLostError(MemagentError):
    """Memory did not answer in as many attempts as are allowed."""


class SteadyMemory:
    """Puts each question to ``memory`` up to ``attempts`` times, ``wait`` seconds apart.

    Raises:
        MemoryLostError: from every method, when no attempt was answered.
    """

    def __init__(
        self, memory: MemoryPort, attempts: int, wait: float, pause: Callable[[float], object]
    ) -> None:
        self._memory = memory
        self._attempts = attempts
        self._wait = wait
        self._pause = pause

    def world(self, after: float | None = None) -> WorldBelief:
        return self._ask(lambda: self._memory.world(after))

    def where(self, name: str) -> ObjectBelief:
        return self._ask(lambda: self._memory.where(name))

    def lessons(self, skill: str, subject: str) -> tuple[Lesson, ...]:
        return self._ask(lambda: self._memory.lessons(skill, subject))

    def begin_episode(self, instruction: str) -> str:
        return self._ask(lambda: self._memory.begin_episode(instruction))

    def record(self, outcome: SkillOutcome) -> None:
        self._ask(lambda: self._memory.record(outcome))

    def end_episode(self, result: TaskResult) -> None:
        self._ask(lambda: self._memory.end_episode(result))

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        for attempt in range(1, self._attempts + 1):
            try:
                return question()
            except MemagentError as error:
                if attempt == self._attempts:
                    raise MemoryLostError(
                        f"memory does not answer ({attempt} attempts): {error}"
                    ) from error
                self._pause(self._wait)
        raise AssertionError("attempts is at least 1")
