# SPDX-License-Identifier: Apache-2.0
"""What the preprocessor makes of a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from memagent.types.robot import Pose2D, Vector3

Predicate = Literal["on", "in", "near", "holding", "at"]


@dataclass(frozen=True, slots=True)
class ObjectObservation:
    """One segmented object in one frame."""

    track_id: int
    """Stable while the object stays in or near the view."""
    label: str
    """What a person would call it: "red mug", "banana"."""
    category: str
    colour: str
    shape: str
    """"box", "cylinder", "sphere" or "elongated"."""
    position: Vector3
    """Centre of the object."""
    yaw: float
    """Direction of the longer horizontal axis, radians in (-pi/2, pi/2]."""
    size: Vector3
    """Extents along the longer horizontal axis, the shorter one, and up."""
    confidence: float
    pixels: int


@dataclass(frozen=True, slots=True)
class ContainerObservation:
    """Whether a container of the site was seen open."""

    name: str
    is_open: bool
    opening: float
    """0 closed to 1 fully open."""
    confidence: float


@dataclass(frozen=True, slots=True)
class Relation:
    """A directed relation between two named things, e.g. ("banana", "in", "fridge")."""

    subject: str
    predicate: Predicate
    object: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Percept:
    """What the preprocessor made of one frame."""

    stamp: float
    base: Pose2D
    objects: tuple[ObjectObservation, ...] = ()
    containers: tuple[ContainerObservation, ...] = ()
    relations: tuple[Relation, ...] = ()
    viewed: Mapping[str, float] = field(default_factory=dict)
    """Place name -> share of its surface or interior seen unoccluded within the last seconds.
    From 0 to 1; lets memory learn from absence."""
    holding: bool = False
    """True while the fingers rest on something between them."""
    room: str = ""
    summary: str = ""
    queries: tuple[str, ...] = ()
    boundary: bool = False
    """True where the step summary changed enough to begin a new event."""
    source: str = ""
    """Provenance: sensor frame and module."""
