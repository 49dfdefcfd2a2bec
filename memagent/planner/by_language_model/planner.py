# SPDX-License-Identifier: Apache-2.0
"""Plans by a language model, rehearsed before they are believed.

What the model may say is bounded by the shape of its answer: the robot's skills, and the places and
objects that are known. What it says is then held against what the skills declare. A plan that
cannot work goes back with the reason; where none comes out that can, the embedded planner plans.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, create_model
from unified_planning.environment import Environment

from memagent.language_model import LanguageModel, LanguageModelError, PromptFile
from memagent.planner.by_language_model.briefing import tell_objective, tell_situation
from memagent.planner.objective import Objective
from memagent.planner.rehearsal import Rehearsal
from memagent.planner.situation import Situation
from memagent.planner.skills import FLAT_SKILLS, PREDICATES, Skill, describe
from memagent.planner.symbolic import NoPlan
from memagent.types import SkillCall

_LOG = logging.getLogger(__name__)
_PROMPT = Path(__file__).parent / "prompts" / "plan.md"
_FIELDS = frozenset({"skills", "predicates", "objective", "situation", "objection"})
_LONGEST = 60
"""Steps of a plan."""


class Planner(Protocol):
    """Who plans where the model does not; :class:`memagent.planner.PlannerPort`."""

    def plan(
        self, objective: Objective, situation: Situation
    ) -> tuple[SkillCall, ...] | NoPlan: ...


class ModelPlanner:
    """A :class:`memagent.planner.PlannerPort`."""

    def __init__(
        self,
        model: LanguageModel,
        fallback: Planner,
        skills: Mapping[str, Skill] = FLAT_SKILLS,
        *,
        attempts: int = 2,
    ) -> None:
        """Nothing is asked yet.

        Args:
            model: makes the plans.
            fallback: plans where the model's plans cannot work, or it does not answer.
            skills: the robot's.
            attempts: plans that the model may propose for one objective.
        """
        self._model = model
        self._fallback = fallback
        self._skills = skills
        self._attempts = attempts
        self._prompt = PromptFile.read(_PROMPT, _FIELDS)
        self._environment = Environment()
        self.failure = ""
        """Why the fallback made the newest plan; "" where the model did."""

    def plan(self, objective: Objective, situation: Situation) -> tuple[SkillCall, ...] | NoPlan:
        """Calls that attain ``objective``, if what it assumes is so; or why there are none."""
        rehearsal = Rehearsal(objective, situation, self._skills, self._environment)
        if not rehearsal.calls or not rehearsal.objection(()):
            return self._fallback.plan(objective, situation)
        self.failure = ""
        try:
            for _ in range(self._attempts):
                calls = self._ask(objective, situation, rehearsal)
                self.failure = rehearsal.objection(calls)
                if not self.failure:
                    return calls
        except LanguageModelError as error:
            self.failure = str(error)
        _LOG.warning("the embedded planner plans for %r: %s", objective.words, self.failure)
        return self._fallback.plan(objective, situation)

    def _ask(
        self, objective: Objective, situation: Situation, rehearsal: Rehearsal
    ) -> tuple[SkillCall, ...]:
        objection = f"\nYour plan before this one cannot work: {self.failure}."
        prompt = self._prompt.fill(
            skills=describe(self._skills),
            predicates="\n".join(f"- {name}: {words}" for name, words in PREDICATES.items()),
            objective=tell_objective(objective),
            situation=tell_situation(objective, situation),
            objection=objection if self.failure else "",
        )
        answer: Any = self._model.ask(prompt, _shape(rehearsal.calls))
        return tuple(SkillCall(step.skill, step.place, step.object) for step in answer.steps)


def _shape(calls: Sequence[SkillCall]) -> type[BaseModel]:
    """A plan of these skills, objects and places; schemas keep a server from any others."""
    strict = ConfigDict(extra="forbid")
    fields: Any = {
        "skill": (_one_of(call.name for call in calls), ...),
        "object": (_one_of(["", *(call.object for call in calls)]), ...),
        "place": (_one_of(["", *(call.place for call in calls)]), ...),
    }
    step = create_model("Step", __config__=strict, **fields)
    return create_model(
        "Plan",
        __config__=strict,
        thinking=(str, ...),
        steps=(list[step], Field(min_length=1, max_length=_LONGEST)),  # type: ignore[valid-type]
    )


def _one_of(words: Any) -> Any:
    return Literal[tuple(dict.fromkeys(words))]
