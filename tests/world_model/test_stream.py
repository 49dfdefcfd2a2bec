# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch

from memagent.world_model import ObservationError, WorldModelStream
from tests.world_model.models import small

pytestmark = pytest.mark.unit

FRAME = {"tiles": np.zeros((3, 3), np.uint8), "joints": np.zeros(2)}


def test_it_is_surprised_and_imagines_from_what_it_saw():
    torch.manual_seed(0)
    stream = WorldModelStream(small())
    seen = [stream.observe(FRAME)] + [stream.observe(FRAME, [0.1, 0.2]) for _ in range(5)]
    assert all(s.nats >= 0 and 0 <= s.continuation <= 1 and np.isfinite(s.reward) for s in seen)
    assert stream.imagine(np.zeros((4, 6, 2)), n=3).rewards.shape == (4, 3, 6)


def test_an_episode_begins_with_nothing_remembered():
    torch.manual_seed(0)
    model = small()
    used, fresh = WorldModelStream(model), WorldModelStream(model)
    used.observe({**FRAME, "joints": np.ones(2)})
    used.observe(FRAME, [3, 3])
    used.begin()
    assert used.observe(FRAME).nats == pytest.approx(fresh.observe(FRAME).nats, abs=1e-6)


@pytest.mark.parametrize(
    ("frames", "action", "message"),
    [
        ({"tiles": FRAME["tiles"]}, None, "joints"),
        ({**FRAME, "tiles": np.zeros((3, 4), np.uint8)}, None, r"tiles.*\(3, 3\).*\(3, 4\)"),
        ({**FRAME, "tiles": np.full((3, 3), 4)}, None, "0 to 4 - 1"),
        ({**FRAME, "joints": np.array([np.nan, 0])}, None, "finite"),
        (FRAME, [1.0, 2.0, 3.0], r"\(2,\)"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(frames, action, message):
    stream = WorldModelStream(small())
    with pytest.raises(ObservationError, match=message):
        stream.observe(frames, action)
    with pytest.raises(ObservationError, match="nothing was observed"):
        stream.imagine(np.zeros((1, 1, 2)))
    stream.observe(FRAME)
    with pytest.raises(ObservationError, match="needs the action"):
        stream.observe(FRAME)
