# SPDX-License-Identifier: Apache-2.0
"""The world model's benchmark: what it trains on and what it counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import world_model_memory as memory
import world_model_speed as speed
from memagent.world_model import WorldModel, WorldModelConfig
from memagent.world_model.backbones import parameters_of

pytestmark = pytest.mark.unit


def test_hallways_grow_from_short_to_full():
    hallways = memory.Hallways(16, 0.0)
    lengths = {
        progress: {
            hallways.batch(np.random.default_rng(seed), progress).first.shape[1]
            for seed in range(20)
        }
        for progress in (0.0, 0.5, 0.7)
    }
    assert lengths[0.0] <= {7, 9}
    assert max(lengths[0.5]) < 35
    assert lengths[0.7] == {35}


@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_a_model_that_learned_nothing_is_at_chance(pause):
    torch.manual_seed(0)
    hallways = memory.Hallways(3, pause)
    whole = WorldModelConfig(
        frames=dict(hallways.frames), actions=hallways.actions, **dict(memory.network("s4d"))
    )
    scores = memory.examine(WorldModel(whole).eval(), 3, pause, 5, episodes=64)
    assert 0.3 < scores["inference"] < 0.7
    assert 0.3 < scores["imagination"] < 0.7


def test_backbones_are_matched_by_parameters():
    sizes = [parameters_of(memory.network(k).backbone) for k in ("s4d", "s5", "gru", "transformer")]
    assert max(sizes) < 1.15 * min(sizes)


def test_ratios_are_of_medians_and_have_an_interval():
    found = speed.ratio([4.0, 4.0, 100.0], [2.0, 2.0, 1.0])
    assert found["value"] == 2.0
    assert found["low"] <= 2.0 <= found["high"]
