# SPDX-License-Identifier: Apache-2.0
"""Evidence that must last before it is believed: one odd frame changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from memagent.types import Vector3


@dataclass(slots=True)
class _Streak:
    first: float
    last: float
    count: int


class Streaks:
    """Counts how often in a row, and over how long, each key was reported."""

    def __init__(self, count: int, seconds: float, max_gap: float) -> None:
        """Reports last long enough after ``count`` of them over at least ``seconds``.

        A pause of more than ``max_gap`` seconds between two reports starts over.
        """
        self._count = count
        self._seconds = seconds
        self._max_gap = max_gap
        self._streaks: dict[Hashable, _Streak] = {}

    def report(self, key: Hashable, stamp: float) -> bool:
        """Note one report; True once the streak is long enough."""
        streak = self._streaks.get(key)
        if streak is None or stamp - streak.last > self._max_gap:
            streak = self._streaks[key] = _Streak(stamp, stamp, 0)
        streak.last = stamp
        streak.count += 1
        return streak.count >= self._count and stamp - streak.first >= self._seconds - 1e-9

    def reset(self, key: Hashable) -> None:
        self._streaks.pop(key, None)


_VERY_SPOT = 0.04
"""Metres: two sightings closer than this are of one object, whatever they call it."""


@dataclass(slots=True)
class _Spot:
    what: Hashable
    position: Vector3
    last: float
    count: int


class Surprises:
    """Sightings that nothing led to expect, until they are repeated at the same spot.

    A sighting repeats an earlier one if that was at most ``max_gap`` seconds ago, or in the percept
    just before: so a robot that perceives twice a minute learns as well as one that does so ten
    times a second.
    """

    def __init__(self, count: int, reach: float, max_gap: float) -> None:
        """Believe the ``count``-th sighting of those at most ``reach`` metres apart."""
        self._count = count
        self._reach = reach
        self._max_gap = max_gap
        self._before = self._now = -math.inf
        self._spots: dict[str, list[_Spot]] = {}

    def begin(self, stamp: float) -> None:
        """A percept begins: call it for each, also for those without a surprise."""
        if stamp > self._now:
            self._before, self._now = self._now, stamp
        since = min(self._now - self._max_gap, self._before)
        self._keep(lambda _, spot: spot.last >= since)

    def report(self, name: str, what: Hashable, position: Vector3) -> bool:
        """Note that the current percept shows ``name`` there; True once that is to be believed.

        Args:
            name: of an object, or what it looks like.
            what: else must be the same for two sightings to agree.
            position: metres in ``map``.
        """
        spots = self._spots.setdefault(name, [])
        agreeing = [
            spot for spot in spots
            if spot.what == what and spot.last < self._now
            and math.dist(spot.position, position) <= self._reach
        ]  # fmt: skip
        if agreeing:
            spot = min(agreeing, key=lambda spot: math.dist(spot.position, position))
        else:
            spot = _Spot(what, position, self._now, 0)
            spots.append(spot)
        spot.position, spot.last, spot.count = position, self._now, spot.count + 1
        return spot.count >= self._count

    def refute(self, name: str, position: Vector3) -> None:
        """Something else is seen at that very spot: whose name surprised there was a misreading."""
        self._keep(
            lambda other, spot: (
                other == name
                or spot.last == self._now
                or math.dist(spot.position, position) > _VERY_SPOT
            )
        )

    def reset(self, name: str) -> None:
        self._spots.pop(name, None)

    def _keep(self, wanted: Callable[[str, _Spot], bool]) -> None:
        kept = {n: [s for s in spots if wanted(n, s)] for n, spots in self._spots.items()}
        self._spots = {name: spots for name, spots in kept.items() if spots}
