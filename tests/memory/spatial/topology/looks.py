# SPDX-License-Identifier: Apache-2.0
"""Looks of places for tests: unit vectors, alike or not."""

from __future__ import annotations

import numpy as np

from memagent.types import FloatArray

SIZE = 32


def look(name: int | str, noise: float = 0.0, seed: int = 0) -> FloatArray:
    """How the place ``name`` looks; with ``noise``, as seen through it."""
    key = [ord(c) for c in str(name)]
    vector = np.random.default_rng(key).normal(size=SIZE)
    vector /= np.linalg.norm(vector)
    if noise:
        rng = np.random.default_rng([*key, seed, 7])
        shake = rng.normal(size=SIZE)
        vector = vector + noise * shake / np.linalg.norm(shake)
    return vector
