# SPDX-License-Identifier: Apache-2.0
"""What every backbone must do, whatever it remembers with."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from memagent.world_model.backbones import (
    Backbone,
    BackboneConfig,
    BackboneKind,
    matched,
    parameters_of,
)
from memagent.world_model.backbones.recurrent import GRU
from memagent.world_model.layer import forget, repeated

pytestmark = pytest.mark.unit

KINDS = get_args(BackboneKind)


@pytest.fixture(params=KINDS)
def backbone(request) -> Backbone:
    torch.manual_seed(0)
    made = Backbone(
        BackboneConfig(kind=request.param, width=16, blocks=2, layers=1, state=16, window=12)
    )
    with torch.no_grad():  # Gates that start at zero would hide what they do.
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return made.eval()


@pytest.mark.parametrize("share", [0.0, 0.08])
@torch.no_grad()
def test_forward_and_step_agree_from_any_state(backbone, share):
    resets = torch.rand(3, 40) < share if share else None
    _, before = backbone(torch.randn(3, 30, 16), torch.rand(3, 30) < 0.1, keep=True)
    inputs = torch.randn(3, 40, 16)
    outputs, after = backbone(inputs, resets, repeated(before, 1), keep=True)
    for step in range(40):
        if resets is not None:
            forget(before, resets[:, step])
        stepped = backbone.step(inputs[:, step], before)
        assert torch.allclose(stepped, outputs[:, step], atol=1e-5), step
    inputs = torch.randn(3, 16)
    assert torch.allclose(backbone.step(inputs, before), backbone.step(inputs, after), atol=1e-5)


@torch.no_grad()
def test_nothing_passes_a_reset_or_comes_from_the_future(backbone):
    inputs, resets = torch.randn(1, 30, 16), torch.zeros(1, 30, dtype=torch.bool)
    resets[0, 10] = True
    changed = inputs.clone()
    changed[:, :10] = torch.randn(1, 10, 16)
    changed[:, 20:] = torch.randn(1, 10, 16)
    one, other = backbone(inputs, resets)[0], backbone(changed, resets)[0]
    assert torch.allclose(one[:, 10:20], other[:, 10:20], atol=1e-5)
    assert not torch.allclose(one[:, :10], other[:, :10], atol=1e-3)
    assert not torch.allclose(one[:, 20:], other[:, 20:], atol=1e-3)


def test_all_of_it_is_trained(backbone):
    backbone(torch.randn(2, 20, 16), torch.rand(2, 20) < 0.1)[0].square().sum().backward()
    idle = [n for n, p in backbone.named_parameters() if p.grad is None]
    assert idle == []


@pytest.mark.parametrize("kind", KINDS)
def test_widths_are_found_that_match_parameters(kind):
    config = matched(BackboneConfig(kind=kind, state=32), 200_000)
    assert parameters_of(config) == pytest.approx(200_000, rel=0.1)
    assert config.width % config.heads == 0


def test_truncation_cuts_the_gradient_and_nothing_else():
    torch.manual_seed(0)
    cut, whole = GRU(4, truncate=5), GRU(4)
    whole.load_state_dict(cut.state_dict())
    inputs = torch.randn(2, 12, 4, requires_grad=True)
    assert torch.allclose(cut(inputs)[0], whole(inputs)[0])
    for layer, reaches in ((cut, False), (whole, True)):
        (gradient,) = torch.autograd.grad(layer(inputs)[0][:, -1].sum(), inputs)
        assert bool(gradient[:, 9].abs().sum() > 0) is reaches
        assert bool(gradient[:, 10].abs().sum() > 0)


@torch.no_grad()
def test_attention_sees_its_window_and_no_further():
    torch.manual_seed(0)
    backbone = Backbone(BackboneConfig(kind="transformer", width=16, blocks=1, layers=1, window=5))
    inputs = torch.randn(1, 20, 16)
    changed = inputs.clone()
    changed[:, 3] = torch.randn(16)
    differs = (backbone(inputs)[0] - backbone(changed)[0]).abs().amax((0, 2)) > 1e-6
    assert differs.nonzero().flatten().tolist() == [3, 4, 5, 6, 7]
