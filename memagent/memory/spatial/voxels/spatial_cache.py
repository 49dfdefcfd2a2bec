# SPDX-License-Identifier: Apache-2.0
"""What the robot has just seen around itself: a few entries in its own frame.

The short-term memory of Mem4Nav (arXiv 2506.19433, withdrawn by its authors): entries move with
odometry, are found by nearness and then by likeness, and the least worth keeping goes. The paper's
worth, lambda * uses - (1 - lambda) * age, is ruled by age soon; here uses count by their logarithm
and age in turns of the cache, so that both matter.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from memagent.memory.spatial.voxels.cloud import position_of, stamp_of
from memagent.memory.spatial.voxels.errors import VoxelError


class CacheConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    capacity: Annotated[int, Field(gt=0)] = 128
    """Entries (the paper's K)."""
    frequency: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.5
    """The paper's lambda: 1 keeps what is used most, 0 what was used last."""
    radius: Annotated[FiniteFloat, Field(gt=0)] = 3.0
    """Metres within which entries are found, if a query does not say."""
    similarity: Annotated[FiniteFloat, Field(ge=-1, le=1)] = 0.7
    """Cosine from which an entry is found; below it, long-term memory is to be asked."""


@dataclass(frozen=True)
class CacheHit:
    key: Hashable
    position: NDArray[np.float64]
    """(3,) metres, in the robot's present frame."""
    similarity: float
    """Cosine, -1 to 1."""
    stamp: float
    """Seconds, when it was last put."""
    uses: int
    """Times it was put or found, before this one."""


class SpatialCache:
    """Entries by key: one that is put again takes no more room. Not thread-safe."""

    def __init__(self, dimension: int, config: CacheConfig | None = None) -> None:
        self.config = config or CacheConfig()
        capacity = self.config.capacity
        self._rows: dict[Hashable, int] = {}
        self._positions = np.zeros((capacity, 3))
        self._vectors = np.zeros((capacity, dimension), np.float32)
        self._stamps = np.zeros(capacity)
        self._uses = np.zeros(capacity, np.int64)
        self._used = np.zeros(capacity, np.int64)
        """Value of the clock when each was last put or found."""
        self._clock = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._rows

    def put(
        self, key: Hashable, position: ArrayLike, vector: ArrayLike, stamp: float
    ) -> Hashable | None:
        """Remember something, or where and what it is now.

        Args:
            key: what it is known by.
            position: (3,) metres, in the robot's present frame.
            vector: (d,), of any length but 0.
            stamp: seconds.

        Returns:
            Key of the entry that had to go, if one had to.

        Raises:
            VoxelError: an argument has the wrong shape or is not finite; nothing was changed.
        """
        at, unit, time = position_of(position, "position"), self._unit(vector), stamp_of(stamp)
        self._clock += 1
        gone = None
        row = self._rows.get(key)
        if row is None:
            row = len(self._rows)
            if row == self.config.capacity:
                gone, row = self._least()
                del self._rows[gone]
            self._rows[key] = row
            self._uses[row] = 0
        self._positions[row], self._vectors[row], self._stamps[row] = at, unit, time
        self._touch(np.array([row]))
        return gone

    def move(self, motion: ArrayLike) -> None:
        """Follow the robot.

        Args:
            motion: (4, 4) pose of the robot's new frame in its frame until now, as the difference
                of two odometry poses gives it.
        """
        try:
            array = np.asarray(motion, np.float64)
        except (TypeError, ValueError):
            array = np.zeros(0)
        if array.shape != (4, 4) or not np.allclose(
            array[:3, :3] @ array[:3, :3].T, np.eye(3), atol=1e-6
        ):
            raise VoxelError("motion: give a finite rigid (4, 4) transform, new frame in old")
        if not np.isfinite(array).all():
            raise VoxelError("motion: give a finite rigid (4, 4) transform, new frame in old")
        self._positions = (self._positions - array[:3, 3]) @ array[:3, :3]

    def query(
        self,
        vector: ArrayLike,
        position: ArrayLike = (0.0, 0.0, 0.0),
        *,
        radius: float | None = None,
        similarity: float | None = None,
        count: int = 3,
    ) -> list[CacheHit]:
        """The most alike entries near a position in the robot's present frame, best first.

        What is found counts as used. An empty list says to ask long-term memory.
        """
        at, unit = position_of(position, "position"), self._unit(vector)
        radius = self.config.radius if radius is None else radius
        least = self.config.similarity if similarity is None else similarity
        if not 0 <= radius < np.inf or count < 0:
            raise VoxelError(f"radius, count: give 0 or more, not {radius!r}, {count!r}")
        self._clock += 1
        alike = self._vectors[: len(self)] @ unit
        near = np.linalg.norm(self._positions[: len(self)] - at, axis=1) <= radius
        passing = np.flatnonzero(near & (alike >= least - 1e-6))
        best = passing[np.argsort(-alike[passing], kind="stable")[:count]]
        keys = {row: key for key, row in self._rows.items()}
        hits = [
            CacheHit(
                keys[row],
                self._positions[row].copy(),
                min(1.0, max(-1.0, float(alike[row]))),
                float(self._stamps[row]),
                int(self._uses[row]),
            )
            for row in best.tolist()
        ]
        self._touch(best)
        return hits

    def _touch(self, rows: NDArray[np.int64]) -> None:
        self._uses[rows] += 1
        self._used[rows] = self._clock

    def _least(self) -> tuple[Hashable, int]:
        """Key and row of the entry least worth keeping."""
        share = self.config.frequency
        age = (self._clock - self._used) / self.config.capacity
        row = int((share * np.log1p(self._uses) - (1 - share) * age).argmin())
        return next(key for key, at in self._rows.items() if at == row), row

    def _unit(self, vector: ArrayLike) -> NDArray[np.float32]:
        dimension = self._vectors.shape[1]
        try:
            array = np.asarray(vector, np.float32)
        except (TypeError, ValueError):
            array = np.zeros(0, np.float32)
        length = float(np.linalg.norm(array)) if array.shape == (dimension,) else 0.0
        if not 0 < length < np.inf:
            raise VoxelError(f"vector: give {dimension} finite numbers, not all 0")
        return np.asarray(array / np.float32(length), np.float32)
