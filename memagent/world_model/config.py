# SPDX-License-Identifier: Apache-2.0
"""What a world model is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memagent.world_model.backbones.config import BackboneConfig
from memagent.world_model.frames import FrameSpec

Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]


class NetworkConfig(BaseModel):
    """All that does not follow from what is seen and done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backbone: BackboneConfig = BackboneConfig()
    variables: Positive = 32
    """Categorical latents of a frame."""
    classes: Annotated[int, Field(ge=2)] = 32
    """Values of each."""
    unimix: Annotated[float, Field(ge=0, lt=1)] = 0.01
    hidden: Positive = 256
    """Of all networks but the backbone."""
    depth: Positive = 16
    """Channels of the first convolution of images."""
    balance: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Share of the divergence that trains the prior."""
    free_nats: Weight = 1.0
    divergence_weight: Weight = 1.0
    reward_weight: Weight = 1.0
    continuation_weight: Weight = 1.0


class WorldModelConfig(NetworkConfig):
    frames: Annotated[dict[str, FrameSpec], Field(min_length=1)]
    actions: Positive
    """Length of an action's vector; for discrete actions their number, given one-hot."""
