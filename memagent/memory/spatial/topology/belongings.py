# SPDX-License-Identifier: Apache-2.0
"""What hangs on places: landmarks and exits. Kept in the place's frame, so it moves along."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from memagent.memory.spatial.topology.places import Places
from memagent.memory.spatial.topology.se2 import between, transform
from memagent.memory.spatial.topology.values import Exit, Frontier, Landmark, Place
from memagent.types import Pose2D


class Belongings:
    """Landmarks by place and name, and exits by place."""

    def __init__(self) -> None:
        self._landmarks: dict[str, dict[str, Landmark]] = {}
        self._exits: dict[str, list[Exit]] = {}

    def landmarks(self, place: str | None = None) -> Iterator[Landmark]:
        """Of one place, or all."""
        owners = self._landmarks if place is None else [place]
        for owner in owners:
            yield from self._landmarks.get(owner, {}).values()

    def exits(self, place: str) -> tuple[Exit, ...]:
        """Exits of a place, in its frame."""
        return tuple(self._exits.get(place, ()))

    def attach(self, landmark: Landmark) -> None:
        """Hang a landmark on its place; one of the same name there is replaced."""
        self._landmarks.setdefault(landmark.place, {})[landmark.name] = landmark

    def saw_exits(
        self, place: Place, seen_from: Pose2D, exits: Iterable[Exit], same: float
    ) -> None:
        """Remember exits, given in the frame ``seen_from``; nearer than ``same`` metres is one."""
        known = self._exits.setdefault(place.id, [])
        for exit_ in exits:
            at = transform(seen_from, exit_.offset)
            offset = _into(place.pose, at)
            near = (i for i, e in enumerate(known) if math.dist(e.offset, offset) < same)
            index = next(near, None)
            if index is None:
                known.append(Exit(offset, exit_.width))
            else:
                known[index] = Exit(known[index].offset, min(known[index].width, exit_.width))

    def put_exit(self, place: str, exit_: Exit) -> None:
        """Set down an exit as it is, in the frame of its place."""
        self._exits.setdefault(place, []).append(exit_)

    def frontiers(self, places: Places, explored: float) -> list[Frontier]:
        """Exits with no visited place other than their own within ``explored`` metres."""
        found = []
        for id, exits in self._exits.items():
            for exit_ in exits:
                at = transform(places[id].pose, exit_.offset)
                if not any(
                    place.id != id
                    and place.visits
                    and math.dist(at, (place.pose.x, place.pose.y)) <= explored
                    for place in places
                ):
                    found.append(Frontier(id, at, exit_.width))
        return found

    def merge(self, keep: Place, gone: Place, same: float) -> None:
        """Hang what was on ``gone`` on ``keep``, where it is on the map."""
        for landmark in self._landmarks.pop(gone.id, {}).values():
            if landmark.name not in self._landmarks.get(keep.id, {}):
                offset = _into(keep.pose, transform(gone.pose, landmark.offset))
                self.attach(replace(landmark, place=keep.id, offset=offset))
        self.saw_exits(keep, gone.pose, self._exits.pop(gone.id, ()), same)

    def remove(self, place: str) -> None:
        """Forget what hung on a place."""
        self._landmarks.pop(place, None)
        self._exits.pop(place, None)


def _into(frame: Pose2D, point: tuple[float, float]) -> tuple[float, float]:
    """A map point in ``frame``."""
    seen = between(frame, Pose2D(*point))
    return seen.x, seen.y
