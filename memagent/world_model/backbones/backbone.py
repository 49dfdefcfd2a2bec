# SPDX-License-Identifier: Apache-2.0
"""One residual stack for every kind of memory, so that only the memory differs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memagent.world_model.backbones.attention import WindowedAttention
from memagent.world_model.backbones.config import BackboneConfig
from memagent.world_model.backbones.recurrent import GRU, MatrixLSTM, MinGRU
from memagent.world_model.layer import SequenceLayer, State
from memagent.world_model.s4 import S4, S4D, S5


class Backbone(SequenceLayer):
    """Blocks of S4WM (Deng et al., arXiv 2307.02064, figure 2) around any layer with memory.

    A block is ``x += layer(LN x)`` for each layer, then ``x += MLP(LN x)``. The state of the whole
    is the states of its layers, one after another.
    """

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        count = config.blocks * config.layers
        self.layers = nn.ModuleList(_layer(config) for _ in range(count))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(count))
        self.mlps = nn.ModuleList(_mlp(config) for _ in range(config.blocks))
        self.last = nn.LayerNorm(width)
        self.dropout = nn.Dropout(config.dropout)
        self._parts = [len(layer.initial_state(1)) for layer in self.memories()]

    def memories(self) -> list[SequenceLayer]:
        """The layers with memory, from the first."""
        return [layer for layer in self.layers if isinstance(layer, SequenceLayer)]

    def slow_parameters(self) -> list[nn.Parameter]:
        return [p for layer in self.memories() for p in layer.slow_parameters()]

    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        x, kept = inputs, []
        states = self._split(state) if state is not None else [None] * len(self.layers)
        for index, (layer, norm, old) in enumerate(
            zip(self.layers, self.norms, states, strict=True)
        ):
            outputs, new = layer(norm(x), resets, old, keep)
            x = x + self.dropout(outputs)
            kept.append(new)
            if (index + 1) % self.config.layers == 0:
                x = x + self.dropout(self.mlps[index // self.config.layers](x))
        if not keep:
            return self.last(x), None
        return self.last(x), tuple(tensor for part in kept for tensor in part)

    def initial_state(self, batch: int) -> State:
        return tuple(t for layer in self.memories() for t in layer.initial_state(batch))

    @torch.no_grad()
    def step(self, inputs: Tensor, state: State) -> Tensor:
        x = inputs
        for index, (layer, norm, part) in enumerate(
            zip(self.memories(), self.norms, self._split(state), strict=True)
        ):
            x = x + layer.step(norm(x), part)
            if (index + 1) % self.config.layers == 0:
                x = x + self.mlps[index // self.config.layers](x)
        return self.last(x)  # type: ignore[no-any-return]

    def _split(self, state: State) -> list[State]:
        parts, start = [], 0
        for size in self._parts:
            parts.append(state[start : start + size])
            start += size
        return parts


class Mixed(SequenceLayer):
    """A layer whose channels do not meet, then ``GLU(W gelu(y))`` where they do (S4, section D)."""

    def __init__(self, core: SequenceLayer, width: int) -> None:
        super().__init__()
        self.core = core
        self.mix = nn.Linear(width, 2 * width)

    def slow_parameters(self) -> list[nn.Parameter]:
        return self.core.slow_parameters()

    def forward(
        self,
        inputs: Tensor,
        resets: Tensor | None = None,
        state: State | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, State | None]:
        outputs, kept = self.core(inputs, resets, state, keep)
        return self._mixed(outputs), kept

    def initial_state(self, batch: int) -> State:
        return self.core.initial_state(batch)

    def step(self, inputs: Tensor, state: State) -> Tensor:
        return self._mixed(self.core.step(inputs, state))

    def _mixed(self, outputs: Tensor) -> Tensor:
        return nn.functional.glu(self.mix(nn.functional.gelu(outputs, approximate="tanh")), -1)


def matched(config: BackboneConfig, parameters: int) -> BackboneConfig:
    """The same backbone in the width that brings it closest to a number of parameters."""
    step = 2 * config.heads
    sizes = {}
    width = step
    while True:
        candidate = config.model_copy(update={"width": width})
        sizes[width] = abs(parameters_of(candidate) - parameters)
        if width > step and sizes[width] > sizes[width - step]:
            return config.model_copy(update={"width": width - step})
        width += step


def parameters_of(config: BackboneConfig) -> int:
    """How many numbers a backbone trains; nothing is allocated for it."""
    with torch.device("meta"):
        return sum(p.numel() for p in Backbone(config).parameters())


def _layer(config: BackboneConfig) -> SequenceLayer:
    width, shortest, longest = config.width, config.shortest, config.longest
    if config.kind == "s4d":
        core: SequenceLayer = S4D(
            width,
            config.state,
            init=config.spectrum,
            discretisation=config.discretisation,
            shortest=shortest,
            longest=longest,
        )
        return Mixed(core, width)
    if config.kind == "s4":
        return Mixed(S4(width, config.state, shortest=shortest, longest=longest), width)
    if config.kind == "s5":
        core = S5(
            width,
            config.state,
            discretisation=config.discretisation,
            shortest=shortest,
            longest=longest,
        )
        return Mixed(core, width)
    if config.kind == "mingru":
        return Mixed(MinGRU(width), width)
    if config.kind == "gru":
        return GRU(width, config.truncate)
    if config.kind == "mlstm":
        return MatrixLSTM(width, config.heads)
    return WindowedAttention(width, config.heads, config.window)


def _mlp(config: BackboneConfig) -> nn.Sequential:
    hidden = round(config.mlp * config.width)
    return nn.Sequential(
        nn.LayerNorm(config.width),
        nn.Linear(config.width, hidden),
        nn.GELU("tanh"),
        nn.Linear(hidden, config.width),
    )
