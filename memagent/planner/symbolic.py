# SPDX-License-Identifier: Apache-2.0
"""Classical planning: the shortest sequence of skill calls that attains an objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unified_planning.engines import PlanGenerationResultStatus
from unified_planning.environment import Environment

from memagent.planner.objective import Objective
from memagent.planner.problem import Problem
from memagent.planner.situation import Situation
from memagent.planner.skills import FLAT_SKILLS, Skill
from memagent.types import SkillCall

_SOLVED = (
    PlanGenerationResultStatus.SOLVED_SATISFICING,
    PlanGenerationResultStatus.SOLVED_OPTIMALLY,
)


@dataclass(frozen=True)
class NoPlan:
    """There is no way to attain the objective, as far as is believed."""

    reason: str


class SymbolicPlanner:
    """Plans with pyperplan through unified-planning, by breadth-first search."""

    def __init__(self, skills: Mapping[str, Skill] = FLAT_SKILLS) -> None:
        self._skills = skills
        self._environment = Environment()
        self._environment.credits_stream = None
        self._engine = self._environment.factory.OneshotPlanner(
            name="pyperplan", params={"search": "bfs"}
        )

    def plan(self, objective: Objective, situation: Situation) -> tuple[SkillCall, ...] | NoPlan:
        """The shortest sequence of calls that attains ``objective``, if what it assumes is so."""
        problem = Problem(objective, situation, self._skills, self._environment, detours=False)
        actions = self._solve(problem)
        if actions is None and objective.rest:
            # Rare: from a lower drawer to the one above, something must wait elsewhere meanwhile.
            problem = Problem(objective, situation, self._skills, self._environment, detours=True)
            actions = self._solve(problem)
        if actions is None:
            return NoPlan(f'there is no way to "{objective.words}" ({problem.excluded_words()})')
        calls = tuple(problem.actions[name].call for name in actions)
        return calls or NoPlan(f'"{objective.words}" needs nothing to be done, yet does not hold')

    def _solve(self, problem: Problem) -> list[str] | None:
        result = self._engine.solve(problem.built)
        if result.status not in _SOLVED:
            return None
        return [instance.action.name for instance in result.plan.actions]
