# SPDX-License-Identifier: Apache-2.0
"""What texts mean, as vectors: one interface, several embedders.

Words are always matched by the store's full-text index, which needs no embedder. An embedder adds
meaning beyond words.
"""

from memagent.memory.recall.embedders.choice import EmbedderConfig, choose_embedder
from memagent.memory.recall.embedders.endpoint import EndpointEmbedder
from memagent.memory.recall.embedders.interface import Embedder, EmbedderError
from memagent.memory.recall.embedders.minilm import MiniLMEmbedder
from memagent.memory.recall.embedders.ngrams import NGramEmbedder
from memagent.memory.recall.embedders.sentences import SentenceTransformersEmbedder

__all__ = [
    "Embedder",
    "EmbedderConfig",
    "EmbedderError",
    "EndpointEmbedder",
    "MiniLMEmbedder",
    "NGramEmbedder",
    "SentenceTransformersEmbedder",
    "choose_embedder",
]
