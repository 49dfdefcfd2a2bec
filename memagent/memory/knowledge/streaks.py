# SPDX-License-Identifier: Apache-2.0
"""Evidence that must last before it is believed: one odd frame changes nothing."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


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
