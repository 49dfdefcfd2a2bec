# SPDX-License-Identifier: Apache-2.0
"""A made-up world of places whose looks change, seen through a camera and an embedder.

What makes it hard is what makes it hard for a robot: places look alike in groups (the offices along
a corridor); the hour, the light and the viewpoint change every look, and mix with what is there;
and now and then a place itself changes for good. It stands in for no real data: what is learned
here holds for embeddings that are made this way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Embeddings = NDArray[np.float32]


class AppearanceConfig(BaseModel):
    """Strengths are relative to that of a place's identity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Annotated[int, Field(ge=2)] = 64
    identity: Annotated[int, Field(ge=1)] = 24
    """Dimensions of what a place is."""
    conditions: Annotated[int, Field(ge=1)] = 8
    """Dimensions of light, hour and viewpoint."""
    group: Annotated[int, Field(ge=1)] = 4
    """Places that look alike."""
    alike: Annotated[float, Field(ge=0, lt=1)] = 0.6
    """Share of identity's variance that a group has in common."""
    condition: Annotated[float, Field(ge=0)] = 1.0
    mixing: Annotated[float, Field(ge=0)] = 0.5
    """Strength of what condition and identity make only together."""
    noise: Annotated[float, Field(ge=0)] = 0.5
    change: Annotated[float, Field(ge=0, le=1)] = 0.08
    """Probability that a place changes between two looks."""
    changed: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of identity's variance that is new after a change."""


@dataclass(frozen=True, slots=True, eq=False)
class Optics:
    """How identities and conditions become embeddings: the same for all places of a robot."""

    config: AppearanceConfig
    identity: NDArray[np.float64]
    condition: NDArray[np.float64]
    mixed: NDArray[np.float64]

    @classmethod
    def made(cls, seed: int, config: AppearanceConfig | None = None) -> Optics:
        """Another seed is another camera and embedder."""
        config = config or AppearanceConfig()
        rng = np.random.default_rng((seed, 0))
        width = config.width

        def basis(columns: int) -> NDArray[np.float64]:
            return np.asarray(rng.normal(size=(columns, width)) / columns**0.5, np.float64)

        return cls(config, basis(config.identity), basis(config.conditions), basis(width))

    def looks(self, places: int, count: int, seed: int | Sequence[int]) -> Embeddings:
        """``count`` looks at each of ``places`` in the order of time: (places, count, width).

        Unit vectors. Looks of the same number are of the same round, but every look has light and
        viewpoint of its own around those of its round.
        """
        config = self.config
        rng = np.random.default_rng(seed)
        groups = rng.normal(size=(-(-places // config.group), config.identity))
        common = np.repeat(groups, config.group, axis=0)[:places]
        own = rng.normal(size=common.shape)
        identity = config.alike**0.5 * common + (1 - config.alike) ** 0.5 * own
        looks = np.empty((places, count, config.width), np.float32)
        for number in range(count):
            anew = rng.random(places) < config.change * (number > 0)
            fresh = rng.normal(size=identity.shape)
            altered = (1 - config.changed) ** 0.5 * identity + config.changed**0.5 * fresh
            identity = np.where(anew[:, None], altered, identity)
            shared, single = (
                rng.normal(size=config.conditions),
                rng.normal(size=(places, config.conditions)),
            )
            scene = identity @ self.identity
            light = config.condition * (0.7 * shared + 0.7 * single) @ self.condition
            mixed = config.mixing * (scene * light) @ self.mixed
            noise = config.noise * rng.normal(size=scene.shape)
            seen = np.tanh(scene + light + mixed) + noise
            looks[:, number] = seen / np.linalg.norm(seen, axis=1, keepdims=True)
        return looks
