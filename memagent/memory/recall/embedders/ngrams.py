# SPDX-License-Identifier: Apache-2.0
"""An embedder without a model: words that share most of their letters are alike.

Hashed counts of character n-grams (as in fastText, Bojanowski et al., arXiv 1607.04606, without its
training). It forgives spelling and inflection, and knows nothing of meaning.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LENGTHS = (3, 4, 5)


class NGramEmbedder:
    """Deterministic, on every machine and in every process."""

    def __init__(self, dimension: int = 256) -> None:
        self.dimension = dimension

    @property
    def id(self) -> str:
        return f"ngrams-{self.dimension}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for gram in _grams(text):
                number = zlib.crc32(gram.encode())
                vector[number % self.dimension] += 1.0 if number & 0x8000_0000 else -1.0
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(norms > 0.0, norms, 1.0), np.float32)


def _grams(text: str) -> list[str]:
    words = [f"<{word}>" for word in re.findall(r"\w+", text.lower())]
    return [w[i : i + n] for w in words for n in _LENGTHS for i in range(max(1, len(w) - n + 1))]
