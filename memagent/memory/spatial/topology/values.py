# SPDX-License-Identifier: Apache-2.0
"""What the topology graph is made of: places, passages, what hangs on a place, and answers.

Poses are in the ``map`` frame, offsets in the frame of the place that they hang on (x along the
heading of its first visit, y left); metres, radians, seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from memagent.errors import MemagentError
from memagent.types import FloatArray, Pose2D

Offset = tuple[float, float]


class TopologyError(MemagentError):
    """A place is unknown, no way leads there, or what was given cannot be a place or a passage."""


@dataclass(frozen=True, slots=True)
class Exit:
    """An opening that was seen: a door, or the end of what the camera showed."""

    offset: Offset
    """In the frame of whoever reports it: the robot in a ``Sight``, the place once remembered."""
    width: float = math.inf
    """Metres; infinite where it was not measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What the robot notices when it stops to look: how the place looks, and where it thinks it is.

    ``descriptor`` is any embedding of the view, shape (n,), not all zero; it is scaled to length 1.
    ``odometry`` is in the drifting ``odom`` frame.
    """

    stamp: float
    odometry: Pose2D
    descriptor: FloatArray
    label: str = ""
    exits: tuple[Exit, ...] = ()
    width: float = math.inf
    """Narrowest metres that were passed since the last sight; infinite where not measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A node: somewhere the robot was (or, with no visit yet, was told about)."""

    id: str
    pose: Pose2D
    descriptor: FloatArray
    """Mean of the looks, of length 1."""
    label: str = ""
    visits: int = 1
    stamp: float = 0.0
    """Of the last visit."""
    odometer: float = 0.0
    """Metres driven in all, at the last visit; says how much odometry may have drifted since."""


@dataclass(frozen=True, slots=True)
class Landmark:
    """Something by which a place is known; it moves with its place."""

    name: str
    place: str
    offset: Offset = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Passage:
    """A directed edge, as experience has it. Means are over ``successes``."""

    length: float
    """Metres."""
    seconds: float = math.nan
    """NaN until it was driven once."""
    successes: int = 0
    failures: int = 0
    width: float = math.inf
    """Narrowest metres known; infinite where not measured."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way through the graph, with what it promises."""

    places: tuple[str, ...]
    length: float
    seconds: float
    probability: float
    """That every passage succeeds at the first try."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """Somewhere seen and not yet visited, and the place to look at it from."""

    place: str
    position: tuple[float, float]
    """In ``map``."""
    width: float = math.inf


@dataclass(frozen=True, slots=True)
class Closure:
    """A loop that was closed: which places turned out to be one, and how poses moved."""

    merged: Mapping[str, str]
    """Id that is gone -> id that stays."""
    moved: Mapping[str, tuple[Pose2D, Pose2D]]
    """Place -> pose before and after; move what hangs on it elsewhere by the same."""
    surprise: float
    """Largest distance in metres between a place and the robot's former belief about it."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What became of a sight."""

    place: str
    recognised: bool
    """True where the place was known before this sight."""
    pose: Pose2D
    """Of the robot in ``map``."""
    closure: Closure | None = None


def unit(descriptor: FloatArray, *, of: str) -> FloatArray:
    """``descriptor`` scaled to length 1.

    Raises:
        TopologyError: it is not a finite vector of positive length; ``of`` names whose it is.
    """
    vector = np.asarray(descriptor, dtype=np.float64)
    if vector.ndim != 1 or not vector.size or not np.isfinite(vector).all():
        raise TopologyError(
            f"descriptor of {of}: must be a finite vector, got shape {vector.shape}"
            + (" with values that are not finite" if vector.ndim == 1 and vector.size else "")
        )
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        raise TopologyError(f"descriptor of {of}: all zero, which looks like nothing")
    return vector / length


def finite_pose(pose: Pose2D, *, of: str) -> Pose2D:
    """``pose``, if all its numbers are finite.

    Raises:
        TopologyError: one is NaN or infinite; ``of`` names whose it is.
    """
    if not all(map(math.isfinite, (pose.x, pose.y, pose.yaw))):
        raise TopologyError(f"pose of {of}: x, y and yaw must be finite, got {pose}")
    return Pose2D(float(pose.x), float(pose.y), float(pose.yaw))
