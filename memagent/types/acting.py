# SPDX-License-Identifier: Apache-2.0
"""Skills and their outcomes, plans, and the results of tasks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from memagent.types.robot import Vector3


class Code(str, Enum):
    """Why a skill ended as it did. The planner learns from these."""

    OK = "OK"
    NOT_FOUND = "NOT_FOUND"
    UNREACHABLE = "UNREACHABLE"
    GRASP_FAILED = "GRASP_FAILED"
    DROPPED = "DROPPED"
    BLOCKED = "BLOCKED"
    TIMEOUT = "TIMEOUT"
    CANCELED = "CANCELED"
    ESTOP = "ESTOP"
    BAD_ARGUMENT = "BAD_ARGUMENT"
    ROBOT_STALE = "ROBOT_STALE"
    EXECUTOR_LOST = "EXECUTOR_LOST"


@dataclass(frozen=True, slots=True)
class SkillCall:
    """One skill with its arguments.

    navigate_to(place), look_at(place), open(place), close(place), pick(object, place) or
    place(object, place).
    """

    name: str
    place: str = ""
    object: str = ""
    position: Vector3 | None = None
    """Where the planner believes the object is; None if it does not know."""

    def __str__(self) -> str:
        args = ", ".join(a for a in (self.object, self.place) if a)
        return f"{self.name}({args})"


@dataclass(frozen=True, slots=True)
class SkillOutcome:
    call: SkillCall
    code: Code
    message: str = ""
    started: float = 0.0
    finished: float = 0.0

    @property
    def success(self) -> bool:
        return self.code is Code.OK


StepStatus = Literal["pending", "running", "done", "failed", "rejected", "skipped"]


@dataclass(frozen=True, slots=True)
class Step:
    call: SkillCall
    status: StepStatus = "pending"
    note: str = ""
    """The critic's verdict or the outcome's message."""


@dataclass(frozen=True, slots=True)
class Plan:
    instruction: str
    goal: str
    steps: tuple[Step, ...]
    revision: int = 0
    """0 for the first plan of a task, then one more per replan."""
    reason: str = ""
    """Why this plan replaced the one before."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the critic says of one step."""

    accepted: bool
    reason: str


class TaskStatus(str, Enum):
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STUCK = "STUCK"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True)
class TaskResult:
    status: TaskStatus
    reason: str
    instruction: str = ""
    skills: int = 0
    """Skill calls executed."""
    replans: int = 0
    duration: float = 0.0
    """Seconds on the robot's clock."""
    saved: str = ""
    """What memory contributed, in words."""
