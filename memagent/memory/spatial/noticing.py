# SPDX-License-Identifier: Apache-2.0
"""When a sighting is believed, and when a thing counts as gone: twice is sure."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from memagent.memory.spatial.naming import passed_through
from memagent.memory.spatial.things import Things
from memagent.memory.spatial.voxels.cloud import Points
from memagent.types import Vector3

_GLIMPSES = 16
"""Positions of one label that wait for a second sighting; of more, the oldest are passed over."""
_ABSENT = 2
"""Scans that must pass through a thing's position, none in between seeing it, for it to be gone."""


class Noticing:
    """What single scans suggest, until another one agrees. It is not kept on disk."""

    def __init__(self, same: float, farthest: float) -> None:
        """Args:
        same: metres within which two sightings are of one position.
        farthest: metres from which on a scan says nothing.
        """
        self._same = same
        self._farthest = farthest
        self._glimpsed: dict[str, deque[Vector3]] = {}
        """Label -> where such things were seen once, so far, away from where they are known."""
        self._absent: dict[int, int] = {}
        """Stay -> scans that passed through it."""

    def is_sure(self, label: str, position: Vector3) -> bool:
        """Whether a thing seen somewhere new is believed: not what moves or was misread once."""
        glimpsed = self._glimpsed.setdefault(label, deque(maxlen=_GLIMPSES))
        before = next((at for at in glimpsed if math.dist(at, position) <= self._same), None)
        if before is None:
            glimpsed.append(position)
            return False
        glimpsed.remove(before)
        return True

    def gone(
        self, things: Things, seen: Collection[int], points: Points, eye: NDArray[np.float64]
    ) -> list[int]:
        """Numbers of stays that have ended, as a scan from ``eye`` shows, which saw ``seen``."""
        for number in seen:
            self._absent.pop(number, None)
        others = [
            (number, stay.position)
            for number, stay in things.current()
            if number not in seen and math.dist(stay.position, eye) <= self._farthest
        ]
        at = np.array([position for _, position in others], np.float64).reshape(-1, 3)
        ended = []
        for (number, _), passed in zip(others, passed_through(points, eye, at), strict=True):
            if passed:
                self._absent[number] = self._absent.get(number, 0) + 1
                if self._absent[number] >= _ABSENT:
                    del self._absent[number]
                    ended.append(number)
        return ended
