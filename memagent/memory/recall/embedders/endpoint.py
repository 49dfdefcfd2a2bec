# SPDX-License-Identifier: Apache-2.0
"""An embedder behind an OpenAI-compatible ``/embeddings`` endpoint, like vLLM's or Ollama's."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memagent.memory.recall.embedders.interface import EmbedderError


class EndpointEmbedder:
    """Asks a server once per batch, with a time-out; whoever calls tries again."""

    def __init__(
        self, url: str, model: str, *, key_variable: str = "OPENAI_API_KEY", timeout: float = 10.0
    ) -> None:
        """Ask the server once, for the dimension.

        Args:
            url: up to and including ``/v1``.
            model: its name on the server.
            key_variable: environment variable that holds the key, if the server wants one.
            timeout: seconds to wait for an answer.

        Raises:
            EmbedderError: the server does not answer as it should.
        """
        self._url = url.rstrip("/") + "/embeddings"
        self._model = model
        self._key = os.environ.get(key_variable, "")
        self._timeout = timeout
        self.id = f"{model}@endpoint"
        self.dimension = 0
        self.dimension = self.embed(["dimension"]).shape[1]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        answer = self._ask({"model": self._model, "input": list(texts)})
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            vectors = np.array([row["embedding"] for row in rows], np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise EmbedderError(f"{self._url}: the answer holds no embeddings ({error})") from error
        expected = self.dimension or (vectors.shape[1] if vectors.ndim == 2 else 0)
        if vectors.shape != (len(texts), expected) or not np.isfinite(vectors).all():
            raise EmbedderError(
                f"{self._url}: expected {len(texts)} finite vectors of {expected} numbers, got an "
                f"array of shape {vectors.shape}"
            )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(norms > 0.0, norms, 1.0), np.float32)

    def _ask(self, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            said = error.read(200).decode(errors="replace")
            raise EmbedderError(f"{self._url}: answered {error.code} {said!r}") from error
        except (OSError, ValueError) as error:
            raise EmbedderError(f"{self._url}: no answer ({error})") from error
