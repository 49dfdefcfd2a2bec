# SPDX-License-Identifier: Apache-2.0
"""What memory knows of the things around: evidence for what words can mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from memagent.planner.grounding.lexicon import Lexicon
from memagent.types import Vector3

ROOMS = ("kitchen", "living room", "bedroom", "bathroom")


@dataclass(frozen=True, slots=True)
class SceneObject:
    """One remembered thing; also a piece of furniture, where memory knows it."""

    kind: str
    id: str
    position: Vector3
    """Metres, y up."""


class Scene:
    """All of them."""

    def __init__(self, objects: Iterable[SceneObject], lexicon: Lexicon) -> None:
        self.objects = tuple(objects)
        self._lexicon = lexicon

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(o.kind for o in self.objects if o.kind in self._lexicon.objects)

    @cached_property
    def _seen(self) -> frozenset[str]:
        return frozenset(o.kind for o in self.objects)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Of what there is; every kind where memory is empty."""
        return tuple(self.counts) or tuple(self._lexicon.objects)

    @cached_property
    def rooms(self) -> dict[str, float]:
        """How likely the scene is each kind of room, by what is in it."""
        odds = dict.fromkeys(ROOMS, 1.0)
        for kind in self.counts:
            usual = self._lexicon.objects[kind].rooms
            if usual:
                for room in ROOMS:
                    odds[room] *= 1.0 if room in usual else 0.4
        total = sum(odds.values())
        return {room: value / total for room, value in odds.items()}

    def likely(self, kind: str) -> float:
        """How likely there is a piece of furniture or a lamp of that kind."""
        entry = self._lexicon.receptacles.get(kind) or self._lexicon.lamps.get(kind)
        if entry is None or kind in self._seen:
            return 1.0
        return sum(p * self.rooms.get(room, 0.0) for room, p in entry.rooms.items())
