# SPDX-License-Identifier: Apache-2.0
"""Heads that tell numbers: a reward of any size, and whether the episode goes on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memagent.world_model.frames import mlp


class TwoHotHead(nn.Module):
    """A number as a distribution over bins, even in symlog (DreamerV3, arXiv 2301.04104, eq. 9).

    Classification of bins needs no scale of rewards to be known, and holds several modes.
    """

    bins: Tensor

    def __init__(self, size: int, hidden: int, bins: int = 41, reach: float = 10.0) -> None:
        super().__init__()
        self.net = nn.Sequential(mlp(size, hidden, 2), nn.Linear(hidden, bins))
        self.register_buffer("bins", torch.linspace(-reach, reach, bins), persistent=False)
        last = self.net[-1]
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        return self.net(features)  # type: ignore[no-any-return]

    def mean(self, logits: Tensor) -> Tensor:
        """The expected number: (...) for (..., bins)."""
        values = torch.sign(self.bins) * torch.expm1(self.bins.abs())
        return torch.softmax(logits, -1) @ values

    def loss(self, logits: Tensor, numbers: Tensor) -> Tensor:
        """Cross-entropy with the two bins beside each number, in nats: (...)."""
        squashed = torch.sign(numbers) * torch.log1p(numbers.abs())
        step = self.bins[1] - self.bins[0]
        place = ((squashed - self.bins[0]) / step).clamp(0, len(self.bins) - 1)
        below = place.floor().long().clamp(max=len(self.bins) - 2)
        share = (place - below).unsqueeze(-1)
        logs = torch.log_softmax(logits, -1)
        beside = logs.gather(-1, torch.stack((below, below + 1), -1))
        return -(beside * torch.cat((1 - share, share), -1)).sum(-1)


class BernoulliHead(nn.Module):
    """The probability that something holds."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.net = nn.Sequential(mlp(size, hidden), nn.Linear(hidden, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Logits (...) for (..., size)."""
        return self.net(features).squeeze(-1)  # type: ignore[no-any-return]

    def loss(self, logits: Tensor, holds: Tensor) -> Tensor:
        return nn.functional.binary_cross_entropy_with_logits(logits, holds, reduction="none")
