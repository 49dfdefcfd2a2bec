# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers: the GRU that RSSM is built on, and one whose recurrence is linear."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memagent.world_model.layer import SequenceLayer, State
from memagent.world_model.s4.scan import linear_scan
from memagent.world_model.s4.segments import Segments


class GRU(SequenceLayer):
    """A gated recurrent unit (Cho et al., arXiv 1406.1078), trained by truncated backpropagation.

    Args:
        width: D, inputs and hidden units.
        truncate: steps after which gradients are cut; 0 for never.
    """

    def __init__(self, width: int, truncate: int = 0) -> None:
        super().__init__()
        self.width, self.truncate = width, truncate
        self.cell = nn.GRU(width, width, batch_first=True)

    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        if resets is None:
            outputs = self._run(inputs, state[0] if state else None)
        else:
            parts = Segments.of(resets)
            start = parts.starts(state[0]) if state else None
            outputs = parts.unpack(self._run(parts.pack(inputs), start))
        return outputs, (outputs[:, -1].clone(),) if keep else None

    def initial_state(self, batch: int) -> State:
        return (torch.zeros(batch, self.width, device=next(self.cell.parameters()).device),)

    def step(self, inputs: Tensor, state: State) -> Tensor:
        # In the order in which nn.GRU has them: weights, then biases, inputs before hidden.
        hidden, weights = state[0], tuple(self.cell.parameters())
        hidden.copy_(torch.gru_cell(inputs, hidden, *weights))
        return hidden.clone()

    def _run(self, inputs: Tensor, start: Tensor | None) -> Tensor:
        hidden = None if start is None else start.unsqueeze(0)
        if not self.truncate or not torch.is_grad_enabled():
            return self.cell(inputs, hidden)[0]  # type: ignore[no-any-return]
        outputs = []
        for window in torch.split(inputs, self.truncate, 1):
            done, hidden = self.cell(window, None if hidden is None else hidden.detach())
            outputs.append(done)
        return torch.cat(outputs, 1)


