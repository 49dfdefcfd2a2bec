# SPDX-License-Identifier: Apache-2.0
"""Plans by a model on a real local server: good ones are followed, all others are replaced."""

from __future__ import annotations

import random
from typing import Any

import pytest
from language_model.server import (
    Handler,
    Reaction,
    breaks_off,
    drips,
    fails,
    hangs,
    hangs_up,
    says,
    serving,
)

from memagent.catalogue import Catalogue
from memagent.language_model import Endpoint, EndpointConfig, LanguageModelError, Prompt
from memagent.planner import ClosedLoop, NoPlan, Objective, SymbolicPlanner
from memagent.planner.by_language_model import ModelPlanner
from memagent.planner.rehearsal import Rehearsal
from memagent.site import Site
from memagent.types import TaskStatus

from ..household import Household
from ..objectives import CASES
from ..situations import situation
from .thinking import Thinking, plan_of

pytestmark = pytest.mark.unit

AWAY = Objective("mug away", deliver=(("mug", "fridge"),), assumed=(("mug", "desk"),))


def planner(url: str, **settings: Any) -> ModelPlanner:
    config = EndpointConfig(url=url, model="small", pause=0.0, **settings)
    return ModelPlanner(Endpoint(config), SymbolicPlanner())


@pytest.mark.parametrize("case", CASES)
def test_it_attains_what_every_planner_must(site: Site, case: str) -> None:
    objective, now = CASES[case](site)
    thinking = Thinking()
    with serving(thinking.reaction) as server:
        by_model = thinking.watch(planner(server.url))
        calls = by_model.plan(objective, now)
    assert not isinstance(calls, NoPlan)
    assert by_model.failure == ""
    assert Rehearsal(objective, now).objection(calls) == ""
    assert len(server.asked) == 1


def test_the_model_is_told_what_the_rules_know_and_may_name_nothing_else(site: Site) -> None:
    objective, now = CASES["under an open drawer"](site)
    thinking = Thinking()
    with serving(thinking.reaction) as server:
        thinking.watch(planner(server.url)).plan(objective, now)
    (asked,) = server.asked
    system, user = (message["content"] for message in asked["messages"])
    assert "pick(object, place): Take an object from a place." in system
    assert "the mug is seen where it is" in user
    assert "closed, covered by the top drawer, which is open" in user
    assert "object mug: at the bottom drawer, believed there" in user
    assert "$" not in user
    step = asked["response_format"]["json_schema"]["schema"]["$defs"]["Step"]["properties"]
    assert set(step["object"]["enum"]) == {"", "mug"}
    assert "moon" not in step["place"]["enum"]


def test_a_plan_that_cannot_work_goes_back_with_the_reason(site: Site) -> None:
    now = situation(site)
    good = SymbolicPlanner().plan(AWAY, now)
    assert not isinstance(good, NoPlan)
    with serving(says(plan_of(good[1:])), says(plan_of(good))) as server:
        by_model = planner(server.url)
        assert by_model.plan(AWAY, now) == good
    assert by_model.failure == ""
    told = server.asked[1]["messages"][1]["content"]
    assert "cannot work: step 1, open(fridge): needs at(fridge)" in told


@pytest.mark.parametrize(
    "reaction",
    [
        fails(500), fails(429, Retry_After="100"), fails(401), hangs, hangs_up, drips, breaks_off,
        says("I am sure you can do it yourself."),
        says({"thinking": "", "steps": []}),
        says(plan_of([])),
        says({"thinking": "", "steps": [{"skill": "dance", "object": "", "place": ""}]}),
        says({"thinking": "", "steps": [{"skill": "pick", "object": "mug", "place": "desk"}]}),
    ],
)  # fmt: skip
def test_the_embedded_planner_plans_where_the_model_is_of_no_use(
    site: Site, reaction: Reaction
) -> None:
    now = situation(site)
    with serving(reaction) as server:
        by_model = planner(server.url, deadline=0.3)
        assert by_model.plan(AWAY, now) == SymbolicPlanner().plan(AWAY, now)
    assert by_model.failure


def test_no_model_is_asked_for_what_is_so_already(site: Site) -> None:
    objective = Objective("open the fridge", open=("fridge",))
    with serving(fails(500)) as server:
        found = planner(server.url).plan(objective, situation(site, open_ones=("fridge",)))
        assert isinstance(found, NoPlan)
    assert server.asked == []


@pytest.mark.parametrize("seed", range(3))
def test_a_task_is_carried_out_with_a_model_that_is_only_sometimes_of_use(
    site: Site, catalogue: Catalogue, seed: int
) -> None:
    dice, thinking = random.Random(seed), Thinking()
    troubles = (fails(503), hangs_up, says("no"), says(plan_of([])), fails(404))

    def moody(handler: Handler) -> None:
        (thinking.reaction if dice.random() < 0.5 else dice.choice(troubles))(handler)

    objects = {"red mug": "chest", "banana": "desk", "apple": "kitchen counter"}
    house = Household(site, catalogue, objects, slip=0.2, seed=seed)
    with serving(moody) as server:
        loop = ClosedLoop(
            house.memory, house, site, catalogue, planner=thinking.watch(planner(server.url))
        )
        result = loop.run("put the red mug in the top drawer")
    assert result.status is TaskStatus.SUCCEEDED, result
    assert house.objects["red mug"] == "top drawer"
    assert house.violations == []


def test_a_model_that_answers_anything_never_keeps_a_task_from_ending(
    site: Site, catalogue: Catalogue
) -> None:
    class Babbling:
        """Says whatever fits the shape."""

        id = "babbling"
        dice = random.Random(0)

        def ask(self, prompt: Prompt, shape: Any) -> Any:
            if self.dice.random() < 0.2:
                raise LanguageModelError("speechless")
            step = shape.model_json_schema()["$defs"]["Step"]["properties"]
            options = {name: field.get("enum") or [field["const"]] for name, field in step.items()}
            steps = [
                {name: self.dice.choice(words) for name, words in options.items()}
                for _ in range(self.dice.randint(1, 6))
            ]
            return shape.model_validate({"thinking": "", "steps": steps})

    house = Household(site, catalogue, {"red mug": "chest", "banana": "desk"})
    by_model = ModelPlanner(Babbling(), SymbolicPlanner())
    loop = ClosedLoop(house.memory, house, site, catalogue, planner=by_model)
    assert loop.run("bring the banana to the dining table").status is TaskStatus.SUCCEEDED
    assert house.violations == []
