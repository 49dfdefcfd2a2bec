# SPDX-License-Identifier: Apache-2.0
"""Ground truth, for scoring only: where every object really is, and whether a goal is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from memagent.site import Place, Site
from memagent.types import Vector3
from memagent_sim.household import HouseholdTask

HELD = "gripper"
FLOOR = "floor"


@dataclass(frozen=True)
class TrueObject:
    label: str
    category: str
    colour: str
    position: Vector3
    """Centre, metres, map frame."""
    yaw: float
    place: str
    """Where it rests: a place of the site, "gripper", "floor", or "" for nowhere of these."""


def place_of(site: Site, position: Vector3, size: float, openings: Mapping[str, float]) -> str:
    """The place that an object rests at.

    Args:
        site: The flat.
        position: The object's centre.
        size: Its greatest extent; higher than that above a surface it does not rest there.
        openings: Containers' openings, 0 to 1.
    """
    for place in site.places:
        rests = position[2] <= place.height + size
        if rests and place.contains(position, openings.get(place.name, 0.0)):
            return place.name
    return FLOOR if position[2] <= size else ""


def check_goal(
    site: Site, task: HouseholdTask, objects: Mapping[str, TrueObject]
) -> tuple[bool, str]:
    """Whether the goal of a task is reached and, in words, what is missing."""
    missing = [
        f"the {label} should be {relation} the {place} but {_whereabouts(site, objects[label])}"
        for label, relation, place in task.goal
        if objects[label].place != place
    ]
    return not missing, "; ".join(missing)


def _whereabouts(site: Site, thing: TrueObject) -> str:
    if thing.place == HELD:
        return "the gripper holds it"
    if thing.place == FLOOR:
        return "it lies on the floor"
    if not thing.place:
        x, y, z = thing.position
        return f"it is at ({x:.2f}, {y:.2f}, {z:.2f})"
    return f"it is {_preposition(site.place(thing.place))} the {thing.place}"


def _preposition(place: Place) -> str:
    return "in" if place.is_container else "on"