class MinGRU(SequenceLayer):
    """A GRU whose gates see only the input, so that it is a scan (Feng et al., arXiv 2410.01201).

    ``h_l = (1 - z_l) h_{l-1} + z_l g(v_l)``, ``z = sigmoid(W_z x)``, ``v = W_h x``, and g keeps
    states positive (section 3.1 and appendix B).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.gates = nn.Linear(width, 2 * width)

    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        decay, driven = self._gated(inputs)
        if resets is not None:
            decay = decay.masked_fill(resets.unsqueeze(-1), 0)
        hidden = linear_scan(decay, driven, state[0] if state else None)
        return hidden, (hidden[:, -1].clone(),) if keep else None

    def initial_state(self, batch: int) -> State:
        return (torch.zeros(batch, self.width, device=self.gates.weight.device),)

    def step(self, inputs: Tensor, state: State) -> Tensor:
        decay, driven = self._gated(inputs)
        return state[0].mul_(decay).add_(driven).clone()

    def _gated(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        update, candidate = self.gates(inputs).chunk(2, -1)
        positive = torch.where(candidate >= 0, candidate + 0.5, torch.sigmoid(candidate))
        return torch.sigmoid(-update), torch.sigmoid(update) * positive


class MatrixLSTM(SequenceLayer):
    """The mLSTM of xLSTM: a matrix memory with exponential gates (Beck et al., arXiv 2405.04517).

    Parallel as in appendix A.3, recurrent as in equations 19 to 27, both with the stabiliser m of
    equation 15. Its short convolution and its projection to a larger width are left to the block.

    Args:
        width: D, a multiple of ``heads``.
        heads: memories of D / heads squared.
    """

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.width, self.heads, self.head = width, heads, width // heads
        self.project = nn.Linear(width, 3 * width)
        self.gates = nn.Linear(width, 2 * heads)
        self.open = nn.Linear(width, width)
        self.norm = nn.GroupNorm(heads, width)
        self.out = nn.Linear(width, width)
        with torch.no_grad():
            # As published: forget gates start nearly open, at 3 to 6; input gates at 0.
            self.gates.weight.zero_()
            self.gates.bias.copy_(torch.cat((torch.zeros(heads), torch.linspace(3, 6, heads))))

    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        q, k, v, gate, forgotten = self._projected(inputs)
        batch, length = inputs.shape[:2]
        if resets is None:
            part = torch.zeros(batch, length, dtype=torch.long, device=inputs.device)
        else:
            part = resets.long().cumsum(1)
        total = forgotten.cumsum(-1)
        same = (part.unsqueeze(2) == part.unsqueeze(1)).tril().unsqueeze(1)
        weight = total.unsqueeze(-1) - total.unsqueeze(-2) + gate.unsqueeze(-2)
        weight = weight.masked_fill(~same, -torch.inf)
        memory, norm, scale = state if state is not None else self.initial_state(batch)
        old = (total + scale.unsqueeze(-1)).masked_fill((part > 0).unsqueeze(1), -torch.inf)
        top = torch.maximum(weight.amax(-1), old)
        scores = (q @ k.transpose(-1, -2)) * torch.exp(weight - top.unsqueeze(-1))
        share = torch.exp(old - top).unsqueeze(-1)
        read = scores @ v + share * (q @ memory)
        size = scores.sum(-1) + (share * (q @ norm.unsqueeze(-1))).squeeze(-1)
        outputs = self._read(inputs, read, size, top)
        if not keep:
            return outputs, None
        aged = torch.exp(weight[:, :, -1] - top[:, :, -1:]).unsqueeze(-1)
        left = share[:, :, -1:]
        memory = left * memory + (aged * k).transpose(-1, -2) @ v
        norm = left.squeeze(-1) * norm + (aged * k).sum(-2)
        return outputs, (memory, norm, top[:, :, -1].clone())

    def initial_state(self, batch: int) -> State:
        shape = (batch, self.heads, self.head)
        device = self.out.weight.device
        memory = torch.zeros(*shape, self.head, device=device)
        return memory, torch.zeros(shape, device=device), torch.zeros(shape[:2], device=device)

    def step(self, inputs: Tensor, state: State) -> Tensor:
        q, k, v, gate, forgotten = (x[:, :, 0] for x in self._projected(inputs.unsqueeze(1)))
        memory, norm, scale = state
        top = torch.maximum(forgotten + scale, gate)
        left = torch.exp(forgotten + scale - top).unsqueeze(-1)
        k = k * torch.exp(gate - top).unsqueeze(-1)
        memory.mul_(left.unsqueeze(-1)).addcmul_(k.unsqueeze(-1), v.unsqueeze(-2))
        norm.mul_(left).add_(k)
        scale.copy_(top)
        read = q.unsqueeze(-2) @ memory
        size = (q * norm).sum(-1, keepdim=True)
        return self._read(inputs.unsqueeze(1), read, size, top.unsqueeze(-1))[:, 0]

    def _projected(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Queries, keys, values (B, heads, L, head), logarithms of the gates (B, heads, L)."""
        q, k, v = (
            x.unflatten(-1, (self.heads, self.head)).transpose(1, 2)
            for x in self.project(inputs).chunk(3, -1)
        )
        gate, forgotten = self.gates(inputs).transpose(1, 2).chunk(2, 1)
        return q, k * self.head**-0.5, v, gate, nn.functional.logsigmoid(forgotten)

    def _read(self, inputs: Tensor, read: Tensor, size: Tensor, top: Tensor) -> Tensor:
        least = torch.maximum(size.abs(), torch.exp(-top)).unsqueeze(-1)
        flat = (read / least).transpose(1, 2).flatten(2)
        normed = self.norm(flat.flatten(0, 1)).view_as(flat)
        return self.out(torch.sigmoid(self.open(inputs)) * normed)  # type: ignore[no-any-return]
