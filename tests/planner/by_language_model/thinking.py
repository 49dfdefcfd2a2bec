# SPDX-License-Identifier: Apache-2.0
"""A server that plans as well as the symbolic planner: what a good model would say, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from language_model.server import Handler, Reaction, completion

from memagent.planner import NoPlan, Objective, Situation, SymbolicPlanner
from memagent.types import SkillCall


def plan_of(calls: Sequence[SkillCall]) -> dict[str, Any]:
    steps = [{"skill": c.name, "object": c.object, "place": c.place} for c in calls]
    return {"thinking": "It is in the way of nothing.", "steps": steps}


class Thinking:
    """Watches what the planner is asked, since HTTP carries words only, and answers that."""

    def __init__(self) -> None:
        self._symbolic = SymbolicPlanner()
        self.asked: tuple[Objective, Situation] | None = None

    def watch(self, planner: Any) -> Any:
        plan = planner.plan

        def watched(objective: Objective, situation: Situation) -> Any:
            self.asked = objective, situation
            return plan(objective, situation)

        planner.plan = watched
        return planner

    @property
    def reaction(self) -> Reaction:
        return self._react

    def _react(self, handler: Handler) -> None:
        assert self.asked is not None
        calls = self._symbolic.plan(*self.asked)
        handler.send(completion(plan_of(() if isinstance(calls, NoPlan) else calls)))
