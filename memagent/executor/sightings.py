# SPDX-License-Identifier: Apache-2.0
"""The last few percepts, and what they agree on."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from memagent.types import ContainerObservation, ObjectObservation, Percept, Vector3

_SAME_OBJECT = 0.08
"""Metres between observations that may still be of one object at rest."""


class Sightings:
    """Keeps the percepts of the last seconds and answers what was seen since a moment."""

    def __init__(self, source: Callable[[], Percept | None], keep: int = 40) -> None:
        self._source = source
        self._percepts: deque[Percept] = deque(maxlen=keep)

    def poll(self) -> Percept | None:
        """Take in the newest percept; returns it if it is new."""
        percept = self._source()
        if percept is None or (self._percepts and percept.stamp <= self._percepts[-1].stamp):
            return None
        self._percepts.append(percept)
        return percept

    def since(self, stamp: float) -> list[Percept]:
        """Percepts of frames taken after ``stamp``, oldest first."""
        return [p for p in self._percepts if p.stamp > stamp]

    def container(self, name: str, since: float) -> ContainerObservation | None:
        """The newest observation of a container after ``since``."""
        for percept in reversed(self.since(since)):
            for seen in percept.containers:
                if seen.name == name:
                    return seen
        return None

    def objects(self, since: float) -> list[ObjectObservation]:
        """Every object seen after ``since``, once each, where it was seen on average."""
        groups: list[list[ObjectObservation]] = []
        for percept in reversed(self.since(since)):
            for seen in percept.objects:
                for group in groups:
                    same = group[0].label == seen.label
                    if same and math.dist(group[0].position, seen.position) < _SAME_OBJECT:
                        group.append(seen)
                        break
                else:
                    groups.append([seen])
        return [_average(group) for group in groups]


def is_called(seen: ObjectObservation, name: str) -> bool:
    """Whether ``name`` names it: its label ("red mug") or its category ("mug")."""
    return name in (seen.label, seen.category)


def nearest(
    objects: Iterable[ObjectObservation], position: Vector3 | None
) -> ObjectObservation | None:
    """The object closest to ``position``; the most certain one where no position is given."""
    objects = list(objects)
    if not objects:
        return None
    if position is None:
        return max(objects, key=lambda o: (o.confidence, o.pixels))
    where = position
    return min(objects, key=lambda o: math.dist(o.position, where))


def _average(group: list[ObjectObservation]) -> ObjectObservation:
    """Median position and size, and the mean direction, weighted by how elongated it looked."""
    newest = group[0]
    if len(group) == 1:
        return newest
    position = np.median([o.position for o in group], axis=0)
    size = np.median([o.size for o in group], axis=0)
    # An axis is the same after half a turn: average twice the angle.
    weights = np.array([max(o.size[0] - o.size[1], 1e-4) for o in group])
    doubled = 2.0 * np.array([o.yaw for o in group])
    yaw = 0.5 * math.atan2(
        float((weights * np.sin(doubled)).sum()), float((weights * np.cos(doubled)).sum())
    )
    return replace(
        newest,
        position=(float(position[0]), float(position[1]), float(position[2])),
        size=(float(size[0]), float(size[1]), float(size[2])),
        yaw=yaw,
    )
