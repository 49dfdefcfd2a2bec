# SPDX-License-Identifier: Apache-2.0
"""Relations between seen objects, places and one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from memagent.preprocessor.settings import RelationConfig
from memagent.site import Site
from memagent.types import ObjectObservation, Predicate, Relation


def relate(
    objects: Sequence[ObjectObservation],
    site: Site,
    openings: Mapping[str, float],
    config: RelationConfig,
) -> tuple[Relation, ...]:
    """What ``objects`` are on, in and near.

    An object is on a place (in a container) if it is above its bounds and its bottom rests on the
    surface or on another object that does. ``openings`` says how far containers are open, 0 to 1.
    An object in the air, as in the gripper, is on nothing.
    """
    relations = []
    for observed in objects:
        support = _support(observed, objects, site, openings, config)
        if support is not None:
            relations.append(support)
    for a, b in combinations(objects, 2):
        gap = float(np.linalg.norm(np.subtract(a.position, b.position)))
        if a.label != b.label and gap < config.near:
            relations.append(Relation(a.label, "near", b.label, min(a.confidence, b.confidence)))
    return tuple(relations)


def _support(
    observed: ObjectObservation,
    objects: Sequence[ObjectObservation],
    site: Site,
    openings: Mapping[str, float],
    config: RelationConfig,
) -> Relation | None:
    """The lowest enclosing answer first: a drawer's inside also lies above the floor."""
    bottom = _bottom(observed)
    carrier = _carrier(observed, objects, config)
    ground = bottom if carrier is None else _bottom(carrier)
    for place in sorted(site.places, key=lambda p: not p.is_container):
        opening = openings.get(place.name, 0.0)
        inside = place.contains(observed.position, opening)
        if inside and abs(ground - place.height) <= config.rest:
            predicate: Predicate = "in" if place.is_container else "on"
            return Relation(observed.label, predicate, place.name, observed.confidence)
    if abs(ground) <= config.rest and not _over_furniture(observed, site, config):
        return Relation(observed.label, "on", "floor", observed.confidence)
    return None


def _carrier(
    observed: ObjectObservation, objects: Sequence[ObjectObservation], config: RelationConfig
) -> ObjectObservation | None:
    """The object that ``observed`` is stacked on, if there is one."""
    for other in objects:
        if other is observed:
            continue
        reach = np.hypot(*np.subtract(observed.position[:2], other.position[:2]))
        top = other.position[2] + other.size[2] / 2
        if reach < other.size[0] / 2 and abs(_bottom(observed) - top) < config.rest / 2:
            return other
    return None


def _bottom(observed: ObjectObservation) -> float:
    return observed.position[2] - observed.size[2] / 2


def _over_furniture(observed: ObjectObservation, site: Site, config: RelationConfig) -> bool:
    x, y, _ = observed.position
    margin = config.floor_margin
    return any(
        f.bounds[0] + margin < x < f.bounds[2] - margin
        and f.bounds[1] + margin < y < f.bounds[3] - margin
        for f in site.furniture
    )
