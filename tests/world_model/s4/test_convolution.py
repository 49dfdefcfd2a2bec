# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.world_model.s4.convolution import _fast_size, causal_convolution

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("length", [1, 2, 7, 32])
def test_it_is_the_sum_over_the_past_and_has_its_gradients(length):
    torch.manual_seed(length)
    inputs = torch.randn(2, length, 3, dtype=torch.float64, requires_grad=True)
    kernel = torch.randn(3, length, dtype=torch.float64, requires_grad=True)
    outputs = causal_convolution(inputs, kernel)
    for step in range(length):
        past = inputs[:, : step + 1].flip(1)
        expected = (past * kernel[:, : step + 1].T).sum(1)
        assert torch.allclose(outputs[:, step], expected)
    assert torch.autograd.gradcheck(causal_convolution, (inputs, kernel))


@settings(deadline=None)
@given(st.integers(1, 10_000))
def test_sizes_of_transforms_are_even_smooth_and_enough(least):
    size = _fast_size(least)
    assert least <= size < 2 * max(least, 2)
    assert size % 2 == 0
    for factor in (2, 3, 5):
        while size % factor == 0:
            size //= factor
    assert size == 1
