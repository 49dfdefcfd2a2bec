# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from memagent.world_model.heads import TwoHotHead

pytestmark = pytest.mark.unit


def test_a_number_is_told_as_the_two_bins_beside_it():
    head = TwoHotHead(4, 8)
    numbers = torch.tensor([0.0, 1.0, -3.5, 200.0, 1e9])
    logits = torch.zeros(5, len(head.bins), requires_grad=True)
    (gradient,) = torch.autograd.grad(head.loss(logits, numbers).sum(), logits)
    wanted = 1 / len(head.bins) - gradient  # A softmax's gradient is what it says less the target.
    assert (wanted > 1e-5).sum(1).tolist() == [1, 2, 2, 2, 1]
    assert torch.allclose(wanted.sum(1), torch.ones(5))
    squashed = (torch.sign(numbers) * torch.log1p(numbers.abs())).clamp(-10, 10)
    assert torch.allclose(wanted @ head.bins, squashed, atol=1e-4)


def test_nothing_is_expected_at_first():
    head = TwoHotHead(4, 8)
    assert torch.allclose(head.mean(head(torch.randn(3, 4))), torch.zeros(3), atol=1e-2)
