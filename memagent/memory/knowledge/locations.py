# SPDX-License-Identifier: Apache-2.0
"""Reading the location of one observed object out of a percept's relations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from memagent.memory.records import FLOOR
from memagent.site import Site
from memagent.types import ObjectObservation, Predicate, Relation

_PRECEDENCE: dict[Predicate, int] = {"in": 0, "on": 1, "at": 2}
"""A container says more than a surface, a surface more than a room."""


def location_of(
    seen: ObjectObservation,
    relations: Sequence[Relation],
    site: Site | None,
    opening: Callable[[str], float],
) -> Relation | None:
    """The relation that tells where an observed object is, or None.

    Relations name objects by label. Where two objects share one, each gets the relation whose
    place is nearest to it.

    Args:
        seen: the object.
        relations: all of the percept's.
        site: where its places are.
        opening: how far each container is open, 0 to 1.
    """
    own = [r for r in relations if r.subject == seen.label and r.predicate in _PRECEDENCE]
    if not own:
        return None
    first = min(_PRECEDENCE[r.predicate] for r in own)
    best = [r for r in own if _PRECEDENCE[r.predicate] == first]
    return min(best, key=lambda r: _distance(seen, r.object, site, opening))


def _distance(
    seen: ObjectObservation, name: str, site: Site | None, opening: Callable[[str], float]
) -> float:
    """Metres from an object's bottom to where things rest on or in a place."""
    x, y, z = seen.position
    bottom = z - seen.size[2] / 2
    if name == FLOOR:
        return abs(bottom)
    place = next((p for p in site.places if p.name == name), None) if site else None
    if place is None:
        return math.inf
    x0, y0, x1, y1 = place.bounds_at(opening(name))
    return math.hypot(max(x0 - x, 0.0, x - x1), max(y0 - y, 0.0, y - y1), bottom - place.height)
