# SPDX-License-Identifier: Apache-2.0
"""Causal attention over a window that reaches back across segments, as in Transformer-XL."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from memagent.world_model.layer import SequenceLayer, State
from memagent.world_model.s4.segments import segment_numbers


class WindowedAttention(SequenceLayer):
    """Attention to the newest ``window`` steps, those of earlier segments from a cache.

    Memory across segments as in Transformer-XL (Dai et al., arXiv 1901.02860, section 3.2), where
    positions are relative by rotation of queries and keys (Su et al., arXiv 2104.09864). The cache
    is a ring: step l lies in slot ``l mod window``.

    Args:
        width: D; D / heads must be even.
        heads: of attention.
        window: keys that a step can see, itself included.
    """

    frequencies: Tensor

    def __init__(self, width: int, heads: int = 4, window: int = 1024) -> None:
        super().__init__()
        self.heads, self.head, self.window = heads, width // heads, window
        self.project = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        frequencies = 1e4 ** (-torch.arange(0, self.head, 2, dtype=torch.float64) / self.head)
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        batch, length = inputs.shape[:2]
        if resets is None:
            part = torch.zeros(batch, length, dtype=torch.long, device=inputs.device)
        else:
            part = segment_numbers(resets)
        age = state[2] if state else inputs.new_zeros(batch, dtype=torch.long)
        steps = torch.arange(length, device=inputs.device)
        begin = torch.where(resets, steps, 0).cummax(1).values if resets is not None else 0
        position = torch.where(part == 0, age.unsqueeze(1) + steps, steps - begin)
        q, k, v = self._projected(inputs, position)
        if state is None and resets is None and length <= self.window:
            read = scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            distance = steps.unsqueeze(1) - steps
            near = (distance >= 0) & (distance < self.window)
            visible = near & (part.unsqueeze(2) == part.unsqueeze(1))
            keys, values = k, v
            if state is not None:
                keys, values = torch.cat((state[0], k), 2), torch.cat((state[1], v), 2)
                visible = torch.cat((self._reachable(age, part, position), visible), 2)
            read = scaled_dot_product_attention(q, keys, values, attn_mask=visible.unsqueeze(1))
        outputs = self.out(read.transpose(1, 2).flatten(2))
        return outputs, self._cached(k, v, part, position, state) if keep else None

    def initial_state(self, batch: int) -> State:
        shape = (batch, self.heads, self.window, self.head)
        weight = self.out.weight
        age = torch.zeros(batch, dtype=torch.long, device=weight.device)
        return weight.new_zeros(shape), weight.new_zeros(shape), age

    def step(self, inputs: Tensor, state: State) -> Tensor:
        keys, values, age = state
        q, k, v = self._projected(inputs.unsqueeze(1), age.unsqueeze(1))
        rows, slot = torch.arange(len(age), device=age.device), age % self.window
        keys[rows, :, slot] = k[:, :, 0]
        values[rows, :, slot] = v[:, :, 0]
        age.add_(1)
        used = min(self.window, int(age.max()))
        filled = torch.arange(used, device=age.device) < age.unsqueeze(1)
        read = scaled_dot_product_attention(
            q, keys[:, :, :used], values[:, :, :used], attn_mask=filled.view(-1, 1, 1, used)
        )
        return self.out(read.transpose(1, 2).flatten(2))[:, 0]  # type: ignore[no-any-return]

    def _projected(self, inputs: Tensor, position: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries and keys, and values: (B, heads, L, head)."""
        q, k, v = (
            x.unflatten(-1, (self.heads, self.head)).transpose(1, 2)
            for x in self.project(inputs).chunk(3, -1)
        )
        angle = (position.unsqueeze(-1) * self.frequencies).unsqueeze(1)
        cos, sin = torch.cos(angle).to(inputs.dtype), torch.sin(angle).to(inputs.dtype)
        return _rotated(q, cos, sin), _rotated(k, cos, sin), v

    def _reachable(self, age: Tensor, part: Tensor, position: Tensor) -> Tensor:
        """Which slots of the cache each step can see: bool (B, L, window)."""
        held = self._held(age).unsqueeze(1)
        near = position.unsqueeze(-1) - held < self.window
        return (held >= 0) & near & (part == 0).unsqueeze(-1)

    def _held(self, age: Tensor) -> Tensor:
        """The position of what each slot holds after ``age`` steps, negative where empty."""
        slots = torch.arange(self.window, device=age.device)
        newest = age.unsqueeze(1) - 1
        return newest - (newest - slots) % self.window

    def _cached(
        self, k: Tensor, v: Tensor, part: Tensor, position: Tensor, state: State | None
    ) -> State:
        keys, values, _ = state if state is not None else self.initial_state(k.shape[0])
        keys, values = keys.clone(), values.clone()
        newest = torch.zeros_like(part, dtype=torch.bool)
        newest[:, -self.window :] = True
        rows, steps = torch.nonzero(newest & (part == part[:, -1:]), as_tuple=True)
        slots = position[rows, steps] % self.window
        keys[rows, :, slots] = k[rows, :, steps]
        values[rows, :, slots] = v[rows, :, steps]
        return keys, values, position[:, -1] + 1


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, first * sin + second * cos), -1)
