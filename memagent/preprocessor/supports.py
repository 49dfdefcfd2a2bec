# SPDX-License-Identifier: Apache-2.0
"""What objects can rest on, and what is furniture rather than an object.

Prior knowledge of the site, brought up to date with what is seen: drawers at their seen opening,
surface heights as measured, and horizontal planes that the site does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from memagent.preprocessor.planes import Level
from memagent.preprocessor.projection import BoolArray
from memagent.site import Rectangle, Site, door_corners
from memagent.types import FloatArray

_EDGE = 0.02
_SKIN = 0.012
_OVERHANG = 0.06
_HEIGHT_ERROR = 0.03
_FREE_HEIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Support:
    """A horizontal rectangle that objects can rest on."""

    bounds: Rectangle
    height: float
    clearance: float
    enclosed: bool = False
    """Inside furniture, so that what lies in it is no furniture."""

    def beneath(self, points: FloatArray) -> BoolArray:
        """Which of ``points`` (n, 3) lie above this support, within its clearance."""
        return _within(points, self.bounds, _EDGE) & (
            (points[:, 2] > self.height - _SKIN) & (points[:, 2] < self.height + self.clearance)
        )


class Surroundings:
    """The supports and solid parts of the site at one moment."""

    def __init__(
        self, site: Site, openings: Mapping[str, float], levels: Sequence[Level] = ()
    ) -> None:
        """Take the site with containers open by ``openings`` (0 to 1) and the planes seen now."""
        self._site = site
        self._openings = openings
        known = _known_supports(site, openings)
        self.supports = tuple(_measured(s, levels) for s in known) + tuple(
            Support(level.bounds, level.height, _FREE_HEIGHT)
            for level in levels
            if _unexplained(level, known)
        )

    def resting_height(self, points: FloatArray) -> FloatArray:
        """Height of the highest support beneath each of ``points`` (n, 3); the floor's is 0."""
        heights = np.zeros(len(points))
        for support in self.supports:
            beneath = support.beneath(points)
            heights[beneath] = np.maximum(heights[beneath], support.height)
        return heights

    def solid(self, points: FloatArray) -> BoolArray:
        """Which of ``points`` (n, 3) are part of walls, furniture, doors or drawer fronts."""
        solid = np.zeros(len(points), dtype=bool)
        for body in (*self._site.walls, *self._site.furniture):
            solid |= _within(points, body.bounds, _SKIN) & (
                (points[:, 2] > body.bottom - _SKIN) & (points[:, 2] < body.height)
            )
        for support in self.supports:
            if support.enclosed:
                reach = _within(points, support.bounds, _OVERHANG)
                solid &= ~(
                    reach
                    & (points[:, 2] > support.height)
                    & (points[:, 2] < support.height + support.clearance)
                )
        for place in self._site.places:
            if place.is_container and place.front_height is not None:
                corners = door_corners(place, self._openings.get(place.name, 0.0))
                low, high = place.front_height
                solid |= _in_panel(points[:, :2], corners, _SKIN) & (
                    (points[:, 2] > low - _SKIN) & (points[:, 2] < high + _SKIN)
                )
        return solid


def _known_supports(site: Site, openings: Mapping[str, float]) -> list[Support]:
    supports = [Support(f.bounds, f.height, _FREE_HEIGHT) for f in site.furniture]
    for place in site.places:
        if not place.is_container:
            supports.append(Support(place.bounds, place.height, _FREE_HEIGHT))
        elif openings.get(place.name, 0.0) > 0.05:
            bounds = place.bounds_at(openings[place.name])
            supports.append(Support(bounds, place.height, place.clearance, enclosed=True))
    return supports


def _measured(support: Support, levels: Sequence[Level]) -> Support:
    """``support`` at the height at which it was seen, where that differs by no more than 3 cm."""
    for level in levels:
        if abs(level.height - support.height) < _HEIGHT_ERROR and _overlap(
            level.bounds, support.bounds
        ):
            return Support(support.bounds, level.height, support.clearance, support.enclosed)
    return support


def _unexplained(level: Level, known: Sequence[Support]) -> bool:
    return level.height > _HEIGHT_ERROR and not any(
        abs(level.height - s.height) < _HEIGHT_ERROR and _overlap(level.bounds, s.bounds)
        for s in known
    )


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _within(points: FloatArray, bounds: Rectangle, margin: float) -> BoolArray:
    x0, y0, x1, y1 = bounds
    x, y = points[:, 0], points[:, 1]
    inside: BoolArray = (
        (x > x0 - margin) & (x < x1 + margin) & (y > y0 - margin) & (y < y1 + margin)
    )
    return inside


def _in_panel(
    points: FloatArray, corners: Sequence[tuple[float, float]], margin: float
) -> BoolArray:
    """Which of ``points`` (n, 2) are in the rectangle with ``corners``, grown by ``margin``."""
    a, b, d = np.asarray(corners[0]), np.asarray(corners[1]), np.asarray(corners[3])
    inside = np.ones(len(points), dtype=bool)
    for side in (b - a, d - a):
        length = float(np.linalg.norm(side))
        along = (points - a) @ side / length
        inside &= (along > -margin) & (along < length + margin)
    return inside
