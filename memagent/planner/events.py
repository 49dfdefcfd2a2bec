# SPDX-License-Identifier: Apache-2.0
"""What the closed loop tells while it runs: for live display, feedback and the plan topic."""

from __future__ import annotations

from dataclasses import dataclass

from memagent.planner.goal import Goal
from memagent.types import Plan, SkillOutcome, Step, Verdict


@dataclass(frozen=True, slots=True)
class GoalGrounded:
    """The instruction was understood."""

    goal: Goal
    episode: str


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """A plan was made, or the status of one of its steps changed."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class StepJudged:
    """The critic spoke."""

    step: Step
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class StepStarted:
    step: Step
    skills: int
    """Skill calls so far, this one included."""


@dataclass(frozen=True, slots=True)
class StepFinished:
    step: Step
    outcome: SkillOutcome


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing, in words."""

    text: str


PlannerEvent = GoalGrounded | PlanChanged | StepJudged | StepStarted | StepFinished | Note
