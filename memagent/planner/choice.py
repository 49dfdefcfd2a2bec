# SPDX-License-Identifier: Apache-2.0
"""Who plans and who judges, as the configuration says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from memagent.language_model import Endpoint, LanguageModel, Transcript
from memagent.planner.by_language_model import ModelCritic, ModelPlanner
from memagent.planner.config import PlannerConfig
from memagent.planner.critic import Critic
from memagent.planner.skills import Skill
from memagent.planner.symbolic import SymbolicPlanner


def chosen(
    config: PlannerConfig, skills: Mapping[str, Skill]
) -> tuple[SymbolicPlanner | ModelPlanner, Critic | ModelCritic]:
    """The planner and the critic for these skills.

    Raises:
        LanguageModelError: the transcript cannot be read.
    """
    planner, critic = SymbolicPlanner(skills), Critic(skills)
    if config.language_model is None:
        return planner, critic
    model: LanguageModel = Endpoint(config.language_model)
    if config.transcript:
        model = Transcript(Path(config.transcript).expanduser(), model)
    return (
        ModelPlanner(model, planner, skills) if config.planner == "language_model" else planner,
        ModelCritic(model, critic, skills) if config.judge == "language_model" else critic,
    )
