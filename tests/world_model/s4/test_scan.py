# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.world_model.s4 import linear_scan

pytestmark = pytest.mark.unit


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.booleans(), st.booleans(), st.sampled_from(["real", "complex"]))
def test_it_is_the_recurrence(length, constant, resets, kind):
    torch.manual_seed(length)
    dtype = torch.complex64 if kind == "complex" else torch.float32
    inputs = torch.randn(2, length, 3, dtype=dtype)
    initial = torch.randn(2, 3, dtype=dtype)
    decay = 0.9 * torch.rand(3, dtype=dtype)
    if not constant or resets:
        decay = decay * torch.rand(2, length, 3, dtype=dtype)
    if resets:
        decay = decay * (torch.rand(2, length, 1) > 0.2)
    state, expected = initial, []
    for step in range(length):
        now = decay if decay.dim() == 1 else decay[:, step]
        state = now * state + inputs[:, step]
        expected.append(state)
    found = linear_scan(decay, inputs, initial)
    assert torch.allclose(found, torch.stack(expected, 1), atol=1e-5)


@pytest.mark.parametrize("shape", [(3,), (2, 9, 3)])
def test_its_gradient_is_right_where_it_is_written_out(shape):
    torch.manual_seed(0)
    decay, inputs, initial = (
        torch.randn(s, dtype=torch.complex128, requires_grad=True)
        for s in (shape, (2, 9, 3), (2, 3))
    )
    assert torch.autograd.gradcheck(linear_scan, (decay, inputs, initial))
