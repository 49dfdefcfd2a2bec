# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import memagent_sim
from memagent_sim.gym_env import FlatEnv
from memagent_sim.household import Placement

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def env() -> FlatEnv:
    made = gymnasium.make("memagent/Flat-v0", render_mode="rgb_array", time_limit=2.0)
    assert isinstance(made.unwrapped, FlatEnv)
    return made.unwrapped


def test_it_is_registered_with_the_package() -> None:
    assert memagent_sim.__all__
    assert "memagent/Flat-v0" in gymnasium.registry


@pytest.mark.filterwarnings("error")
def test_gymnasium_finds_no_fault(env: FlatEnv) -> None:
    check_env(env)


def test_reaching_the_goal_is_rewarded_and_ends_the_episode(env: FlatEnv) -> None:
    _, info = env.reset(seed=1, options={"layout": 3})
    assert info["instruction"] == "put the red mug in the top drawer"
    assert "should be in the top drawer" in info["missing"]
    still = np.zeros(env.action_space.shape, np.float32)
    _, reward, terminated, truncated, _ = env.step(still)
    assert (reward, terminated, truncated) == (0.0, False, False)
    env._simulation.put_object("red mug", Placement("top drawer", 2.5, 0.25, 0.595, 0.0))
    _, reward, terminated, _, info = env.step(still)
    assert (reward, terminated, info["missing"]) == (1.0, True, "")


def test_an_episode_is_cut_at_its_time_limit(env: FlatEnv) -> None:
    env.reset(options={"layout": 3})
    still = np.zeros(env.action_space.shape, np.float32)
    cut = [env.step(still)[3] for _ in range(20)]
    assert cut == [False] * 19 + [True]


def test_actions_move_what_they_name(env: FlatEnv) -> None:
    first, _ = env.reset(options={"layout": 3})
    action = np.zeros(13, np.float32)
    action[0], action[7], action[8], action[12] = 1.0, -1.0, 0.5, 1.0
    for _ in range(5):
        last, *_ = env.step(action)
    change = last["proprio"] - first["proprio"]
    assert change[1] < -0.05  # it looks south and drives ahead
    assert change[7] > 0.4
    assert change[22] > 0.4
    assert last["proprio"][23] < 0.05


def test_an_unknown_task_is_an_error() -> None:
    with pytest.raises(ValueError, match="task must be 0 to 2"):
        FlatEnv(task=9)
