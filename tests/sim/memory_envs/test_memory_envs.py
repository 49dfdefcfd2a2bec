# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections import Counter

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from memagent_sim.memory_envs import DistractingMemoryEnv, MultiDoorsKeysEnv, RoomsEnv, hallway
from memagent_sim.memory_envs.keys import CLOSED, OPEN
from memagent_sim.memory_envs.tiles import COLOURS, DARK

pytestmark = pytest.mark.unit

IDS = ["DistractingMemory", "MultiDoorsKeys", "TwoRooms", "FourRooms", "TenRooms"]


def walk(env, seed):
    """Frames, actions and rewards of the suggested walk."""
    frame, info = env.reset(seed=seed)
    frames, actions, rewards, infos, over = [frame], [], [], [info], False
    while not over:
        action = infos[-1]["suggestion"]
        frame, reward, ended, cut, info = env.step(action)
        frames.append(frame)
        actions.append(action)
        rewards.append(reward)
        infos.append(info)
        over = ended or cut
    return np.stack(frames), actions, rewards, infos


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", IDS)
def test_gymnasium_finds_no_fault(name):
    check_env(gymnasium.make(f"memagent/{name}-v0", render_mode="rgb_array").unwrapped)


@pytest.mark.parametrize("name", IDS)
def test_a_seed_makes_a_walk(name):
    env = gymnasium.make(f"memagent/{name}-v0").unwrapped
    one, two, other = walk(env, 3), walk(env, 3), walk(env, 4)
    assert np.array_equal(one[0], two[0])
    assert one[1] == two[1]
    assert one[0].shape != other[0].shape or not np.array_equal(one[0], other[0])


@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_many_walks_at_once_are_those_of_the_environment(pause):
    drawn = hallway.episodes(np.random.default_rng(0), 6, 5, pause)
    for index in range(6):
        env = DistractingMemoryEnv(5)
        env.reset(seed=0)
        first = np.argmax(drawn.new[index])
        assert drawn.actions[index, first] == hallway.FORWARD
        sides = _sides(drawn, index, 5)
        env._map = hallway.hallways(drawn.cues[index : index + 1], sides)[0]
        env._cue = int(drawn.cues[index])
        env._look()
        assert np.array_equal(env._seen, drawn.frames[index, 0])
        for step in range(1, drawn.actions.shape[1]):
            frame, reward, ended, _, info = env.step(drawn.actions[index, step])
            assert np.array_equal(frame, drawn.frames[index, step])
            assert reward == drawn.rewards[index, step]
            assert (info["pass"] == 1) == (step >= drawn.query[index])
        assert ended


def _sides(drawn, index, width):
    """The distractors, read off the first pass."""
    sides = np.zeros((1, 2, width - 1), int)
    at = 0
    for step in range(drawn.query[index]):
        at += step > 0 and drawn.actions[index, step] == hallway.FORWARD
        if 1 <= at < width:
            sides[0, :, at - 1] = drawn.frames[index, step][[1, 3], 2] - COLOURS[0]
    return sides


def test_the_cue_alone_decides_which_door_pays_and_is_dark_the_second_time():
    drawn = hallway.episodes(np.random.default_rng(1), 400, 4)
    doors = drawn.actions[:, -1] - hallway.NORTH
    assert np.array_equal(drawn.rewards[:, -1] == 1, doors == drawn.cues)
    assert (drawn.rewards[:, :-1] == 0).all()
    # Neither the cue nor the door alone tells anything of the reward.
    for known in (doors, drawn.cues):
        for value in (0, 1):
            assert 0.35 < drawn.rewards[known == value, -1].mean() < 0.65
    assert np.array_equal(drawn.frames[:, 0, 1, 2], COLOURS[0] + drawn.cues)
    rows = np.arange(400)
    assert (drawn.frames[rows, drawn.query, 1, 2] == DARK).all()


def test_a_column_is_new_when_it_comes_into_view():
    drawn = hallway.episodes(np.random.default_rng(2), 3, 6, 0.3)
    for index in range(3):
        seen = drawn.frames[index, drawn.query[index] :, 1, -1][
            drawn.new[index, drawn.query[index] :]
        ]
        assert len(seen) == 3  # Of W - 1 = 5 columns, two are in view at the beginning.
        assert (seen >= COLOURS[0]).all()


def test_a_door_opens_with_its_key_once_and_stays_open():
    env = MultiDoorsKeysEnv(3, steps=300)
    _, _, rewards, infos = walk(env, 0)
    opened = np.array([info["open"] for info in infos]).astype(int)
    assert (np.diff(opened, axis=0) >= 0).all()
    assert sum(rewards) == opened[-1].sum() == 3
    assert Counter(int(env._map[d]) for d in env._doors) == Counter(OPEN + i for i in range(3))


def test_a_door_stays_closed_without_its_key():
    env = MultiDoorsKeysEnv(2)
    env.reset(seed=0)
    before = env._map.copy()
    assert env._enter(env._doors[1]) == 0.0
    env._enter(env._keys[0])
    assert env._enter(env._doors[1]) == 0.0
    assert env._map[env._doors[1]] == before[env._doors[1]] == CLOSED + 1
    assert env._enter(env._doors[0]) == 1.0


@pytest.mark.parametrize("rooms", [2, 4, 10])
def test_every_room_is_toured_and_a_room_never_changes(rooms):
    env = RoomsEnv(rooms, steps=60 * rooms)
    frames, _, _, infos = walk(env, 5)
    seen: dict[tuple[int, int], bytes] = {}
    for frame, info in zip(frames, infos, strict=True):
        assert seen.setdefault(info["position"], frame.tobytes()) == frame.tobytes()
    visits = Counter(info["position"] for info in infos)
    middles = [p for p in visits if (p[0] - 5) % 7 == 0 and (p[1] - 5) % 7 == 0]
    assert len(middles) == rooms


def test_what_is_impossible_is_refused():
    with pytest.raises(ValueError, match="rooms must be one of"):
        RoomsEnv(3)
    with pytest.raises(ValueError, match="keys must be 1 to 7"):
        MultiDoorsKeysEnv(8)
    with pytest.raises(ValueError, match="width must be at least 2"):
        DistractingMemoryEnv(1)
