# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from memagent.world_model import latent

pytestmark = pytest.mark.unit


def test_samples_follow_their_probabilities_and_pass_gradients():
    torch.manual_seed(0)
    logits = torch.tensor([[2.0, 0.0, -1.0]], requires_grad=True)
    logs = latent.log_probabilities(logits, 0.0)
    drawn = latent.sample(logs.expand(20_000, 1, 3))
    assert torch.equal(drawn.detach().round().sum(-1), torch.ones(20_000))
    assert torch.allclose(drawn.mean(0), torch.softmax(logits[0], -1), atol=0.02)
    (gradient,) = torch.autograd.grad(drawn[:, 0].mean(), logits)
    (expected,) = torch.autograd.grad(torch.softmax(logits[0], -1)[0], logits)
    assert torch.allclose(gradient, expected, atol=1e-5)


def test_a_uniform_share_keeps_every_value_possible():
    logs = latent.log_probabilities(torch.tensor([[100.0, 0.0, 0.0, 0.0]]), 0.04)
    assert logs.exp().tolist()[0] == pytest.approx([0.97, 0.01, 0.01, 0.01])


def test_divergence_is_zero_of_the_same_and_balanced_by_whom_it_trains():
    torch.manual_seed(1)
    left, right = (torch.randn(5, 3, 4, requires_grad=True) for _ in range(2))
    q, p = (latent.log_probabilities(x, 0.01) for x in (left, right))
    assert torch.allclose(latent.divergence(q, q), torch.zeros(5), atol=1e-6)
    true = latent.divergence(q, p)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Categorical(logits=q), torch.distributions.Categorical(logits=p)
    ).sum(-1)
    assert torch.allclose(true, expected, atol=1e-5)
    balanced = latent.balanced_divergence(q, p, 0.8, 0.0)
    assert torch.allclose(balanced, true)
    whole = torch.autograd.grad(true.sum(), (left, right), retain_graph=True)
    shares = torch.autograd.grad(balanced.sum(), (left, right), retain_graph=True)
    assert torch.allclose(shares[0], 0.2 * whole[0], atol=1e-6)
    assert torch.allclose(shares[1], 0.8 * whole[1], atol=1e-6)
    free = latent.balanced_divergence(q, p, 0.8, 1e3)
    assert torch.allclose(free, torch.full((5,), 1e3))
    assert all(g.abs().max() == 0 for g in torch.autograd.grad(free.sum(), (left, right)))
