# SPDX-License-Identifier: Apache-2.0
"""Have I been here? Loop closures are proposed by looks and believed only when places agree.

A new place that looks like an old one, no farther away than odometry may have drifted, is a
hypothesis, if no rival elsewhere looks nearly as much alike (Lowe's ratio test). Several of them
must tell the same story: the way between the new places is the way between the old ones. Two
bathrooms that look the same fail the first test, two flats' corridors the second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from memagent.memory.spatial.topology.config import ClosureConfig
from memagent.memory.spatial.topology.places import Places
from memagent.memory.spatial.topology.se2 import wrap
from memagent.memory.spatial.topology.values import Place


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """``new`` is ``old``."""

    new: str
    old: str


class Recogniser:
    """Keeps hypotheses until enough of them agree."""

    def __init__(self, config: ClosureConfig, radius: float) -> None:
        self._config = config
        self._radius = radius
        self.pending: list[Hypothesis] = []

    def propose(self, places: Places, new: Place) -> tuple[Hypothesis, ...]:
        """Consider a new place; returns the hypotheses to be believed together, or none."""
        old = self._candidate(places, new)
        if old is None:
            return ()
        self._forget_gone(places)
        hypothesis = Hypothesis(new.id, old)
        agreeing = [h for h in self.pending if self._agree(places, h, hypothesis)]
        self.pending = [*self.pending, hypothesis][-self._config.pending :]
        believed = (*agreeing, hypothesis)
        return believed if len(believed) >= self._config.confirmations else ()

    def drop(self, hypotheses: tuple[Hypothesis, ...] | None = None) -> None:
        """Forget these hypotheses; without an argument, all."""
        gone = self.pending if hypotheses is None else hypotheses
        self.pending = [h for h in self.pending if h not in gone]

    def _candidate(self, places: Places, new: Place) -> str | None:
        """The old place that looks most like ``new``, if it is plausible and without a rival."""
        config = self._config
        alike = places.cosines(new.descriptor)
        apart = np.hypot(*(places.positions - (new.pose.x, new.pose.y)).T)
        since = np.array([new.odometer - places[id].odometer for id in places.ids])
        plausible = (since >= config.away) & (apart <= self._radius + config.drift * since)
        plausible &= [places[id].visits > 0 for id in places.ids]
        if not plausible.any():
            return None
        best = int(np.argmax(np.where(plausible, alike, -np.inf)))
        if alike[best] < config.similarity:
            return None
        elsewhere = np.hypot(*(places.positions - places.positions[best]).T) > self._radius
        rivals = alike[plausible & elsewhere]
        rival = float(rivals.max()) if len(rivals) else -1.0
        if 1 - alike[best] > config.ratio * (1 - rival):
            return None
        return places.ids[best]

    def _agree(self, places: Places, a: Hypothesis, b: Hypothesis) -> bool:
        """Whether the way from ``a`` to ``b`` is the same among new places and among old ones."""
        if a.new == b.new or a.old == b.old:
            return False
        new, old = _way(places, a.new, b.new), _way(places, a.old, b.old)
        length = math.hypot(*new)
        slack = self._config.agreement + self._config.drift * length
        if abs(length - math.hypot(*old)) > slack:
            return False
        turn = wrap(math.atan2(new[1], new[0]) - math.atan2(old[1], old[0]))
        return abs(turn) <= self._config.turn + slack / max(length, slack)

    def _forget_gone(self, places: Places) -> None:
        self.pending = [h for h in self.pending if h.new in places and h.old in places]


def _way(places: Places, a: str, b: str) -> tuple[float, float]:
    start, end = places[a].pose, places[b].pose
    return end.x - start.x, end.y - start.y
