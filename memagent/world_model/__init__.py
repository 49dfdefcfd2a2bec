# SPDX-License-Identifier: Apache-2.0
"""The world model: learns what comes next, imagines it, and is surprised.

The package stands by itself: it needs torch, and no other region.
"""

from memagent.world_model.backbones import BackboneConfig
from memagent.world_model.checkpoint import load, save
from memagent.world_model.config import NetworkConfig, WorldModelConfig
from memagent.world_model.frames import FrameSpec
from memagent.world_model.model import Batch, Belief, Predictions, WorldModel
from memagent.world_model.stream import ObservationError, Surprise, WorldModelStream

__all__ = [
    "BackboneConfig",
    "Batch",
    "Belief",
    "FrameSpec",
    "NetworkConfig",
    "ObservationError",
    "Predictions",
    "Surprise",
    "WorldModel",
    "WorldModelConfig",
    "WorldModelStream",
    "load",
    "save",
]
