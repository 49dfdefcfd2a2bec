# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from memagent.world_model import Batch, latent
from tests.world_model.models import experience, small

pytestmark = pytest.mark.unit


@pytest.fixture
def certain(monkeypatch):
    """Latents are their likeliest values, so that two ways to one result can be compared."""
    monkeypatch.setattr(latent, "sample", latent.mode)


@pytest.mark.parametrize("kind", ["s4d", "s5", "gru", "transformer", "mlstm"])
def test_frame_by_frame_is_the_same_as_a_whole_sequence(kind, certain):
    torch.manual_seed(0)
    model, batch = small(kind).eval(), experience()
    told, end = model.infer(batch)
    belief = model.beginning(3)
    for step in range(12):
        frames = {name: x[:, step] for name, x in batch.frames.items()}
        now, surprise = model.observe(belief, frames, batch.actions[:, step], batch.first[:, step])
        assert torch.allclose(now.features, told.features[:, step], atol=1e-5)
        assert torch.allclose(now.rewards, told.rewards[:, step], atol=1e-4)
        assert (surprise >= 0).all()
    assert torch.allclose(belief.latent, end.latent)


def test_imagination_is_the_model_fed_with_its_own_expectations(certain):
    torch.manual_seed(0)
    model, batch = small().eval(), experience(1, resets=0)
    _, belief = model.infer(batch)
    before = [t.clone() for t in (*belief.state, belief.latent)]
    actions = torch.randn(5, 7, 2)
    futures = model.imagine(belief, actions, 2)
    assert futures.rewards.shape == (5, 2, 7)
    assert model.decode(futures.features)["tiles"].shape == (5, 2, 7, 3, 3)
    for one, other in zip(before, (*belief.state, belief.latent), strict=True):
        assert torch.equal(one, other)
    alone = model.imagine(belief, actions[3:4])
    assert torch.allclose(alone.features[0, 0], futures.features[3, 1], atol=1e-5)
    told, code = futures.features[0, 0, -1].split([16, 16])
    assert torch.equal(latent.mode(model._prior(told.unsqueeze(0)))[0], code)


def test_the_posterior_does_not_see_the_past():
    torch.manual_seed(0)
    model, batch = small().eval(), experience()
    whole = model.posterior_of(batch.frames)
    alone = model.posterior_of({name: x[:, 5] for name, x in batch.frames.items()})
    assert torch.allclose(whole[:, 5], alone, atol=1e-6)


def test_nothing_before_a_beginning_matters(certain):
    torch.manual_seed(0)
    model, batch = small().eval(), experience(resets=0)
    batch.first[:, 6] = True
    cut = Batch(
        {name: x[:, 6:] for name, x in batch.frames.items()},
        batch.actions[:, 6:],
        batch.rewards[:, 6:],
        batch.continues[:, 6:],
        batch.first[:, 6:],
    )
    whole, part = model.infer(batch)[0], model.infer(cut)[0]
    assert torch.allclose(whole.features[:, 6:], part.features, atol=1e-5)


def test_every_weight_is_trained_and_candidates_must_fit():
    torch.manual_seed(0)
    model = small(free_nats=0.0)
    model.losses(experience())["total"].backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []
    with pytest.raises(ValueError, match="3 beliefs do not fit 5 candidates"):
        model.imagine(model.beginning(3), torch.zeros(5, 2, 2))
