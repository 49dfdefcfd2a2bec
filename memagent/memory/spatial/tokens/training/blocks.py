# SPDX-License-Identifier: Apache-2.0
"""The reversible blocks in torch: the arithmetic of ``network``, to the bit, with gradients.

Values are real numbers here, multiples of the same powers of two that ``lattice`` counts in, so
every operation gives the same result scaled. Rounding passes gradients straight through (Bengio et
al., arXiv 1308.3432), clipping stops them. What is trained is therefore exactly what runs.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from memagent.memory.spatial.tokens import lattice
from memagent.memory.spatial.tokens.network import Coupling, ReversibleNetwork


class LearnedCoupling(nn.Module):
    """F or G: see ``network.Coupling``."""

    def __init__(self, width: int, hidden: int, direct: float) -> None:
        """Start as ``direct`` times the identity; the MLP starts silent, but not dead."""
        super().__init__()
        self.direct = nn.Parameter(direct * torch.eye(width, dtype=torch.float64))
        self.inner = nn.Parameter(torch.randn(hidden, width, dtype=torch.float64) / width**0.5)
        self.bias = nn.Parameter(torch.zeros(hidden, dtype=torch.float64))
        self.outer = nn.Parameter(torch.zeros(width, hidden, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """What to add to the other half; float64 (..., width), on the grid."""
        fine = lattice.WEIGHT_STEPS * lattice.ACTIVATION_STEPS
        most = lattice.LARGEST_ACTIVATION
        bias = _snapped(self.bias.clamp(-most, most), fine)
        seen = normalised(x)
        hidden = seen @ _weights(self.inner).T + bias
        hidden = _snapped(hidden, lattice.ACTIVATION_STEPS).clamp(0.0, most)
        out = seen @ _weights(self.direct).T + hidden @ _weights(self.outer).T
        return _snapped(out, lattice.STEPS).clamp(-lattice.LARGEST, lattice.LARGEST)

    def frozen(self) -> Coupling:
        """The same in NumPy."""
        parts = (self.direct, self.inner, self.bias, self.outer)
        return Coupling.of(*(part.detach().cpu().numpy() for part in parts))


class LearnedNetwork(nn.Module):
    """R and the maps of search: see ``network.ReversibleNetwork``."""

    def __init__(self, width: int, blocks: int, hidden: int) -> None:
        """Start as ``ReversibleNetwork.untrained``: the token is the sum of the observations."""
        super().__init__()
        self.couplings = nn.ModuleList(
            LearnedCoupling(width, hidden, 1.0 if number == 0 else 0.0)
            for number in range(2 * blocks)
        )
        self.key = nn.Parameter(torch.eye(width, dtype=torch.float64))
        self.query = nn.Parameter(torch.eye(width, dtype=torch.float64))

    def blocks(self) -> Iterator[tuple[nn.Module, nn.Module]]:
        couplings = list(self.couplings)
        yield from zip(couplings[::2], couplings[1::2], strict=True)

    def write(self, token: Tensor, observation: Tensor) -> tuple[Tensor, Tensor]:
        """R(token || observation) -> (token, residual), all (..., width) on the grid."""
        x1, x2 = token, observation
        for f, g in self.blocks():
            x1 = x1 + f(x2)
            x2 = x2 + g(x1)
        return x1, x2

    def read(self, token: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
        """The inverse of ``write``, to the bit, in training mode too."""
        y1, y2 = token, residual
        for f, g in reversed(list(self.blocks())):
            y2 = y2 - g(y1)
            y1 = y1 - f(y2)
        return y1, y2

    def forward(self, observations: Tensor) -> Tensor:
        """Tokens (p, t, d) after each of t observations (p, t, d) of p places."""
        on_grid = torch.round(observations.double() * lattice.STEPS) / lattice.STEPS
        token = torch.zeros_like(on_grid[:, 0])
        tokens = []
        for step in range(on_grid.shape[1]):
            token, _ = self.write(token, on_grid[:, step])
            tokens.append(token)
        return torch.stack(tokens, 1)

    def similarities(self, queries: Tensor, tokens: Tensor) -> Tensor:
        """Cosine between queries (..., q, d) and tokens (..., p, d): (..., q, p)."""
        keys = nn.functional.normalize(tokens @ self.key.T, dim=-1)
        asked = nn.functional.normalize(queries.double() @ self.query.T, dim=-1)
        return asked @ keys.transpose(-1, -2)

    def frozen(self) -> ReversibleNetwork:
        """The same in NumPy."""
        couplings = [c.frozen() for c in self.couplings if isinstance(c, LearnedCoupling)]
        return ReversibleNetwork(
            tuple(zip(couplings[::2], couplings[1::2], strict=True)),
            self.key.detach().cpu().numpy().copy(),
            self.query.detach().cpu().numpy().copy(),
        )


def normalised(x: Tensor) -> Tensor:
    """Rows over the mean magnitude of their elements: see ``lattice.normalised``."""
    total = x.abs().sum(-1, keepdim=True).clamp_min(1.0 / lattice.STEPS)
    most = lattice.LARGEST_ACTIVATION
    return _snapped(x / total * x.shape[-1], lattice.ACTIVATION_STEPS).clamp(-most, most)


def _weights(parameter: Tensor) -> Tensor:
    most = lattice.LARGEST_WEIGHT
    return _snapped(parameter.clamp(-most, most), lattice.WEIGHT_STEPS)


def _snapped(x: Tensor, steps: float) -> Tensor:
    """Rounded to the grid; its gradient is that of x."""
    # Adding the difference gives the grid point itself: it is exact, being at most half a step.
    return x + (torch.round(x.detach() * steps) / steps - x.detach())
