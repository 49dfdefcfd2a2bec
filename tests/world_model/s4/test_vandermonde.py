# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.world_model.s4.vandermonde import kernel, naive_kernel

pytestmark = pytest.mark.unit


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200), st.integers(0, 99))
def test_the_factored_kernel_and_its_gradients_are_those_of_the_vandermonde_matrix(length, seed):
    torch.manual_seed(seed)
    weights = torch.randn(3, 4, dtype=torch.complex64, requires_grad=True)
    rates = torch.complex(-torch.rand(3, 4) * 0.1, torch.randn(3, 4)).requires_grad_()
    towards = torch.randn(3, length)
    one, other = kernel(weights, rates, length), naive_kernel(weights, rates, length)
    assert torch.allclose(one, other, atol=2e-5)
    gradients = torch.autograd.grad((one * towards).sum(), (weights, rates))
    expected = torch.autograd.grad((other * towards).sum(), (weights, rates))
    for found, right in zip(gradients, expected, strict=True):
        assert torch.allclose(found, right, atol=1e-4 * (1 + float(right.abs().max())))
