# SPDX-License-Identifier: Apache-2.0
"""State-space layers: as a whole and step by step they are the same."""

from __future__ import annotations

import copy

import pytest
import torch

from memagent.world_model.layer import SequenceLayer, forget
from memagent.world_model.s4 import S4, S4D, S5

pytestmark = pytest.mark.unit

WIDTH = 8
LAYERS = {
    "s4d-lin": lambda: S4D(WIDTH, 64),
    "s4d-inv": lambda: S4D(WIDTH, 64, init="inv"),
    "s4d-bilinear": lambda: S4D(WIDTH, 64, init="legs", discretisation="bilinear"),
    "s4": lambda: S4(WIDTH, 32),
    "s5": lambda: S5(WIDTH, 32, blocks=2),
    "s5-bilinear": lambda: S5(WIDTH, 32, discretisation="bilinear"),
}


@pytest.fixture(params=LAYERS)
def layer(request) -> SequenceLayer:
    torch.manual_seed(1)
    return LAYERS[request.param]()


@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
@torch.no_grad()
def test_forward_and_step_agree_with_resets_inside(layer, share):
    resets = torch.rand(3, 150) < share if share else None
    inputs = torch.randn(3, 150, WIDTH)
    outputs, _ = layer(inputs, resets)
    state, worst = layer.initial_state(3), 0.0
    for step in range(150):
        if resets is not None:
            forget(state, resets[:, step])
        stepped = layer.step(inputs[:, step], state)
        worst = max(worst, float((stepped - outputs[:, step]).abs().max()))
    assert worst < 1e-5 * float(outputs.abs().max())


@pytest.mark.parametrize("share", [0.0, 0.05])
@torch.no_grad()
def test_a_sequence_in_two_halves_is_the_whole(layer, share):
    resets = torch.rand(3, 60) < share
    inputs = torch.randn(3, 60, WIDTH)
    whole, end = layer(inputs, resets, keep=True)
    _, middle = layer(inputs[:, :25], resets[:, :25], keep=True)
    rest, last = layer(inputs[:, 25:], resets[:, 25:], middle, keep=True)
    assert torch.allclose(rest, whole[:, 25:], atol=1e-5 * float(whole.abs().max()))
    for one, other in zip(end, last, strict=True):
        assert torch.allclose(one, other, atol=1e-5 * float(one.abs().max()))


@torch.no_grad()
def test_the_future_changes_nothing(layer):
    inputs = torch.randn(2, 40, WIDTH)
    changed = inputs.clone()
    changed[:, 20:] += 1
    one, other = layer(inputs)[0], layer(changed)[0]
    assert torch.allclose(one[:, :20], other[:, :20], atol=1e-5 * float(other.abs().max()))


def test_every_parameter_gets_a_gradient_and_all_stay_finite(layer):
    resets = torch.rand(2, 30) < 0.1
    layer(torch.randn(2, 30, WIDTH), resets)[0].square().mean().backward()
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


@torch.no_grad()
def test_steps_follow_new_weights(layer):
    inputs = torch.randn(1, WIDTH)
    before = layer.step(inputs, layer.initial_state(1))
    layer.readout.mul_(2)
    layer.skip.mul_(2)
    after = layer.step(inputs, layer.initial_state(1))
    assert torch.allclose(after, 2 * before, atol=1e-5)
    copied = copy.deepcopy(layer)
    layer.skip.zero_()
    assert torch.allclose(copied.step(inputs, copied.initial_state(1)), after, atol=1e-5)


@pytest.mark.parametrize("length", [7, 8, 33])
@torch.no_grad()
def test_the_cauchy_kernel_is_the_impulse_response(length):
    torch.manual_seed(2)
    layer = S4(4, 16)
    layer.skip.zero_()
    kernel = layer.kernel(length)
    state, response = layer.initial_state(1), []
    for step in range(length):
        response.append(layer.step(torch.full((1, 4), float(step == 0)), state)[0])
    assert torch.allclose(kernel, torch.stack(response, 1), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["s4d-lin", "s5"])
def test_a_compiler_can_take_it_whole(name):
    torch.manual_seed(3)
    layer = LAYERS[name]()
    inputs = torch.randn(2, 12, WIDTH, requires_grad=True)
    compiled = torch.compile(lambda x: layer(x)[0], backend="aot_eager", fullgraph=True)
    found, expected = (
        (y, torch.autograd.grad(y.square().sum(), inputs)[0])
        for y in (compiled(inputs), layer(inputs)[0])
    )
    for one, other in zip(found, expected, strict=True):
        assert torch.allclose(one, other, atol=1e-4)
