# SPDX-License-Identifier: Apache-2.0
"""What the executor knows of its surroundings: the site, and how far its containers are open."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from memagent.executor.collision import Box, site_boxes
from memagent.executor.navigation import ClearanceMap, Point, plan_path
from memagent.executor.obstacles import Occupancy, Occupied, unexpected
from memagent.site import Place, Site
from memagent.types import ObjectObservation, Percept, Pose2D

_TRUSTED = 0.5
_OPEN = 0.6
"""A container that is open at least so far can be worked in."""
_AROUND_THINGS = 0.05
"""Metres around a thing in view within which what is occupied is that thing."""
_OVERHEAD = 1.9
"""Metres; what hangs above it does not stop the base."""


class Scene:
    """The site with its containers as they were last seen or left."""

    def __init__(self, site: Site, base_radius: float, occupied: Occupied = lambda: None) -> None:
        """``occupied`` returns the space near the robot that memory knows to be occupied; the same
        object until there is news, None where nothing is known.
        """
        self.site = site
        self._occupied = occupied
        self._occupancy: Occupancy | None = None
        self._things: tuple[Box, ...] = ()
        self._obstacles: tuple[Box, ...] = ()
        self._radius = base_radius
        self._openings: dict[str, float] = {}
        self._cache: tuple[tuple[Box, ...], ClearanceMap] | None = None

    # --- containers ---------------------------------------------------------------------------

    def opening(self, container: str) -> float:
        """0 closed to 1 fully open, as far as known; closed before anything is known."""
        return self._openings.get(container, 0.0)

    def is_open(self, place: Place) -> bool:
        return not place.is_container or self.opening(place.name) >= _OPEN

    def set_opening(self, container: str, opening: float) -> None:
        opening = round(min(max(opening, 0.0), 1.0), 2)
        if abs(opening - self.opening(container)) > 0.02:
            self._openings[container] = opening
            self._cache = None

    def observe(self, percept: Percept) -> None:
        """Take over how far the seen containers are open."""
        names = {p.name for p in self.site.places if p.is_container}
        for container in percept.containers:
            if container.name in names and container.confidence >= _TRUSTED:
                self.set_opening(container.name, container.opening)
        self._things = object_boxes(percept.objects, grow=_AROUND_THINGS)

    def bounds(self, place: Place) -> tuple[float, float, float, float]:
        """Where objects rest in the place as it is now."""
        return place.bounds_at(self.opening(place.name))

    # --- room to move -------------------------------------------------------------------------

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Everything solid: what the site tells of, and what was found to be in the way besides."""
        return self._built()[0]

    def boxes_with(self, container: str, opening: float) -> tuple[Box, ...]:
        """As :attr:`boxes`, were that container open so far."""
        self._look_around()
        return (
            *site_boxes(self.site, {**self._openings, container: opening}),
            *self._obstacles,
        )

    def _look_around(self) -> None:
        """Take over what is in the way, where that has changed."""
        occupancy = self._occupied()
        if occupancy is self._occupancy:
            return
        self._occupancy = occupancy
        site = site_boxes(self.site, self._openings)
        found = () if occupancy is None else unexpected(occupancy, site, self._things)
        if found != self._obstacles:
            self._obstacles, self._cache = found, None

    @property
    def map(self) -> ClearanceMap:
        return self._built()[1]

    def free(self, pose: Pose2D, clearance: float) -> bool:
        """Whether the base can stand there."""
        at = np.array([pose.x, pose.y])
        return float(self.map.clearance(at)) >= self._radius + clearance - 1e-6

    def path(self, start: Pose2D, goal: Pose2D, clearance: float) -> list[Point] | None:
        """A way for the base; None where there is none."""
        return plan_path(self.map, (start.x, start.y), (goal.x, goal.y), self._radius + clearance)

    def straight(self, start: Pose2D, goal: Pose2D, clearance: float) -> bool:
        """Whether the base can drive straight on."""
        room = self.map.along((start.x, start.y), (goal.x, goal.y))
        return room >= self._radius + clearance - 1e-6

    def approach(self, place: Place, clearance: float) -> Pose2D:
        """The place's stand, moved by up to 0.2 m where something open is too close to it."""
        stand = place.stand_pose
        if self.free(stand, clearance):
            return stand
        options = [
            Pose2D(stand.x + r * math.cos(a), stand.y + r * math.sin(a), stand.yaw)
            for r in (0.05, 0.1, 0.15, 0.2)
            for a in np.linspace(0.0, 2.0 * math.pi, 16, endpoint=False)
        ]
        return next((p for p in options if self.free(p, clearance)), stand)

    def _built(self) -> tuple[tuple[Box, ...], ClearanceMap]:
        self._look_around()
        if self._cache is None:
            boxes = (*site_boxes(self.site, self._openings), *self._obstacles)
            low = [b for b in boxes if b.centre[2] - b.half[2] < _OVERHEAD]
            self._cache = (boxes, ClearanceMap(self.site.bounds, low))
        return self._cache


def object_boxes(objects: Iterable[ObjectObservation], grow: float = 0.0) -> tuple[Box, ...]:
    """Observed objects as obstacles for the arm."""
    return tuple(
        Box(
            centre=o.position,
            half=(o.size[0] / 2 + grow, o.size[1] / 2 + grow, o.size[2] / 2 + grow),
            yaw=o.yaw,
            name=o.label,
        )
        for o in objects
    )
