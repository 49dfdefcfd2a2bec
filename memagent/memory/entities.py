# SPDX-License-Identifier: Apache-2.0
"""Individuals: which remembered object an observation shows.

One rule decides: an observation belongs to the nearest known object of its label, and each object
takes one observation per percept. So an object near its last position is the same one; seen
elsewhere, it has moved; and two of a label in one percept are two objects, "block" and "block 2".
Where one of a label is known already, a second one must rest somewhere and be seen several times
in a row: a thing in the gripper is easily segmented into two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict

from memagent.memory.records import Entity
from memagent.memory.streaks import Streaks
from memagent.memory.tables import Tables
from memagent.types import ObjectObservation, Percept, Vector3


class EntityConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    min_confidence: float = 0.3
    """Observations below this are not believed."""
    same_spot: float = 0.04
    """Metres: two observations of a label closer than this are one object, segmented twice."""
    reach: float = 1.2
    """Metres from the base's centre within which the object in the gripper is seen."""
    twin_percepts: int = 3
    """A second object of a known label is believed once seen in so many percepts in a row."""
    twin_gap: float = 1.0
    """Seconds without it after which the row begins again."""
    track_memory: float = 2.0
    """Seconds for which a track keeps its object."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An observation and the object it shows."""

    name: str
    observation: ObjectObservation
    is_new: bool


class Entities:
    """The registry of known objects. Positions run ahead of the store until :meth:`persist`."""

    def __init__(self, tables: Tables, config: EntityConfig) -> None:
        self._tables = tables
        self._config = config
        self._known: dict[str, Entity] = {e.name: e for e in tables.entities()}
        self._tracks: dict[int, tuple[str, float]] = {}
        self._stale: set[str] = set()
        self._twins = Streaks(config.twin_percepts, 0.0, config.twin_gap)

    def all(self) -> tuple[Entity, ...]:
        """Every known object, in the order of their first sighting."""
        return tuple(self._known.values())

    def get(self, name: str) -> Entity | None:
        return self._known.get(name)

    def matching(self, words: str) -> tuple[Entity, ...]:
        """Objects that ``words`` may mean: by name, else label, else category, else last words.

        "mug" finds "red mug" by its category, "tea boxes" finds "tea box".
        """
        wanted = _folded(words)
        for names in (_by_name, _by_label, _by_category, _by_suffix):
            found = tuple(e for e in self._known.values() if names(e, wanted))
            if found:
                return found
        return ()

    def register(self, label: str, stamp: float, position: Vector3 | None = None) -> Entity:
        """A new object known by name only, e.g. from the outcome of a skill."""
        return self._add(
            Entity(self._free_name(label), label, label, "", (0.0, 0.0, 0.0), position, stamp,
                   stamp, 0.5)
        )  # fmt: skip

    def resolve(self, percept: Percept, held: str = "") -> tuple[Sighting, ...]:
        """Say which object each observation shows, adding those never seen before.

        Args:
            percept: the observations, with the base's pose.
            held: the object in the gripper; it moves with the robot.
        """
        sightings: list[Sighting] = []
        by_label: dict[str, list[ObjectObservation]] = {}
        for seen in sorted(percept.objects, key=lambda o: -o.confidence):
            group = by_label.setdefault(seen.label, [])
            if seen.confidence >= self._config.min_confidence and all(
                math.dist(seen.position, other.position) > self._config.same_spot for other in group
            ):
                group.append(seen)
        for label, group in by_label.items():
            sightings.extend(self._match(label, group, percept, held))
        return tuple(sightings)

    def persist(self) -> None:
        """Write what sightings changed."""
        for name in sorted(self._stale):
            self._tables.put_entity(self._known[name])
        self._stale.clear()

    # --- inside -------------------------------------------------------------------------------

    def _match(
        self, label: str, group: list[ObjectObservation], percept: Percept, held: str
    ) -> list[Sighting]:
        known = [e for e in self._known.values() if e.label == label]
        pairs = sorted(
            (self._cost(e, o, percept, held), i, j)
            for i, o in enumerate(group)
            for j, e in enumerate(known)
        )
        owner: dict[int, Entity] = {}
        taken: set[int] = set()
        for cost, i, j in pairs:
            if i not in owner and j not in taken and math.isfinite(cost):
                owner[i] = known[j]
                taken.add(j)
        sightings = []
        for i, seen in enumerate(group):
            entity = owner.get(i)
            is_new = entity is None
            if entity is None and known and not self._is_twin(label, percept):
                continue
            if entity is None:
                entity = self._add(_entity_from(seen, self._free_name(label), percept.stamp))
            else:
                self._update(entity, seen, percept.stamp)
            self._tracks[seen.track_id] = (entity.name, percept.stamp)
            sightings.append(Sighting(entity.name, seen, is_new))
        return sightings

    def _is_twin(self, label: str, percept: Percept) -> bool:
        """Whether an observation that no known object explains is one more object."""
        rests = any(r.subject == label and r.predicate in ("on", "in") for r in percept.relations)
        return rests and self._twins.report(label, percept.stamp)

    def _cost(self, entity: Entity, seen: ObjectObservation, percept: Percept, held: str) -> float:
        """Distance in metres between an observation and where its object was last seen."""
        name, stamp = self._tracks.get(seen.track_id, ("", -math.inf))
        if name == entity.name and 0 <= percept.stamp - stamp <= self._config.track_memory:
            return 0.0
        if entity.name == held and percept.holding:
            x, y, _ = seen.position
            near = math.hypot(x - percept.base.x, y - percept.base.y) <= self._config.reach
            return 0.3 if near else math.inf
        return 1e3 if entity.position is None else math.dist(entity.position, seen.position)

    def _update(self, entity: Entity, seen: ObjectObservation, stamp: float) -> None:
        self._known[entity.name] = replace(
            entity,
            category=seen.category,
            colour=seen.colour,
            size=seen.size,
            position=seen.position,
            last_seen=stamp,
            confidence=max(entity.confidence, seen.confidence),
        )
        self._stale.add(entity.name)

    def _add(self, entity: Entity) -> Entity:
        self._known[entity.name] = entity
        self._tables.put_entity(entity)
        return entity

    def _free_name(self, label: str) -> str:
        if label not in self._known:
            return label
        number = 2
        while f"{label} {number}" in self._known:
            number += 1
        return f"{label} {number}"


def _entity_from(seen: ObjectObservation, name: str, stamp: float) -> Entity:
    return Entity(
        name, seen.label, seen.category, seen.colour, seen.size, seen.position, stamp, stamp,
        seen.confidence,
    )  # fmt: skip


def _folded(words: str) -> str:
    return " ".join(words.lower().split())


def _by_name(entity: Entity, wanted: str) -> bool:
    return entity.name.lower() == wanted


def _by_label(entity: Entity, wanted: str) -> bool:
    return _same(entity.label, wanted)


def _by_category(entity: Entity, wanted: str) -> bool:
    return _same(entity.category, wanted)


def _by_suffix(entity: Entity, wanted: str) -> bool:
    words = entity.label.lower().split()
    return any(_same(" ".join(words[i:]), wanted) for i in range(1, len(words)))


def _same(name: str, wanted: str) -> bool:
    """Equal, or ``wanted`` is its plural."""
    name = name.lower()
    return wanted in (name, name + "s", name + "es")
