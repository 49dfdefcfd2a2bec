# SPDX-License-Identifier: Apache-2.0
"""Any model of the sentence-transformers library (Reimers and Gurevych, arXiv 1908.10084)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memagent.memory.recall.embedders.interface import EmbedderError


class SentenceTransformersEmbedder:
    """Sentences to as many dimensions as the model has, on whatever device torch finds."""

    def __init__(self, model: str | Path) -> None:
        """Load a model.

        Args:
            model: its folder, or its name on a model hub (which needs a network the first time).

        Raises:
            EmbedderError: the library is not installed, or it cannot load the model.
        """
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EmbedderError(
                f"the sentence-transformers embedder needs the package {error.name!r}: "
                "pip install sentence-transformers, beside the torch that is installed"
            ) from error
        try:
            self._model: Any = SentenceTransformer(str(model))
        except Exception as error:  # The library raises what its many backends raise.
            raise EmbedderError(f"{model}: is no model that can be loaded: {error}") from error
        self.id = f"sentence-transformers/{Path(model).name}"
        self.dimension = int(self._encoded(["a text"]).shape[1])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension).

        Raises:
            EmbedderError: the model failed, for example because the device's memory is full.
        """
        return self._encoded(texts) if texts else np.zeros((0, self.dimension), np.float32)

    def _encoded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        try:
            vectors = self._model.encode(
                list(texts),
                convert_to_numpy=True,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        except RuntimeError as error:
            raise EmbedderError(f"{self.id}: {error}") from error
        return np.asarray(vectors, np.float32)
