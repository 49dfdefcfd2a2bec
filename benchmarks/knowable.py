# SPDX-License-Identifier: Apache-2.0
"""What a robot could know of where things are, from its true sights alone: the gold answers.

A thing is where its newest true sight was, until a full look at that place does not show it; from
then on the right answer is that nobody knows.
"""

from __future__ import annotations

import math
from bisect import bisect_right

from household_year import Look
from memory_answers import UNKNOWN


class Knowable:
    """What the robot could know, as a step function per thing."""

    def __init__(self) -> None:
        self._steps: dict[str, list[tuple[float, str]]] = {}
        self._sights: dict[tuple[str, str], list[float]] = {}
        """Thing and place -> first and newest true sight."""
        self._full: dict[str, float] = {}

    def see(self, look: Look) -> None:
        for thing in look.sighted:
            sights = self._sights.setdefault((thing, look.place), [look.end, look.end])
            sights[1] = look.end
            self._step(thing, look.end, look.place)
        if look.full:
            self._full[look.place] = look.end
            for thing, steps in self._steps.items():
                if thing not in look.sighted and steps[-1][1] == look.place:
                    self._step(thing, look.end, UNKNOWN)

    def where(self, thing: str, stamp: float = math.inf) -> str:
        steps = self._steps.get(thing, [])
        after = bisect_right(steps, stamp, key=lambda step: step[0])
        return steps[after - 1][1] if after else UNKNOWN

    def first_at(self, thing: str, place: str) -> float:
        return self._sights.get((thing, place), [math.inf])[0]

    def first(self, thing: str) -> float:
        return self._steps[thing][0][0] if thing in self._steps else math.inf

    def time_at(self, thing: str, place: str, now: float) -> float:
        steps = self._steps.get(thing, [])
        ends = [*(start for start, _ in steps[1:]), now]
        return sum(e - s for (s, at), e in zip(steps, ends, strict=True) if at == place)

    def is_stale(self, thing: str, answer: str) -> bool:
        """Whether the robot saw later that it is not where the answer says."""
        gold = self.where(thing)
        if answer in (UNKNOWN, gold):
            return False
        seen = self._sights.get((thing, answer), [-math.inf])[-1]
        moved_on = gold != UNKNOWN and math.isfinite(seen)
        return moved_on or self._full.get(answer, -math.inf) > seen

    def _step(self, thing: str, stamp: float, place: str) -> None:
        steps = self._steps.setdefault(thing, [])
        if not steps or steps[-1][1] != place:
            steps.append((stamp, place))
