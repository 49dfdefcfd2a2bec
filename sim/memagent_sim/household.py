# SPDX-License-Identifier: Apache-2.0
"""Where people leave things: a seeded layout of the first day, and of the second.

Overnight everything is put back where it was, but one object that a task needs is elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from memagent.errors import ConfigError
from memagent.site import Obstacle, Place, Rectangle
from memagent_sim.objects import footprint
from memagent_sim.world import ObjectSpec, TaskSpec, World

ATTEMPTS = 2000
DEFAULT_CAPACITY = 2
EDGE = 0.05
"""Least distance from an object's centre to the edge of a place, beyond its half width, metres."""
DRAWER_DEPTH = (0.07, 0.15)
"""How far behind its front edge people put things into a drawer, metres."""
CABINET_DEPTH = (0.1, 0.2)
"""How far from a cabinet's opening things stand in it, metres."""
CABINET_SIDE = 0.18
"""Their distance from its side walls."""
DRAWER_SIDE = 0.14
"""Least distance of an object's centre from a drawer's sides: a hand must fit in beside it."""


@dataclass(frozen=True)
class Placement:
    """Where an object rests: its place, and the centre of its bounding box in the map."""

    place: str
    x: float
    y: float
    z: float
    yaw: float


@dataclass(frozen=True)
class Move:
    """What people move overnight."""

    label: str
    placement: Placement


@dataclass(frozen=True)
class HouseholdTask:
    instruction: str
    goal: tuple[tuple[str, str, str], ...]
    """What must be true at the end: (object's label, "in" or "on", place)."""


@dataclass(frozen=True)
class Household:
    """All of a scenario: the first day's layout, what moves overnight, and the tasks."""

    layout: Mapping[str, Placement]
    move: Move | None
    tasks: tuple[HouseholdTask, ...]

    def placements(self, day: int) -> Mapping[str, Placement]:
        """Where everything is at the beginning of a day, from 1 on."""
        if day == 1 or self.move is None:
            return self.layout
        return {**self.layout, self.move.label: self.move.placement}


def furnish(world: World, seed: int) -> Household:
    """Lay a household out.

    Raises:
        ConfigError: the objects do not fit into the places where they may be.
    """
    rng = np.random.default_rng((seed, 0x60D5))
    for _ in range(ATTEMPTS):
        household = _attempt(world, rng)
        if household is not None:
            return household
    raise ConfigError(
        f"world: no layout found for seed {seed}: allow the objects more places, or raise "
        "scenario.capacity"
    )


def _attempt(world: World, rng: np.random.Generator) -> Household | None:
    assigned = _assign(world, rng)
    if assigned is None:
        return None
    places, mover, target = assigned
    layout: dict[str, Placement] = {}
    for label, place in places.items():
        placement = _find_spot(world, label, world.site.place(place), layout, rng)
        if placement is None:
            return None
        layout[label] = placement
    move = None
    if mover:
        others = {k: v for k, v in layout.items() if k != mover}
        placement = _find_spot(world, mover, world.site.place(target), others, rng)
        if placement is None:
            return None
        move = Move(mover, placement)
    return Household(layout, move, tuple(_resolve(t, layout) for t in world.config.tasks))


def _resolve(task: TaskSpec, layout: Mapping[str, Placement]) -> HouseholdTask:
    labels = task.objects or tuple(
        label for label, placement in layout.items() if placement.place == task.everything_on
    )
    return HouseholdTask(
        task.instruction, tuple((label, task.relation, task.place) for label in labels)
    )


# --- which place --------------------------------------------------------------------------------


class _Vacancies:
    """How many more objects each place may take."""

    def __init__(self, world: World) -> None:
        scenario = world.config.scenario
        self._left = {
            p.name: scenario.capacity.get(p.name, 1 if p.is_container else DEFAULT_CAPACITY)
            for p in world.site.places
        }
        self._closed = set(scenario.pinned) | set(scenario.hidden)

    def take(self, place: str) -> None:
        self._left[place] -= 1

    def among(self, places: tuple[str, ...], *, containers: bool = False) -> list[str]:
        """Those with room left; pinned places and containers take only what was chosen for them."""
        return [p for p in places if self._left[p] > 0 and (containers or p not in self._closed)]


def _assign(world: World, rng: np.random.Generator) -> tuple[dict[str, str], str, str] | None:
    """Each object's place, the object that moves overnight, and where to."""
    scenario, vacancies = world.config.scenario, _Vacancies(world)
    places: dict[str, str] = {}

    def choose(place: str, count: int) -> bool:
        fitting = [k for k, o in world.objects.items() if place in o.places and k not in places]
        if len(fitting) < count:
            return False
        for k in rng.choice(len(fitting), count, replace=False):
            places[fitting[k]] = place
            vacancies.take(place)
        return True

    for place, count in scenario.pinned.items():
        if not choose(place, count):
            return None
    for place, probability in scenario.hidden.items():
        if rng.random() < probability and not choose(place, 1):
            return None
    for label in scenario.overnight:
        if label not in places and not _settle(label, world.objects[label], places, vacancies, rng):
            return None
    mover, target = "", ""
    if scenario.overnight:
        out = [k for k in scenario.overnight if not world.site.place(places[k]).is_container]
        mover = str(rng.choice(out or list(scenario.overnight)))
        targets = vacancies.among(scenario.overnight[mover], containers=True)
        targets = [p for p in targets if p != places[mover]]
        if not targets:
            return None
        room = world.site.place(places[mover]).room
        nearby = [p for p in targets if world.site.place(p).room == room]
        stays_near = rng.random() < scenario.overnight_nearby
        target = str(rng.choice(nearby if nearby and stays_near else targets))
        vacancies.take(target)  # kept free on the first day
    for label, spec in world.objects.items():
        if label not in places and not _settle(label, spec, places, vacancies, rng):
            return None
    return {label: places[label] for label in world.objects}, mover, target


