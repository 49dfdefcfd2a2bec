# SPDX-License-Identifier: Apache-2.0
"""S4 with its diagonal-plus-low-rank state matrix: the reference that S4D simplifies.

Equations are those of Gu, Goel, Ré, arXiv 2111.00396: the kernel by algorithm 1 and appendix C.3
(generating function at roots of unity, Woodbury, Cauchy products), the recurrence by appendix C.2.
Constants are float64, which is why it is exact and slow; use ``S4D`` for work.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from memagent.world_model.layer import SequenceLayer, State
from memagent.world_model.s4.cached import Cached
from memagent.world_model.s4.convolution import causal_convolution
from memagent.world_model.s4.initialization import diagonal_plus_low_rank, log_time_scales
from memagent.world_model.s4.segments import Segments


class S4(SequenceLayer):
    """One state space per channel, ``A = diag(a) - p p^H``, HiPPO-LegS to start from; bilinear.

    C is trained as it is, and not as ``C (1 - Ab^L)``: the same parameters serve any length.

    Args:
        width: H, channels.
        state: N, real numbers of state per channel, even.
        shortest, longest: bounds of the time steps to start from.
    """

    def __init__(
        self, width: int, state: int = 64, *, shortest: float = 1e-3, longest: float = 1e-1
    ) -> None:
        super().__init__()
        self.width, self.modes = width, state // 2
        legs = diagonal_plus_low_rank(state)
        self.log_step = nn.Parameter(log_time_scales(width, shortest, longest))
        self.log_decay = nn.Parameter(_per_channel(torch.log(-legs.diagonal.real), width))
        self.frequency = nn.Parameter(_per_channel(legs.diagonal.imag, width))
        self.low_rank = nn.Parameter(_per_channel(torch.view_as_real(legs.low_rank), width))
        self.gain = nn.Parameter(_per_channel(torch.view_as_real(legs.inputs), width))
        self.readout = nn.Parameter(torch.randn(width, self.modes, 2) * math.sqrt(0.5))
        self.skip = nn.Parameter(torch.randn(width))
        self._recurrence = Cached(self._make_recurrence, self)

    def slow_parameters(self) -> list[nn.Parameter]:
        return [self.log_step, self.log_decay, self.frequency, self.low_rank, self.gain]

    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        if state is not None or keep:
            return self._stepped(inputs, resets, state)
        parts = Segments.of(resets) if resets is not None else None
        rows = parts.pack(inputs) if parts else inputs
        outputs = causal_convolution(rows, self.kernel(rows.shape[1]))
        return (parts.unpack(outputs) if parts else outputs) + inputs * self.skip, None

    def initial_state(self, batch: int) -> State:
        shape = (batch, self.width, self.modes)
        return (torch.zeros(shape, dtype=torch.complex64, device=self.skip.device),)

    def step(self, inputs: Tensor, state: State) -> Tensor:
        transition, gain, readout = self._recurrence()
        x = state[0]
        pairs = torch.cat((x, x.conj()), -1)
        x.copy_(torch.einsum("hnm,bhm->bhn", transition, pairs) + gain * inputs.unsqueeze(-1))
        return 2 * (readout * x).sum(-1).real + inputs * self.skip

    def kernel(self, length: int) -> Tensor:
        """K of ``length`` steps, float32 (H, L)."""
        a, p, b, c = self._pairs()
        dt = torch.exp(self.log_step.double()).view(-1, 1)
        transition, _ = _bilinear(a, p, b, dt)
        # The last term of the series that ends after L steps: (1 - Ab^L) times what is endless.
        ending = torch.einsum("hn,hnm->hm", c, torch.linalg.matrix_power(transition, length))
        c = c - ending
        z = torch.exp(
            -2j * math.pi * torch.arange(length, device=dt.device, dtype=torch.float64) / length
        )
        # At z = -1 the mapping has a pole, and the kernel its limit dt / 2 * C B.
        pole = torch.abs(1 + z) < 1e-9
        safe = torch.where(pole, torch.ones_like(z), z)
        node = (2 / dt) * (1 - safe) / (1 + safe)
        cauchy = 1 / (node.unsqueeze(1) - a.unsqueeze(-1))
        cb, cp, pb, pp = (
            torch.einsum("hn,hnl->hl", product, cauchy)
            for product in (c * b, c * p, p.conj() * b, p.conj() * p)
        )
        values = 2 / (1 + safe) * (cb - cp * pb / (1 + pp))
        limit = 0.5 * dt * (c * b).sum(-1, keepdim=True)
        kernel: Tensor = torch.fft.ifft(torch.where(pole, limit, values)).real.float()
        return kernel

    def _pairs(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Both of each conjugate pair of a, p, b and c: complex128 (H, N)."""
        eigenvalues = torch.complex(-torch.exp(self.log_decay), self.frequency)
        rest = (torch.view_as_complex(x) for x in (self.low_rank, self.gain, self.readout))
        halves = (eigenvalues, *rest)
        a, p, b, c = (torch.cat((half, half.conj()), -1).to(torch.complex128) for half in halves)
        return a, p, b, c

    def _make_recurrence(self) -> tuple[Tensor, Tensor, Tensor]:
        a, p, b, c = self._pairs()
        dt = torch.exp(self.log_step.double()).view(-1, 1)
        transition, gain = _bilinear(a, p, b, dt)
        half = self.modes
        made = transition[:, :half], gain[:, :half], c[:, :half]
        return made[0].to(torch.complex64), made[1].to(torch.complex64), made[2].to(torch.complex64)

    def _stepped(
        self, inputs: Tensor, resets: Tensor | None, state: State | None
    ) -> tuple[Tensor, State]:
        transition, gain, readout = self._make_recurrence()
        (x,) = state if state is not None else self.initial_state(inputs.shape[0])
        outputs = []
        for index, u in enumerate(inputs.unbind(1)):
            if resets is not None:
                x = x.masked_fill(resets[:, index].view(-1, 1, 1), 0)
            pairs = torch.cat((x, x.conj()), -1)
            x = torch.einsum("hnm,bhm->bhn", transition, pairs) + gain * u.unsqueeze(-1)
            outputs.append(2 * (readout * x).sum(-1).real + u * self.skip)
        return torch.stack(outputs, 1), (x,)


def _bilinear(a: Tensor, p: Tensor, b: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
    """Dense transition (H, N, N) and gain (H, N) of ``diag(a) - p p^H``, by Woodbury."""
    forward = torch.diag_embed(2 / dt + a) - p.unsqueeze(-1) * p.conj().unsqueeze(-2)
    inverse = 1 / (2 / dt - a)
    scale = 1 + (p.conj() * inverse * p).sum(-1).view(-1, 1, 1)
    solve = torch.diag_embed(inverse) - (
        (inverse * p).unsqueeze(-1) * (p.conj() * inverse).unsqueeze(-2) / scale
    )
    return solve @ forward, 2 * (solve @ b.unsqueeze(-1)).squeeze(-1)


def _per_channel(values: Tensor, width: int) -> Tensor:
    return values.float().expand(width, *values.shape).clone()
