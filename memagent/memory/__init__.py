# SPDX-License-Identifier: Apache-2.0
"""Memory, the hippocampus: what a robot saw, did and learned, in one crash-safe file.

Four kinds, updated together by each percept: temporal (the last steps), spatial (a knowledge graph
with history), episodic (attempts with their outcomes) and semantic (lessons and habits).
"""

from memagent.memory.beliefs import BeliefConfig
from memagent.memory.embedders import Embedder, EmbedderConfig, EmbedderError
from memagent.memory.lifelong import LifelongMemory, MemoryConfig
from memagent.memory.perceiving import PerceivingConfig
from memagent.memory.records import EventKind, MemoryEvent
from memagent.memory.state import StateConfig
from memagent.memory.store import StoreConfig

__all__ = [
    "BeliefConfig",
    "Embedder",
    "EmbedderConfig",
    "EmbedderError",
    "EventKind",
    "LifelongMemory",
    "MemoryConfig",
    "MemoryEvent",
    "PerceivingConfig",
    "StateConfig",
    "StoreConfig",
]
