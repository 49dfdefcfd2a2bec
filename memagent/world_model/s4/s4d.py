# SPDX-License-Identifier: Apache-2.0
"""S4D: one diagonal state space per channel, as a convolution or as a recurrence."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from memagent.world_model.layer import SequenceLayer, State
from memagent.world_model.s4.cached import Cached
from memagent.world_model.s4.convolution import causal_convolution
from memagent.world_model.s4.discretisation import Discretisation, discretise
from memagent.world_model.s4.initialization import Spectrum, log_time_scales, spectrum
from memagent.world_model.s4.segments import Segments, since_last_reset
from memagent.world_model.s4.vandermonde import kernel, powers


class S4D(SequenceLayer):
    """The diagonal state-space layer (Gu et al., arXiv 2206.11893) without its output mixing.

    ``x_l = exp(dt A) x_{l-1} + gain u_l,  y_l = 2 Re(C x_l) + D u_l`` for each of ``width``
    channels, with B = 1 (section 3.2), ``A = -exp(log_decay) + i frequency`` and C from the complex
    normal distribution.

    Args:
        width: H, channels.
        state: N, real numbers of state per channel, even.
        init: the spectrum to start from.
        discretisation: "zoh" or "bilinear".
        shortest, longest: bounds of the time steps to start from; lags of about 1/longest to
            1/shortest steps are remembered well.
    """

    def __init__(
        self,
        width: int,
        state: int = 64,
        *,
        init: Spectrum = "lin",
        discretisation: Discretisation = "zoh",
        shortest: float = 1e-3,
        longest: float = 1e-1,
    ) -> None:
        super().__init__()
        self.width, self.modes, self.discretisation = width, state // 2, discretisation
        eigenvalues = spectrum(init, state).expand(width, -1)
        self.log_step = nn.Parameter(log_time_scales(width, shortest, longest))
        self.log_decay = nn.Parameter(torch.log(-eigenvalues.real).float().clone())
        self.frequency = nn.Parameter(eigenvalues.imag.float().clone())
        self.readout = nn.Parameter(torch.randn(width, self.modes, 2) * math.sqrt(0.5))
        self.skip = nn.Parameter(torch.randn(width))
        self._recurrence = Cached(self._make_recurrence, self)

    def slow_parameters(self) -> list[nn.Parameter]:
        return [self.log_step, self.log_decay, self.frequency]

    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        weights, rates = self._weights_and_rates()
        if resets is None:
            outputs = self._convolved(inputs, weights, rates, state[0] if state else None)
        else:
            parts = Segments.of(resets)
            start = parts.starts(state[0]) if state else None
            outputs = parts.unpack(self._convolved(parts.pack(inputs), weights, rates, start))
        return outputs, (self._final(inputs, resets, state, rates),) if keep else None

    def initial_state(self, batch: int) -> State:
        shape = (batch, self.width, self.modes)
        return (torch.zeros(shape, dtype=torch.complex64, device=self.skip.device),)

    def step(self, inputs: Tensor, state: State) -> Tensor:
        decay, readout, skip = self._recurrence()
        x = state[0]
        pairs = torch.view_as_real(x)
        x.mul_(decay)
        pairs[..., 0].add_(inputs.unsqueeze(-1))
        # Re(w x) is a real dot product of (Re w, -Im w) and (Re x, Im x).
        return torch.addcmul(torch.linalg.vecdot(pairs.flatten(2), readout), inputs, skip)

    def _weights_and_rates(self) -> tuple[Tensor, Tensor]:
        """C times gain, and the logarithm of the decay of one step; complex64 (H, n)."""
        eigenvalues = torch.complex(-torch.exp(self.log_decay), self.frequency)
        dt = torch.exp(self.log_step).unsqueeze(-1)
        decay, gain = discretise(self.discretisation, eigenvalues, dt)
        if self.discretisation == "zoh":
            # Whole turns change no power; without them angles of many steps are exact for longer.
            angle = dt * self.frequency
            turns = torch.round(angle.detach() / math.tau)
            rates = torch.complex(dt * eigenvalues.real, angle - math.tau * turns)
        else:
            rates = torch.log(decay)
        return torch.view_as_complex(self.readout) * gain, rates

    def _convolved(
        self, inputs: Tensor, weights: Tensor, rates: Tensor, start: Tensor | None
    ) -> Tensor:
        # The skip D u is one more term of the kernel, and needs no pass of its own.
        length = inputs.shape[1]
        response = kernel(weights, rates, length)
        response = torch.cat((response[:, :1] + self.skip.unsqueeze(-1), response[:, 1:]), 1)
        outputs = causal_convolution(inputs, response)
        return outputs if start is None else outputs + _remembered(start, weights, rates, length)

    def _final(
        self, inputs: Tensor, resets: Tensor | None, state: State | None, rates: Tensor
    ) -> Tensor:
        """The states after the last step: what counts of the inputs, each aged by its distance."""
        length = inputs.shape[1]
        counts = inputs
        if resets is not None:
            counts = inputs * since_last_reset(resets).unsqueeze(-1)
        real, imaginary = powers(rates, length)
        aged = torch.cat((real, imaginary), 1).flip(2)
        sums = torch.einsum("blh,hnl->bhn", counts, aged)
        final = torch.complex(sums[..., : self.modes], sums[..., self.modes :])
        if state is not None:
            old = state[0] * torch.exp(rates * length)
            if resets is not None:
                old = old * (~resets.any(1)).view(-1, 1, 1)
            final = final + old
        return final

    def _make_recurrence(self) -> tuple[Tensor, Tensor, Tensor]:
        weights, rates = self._weights_and_rates()
        readout = torch.view_as_real(2 * weights.conj().resolve_conj()).flatten(1)
        return torch.exp(rates), readout, self.skip.detach()


def _remembered(start: Tensor, weights: Tensor, rates: Tensor, length: int) -> Tensor:
    """What a state (B, H, n) adds to the outputs of the next ``length`` steps: (B, L, H)."""
    real, imaginary = powers(rates, length)
    aged = 2 * start * (weights * torch.exp(rates))
    both = torch.cat((aged.real, -aged.imag), 2).transpose(0, 1)
    return torch.bmm(both, torch.cat((real, imaginary), 1)).permute(1, 2, 0)
