# SPDX-License-Identifier: Apache-2.0
"""A scene: its receptacles, devices and things, and where each thing is to begin with."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from memagent.types import Vector3
from memagent_sim.symbolic.kinds import DEVICES, FIXTURES, Device, Room, spoken

APART = 1.0
"""Metres between the spots where the robot stands to work on two receptacles."""
HALF = 0.35
"""Half the width of a receptacle's top, metres."""
REACH = 0.6
"""Metres from a receptacle's centre to where the robot stands."""
MARGIN = 2.0
TILE = 0.07
"""Metres between neighbouring things on a receptacle."""


@dataclass(frozen=True, slots=True)
class Receptacle:
    """A place that stays where it is."""

    name: str
    kind: str
    position: Vector3
    """Centre of its top or inside, metres in ``map``."""

    @property
    def opens(self) -> bool:
        return FIXTURES[self.kind].opens


@dataclass(frozen=True, slots=True)
class Appliance:
    """A device at a receptacle: the microwave itself, the sink's faucet, a lamp on the desk."""

    name: str
    kind: str
    place: str

    @property
    def device(self) -> Device:
        return DEVICES[self.kind]


@dataclass(frozen=True)
class Scene:
    """What there is, and where it is when a day begins."""

    name: str
    room: Room
    receptacles: tuple[Receptacle, ...]
    appliances: tuple[Appliance, ...]
    things: Mapping[str, str]
    """Name of each thing -> its kind."""
    where: Mapping[str, str]
    """Name of each thing -> the receptacle or thing that it is in or on."""

    @cached_property
    def receptacle(self) -> Mapping[str, Receptacle]:
        return {r.name: r for r in self.receptacles}

    @cached_property
    def appliance(self) -> Mapping[str, Appliance]:
        return {a.name: a for a in self.appliances}

    @cached_property
    def device_at(self) -> Mapping[str, Appliance]:
        """Receptacle -> the device that works on what is in it."""
        return {a.place: a for a in self.appliances if a.device.gives != "lit"}

    @cached_property
    def number(self) -> Mapping[str, int]:
        """A number for each thing: its track, and its tile of whatever it rests on."""
        return {name: i for i, name in enumerate(sorted(self.things))}

    def kind_of(self, name: str) -> str:
        """The kind of a receptacle, device or thing.

        Raises:
            KeyError: there is none of that name.
        """
        if name in self.things:
            return self.things[name]
        if name in self.receptacle:
            return self.receptacle[name].kind
        return self.appliance[name].kind

    def called(self, kind: str) -> tuple[str, ...]:
        """Names of all receptacles, devices and things of a kind."""
        return self._by_kind.get(kind, ())

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[str, ...]]:
        names: dict[str, tuple[str, ...]] = {}
        for name in (*self.receptacle, *self.appliance, *self.things):
            kind = self.kind_of(name)
            names[kind] = (*names.get(kind, ()), name)
        return names

    def spot(self, thing: str, receptacle: str) -> Vector3:
        """Where a thing rests in or on a receptacle, metres in ``map``."""
        x, y, z = self.receptacle[receptacle].position
        row, column = divmod(self.number[thing], 8)
        return (x + (column - 3.5) * TILE, y + (row - 3.5) * TILE, z + 0.05)

    def stand(self, receptacle: str) -> tuple[float, float, float]:
        """Where the robot stands to work on a receptacle: x, y (metres) and yaw."""
        x, y, _ = self.receptacle[receptacle].position
        return (x, y - REACH, math.pi / 2)

    def survey(self) -> dict[str, Any]:
        """The surveyed map of the scene, in the form of a site file: receptacles and devices with
        their names, but no things. Rooms and outlines are made up around the positions.
        """
        xs, ys = zip(*(r.position[:2] for r in self.receptacles), strict=True)
        bounds = (min(xs) - MARGIN, min(ys) - MARGIN, max(xs) + MARGIN, max(ys) + MARGIN)
        return {
            "name": self.name,
            "rooms": [{"name": self.room, "bounds": bounds}],
            "walls": [],
            "furniture": [],
            "places": [self._surveyed(r) for r in self.receptacles],
            "appliances": [
                {
                    "name": a.name,
                    "place": a.place,
                    "gives": a.device.gives,
                    "switch": a.device.switch,
                    "shut": a.device.shut,
                    "synonyms": (spoken(a.kind),),
                }
                for a in self.appliances
            ],
        }

    def _surveyed(self, receptacle: Receptacle) -> dict[str, Any]:
        x, y, z = receptacle.position
        place: dict[str, Any] = {
            "name": receptacle.name,
            "room": self.room,
            "kind": "cabinet" if receptacle.opens else "surface",
            "bounds": (x - HALF, y - HALF, x + HALF, y + HALF),
            "height": z,
            "stand": self.stand(receptacle.name),
            "synonyms": (spoken(receptacle.kind),),
            "holds": tuple(map(spoken, FIXTURES[receptacle.kind].only)),
        }
        if receptacle.opens:
            front = y - HALF
            place["joint"] = {
                "kind": "hinge",
                "axis": (x - HALF, front),
                "travel": -1.5,
                "handle": (x + HALF, front, z),
            }
            place["front"] = (x - HALF, front - 0.02, x + HALF, front)
            place["front_height"] = (z, z + 0.3)
        return place


def spread(wanted: Iterable[tuple[str, float, float]]) -> dict[str, tuple[float, float]]:
    """Spots on a lattice of :data:`APART`, each the nearest free one to where it is wanted."""
    taken: set[tuple[int, int]] = set()
    spots = {}
    for name, x, y in wanted:
        column, row = round(x / APART), round(y / APART)
        for ring in itertools.count():
            free = [
                (i, j)
                for i in range(column - ring, column + ring + 1)
                for j in range(row - ring, row + ring + 1)
                if max(abs(i - column), abs(j - row)) == ring and (i, j) not in taken
            ]
            if free:
                best = min(free, key=lambda c: (math.dist((c[0] * APART, c[1] * APART), (x, y)), c))
                taken.add(best)
                spots[name] = (best[0] * APART, best[1] * APART)
                break
    return spots


def numbered(kinds: Iterable[str]) -> list[tuple[str, str]]:
    """Names for individuals, with their kinds: "apple 1", "apple 2"."""
    count: dict[str, int] = {}
    named = []
    for kind in kinds:
        count[kind] = count.get(kind, 0) + 1
        named.append((f"{spoken(kind)} {count[kind]}", kind))
    return named


def appliances_of(receptacles: Iterable[Receptacle], lamps: Mapping[str, str]) -> list[Appliance]:
    """The devices that receptacles have, and lamps: kind -> the receptacle it is at."""
    at = [(FIXTURES[r.kind].device, r.name) for r in receptacles if FIXTURES[r.kind].device]
    at += list(lamps.items())
    named = numbered(kind for kind, _ in at)
    return [Appliance(name, kind, at[i][1]) for i, (name, kind) in enumerate(named)]
