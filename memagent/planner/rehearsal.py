# SPDX-License-Identifier: Apache-2.0
"""Going through a plan without moving: does each step find what it needs, and what comes out?

Whoever made the plan, it is held against the same problem that the symbolic planner solves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unified_planning.environment import Environment

from memagent.planner.objective import Objective
from memagent.planner.problem import Action, Fact, Problem
from memagent.planner.situation import Situation
from memagent.planner.skills import FLAT_SKILLS, Skill
from memagent.types import SkillCall


class Rehearsal:
    """Holds plans for one objective against what is believed."""

    def __init__(
        self,
        objective: Objective,
        situation: Situation,
        skills: Mapping[str, Skill] = FLAT_SKILLS,
        environment: Environment | None = None,
    ) -> None:
        environment = environment or Environment()
        problem = Problem(objective, situation, skills, environment, detours=bool(objective.rest))
        self._initial, self._goals = frozenset(problem.initial), problem.goals
        self._actions: dict[SkillCall, list[Action]] = {}
        for action in problem.actions.values():
            self._actions.setdefault(action.call, []).append(action)

    @property
    def calls(self) -> tuple[SkillCall, ...]:
        """The calls that could matter."""
        return tuple(self._actions)

    def objection(self, calls: Sequence[SkillCall]) -> str:
        """Why the plan cannot be carried out or falls short, in words; "" if it is good."""
        state = self._initial
        for number, call in enumerate(calls, 1):
            meanings = self._actions.get(call)
            if meanings is None:
                return f"step {number}, {call}: is no call that can help here"
            lacking = min((self._lacking(action, state) for action in meanings), key=len)
            if lacking:
                return f"step {number}, {call}: needs {_told(lacking)}, which is not so then"
            # Where a device treats several things at once, all of that happens.
            possible = [action for action in meanings if not self._lacking(action, state)]
            ended = {fact for action in possible for fact in action.ends}
            made = {fact for action in possible for fact in action.makes}
            state = (state - ended) | made
        missing = [goal for goal in self._goals if goal not in state]
        return f"in the end it is not so that {_told(missing)}" if missing else ""

    @staticmethod
    def _lacking(action: Action, state: frozenset[Fact]) -> list[Fact]:
        return [fact for fact in action.needs if fact not in state]


def _told(facts: Sequence[Fact]) -> str:
    return " and ".join(f"{name}({', '.join(rest)})" if rest else name for name, *rest in facts)
