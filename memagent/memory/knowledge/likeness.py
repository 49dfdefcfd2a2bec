# SPDX-License-Identifier: Apache-2.0
"""How alike a remembered object and an observation are: in size, colour and place."""

from __future__ import annotations

import math
from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field

from memagent.catalogue import Colour
from memagent.memory.records import Entity
from memagent.types import ObjectObservation, Vector3

_HUES = tuple(colour for colour in get_args(Colour) if colour != "black")
"""Around the colour circle: neighbours are taken for one another when the light changes."""


class Likeness(BaseModel):
    """How alike two objects of a category must be to be one under two labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: Annotated[float, Field(ge=0)] = 0.08
    """Metres between them; 0: labels are never confused."""
    size: Annotated[float, Field(ge=1)] = 1.6
    """The largest ratio between their extents, whatever side they show."""
    hues: Annotated[int, Field(ge=0)] = 1
    """Steps between their colours on the colour circle."""


def is_like(entity: Entity, seen: ObjectObservation, likeness: Likeness) -> bool:
    """Whether an observation under another label may show a known object."""
    return (
        entity.position is not None
        and math.dist(entity.position, seen.position) < likeness.place
        and size_ratio(entity.size, seen.size) <= likeness.size
        and _hue_steps(entity.colour, seen.colour) <= likeness.hues
    )


def size_ratio(a: Vector3, b: Vector3) -> float:
    """The largest ratio between extents in order of their length; 1 where one is unknown."""
    pairs = zip(sorted(a), sorted(b), strict=True)
    return max((max(x, y) / min(x, y) for x, y in pairs if x > 0 and y > 0), default=1.0)


def _hue_steps(a: str, b: str) -> float:
    if a == b:
        return 0
    if a not in _HUES or b not in _HUES:
        return math.inf
    steps = abs(_HUES.index(a) - _HUES.index(b))
    return min(steps, len(_HUES) - steps)
