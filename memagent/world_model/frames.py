# SPDX-License-Identifier: Apache-2.0
"""What a robot sees, into and out of vectors: images, tiles and vectors."""

from __future__ import annotations

import math
from typing import Annotated, Literal, cast

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

SMALLEST_MAP = 4
"""Pixels of the side at which convolutions stop."""


class FrameSpec(BaseModel):
    """One thing that is seen in each frame.

    - "image": uint8 (h, w, channels), h = w a power of two of at least 8.
    - "tiles": integers (h, w) below ``classes``.
    - "vector": float32 (d,), about of size one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["image", "tiles", "vector"]
    shape: tuple[Annotated[int, Field(ge=1)], ...]
    classes: Annotated[int, Field(ge=2)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> FrameSpec:
        sizes = {"image": 3, "tiles": 2, "vector": 1}[self.kind]
        if len(self.shape) != sizes:
            raise ValueError(f"{self.kind} needs a shape of {sizes} numbers, got {self.shape}")
        if (self.kind == "tiles") != (self.classes is not None):
            raise ValueError("tiles need their number of classes, and nothing else has one")
        side = self.shape[0]
        if self.kind == "image" and (self.shape[1] != side or side < 8 or side & (side - 1)):
            raise ValueError(f"an image needs equal sides, a power of two from 8, got {self.shape}")
        return self


class FrameEncoder(nn.Module):
    """Frames of one kind, (..., *shape), to vectors (..., size)."""

    def __init__(self, spec: FrameSpec, hidden: int, depth: int) -> None:
        super().__init__()
        self.spec = spec
        if spec.kind == "image":
            self.net: nn.Module = _convolutions(spec, depth)
            self.size = SMALLEST_MAP**2 * depth * 2 ** (_halvings(spec) - 1)
            return
        self.net = mlp(math.prod(spec.shape) * (spec.classes or 1), hidden)
        self.size = hidden

    def forward(self, frames: Tensor) -> Tensor:
        lead = frames.shape[: frames.dim() - len(self.spec.shape)]
        flat = frames.reshape(-1, *self.spec.shape)
        if self.spec.kind == "image":
            x = flat.permute(0, 3, 1, 2).float() / 255 - 0.5
        elif self.spec.kind == "tiles":
            classes = cast(int, self.spec.classes)
            x = nn.functional.one_hot(flat.long(), classes).flatten(1).float()
        else:
            x = flat.float()
        return self.net(x).view(*lead, self.size)  # type: ignore[no-any-return]


class FrameDecoder(nn.Module):
    """Vectors (..., size) to what tells a frame: logits of tiles, pixels in [0, 1], or a vector."""

    def __init__(self, spec: FrameSpec, size: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.spec = spec
        if spec.kind == "image":
            self.net: nn.Module = _transposed(spec, size, depth)
        else:
            outputs = math.prod(spec.shape) * (spec.classes or 1)
            self.net = nn.Sequential(mlp(size, hidden), nn.Linear(hidden, outputs))

    def forward(self, features: Tensor) -> Tensor:
        """float32 (..., h, w, classes), (..., h, w, channels) or (..., d)."""
        x = self.net(features.flatten(0, -2))
        if self.spec.kind == "image":
            x = x.permute(0, 2, 3, 1) + 0.5
        shape = self.spec.shape + ((self.spec.classes,) if self.spec.classes else ())
        return x.reshape(*features.shape[:-1], *shape)  # type: ignore[no-any-return]

    def loss(self, told: Tensor, frames: Tensor) -> Tensor:
        """Nats of each frame, up to a constant: cross-entropy or half the squared error; (...)."""
        sizes = len(self.spec.shape)
        if self.spec.kind == "tiles":
            logs = torch.log_softmax(told, -1)
            picked = logs.gather(-1, frames.long().unsqueeze(-1)).squeeze(-1)
            return -picked.flatten(-sizes).sum(-1)
        wanted = frames.float() / 255 if self.spec.kind == "image" else frames.float()
        return 0.5 * (told - wanted).square().flatten(-sizes).sum(-1)

    def likeliest(self, told: Tensor) -> Tensor:
        """The frame itself, in the dtype of its kind."""
        if self.spec.kind == "tiles":
            return told.argmax(-1)
        if self.spec.kind == "image":
            return (told.clamp(0, 1) * 255).round().to(torch.uint8)
        return told


def mlp(inputs: int, hidden: int, layers: int = 1) -> nn.Sequential:
    """Linear, layer norm, SiLU; ``layers`` times."""
    modules: list[nn.Module] = []
    for index in range(layers):
        modules += [nn.Linear(hidden if index else inputs, hidden), nn.LayerNorm(hidden), nn.SiLU()]
    return nn.Sequential(*modules)


def _halvings(spec: FrameSpec) -> int:
    return int(math.log2(spec.shape[0] // SMALLEST_MAP))


def _convolutions(spec: FrameSpec, depth: int) -> nn.Sequential:
    channels, modules = spec.shape[2], []
    for index in range(_halvings(spec)):
        wider = depth * 2**index
        modules += [nn.Conv2d(channels, wider, 4, 2, 1), nn.GroupNorm(1, wider), nn.SiLU()]
        channels = wider
    return nn.Sequential(*modules, nn.Flatten())


def _transposed(spec: FrameSpec, size: int, depth: int) -> nn.Sequential:
    count = _halvings(spec)
    channels = depth * 2 ** (count - 1)
    modules: list[nn.Module] = [
        nn.Linear(size, channels * SMALLEST_MAP**2),
        nn.Unflatten(1, (channels, SMALLEST_MAP, SMALLEST_MAP)),
    ]
    for index in reversed(range(count)):
        narrower = depth * 2 ** (index - 1) if index else spec.shape[2]
        modules.append(nn.ConvTranspose2d(channels, narrower, 4, 2, 1))
        if index:
            modules += [nn.GroupNorm(1, narrower), nn.SiLU()]
        channels = narrower
    return nn.Sequential(*modules)
