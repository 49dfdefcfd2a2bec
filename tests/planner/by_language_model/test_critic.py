# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from language_model.server import fails, hangs, says, serving

from memagent.catalogue import Catalogue
from memagent.language_model import Endpoint, EndpointConfig
from memagent.planner import ClosedLoop, Critic
from memagent.planner.by_language_model import ModelCritic
from memagent.site import Site
from memagent.types import SkillCall, Step, TaskStatus

from ..household import Household
from ..situations import situation

pytestmark = pytest.mark.unit

GO = Step(SkillCall("navigate_to", "desk"))
PICK = Step(SkillCall("pick", "desk", "mug"))


def critic(url: str, **settings: Any) -> ModelCritic:
    config = EndpointConfig(url=url, model="small", pause=0.0, attempts=1, **settings)
    return ModelCritic(Endpoint(config), Critic())


def test_the_model_may_reject_what_rules_accept_and_is_told_what_is_believed(site: Site) -> None:
    with serving(says({"accepted": False, "reason": "the desk is wet"})) as server:
        verdict = critic(server.url).judge(GO, (PICK,), situation(site, holding="sponge"))
    assert (verdict.accepted, verdict.reason) == (False, "the desk is wet")
    told = server.asked[0]["messages"][1]["content"]
    assert "navigate_to(desk)" in told
    assert "pick(mug, desk)" in told
    assert "the gripper holds the sponge" in told


def test_what_rules_reject_the_model_is_not_asked_about(site: Site) -> None:
    with serving(says({"accepted": True, "reason": "why not"})) as server:
        verdict = critic(server.url).judge(PICK, (), situation(site))
    assert not verdict.accepted
    assert "not at the desk" in verdict.reason
    assert server.asked == []


@pytest.mark.parametrize("reaction", [fails(500), hangs, says("?"), says({"accepted": True})])
def test_the_rules_verdict_stands_where_the_model_has_none(site: Site, reaction: Any) -> None:
    with serving(reaction) as server:
        verdict = critic(server.url, deadline=0.2).judge(GO, (), situation(site))
    assert verdict == Critic().judge(GO, (), situation(site))


def test_a_model_that_rejects_everything_does_not_keep_a_task_from_ending(
    site: Site, catalogue: Catalogue
) -> None:
    house = Household(site, catalogue, {"red mug": "chest"})
    with serving(says({"accepted": False, "reason": "I would rather not"})) as server:
        loop = ClosedLoop(house.memory, house, site, catalogue, critic=critic(server.url))
        result = loop.run("put the red mug in the top drawer")
    assert result.status in (TaskStatus.SUCCEEDED, TaskStatus.STUCK)
    assert result.reason
