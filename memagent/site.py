# SPDX-License-Identifier: Apache-2.0
"""The site: what a surveyed map knows before the robot has seen anything.

Rooms, walls and furniture, with named places where objects can be, as an annotated Nav2 map would
hold them. Never the objects, and never whether a container is open.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from memagent.config import read_yaml
from memagent.types import Pose2D, Vector3

Rectangle = tuple[float, float, float, float]
"""x_min, y_min, x_max, y_max in metres, ``map`` frame."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Room(_Strict):
    name: str
    bounds: Rectangle


class Obstacle(_Strict):
    """A wall or a piece of furniture that the base cannot drive through."""

    name: str
    bounds: Rectangle
    height: Annotated[float, Field(gt=0)]
    bottom: float = 0.0


class Joint(_Strict):
    """How a container opens.

    A slide moves its front along ``axis`` (unit vector in the plane) by ``travel`` metres. A hinge
    turns its door about the vertical line through ``axis`` (a point in the plane) by ``travel``
    radians, positive counter-clockwise.
    """

    kind: Literal["slide", "hinge"]
    axis: tuple[float, float]
    travel: float
    handle: Vector3
    """Centre of the vertical handle bar while closed."""


class Place(_Strict):
    """Somewhere an object can be: a surface, or the inside of a container."""

    name: str
    room: str
    kind: Literal["surface", "drawer", "cabinet"]
    bounds: Rectangle
    """Where objects rest. For a drawer: its interior while closed; it moves with the joint."""
    height: float
    """Of the surface that objects rest on, metres above the floor."""
    clearance: float = 0.3
    """Free height above the surface."""
    stand: tuple[float, float, float]
    """Pose of the base (x, y, yaw) from which the place is looked at and worked on."""
    joint: Joint | None = None
    front: Rectangle | None = None
    """The door or drawer front while closed, seen from above; needed with a joint."""
    front_height: tuple[float, float] | None = None
    """z of its lower and upper edge."""
    synonyms: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    """The only categories of object that go there; empty for any."""

    @model_validator(mode="after")
    def _containers_open(self) -> Place:
        if (self.kind != "surface") != (self.joint is not None):
            raise ValueError(
                f"place {self.name!r}: a drawer or cabinet needs a joint, a surface has none"
            )
        if self.joint is not None and (self.front is None or self.front_height is None):
            raise ValueError(f"place {self.name!r}: a container needs front and front_height")
        return self

    @property
    def is_container(self) -> bool:
        return self.joint is not None

    @property
    def stand_pose(self) -> Pose2D:
        return Pose2D(*self.stand)

    def bounds_at(self, opening: float) -> Rectangle:
        """Where objects rest when the container is open by ``opening`` (0 to 1)."""
        if self.joint is None or self.joint.kind == "hinge":
            return self.bounds
        dx = self.joint.axis[0] * self.joint.travel * opening
        dy = self.joint.axis[1] * self.joint.travel * opening
        x0, y0, x1, y1 = self.bounds
        return (x0 + dx, y0 + dy, x1 + dx, y1 + dy)

    def contains(self, position: Vector3, opening: float = 0.0, margin: float = 0.03) -> bool:
        """Whether an object centred at ``position`` rests on or in this place."""
        x0, y0, x1, y1 = self.bounds_at(opening)
        x, y, z = position
        return (
            x0 - margin <= x <= x1 + margin
            and y0 - margin <= y <= y1 + margin
            and self.height - margin <= z <= self.height + self.clearance
        )


class Appliance(_Strict):
    """A device at a place, and what it does to what is in there: a faucet, a microwave, a lamp."""

    name: str
    place: str
    gives: Literal["heated", "cooled", "cleaned", "lit"]
    switch: bool = True
    """False where it works whenever its door is closed, as a fridge does."""
    shut: bool = False
    """True where it runs only while its place is closed, which opens only when it is off."""
    synonyms: tuple[str, ...] = ()


class Site(_Strict):
    name: str
    rooms: tuple[Room, ...]
    walls: tuple[Obstacle, ...]
    furniture: tuple[Obstacle, ...]
    places: tuple[Place, ...]
    appliances: tuple[Appliance, ...] = ()

    @model_validator(mode="after")
    def _names_agree(self) -> Site:
        names = [p.name for p in self.places]
        if len(set(names)) != len(names):
            raise ValueError(f"site {self.name!r}: place names must be unique, got {names}")
        rooms = {r.name for r in self.rooms}
        for place in self.places:
            if place.room not in rooms:
                raise ValueError(
                    f"place {place.name!r}: room {place.room!r} is not one of {sorted(rooms)}"
                )
        for appliance in self.appliances:
            if appliance.place not in names:
                raise ValueError(
                    f"appliance {appliance.name!r}: there is no place {appliance.place!r}"
                )
        return self

    def appliance(self, name: str) -> Appliance | None:
        """The device called ``name``, if there is one."""
        return next((a for a in self.appliances if a.name == name), None)

    def places_called(self, words: str) -> tuple[Place, ...]:
        """The place of that name, else every place that has it as a synonym: "cabinet"."""
        named = tuple(p for p in self.places if p.name == words)
        return named or tuple(p for p in self.places if words in p.synonyms)

    def appliances_called(self, words: str) -> tuple[Appliance, ...]:
        """The device of that name, else every device that has it as a synonym: "desk lamp"."""
        named = tuple(a for a in self.appliances if a.name == words)
        return named or tuple(a for a in self.appliances if words in a.synonyms)

    def place(self, name: str) -> Place:
        """The place called ``name``.

        Raises:
            KeyError: there is none; the message lists those there are.
        """
        for place in self.places:
            if place.name == name:
                return place
        raise KeyError(
            f"no place {name!r} in site {self.name!r}; there are {[p.name for p in self.places]}"
        )

    def room_at(self, x: float, y: float) -> str:
        """Name of the room that holds the point, or ""."""
        for room in self.rooms:
            x0, y0, x1, y1 = room.bounds
            if x0 <= x <= x1 and y0 <= y <= y1:
                return room.name
        return ""

    @property
    def bounds(self) -> Rectangle:
        boxes = [r.bounds for r in self.rooms]
        return (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )


def load_site(path: Path) -> Site:
    """Read a site from YAML.

    Raises:
        ConfigError: the file is missing or invalid; the message names file, key and value.
    """
    return read_yaml(path, Site)


def door_corners(place: Place, opening: float) -> tuple[tuple[float, float], ...]:
    """The four corners, seen from above, of a container's front at ``opening`` (0 to 1), metres."""
    joint, front = place.joint, place.front
    if joint is None or front is None:
        raise ValueError(f"place {place.name!r} does not open")
    x0, y0, x1, y1 = front
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    if joint.kind == "slide":
        dx, dy = joint.axis[0] * joint.travel * opening, joint.axis[1] * joint.travel * opening
        return tuple((x + dx, y + dy) for x, y in corners)
    c, s = math.cos(joint.travel * opening), math.sin(joint.travel * opening)
    ax, ay = joint.axis
    return tuple(
        (ax + c * (x - ax) - s * (y - ay), ay + s * (x - ax) + c * (y - ay)) for x, y in corners
    )
