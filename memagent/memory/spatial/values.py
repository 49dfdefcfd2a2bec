# SPDX-License-Identifier: Apache-2.0
"""What spatial memory is told and what it answers. Metres, seconds, ``map`` frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from memagent.types import Fact, FloatArray, MemoryItem, ObjectBelief, Vector3, WorldBelief


class Knowledge(Protocol):
    """What spatial memory asks of the knowledge graph. ``LifelongMemory`` satisfies it."""

    def where(self, name: str) -> ObjectBelief: ...

    def history(self, thing: str) -> Sequence[Fact]: ...

    def facts(self) -> Sequence[Fact]: ...

    def near(self, position: Vector3, radius: float) -> Sequence[MemoryItem]: ...

    def world(self) -> WorldBelief: ...


@dataclass(frozen=True, slots=True)
class Stay:
    """One thing at one position, for as long as it was there."""

    label: str
    position: Vector3
    """Where it was last seen during the stay."""
    first: float
    last: float
    """When it was first and last seen there."""
    gone: float | None = None
    """When it was seen not to be there any more; None while it may be."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a thing is, as far as known, and where it was."""

    name: str
    position: Vector3 | None
    """Newest evidence; None where it was never seen or is known to have left."""
    seen: float | None
    """When that was."""
    place: str
    """Place of the topology graph nearest to it, "" for none."""
    now: tuple[Stay, ...]
    """Where things of this name may be, the one seen last first."""
    past: tuple[Stay, ...]
    """Where they were, the newest first."""
    belief: ObjectBelief | None
    """What the knowledge graph believes, if there is one."""
    facts: tuple[Fact, ...]
    """Its history there, the newest first."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Something near a position."""

    kind: Literal["thing", "place"]
    name: str
    position: Vector3
    distance: float
    """Metres."""
    seen: float


@dataclass(frozen=True, slots=True)
class Nearby:
    """What is near a position, the nearest first."""

    position: Vector3
    neighbours: tuple[Neighbour, ...]
    items: tuple[MemoryItem, ...]
    """Remembered items there, from the knowledge graph's memory."""
    obstacle: float
    """Metres to the nearest occupied voxel; infinite for none."""


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A way to somewhere, through known places."""

    points: FloatArray
    """(n, 2): from where it begins to the goal."""
    places: tuple[str, ...]
    """Of the topology graph, from first to last."""
    length: float
    """Metres."""
    seconds: float
    """What it should take, by what such drives took."""
    probability: float
    """That every passage succeeds at the first try."""


@dataclass(frozen=True, slots=True)
class Unexplored:
    """Somewhere that is known of and not known."""

    kind: Literal["exit", "border", "place"]
    """An exit that was seen and not taken; free floor beside unknown space; a place of the survey
    that was never looked at."""
    name: str
    """The place to look from, or the one that was never looked at."""
    position: tuple[float, float]
    width: float
    """Metres; infinite where it was not measured."""
    distance: float
    """Metres by the way there, or as the crow flies where no way is known."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that came to be, or ceased to be, somewhere."""

    kind: Literal["appeared", "gone"]
    label: str
    position: Vector3
    stamp: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, the oldest first."""

    things: tuple[Change, ...]
    facts: tuple[Fact, ...]
    """Of the knowledge graph: those that began or ended."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Free, occupied and unknown floor, seen from above."""

    origin: tuple[float, float]
    """Corner of cell (0, 0), metres."""
    resolution: float
    cells: NDArray[np.int8]
    """(rows along y, columns along x): 0 free, 100 occupied, -1 unknown; as nav_msgs has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What there is to draw of places and things."""

    places: FloatArray
    """(n, 2)."""
    passages: FloatArray
    """(m, 2, 2): from where to where."""
    things: tuple[Stay, ...]
    """That are somewhere now."""


@dataclass(slots=True)
class Rejected:
    """What was refused since the memory was opened, by kind."""

    poses: int = 0
    """Jumps that no later pose bore out, and poses that are not finite."""
    clouds: int = 0
    """From a sensor that cannot be where it was said to be."""
    points: int = 0
    """Not finite, too far from their sensor, or out of range."""
