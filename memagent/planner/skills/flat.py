# SPDX-License-Identifier: Apache-2.0
"""The executor's skills: of a mobile manipulator with one hand, which it needs to open things."""

from __future__ import annotations

from collections.abc import Mapping

from memagent.planner.skills.declaration import ObjectName, PlaceName, Skill, declare
from memagent.types import Code

_HAND = (Code.UNREACHABLE, Code.BLOCKED, Code.TIMEOUT)


def navigate_to(place: PlaceName) -> None:
    """Drive to where the robot works on a place."""


def look_at(place: PlaceName) -> None:
    """Look at the whole of a place."""


def open(place: PlaceName) -> None:
    """Open a drawer or a door."""


def close(place: PlaceName) -> None:
    """Close a drawer or a door."""


def pick(object: ObjectName, place: PlaceName) -> None:
    """Take an object from a place."""


def place(object: ObjectName, place: PlaceName) -> None:
    """Put what is in the gripper in or on a place."""


MOVES = (
    declare(
        navigate_to,
        makes="at(place)",
        ends="elsewhere(place)",
        fails=(Code.UNREACHABLE, Code.BLOCKED, Code.TIMEOUT),
    ),
    declare(
        look_at,
        needs="at(place) accessible(place)",
        makes="seen(place) viewed(place)",
        fails=(Code.TIMEOUT,),
    ),
)
HANDLING = (
    declare(
        pick,
        needs="at(place) accessible(place) free located(object, place) found(object)",
        makes="holding(object)",
        ends="free located(object, place)",
        fails=(Code.NOT_FOUND, Code.GRASP_FAILED, Code.DROPPED, *_HAND),
    ),
    declare(
        place,
        needs="at(place) accessible(place) holding(object)",
        makes="located(object, place) free found(object)",
        ends="holding(object)",
        fails=(Code.DROPPED, *_HAND),
    ),
)

FLAT_SKILLS: Mapping[str, Skill] = {
    skill.name: skill
    for skill in (
        *MOVES,
        declare(
            open,
            needs="at(place) free closed(place) uncovered(place)",
            makes="open(place)",
            ends="closed(place)",
            fails=_HAND,
        ),
        declare(
            close,
            needs="at(place) free open(place)",
            makes="closed(place)",
            ends="open(place)",
            fails=_HAND,
        ),
        *HANDLING,
    )
}
"""Skill name -> its declaration."""
