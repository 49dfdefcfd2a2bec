# SPDX-License-Identifier: Apache-2.0
"""A critic that asks a language model, after the rules have found nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from memagent.language_model import LanguageModel, LanguageModelError, PromptFile
from memagent.planner.by_language_model.briefing import tell_situation
from memagent.planner.critic import CriticPort
from memagent.planner.situation import Situation
from memagent.planner.skills import FLAT_SKILLS, Skill, describe
from memagent.types import Step, Verdict

_LOG = logging.getLogger(__name__)
_PROMPT = Path(__file__).parent / "prompts" / "judge.md"


class _Judgement(BaseModel):
    model_config = ConfigDict(extra="forbid")

    accepted: bool
    reason: str = Field(min_length=1, max_length=300)


class ModelCritic:
    """A :class:`memagent.planner.CriticPort`. What the rules reject the model is not asked about;
    where it has no answer, the rules' verdict stands.
    """

    def __init__(
        self, model: LanguageModel, rules: CriticPort, skills: Mapping[str, Skill] = FLAT_SKILLS
    ) -> None:
        self._model = model
        self._rules = rules
        self._skills = skills
        self._prompt = PromptFile.read(_PROMPT, frozenset({"skills", "step", "ahead", "situation"}))

    def judge(self, step: Step, ahead: tuple[Step, ...], situation: Situation) -> Verdict:
        """Whether to go on with ``step``, after which the plan has the steps ``ahead``."""
        verdict = self._rules.judge(step, ahead, situation)
        if not verdict.accepted:
            return verdict
        prompt = self._prompt.fill(
            skills=describe(self._skills),
            step=str(step.call),
            ahead=", ".join(str(s.call) for s in ahead) or "none",
            situation=tell_situation(None, situation),
        )
        try:
            judged = self._model.ask(prompt, _Judgement)
        except LanguageModelError as error:
            _LOG.warning("the rules judge %s: %s", step.call, error)
            return verdict
        return Verdict(judged.accepted, judged.reason)
