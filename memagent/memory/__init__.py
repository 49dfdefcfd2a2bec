# SPDX-License-Identifier: Apache-2.0
"""Memory, the hippocampus: what a robot saw, did and learned, in one crash-safe file.

Four kinds, updated together by each percept: temporal (the last steps), spatial (a knowledge graph
with history), episodic (attempts with their outcomes) and semantic (lessons and habits).
"""

from memagent.memory.beliefs import BeliefConfig
from memagent.memory.chronology import Chronology
from memagent.memory.contradictions import Contradiction
from memagent.memory.embedders import Embedder, EmbedderConfig, EmbedderError
from memagent.memory.entities import EntityConfig
from memagent.memory.habits import HabitConfig
from memagent.memory.knowledge_graph import GraphConfig
from memagent.memory.lifelong import LifelongMemory, MemoryConfig
from memagent.memory.likeness import Likeness
from memagent.memory.merging import Decision, Evidence, LessonMerger, LessonRecord
from memagent.memory.operations import Operation
from memagent.memory.perceiving import PerceivingConfig
from memagent.memory.quarantine import Claim, QuarantineConfig
from memagent.memory.records import EventKind, MemoryEvent
from memagent.memory.state import StateConfig
from memagent.memory.store import StoreConfig
from memagent.memory.trials import LessonConfig

__all__ = [
    "BeliefConfig",
    "Chronology",
    "Claim",
    "Contradiction",
    "Decision",
    "Embedder",
    "EmbedderConfig",
    "EmbedderError",
    "EntityConfig",
    "EventKind",
    "Evidence",
    "GraphConfig",
    "HabitConfig",
    "LessonConfig",
    "LessonMerger",
    "LessonRecord",
    "LifelongMemory",
    "Likeness",
    "MemoryConfig",
    "MemoryEvent",
    "Operation",
    "PerceivingConfig",
    "QuarantineConfig",
    "StateConfig",
    "StoreConfig",
]
