# SPDX-License-Identifier: Apache-2.0
"""What texts mean, as vectors: one interface, several embedders.

Words are always matched by the store's full-text index, which needs no embedder. An embedder adds
meaning beyond words.
"""

from memagent.memory.embedders.choice import EmbedderConfig, choose_embedder
from memagent.memory.embedders.endpoint import EndpointEmbedder
from memagent.memory.embedders.interface import Embedder, EmbedderError
from memagent.memory.embedders.minilm import MiniLMEmbedder
from memagent.memory.embedders.ngrams import NGramEmbedder

__all__ = [
    "Embedder",
    "EmbedderConfig",
    "EmbedderError",
    "EndpointEmbedder",
    "MiniLMEmbedder",
    "NGramEmbedder",
    "choose_embedder",
]
