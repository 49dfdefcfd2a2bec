# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from language_model.server import serving
from pydantic import ValidationError

from memagent.catalogue import Catalogue
from memagent.language_model import EndpointConfig
from memagent.planner import ClosedLoop, Critic, PlannerConfig, SymbolicPlanner
from memagent.planner.by_language_model import ModelCritic, ModelPlanner
from memagent.planner.choice import chosen
from memagent.planner.skills import FLAT_SKILLS
from memagent.site import Site
from memagent.types import TaskStatus

from .by_language_model.thinking import Thinking
from .household import Household

pytestmark = pytest.mark.unit

MODEL = EndpointConfig(url="http://localhost:1/v1", model="small")


def test_without_a_model_rules_plan_and_judge() -> None:
    planner, critic = chosen(PlannerConfig(), FLAT_SKILLS)
    assert isinstance(planner, SymbolicPlanner)
    assert isinstance(critic, Critic)


def test_each_may_be_a_models_by_itself() -> None:
    planner, critic = chosen(
        PlannerConfig(planner="language_model", language_model=MODEL), FLAT_SKILLS
    )
    assert isinstance(planner, ModelPlanner)
    assert isinstance(critic, Critic)
    planner, critic = chosen(
        PlannerConfig(judge="language_model", language_model=MODEL), FLAT_SKILLS
    )
    assert isinstance(planner, SymbolicPlanner)
    assert isinstance(critic, ModelCritic)


@pytest.mark.parametrize("what", ["planner", "judge"])
def test_a_model_that_is_not_named_is_an_error(what: str) -> None:
    with pytest.raises(ValidationError, match="say which one under language_model"):
        PlannerConfig.model_validate({what: "language_model"})


def test_a_task_is_replayed_from_its_transcript_without_the_server(
    site: Site, catalogue: Catalogue, tmp_path: Path
) -> None:
    def run(url: str, thinking: Thinking) -> tuple[TaskStatus, list[str], str]:
        config = PlannerConfig(
            planner="language_model",
            language_model=EndpointConfig(url=url, model="small", attempts=1),
            transcript=str(tmp_path / "plans.jsonl"),
        )
        house = Household(site, catalogue, {"red mug": "chest", "banana": "desk"})
        loop = ClosedLoop(house.memory, house, site, catalogue, config)
        assert isinstance(loop.planner, ModelPlanner)
        thinking.watch(loop.planner)
        result = loop.run("bring the banana to the dining table")
        return result.status, [str(call) for call in house.calls], loop.planner.failure

    thinking = Thinking()
    with serving(thinking.reaction) as server:
        first = run(server.url, thinking)
        asked = len(server.asked)
    again = run(server.url, Thinking())  # Nobody listens there any more.
    assert first == again
    assert first[0] is TaskStatus.SUCCEEDED
    assert first[2] == ""
    assert asked > 1
