# SPDX-License-Identifier: Apache-2.0
"""Memory, the hippocampus: what a robot saw, did and learned, in one crash-safe file.

Four kinds, updated together by each percept: temporal (the last steps), spatial (a knowledge graph
with history), episodic (attempts with their outcomes) and semantic (lessons and habits).
"""

from memagent.memory.config import MemoryConfig
from memagent.memory.corrections.operations import Operation
from memagent.memory.episodic.chronology import Chronology
from memagent.memory.exchange.graph_formats import geojson, graphml
from memagent.memory.fleet import Fleet, FleetConfig, FleetItem
from memagent.memory.forgetting.forgetting import Footprint
from memagent.memory.forgetting.retention import ForgettingConfig
from memagent.memory.knowledge.beliefs import BeliefConfig
from memagent.memory.knowledge.contradictions import Contradiction
from memagent.memory.knowledge.entities import EntityConfig
from memagent.memory.knowledge.habits import HabitConfig
from memagent.memory.knowledge.knowledge_graph import GraphConfig
from memagent.memory.knowledge.likeness import Likeness
from memagent.memory.knowledge.neighbourhood import facts_in
from memagent.memory.knowledge.quarantine import Claim, QuarantineConfig
from memagent.memory.lifelong import LifelongMemory
from memagent.memory.perceiving import PerceivingConfig
from memagent.memory.reader import MemoryReader
from memagent.memory.recall.embedders import (
    Embedder,
    EmbedderConfig,
    EmbedderError,
    NGramEmbedder,
)
from memagent.memory.records import EventKind, MemoryEvent, Note
from memagent.memory.retelling import Summarizer
from memagent.memory.retrieval import Retrieval
from memagent.memory.semantic.merging import Decision, Evidence, LessonMerger, LessonRecord
from memagent.memory.semantic.trials import LessonConfig
from memagent.memory.state import StateConfig
from memagent.memory.store.config import StoreConfig
from memagent.memory.write_queue import MemoryBusyError, WriteQueue

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
    "Fleet",
    "FleetConfig",
    "FleetItem",
    "Footprint",
    "ForgettingConfig",
    "GraphConfig",
    "HabitConfig",
    "LessonConfig",
    "LessonMerger",
    "LessonRecord",
    "LifelongMemory",
    "Likeness",
    "MemoryBusyError",
    "MemoryConfig",
    "MemoryEvent",
    "MemoryReader",
    "NGramEmbedder",
    "Note",
    "Operation",
    "PerceivingConfig",
    "QuarantineConfig",
    "Retrieval",
    "StateConfig",
    "StoreConfig",
    "Summarizer",
    "WriteQueue",
    "facts_in",
    "geojson",
    "graphml",
]