def _settle(
    label: str,
    spec: ObjectSpec,
    places: dict[str, str],
    vacancies: _Vacancies,
    rng: np.random.Generator,
) -> bool:
    free = vacancies.among(spec.places)
    if not free:
        return False
    places[label] = str(rng.choice(free))
    vacancies.take(places[label])
    return True


# --- where exactly ------------------------------------------------------------------------------


def _find_spot(
    world: World,
    label: str,
    place: Place,
    others: Mapping[str, Placement],
    rng: np.random.Generator,
) -> Placement | None:
    """A spot within the robot's reach and apart from the other objects; None if none was found."""
    category = world.category(world.objects[label])
    spacing = world.config.scenario.spacing
    x0, y0, x1, y1 = _zone(world, place, footprint(category))
    if x0 > x1 or y0 > y1:
        return None
    taken = [(p.x, p.y) for p in others.values() if p.place == place.name]
    for _ in range(60):
        x, y = float(rng.uniform(x0, x1)), float(rng.uniform(y0, y1))
        yaw = _yaw(place, rng)
        if all(math.hypot(x - a, y - b) >= spacing for a, b in taken):
            return Placement(place.name, x, y, place.height + category.size[2] / 2, yaw)
    return None


def _yaw(place: Place, rng: np.random.Generator) -> float:
    """Any, but along the way it slides in a drawer: things are laid in lengthwise."""
    if place.kind == "drawer":
        return float(place.stand[2] + rng.uniform(-0.3, 0.3))
    return float(rng.uniform(-math.pi, math.pi))


def _zone(world: World, place: Place, radius: float) -> Rectangle:
    """Where the centre of an object of that radius may be."""
    facing = _facing(place)
    margin = min(radius, 0.06) + (0.0 if place.is_container else EDGE - 0.03)
    if place.kind == "cabinet":  # in the middle, clear of the walls for a hand that reaches in
        zone = _strip(place.bounds, facing, *CABINET_DEPTH)
        return _inset(zone, CABINET_SIDE * abs(facing[1]), CABINET_SIDE * abs(facing[0]))
    if place.kind == "drawer":
        across = (abs(facing[1]), abs(facing[0]))
        zone = _strip(place.bounds, facing, *DRAWER_DEPTH)
        return _inset(zone, DRAWER_SIDE * across[0], DRAWER_SIDE * across[1])
    inner = _inset(place.bounds, margin, margin)
    edge = _support(world, place)
    reach = _strip(edge.bounds, facing, 0.0, world.config.scenario.reach)
    return _intersection(inner, reach)


def _facing(place: Place) -> tuple[int, int]:
    """The way the robot looks at a place from its stand, along an axis of the map."""
    c, s = math.cos(place.stand[2]), math.sin(place.stand[2])
    return (int(math.copysign(1, c)), 0) if abs(c) > abs(s) else (0, int(math.copysign(1, s)))


def _support(world: World, place: Place) -> Obstacle:
    """The furniture that a place belongs to."""
    x, y = (place.bounds[0] + place.bounds[2]) / 2, (place.bounds[1] + place.bounds[3]) / 2
    for piece in world.site.furniture:
        x0, y0, x1, y1 = piece.bounds
        if x0 <= x <= x1 and y0 <= y <= y1:
            return piece
    raise ConfigError(f"site {world.site.name!r}: place {place.name!r} lies on no furniture")


def _strip(
    bounds: Rectangle,
    facing: tuple[int, int],
    near: float,
    far: float,
    from_far_side: bool = False,
) -> Rectangle:
    """The part of ``bounds`` between two distances from the edge that one meets first."""
    if from_far_side:
        facing = (-facing[0], -facing[1])
    x0, y0, x1, y1 = bounds
    if facing[0] > 0:
        return (x0 + near, y0, min(x0 + far, x1), y1)
    if facing[0] < 0:
        return (max(x1 - far, x0), y0, x1 - near, y1)
    if facing[1] > 0:
        return (x0, y0 + near, x1, min(y0 + far, y1))
    return (x0, max(y1 - far, y0), x1, y1 - near)


def _inset(bounds: Rectangle, by_x: float, by_y: float) -> Rectangle:
    x0, y0, x1, y1 = bounds
    return (x0 + by_x, y0 + by_y, x1 - by_x, y1 - by_y)


def _intersection(a: Rectangle, b: Rectangle) -> Rectangle:
    return (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
