# SPDX-License-Identifier: Apache-2.0
"""Point clouds, checked once at the door."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memagent.memory.spatial.voxels.columns import MILLI
from memagent.memory.spatial.voxels.errors import VoxelError
from memagent.memory.spatial.voxels.morton import Ints

Points = NDArray[np.float64]
"""(N, 3), metres."""


@dataclass(frozen=True)
class Cloud:
    """N points that lie within a map's window, N > 0."""

    points: Points
    box: Points
    """(2, 3) least and greatest coordinates."""
    stamp: float
    weights: Ints | int
    """What each point adds to its voxel's evidence, 1/1000 log-odds."""
    labels: NDArray[np.uint16] | int
    colours: NDArray[np.uint8] | None

    def of(self, points: Points, box: Points) -> Cloud:
        """The same of other points."""
        return replace(self, points=points, box=box)

    def where(self, some: NDArray[np.bool_]) -> Cloud:
        """Some of its points; their box is to be given."""
        return Cloud(
            self.points[some],
            self.box,
            self.stamp,
            self.weights if isinstance(self.weights, int) else self.weights[some],
            self.labels if isinstance(self.labels, int) else self.labels[some],
            None if self.colours is None else self.colours[some],
        )

    @property
    def plain(self) -> bool:
        """Whether all its points say the same but for where they are."""
        return (
            isinstance(self.weights, int) and isinstance(self.labels, int) and self.colours is None
        )


def points_of(points: ArrayLike, what: str = "points") -> Points:
    """(N, 3) float64 of what a caller gave; raises VoxelError for anything else."""
    try:
        array = np.asarray(points)
    except ValueError as error:
        raise VoxelError(f"{what}: give an (N, 3) array of numbers, not {error}") from None
    if array.size == 0 and array.ndim <= 2:
        return np.zeros((0, 3))
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "fiu":
        raise VoxelError(
            f"{what}: give an (N, 3) array of numbers, metres, not shape {array.shape} of "
            f"{array.dtype}"
        )
    return array.astype(np.float64, copy=False)


def box_of(points: Points) -> Points:
    """(2, 3) least and greatest coordinates; NaN where any is."""
    columns = points.T  # One axis at a time is several times faster than all at once.
    return np.array([[c.min() for c in columns], [c.max() for c in columns]])


def position_of(position: ArrayLike, what: str) -> NDArray[np.float64]:
    """(3,) finite float64 of what a caller gave; raises VoxelError for anything else."""
    try:
        array = np.asarray(position, np.float64)
    except (TypeError, ValueError):
        raise VoxelError(f"{what}: give x, y, z in metres, not {position!r}") from None
    if array.shape != (3,) or not np.isfinite(array).all():
        raise VoxelError(f"{what}: give finite x, y, z in metres, not {position!r}")
    return array


def labels_of(labels: ArrayLike | None, count: int) -> NDArray[np.uint16] | int:
    """Labels as given for ``count`` points: none, one for all, or one each, 0 .. 65535."""
    if labels is None:
        return 0
    array = np.asarray(labels)
    if array.dtype.kind not in "iu" or array.shape not in ((), (count,)):
        raise VoxelError(
            f"labels: give one integer, or one for each of the {count} points, not shape "
            f"{array.shape} of {array.dtype}"
        )
    if array.size and not (int(array.min()) >= 0 and int(array.max()) <= 0xFFFF):
        raise VoxelError("labels: give 0 (for none) to 65535")
    return int(array) if array.ndim == 0 else array.astype(np.uint16)


def colours_of(colours: ArrayLike | None, count: int) -> NDArray[np.uint8] | None:
    """(N, 3) bytes. Zeros stand for "none", so black is kept as (1, 1, 1)."""
    if colours is None:
        return None
    array = np.asarray(colours)
    if array.dtype != np.uint8 or array.shape != (count, 3):
        raise VoxelError(
            f"colours: give ({count}, 3) of uint8, red, green, blue, not shape {array.shape} of "
            f"{array.dtype}"
        )
    black = (array == 0).all(axis=1)
    return np.where(black[:, None], np.uint8(1), array) if black.any() else array


def weights_of(confidence: ArrayLike, count: int, hit: float) -> Ints | int:
    """Evidence per point: ``hit`` times a confidence in 0 .. 1, one for all or one each."""
    try:
        array = np.asarray(confidence, np.float64)
    except (TypeError, ValueError):
        array = np.full((), np.nan)
    if array.shape not in ((), (count,)) or not ((array > 0) & (array <= 1)).all():
        raise VoxelError(
            f"confidence: give above 0 to 1, one number or one for each of the {count} points"
        )
    weights = np.maximum(np.rint(MILLI * hit * array), 1).astype(np.int64)
    return int(weights) if weights.ndim == 0 else weights


def stamp_of(stamp: float) -> float:
    if isinstance(stamp, bool) or not isinstance(stamp, (int, float, np.number)):
        raise VoxelError(f"stamp: give seconds, not {stamp!r}")
    if not np.isfinite(stamp):
        raise VoxelError(f"stamp: give finite seconds, not {stamp!r}")
    return float(stamp)
