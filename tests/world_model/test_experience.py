# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from memagent.errors import ConfigError
from memagent.world_model.experience import lived

pytestmark = pytest.mark.unit

HALLWAY = "memagent_sim.memory_envs:memagent/DistractingMemory-v0"


def test_episodes_are_lived_as_suggested_and_cut_into_windows():
    seen = lived(HALLWAY, {"width": 3}, 5, length=9, size=4, start="episode", seed=1)
    assert seen.frames["frame"].kind == "tiles"
    assert seen.first.tolist() == ([True] + [False] * 8) * 5
    assert seen.going.reshape(5, 9)[:, -1].tolist() == [0] * 5
    assert (seen.action[::9] == 0).all()
    assert (seen.action.sum(1)[1:9] == 1).all()
    batch = seen.batch(np.random.default_rng(0), 0.0)
    assert batch.frames["frame"].shape == (4, 9, 5, 5)
    assert batch.first[:, 0].all()
    assert not batch.first[:, 1:].any()
    same = lived(HALLWAY, {"width": 3}, 5, length=9, size=4, seed=1)
    assert np.array_equal(same.arrays["frame"], seen.arrays["frame"])


def test_windows_that_begin_anywhere_are_reset_where_an_episode_begins():
    seen = lived(HALLWAY, {"width": 3}, 4, length=9, size=64)
    batch = seen.batch(np.random.default_rng(0), 0.0)
    inside = batch.first[:, 1:].sum(1)
    assert set(inside.tolist()) == {0, 1}


def test_continuous_actions_and_vectors_are_taken_as_they_are():
    seen = lived("Pendulum-v1", {}, 1, length=20, size=2)
    assert seen.actions == 1
    assert seen.frames["frame"].shape == (3,)
    assert np.abs(seen.action[1:]).max() > 1


def test_what_is_not_there_is_named():
    with pytest.raises(ConfigError, match="Nowhere-v0"):
        lived("Nowhere-v0", {}, 1, length=2, size=1)
    with pytest.raises(ConfigError, match="width must be at least 2"):
        lived(HALLWAY, {"width": 1}, 1, length=2, size=1)
    with pytest.raises(ConfigError, match="no window of 100 steps"):
        lived(HALLWAY, {"width": 3}, 2, length=100, size=1)
