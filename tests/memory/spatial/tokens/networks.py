# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.tokens import ReversibleNetwork
from memagent.memory.spatial.tokens.network import Coupling


def random_network(seed: int, width: int, blocks: int = 2, gain: float = 1.0) -> ReversibleNetwork:
    """Weights as large as those of training, or by ``gain`` larger."""
    rng = np.random.default_rng(seed)
    hidden = width + 3

    def coupling() -> Coupling:
        return Coupling.of(
            gain * rng.normal(size=(width, width)) / width**0.5,
            gain * rng.normal(size=(hidden, width)) / width**0.5,
            rng.normal(size=hidden),
            gain * rng.normal(size=(width, hidden)) / hidden**0.5,
        )

    couplings = tuple((coupling(), coupling()) for _ in range(blocks))
    return ReversibleNetwork(couplings, np.eye(width), np.eye(width))


def embeddings(seed: int, *shape: int) -> NDArray[np.float32]:
    """Unit vectors."""
    made = np.random.default_rng(seed).normal(size=shape)
    return np.asarray(made / np.linalg.norm(made, axis=-1, keepdims=True), np.float32)
