# SPDX-License-Identifier: Apache-2.0
"""Small world models and experience for the tests."""

from __future__ import annotations

import torch

from memagent.world_model import BackboneConfig, Batch, FrameSpec, WorldModel, WorldModelConfig

SPECS = {
    "tiles": FrameSpec(kind="tiles", shape=(3, 3), classes=4),
    "joints": FrameSpec(kind="vector", shape=(2,)),
}


def small(kind: str = "s4d", **changes) -> WorldModel:
    backbone = BackboneConfig(kind=kind, width=16, blocks=1, layers=1, state=8, window=8)
    settings = {"variables": 4, "classes": 4, "hidden": 16, **changes}
    return WorldModel(WorldModelConfig(frames=SPECS, actions=2, backbone=backbone, **settings))


def experience(batch: int = 3, length: int = 12, resets: float = 0.2) -> Batch:
    first = torch.rand(batch, length) < resets
    first[:, 0] = True
    return Batch(
        {
            "tiles": torch.randint(4, (batch, length, 3, 3)),
            "joints": torch.randn(batch, length, 2),
        },
        torch.randn(batch, length, 2),
        torch.randn(batch, length),
        (torch.rand(batch, length) > 0.1).float(),
        first,
    )
