# SPDX-License-Identifier: Apache-2.0
"""What memory contributed to a task, in words that its course supports."""

from __future__ import annotations

import math

from memagent.planner.goal import Goal, ObjectRef
from memagent.planner.situation import Situation
from memagent.types import PlaceBelief, WorldBelief


class Contribution:
    """Compares what was believed when the task began with what it found."""

    def __init__(self, goal: Goal, world: WorldBelief) -> None:
        self._world = world
        refs = [
            c.subject
            for stage in goal.stages
            for c in stage.conditions
            if isinstance(c.subject, ObjectRef)
        ]
        self._wanted = {
            known.name: known.candidates
            for known in world.objects
            if any(ref.fits(known) for ref in refs)
        }
        self._sightings: dict[str, str] = {}
        """Object -> the place where this task first saw it."""

    def observe(self, situation: Situation) -> None:
        """Note where wanted objects turn up. Call with each new situation."""
        for known in situation.world.objects:
            if known.name in self._sightings or known.name == situation.holding:
                continue
            location = situation.location(known.name)
            if location is not None and situation.fresh(known.name):
                self._sightings[known.name] = location.place

    def words(self, situation: Situation) -> str:
        """Such as "knew where the red mug was (seen 1 day ago on the desk)", or ""."""
        journal = situation.journal
        began = journal.outcomes[0].started if journal.outcomes else journal.since
        handled = {o.call.object for o in journal.outcomes if o.call.object}
        parts, knew = [], False
        for name, candidates in self._wanted.items():
            found = self._sightings.get(name)
            if found is None or (handled and name not in handled):
                continue
            expected = next((c for c in candidates if c.place == found), None)
            if expected is None or expected is not candidates[0]:
                continue
            if expected.last_seen is not None and began > expected.last_seen:
                knew = True
                parts.append(f"knew where the {name} was ({_when(expected, began)})")
        spared = [
            p
            for p, seen in self._world.viewed.items()
            if seen <= journal.since and situation.looks(p) == 0
        ]
        if spared and not knew and self._sightings.keys() & handled:
            count = f"{len(spared)} place" + ("s" if len(spared) > 1 else "")
            parts.append(f"skipped {count} that it had searched before")
        return "; ".join(parts)


def _when(expected: PlaceBelief, now: float) -> str:
    seen = expected.last_seen if expected.last_seen is not None else now
    return f"seen {_ago(now - seen)} ago {expected.predicate} the {expected.place}"


def _ago(seconds: float) -> str:
    for unit, length in (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0)):
        if seconds >= length * 0.9:
            count = max(1, math.floor(seconds / length + 0.5))
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return f"{seconds:.0f} s"
