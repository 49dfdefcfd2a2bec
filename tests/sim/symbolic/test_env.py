# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import memagent_sim
from memagent_sim.symbolic import HouseholdEnv, Task

from .rooms import kitchen

pytestmark = pytest.mark.unit

TASK = Task("pick_and_place_simple", "Apple", "SideTable", instruction="put an apple there")


def env(**options: int) -> HouseholdEnv:
    return HouseholdEnv(lambda seed: (kitchen(), TASK), render_mode="ansi", **options)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("error")
def test_gymnasium_finds_no_fault() -> None:
    assert memagent_sim.__all__
    made = gymnasium.make("memagent/Household-v0", render_mode="ansi").unwrapped
    check_env(made)


def test_the_same_seed_gives_the_same_episode() -> None:
    made = HouseholdEnv()
    first, _ = made.reset(seed=3)
    again, _ = made.reset(seed=3)
    other, _ = made.reset(seed=4)
    assert first["text"] == again["text"]
    assert first["task"] == again["task"]
    assert (first["text"], first["task"]) != (other["text"], other["task"])


def test_an_episode_ends_with_the_goal_and_pays_once() -> None:
    made = env()
    made.reset(seed=0)
    rewards = []
    for verb, target in [
        ("find", "counter top 1"), ("pick_up", "apple 1"), ("find", "side table 1"),
        ("put_down", "side table 1"),
    ]:  # fmt: skip
        observation, reward, terminated, truncated, info = made.step(made.action(verb, target))  # type: ignore[arg-type]
        rewards.append(reward)
    assert rewards == [0.0, 0.0, 0.0, 1.0]
    assert terminated
    assert not truncated
    assert info["goal_conditions"] == 1.0
    assert info["invalid"] == 0
    assert "apple 1" in observation["text"]
    assert made.render() == observation["text"]


def test_budgets_truncate() -> None:
    made = env(max_invalid=2)
    made.reset(seed=0)
    ends = [made.step(made.action("pick_up", "apple 2"))[3] for _ in range(2)]
    assert ends == [False, True]
    made = env(max_steps=3)
    made.reset(seed=0)
    assert [made.step(made.action("find", "fridge 1"))[3] for _ in range(3)] == [False, False, True]


def test_an_action_beyond_the_names_is_invalid_and_wrong_words_are_refused() -> None:
    made = env()
    made.reset(seed=0)
    assert made.step(np.array([1, 159]))[4]["answer"] == "invalid"
    with pytest.raises(ValueError, match="no verb 'fly'"):
        made.action("fly")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no 'unicorn'"):
        made.action("find", "unicorn")
    with pytest.raises(ValueError, match="render_mode"):
        HouseholdEnv(render_mode="human")
    with pytest.raises(gymnasium.error.ResetNeeded):
        HouseholdEnv(render_mode="ansi").render()
