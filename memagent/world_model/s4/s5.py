# SPDX-License-Identifier: Apache-2.0
"""S5: one diagonal state space for all channels together, as a scan or as a recurrence."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from memagent.world_model.layer import SequenceLayer, State
from memagent.world_model.s4.cached import Cached
from memagent.world_model.s4.discretisation import Discretisation, discretise
from memagent.world_model.s4.initialization import diagonal_plus_low_rank, log_time_scales
from memagent.world_model.s4.scan import linear_scan


class S5(SequenceLayer):
    """The simplified state-space layer (Smith et al., arXiv 2208.04933), many inputs and outputs.

    ``x_l = decay * x_{l-1} + gain * (B u_l),  y_l = 2 Re(C x_l) + D u_l``. The eigenvalues are
    those of the normal part of HiPPO-LegS, in ``blocks`` equal blocks, and B and C start as real
    matrices in that basis (appendix B.1). A reset is part of the scan.

    Args:
        width: H, channels.
        state: P, real numbers of state, even in every block.
        blocks: J, initial blocks of the state matrix.
        discretisation: "zoh" or "bilinear".
        shortest, longest: bounds of the time steps to start from, one per pair.
    """

    def __init__(
        self,
        width: int,
        state: int = 64,
        *,
        blocks: int = 1,
        discretisation: Discretisation = "zoh",
        shortest: float = 1e-3,
        longest: float = 1e-1,
    ) -> None:
        super().__init__()
        self.width, self.modes, self.discretisation = width, state // 2, discretisation
        legs = diagonal_plus_low_rank(state // blocks)
        eigenvalues = legs.diagonal.repeat(blocks)
        basis = torch.kron(torch.eye(blocks, dtype=torch.float64), legs.basis.contiguous())
        into = torch.randn(state, width, dtype=torch.float64) / math.sqrt(width)
        out = torch.randn(width, state, dtype=torch.float64) / math.sqrt(state)
        self.log_step = nn.Parameter(log_time_scales(self.modes, shortest, longest))
        self.log_decay = nn.Parameter(torch.log(-eigenvalues.real).float())
        self.frequency = nn.Parameter(eigenvalues.imag.float())
        gain = basis.conj().T @ into.to(torch.complex128)
        readout = out.to(torch.complex128) @ basis
        self.gain = nn.Parameter(_real_rows(gain).float())
        self.readout = nn.Parameter(_real_columns(readout.conj()).float())
        self.skip = nn.Parameter(torch.randn(width))
        self._recurrence = Cached(self._discretised, self)

    def slow_parameters(self) -> list[nn.Parameter]:
        return [self.log_step, self.log_decay, self.frequency]

    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        decay, gain = self._discretised()
        driven = _complex(inputs @ gain.T)
        if resets is not None:
            decay = decay * (~resets).unsqueeze(-1)
        states = linear_scan(decay, driven, state[0] if state else None)
        return self._read(states, inputs), (states[:, -1].clone(),) if keep else None

    def initial_state(self, batch: int) -> State:
        shape = (batch, self.modes)
        return (torch.zeros(shape, dtype=torch.complex64, device=self.skip.device),)

    def step(self, inputs: Tensor, state: State) -> Tensor:
        decay, gain = self._recurrence()
        x = state[0]
        x.mul_(decay).add_(_complex(inputs @ gain.T))
        return self._read(x, inputs)

    def _read(self, states: Tensor, inputs: Tensor) -> Tensor:
        flat = torch.view_as_real(states).flatten(-2)
        return torch.addcmul(2 * (flat @ self.readout.T), inputs, self.skip)

    def _discretised(self) -> tuple[Tensor, Tensor]:
        """Decay of each state, complex64 (P/2,), and ``gain * B`` as real rows, (P, H)."""
        eigenvalues = torch.complex(-torch.exp(self.log_decay), self.frequency)
        decay, gain = discretise(self.discretisation, eigenvalues, torch.exp(self.log_step))
        rows = self.gain.view(self.modes, 2, self.width)
        real = gain.real.unsqueeze(-1) * rows[:, 0] - gain.imag.unsqueeze(-1) * rows[:, 1]
        imaginary = gain.real.unsqueeze(-1) * rows[:, 1] + gain.imag.unsqueeze(-1) * rows[:, 0]
        return decay, torch.stack((real, imaginary), 1).flatten(0, 1)


def _real_rows(matrix: Tensor) -> Tensor:
    """(n, H) complex to (2n, H): the real row of each, then its imaginary one."""
    return torch.stack((matrix.real, matrix.imag), 1).flatten(0, 1)


def _real_columns(matrix: Tensor) -> Tensor:
    """(H, n) complex to (H, 2n): the real column of each, then its imaginary one."""
    return torch.stack((matrix.real, matrix.imag), 2).flatten(1)


def _complex(pairs: Tensor) -> Tensor:
    return torch.view_as_complex(pairs.view(*pairs.shape[:-1], -1, 2))
