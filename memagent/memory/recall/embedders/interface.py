# SPDX-License-Identifier: Apache-2.0
"""What memory asks of an embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from memagent.errors import MemagentError


class EmbedderError(MemagentError):
    """An embedder cannot be loaded, or does not answer."""


class Embedder(Protocol):
    """Turns texts into unit vectors whose dot product says how alike they are."""

    @property
    def id(self) -> str:
        """Names the model and its version: vectors of equal ids are comparable."""
        ...

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension).

        Raises:
            EmbedderError: it does not answer.
        """
        ...
