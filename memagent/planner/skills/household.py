# SPDX-License-Identifier: Apache-2.0
"""The skills of ALFRED's household: also to slice, to switch devices, and to fill containers that
can be carried (Shridhar et al. 2020). Doors open with a full hand.
"""

from __future__ import annotations

from collections.abc import Mapping

from memagent.planner.skills.declaration import (
    ContainerName,
    DeviceName,
    ObjectName,
    PlaceName,
    Skill,
    declare,
)
from memagent.planner.skills.flat import HANDLING, MOVES, close, open
from memagent.types import Code


def put_in(object: ObjectName, container: ContainerName) -> None:
    """Put what is in the hand into a cup, a pot or the like: where that goes, it goes along."""


def turn_on(device: DeviceName, place: PlaceName) -> None:
    """Turn on the device at a place: it acts on what is there."""


def turn_off(device: DeviceName, place: PlaceName) -> None:
    """Turn off the device at a place."""


def slice(object: ObjectName, place: PlaceName) -> None:
    """Slice an object where it lies, with the tool in the hand."""


HOUSEHOLD_SKILLS: Mapping[str, Skill] = {
    skill.name: skill
    for skill in (
        *MOVES,
        declare(
            open,
            needs="at(place) closed(place) uncovered(place) quiet(place)",
            makes="open(place)",
            ends="closed(place)",
            fails=(Code.BLOCKED,),
        ),
        declare(
            close,
            needs="at(place) open(place)",
            makes="closed(place)",
            ends="open(place)",
            treats=True,
            fails=(Code.BLOCKED,),
        ),
        *HANDLING,
        declare(
            put_in,
            needs="at(place) accessible(place) located(container, place) found(container) "
            "holding(object)",
            makes="inside(object, container) free found(object)",
            ends="holding(object)",
            fails=(Code.BLOCKED, Code.NOT_FOUND),
        ),
        declare(
            turn_on,
            needs="at(place) off(device) ready(device)",
            makes="on(device)",
            ends="off(device)",
            treats=True,
            fails=(Code.BLOCKED,),
        ),
        declare(
            turn_off,
            needs="at(place) on(device)",
            makes="off(device)",
            ends="on(device)",
            fails=(Code.BLOCKED,),
        ),
        declare(
            slice,
            needs="at(place) accessible(place) located(object, place) found(object) holding(tool)",
            makes="sliced(object)",
            tools=("knife", "butter knife"),
            fails=(Code.BLOCKED, Code.NOT_FOUND),
        ),
    )
}
"""Skill name -> its declaration."""
