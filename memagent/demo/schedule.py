# SPDX-License-Identifier: Apache-2.0
"""What the demonstration does, wherever it runs: the same instructions on two days.

Overnight people put everything back where it was, move one thing elsewhere, and close what was
open; the robot keeps nothing but its memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from memagent.types import TaskResult, TaskStatus


class Household(Protocol):
    """One simulated flat with an agent in it."""

    def begin_day(self, day: int) -> None:
        """Put the world to its state on that morning."""
        ...

    def execute(self, instruction: str) -> TaskResult: ...

    def check(self, instruction: str) -> tuple[bool, str]:
        """Ground truth, for scoring: is the goal reached, and if not, what is missing."""
        ...


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of the result table."""

    day: int
    instruction: str
    reached: bool
    """By the simulator's ground truth."""
    missing: str
    result: TaskResult

    @property
    def success(self) -> bool:
        """The goal is reached, and the agent knows it."""
        return self.reached and self.result.status is TaskStatus.SUCCEEDED

    def as_dict(self) -> dict[str, Any]:
        row = asdict(self) | {"success": self.success}
        row["result"]["status"] = self.result.status.value
        return row


def live_through(
    household: Household,
    instructions: Sequence[str],
    days: Iterable[int] = (1, 2),
    on_day: Callable[[int], None] = lambda day: None,
    on_row: Callable[[TaskRow], None] = lambda row: None,
) -> tuple[TaskRow, ...]:
    """Give ``instructions`` in order on each of ``days``, in order."""
    rows = []
    for day in days:
        on_day(day)
        household.begin_day(day)
        for instruction in instructions:
            result = household.execute(instruction)
            reached, missing = household.check(instruction)
            row = TaskRow(day, instruction, reached, missing, result)
            rows.append(row)
            on_row(row)
    return tuple(rows)


def skills_on(rows: Sequence[TaskRow], day: int) -> int:
    """Skill calls of all tasks of one day."""
    return sum(row.result.skills for row in rows if row.day == day)


def successes_on(rows: Sequence[TaskRow], day: int) -> int:
    return sum(row.success for row in rows if row.day == day)
