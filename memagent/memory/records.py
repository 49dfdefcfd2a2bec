# SPDX-License-Identifier: Apache-2.0
"""What memory keeps about the world, as frozen values: one class per table of the store.

Times are seconds on the robot's clock, positions metres in ``map``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from memagent.types import Fact, MemoryKind, Predicate, Relation, Vector3

ROBOT = "I"
"""The robot's own name in relations."""
GRIPPER = "gripper"
FLOOR = "floor"

WHEREABOUTS: frozenset[Predicate] = frozenset(("on", "in", "at", "holding"))
"""Predicates of which one at most holds per object: its support, container, room or holder."""

_ENOUGH = 5
"""Agreeing observations after which more of them add no strength."""

EventKind = Literal[
    "new", "moved", "gone", "held", "released", "dropped", "opened", "closed", "lesson", "episode"
]
"""released: the fingers no longer hold it, set down or lost; dropped: a skill says it was lost."""


@dataclass(frozen=True, slots=True)
class MemoryEvent:
    """Something that changed in memory."""

    stamp: float
    kind: EventKind
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something to remember in words."""

    text: str
    stamp: float
    position: Vector3 | None = None
    kind: MemoryKind = "note"
    confidence: float = 1.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class FactRecord:
    """A fact as the store holds it."""

    seq: int
    relation: Relation
    valid_from: float
    valid_to: float | None
    learned: float
    expired: float | None
    """When memory learned that it no longer holds."""
    last_seen: float
    position: Vector3 | None
    by_robot: bool
    source: str
    evidence: int = 1
    """Independent observations that agree on it."""

    def strength(self, now: float, tau: float) -> float:
        """How much it can be relied on, 0 to 1: noisy-or over its evidence, fading with age.

        Sightings by one robot share its errors, so that those beyond a handful add nothing.

        Args:
            now: seconds.
            tau: seconds without a sighting in which it falls by a factor e.
        """
        doubt = (1.0 - self.relation.confidence) ** min(self.evidence, _ENOUGH)
        return (1.0 - doubt) * math.exp(-max(0.0, now - self.last_seen) / tau)

    @property
    def thing(self) -> str:
        """The object whose whereabouts it tells, or ""."""
        return whereabouts_of(self.relation)

    def public(self) -> Fact:
        return Fact(
            id=f"fact-{self.seq}",
            relation=self.relation,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            learned=self.learned,
            position=self.position,
            by_robot=self.by_robot,
            source=self.source,
        )


def whereabouts_of(relation: Relation) -> str:
    """The object whose whereabouts a relation tells, or "" if it tells none's."""
    if relation.predicate == "holding":
        return relation.object
    return relation.subject if relation.predicate in WHEREABOUTS else ""


@dataclass(frozen=True, slots=True)
class Entity:
    """An individual object, told apart from others of its label."""

    name: str
    """Unique: "block", then "block 2"."""
    label: str
    category: str
    colour: str
    size: Vector3
    position: Vector3 | None
    """Where it was last seen."""
    first_seen: float
    last_seen: float
    confidence: float


@dataclass(frozen=True, slots=True)
class ContainerState:
    """How a container was last seen."""

    name: str
    is_open: bool
    opening: float
    confidence: float
    stamp: float


@dataclass(frozen=True, slots=True)
class Search:
    """A place was inspected, and what was not seen there then was most likely not there."""

    place: str
    thing: str
    """The object searched for; "" for any."""
    since: float
    """Objects last seen at the place before this were missed by the search."""
    stamp: float
    share: float
    """Share of the place that was seen, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay of an object at a place that the robot did not cause."""

    seq: int
    thing: str
    predicate: Predicate
    place: str
    position: Vector3 | None
    first: float
    last: float
    count: int = 1
    """Stays that it stands for."""
