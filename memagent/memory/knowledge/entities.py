# SPDX-License-Identifier: Apache-2.0
"""Individuals: which remembered object an observation shows.

By name: an observation belongs to the nearest known object of its label, and each object takes one
observation per percept. So an object near its last position is the same one; seen elsewhere, it has
moved; and two of a label in one percept are two objects, "block" and "block 2". A label never seen
before must be seen twice at one spot: a single frame is easily misread. Where one of a label is
known already, a second one must rest somewhere and be seen several times in a row: a thing in the
gripper is easily segmented into two.

By appearance: among several of a label, one of another size is taken to be farther away. And by
place: an observation under a label never seen before shows a known object of its category that was
seen just there, has about its size and colour, and is not to be seen otherwise: a "red mug" that
looks orange in the evening. How alike they must be depends on the category.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.knowledge.likeness import Likeness, is_like, size_ratio
from memagent.memory.knowledge.streaks import Streaks, Surprises
from memagent.memory.records import WHEREABOUTS, Entity
from memagent.memory.store.tables import Tables
from memagent.types import ObjectObservation, Percept, Vector3

UNLIKE = 0.5
"""Metres that an object of another size seems farther away."""


class EntityConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    min_confidence: float = 0.3
    """Observations below this are not believed."""
    same_spot: float = 0.04
    """Metres: two observations of a label closer than this are one object, segmented twice."""
    reach: float = 1.2
    """Metres from the base's centre within which the object in the gripper is seen."""
    new_percepts: Annotated[int, Field(ge=1)] = 2
    """An object of a label never seen before is believed at this sighting of it; 1 is at once."""
    new_reach: float = 0.15
    """Metres: those sightings are no further apart."""
    new_gap: float = 5.0
    """Seconds, or one percept, after which the first of them is forgotten."""
    twin_percepts: int = 3
    """A second object of a known label is believed once seen in so many percepts in a row."""
    twin_gap: float = 1.0
    """Seconds without it after which the row begins again."""
    track_memory: float = 2.0
    """Seconds for which a track keeps its object."""
    likeness: Likeness = Likeness()
    categories: Mapping[str, Likeness] = Field(default_factory=dict)
    """Likeness by category where it differs: large things move less, and look less alike."""


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
        self._known: dict[str, Entity] = {}
        self._by_label: dict[str, dict[str, None]] = {}
        self._by_category: dict[str, dict[str, None]] = {}
        self._meant: dict[str, dict[str, dict[str, None]]] = {sense: {} for sense in _SENSES}
        """Names of the objects that words may mean, by the sense in which they do."""
        for entity in tables.entities():
            self._index(entity)
        for label, name in tables.aliases():
            self._by_label.setdefault(label, {})[name] = None
        self._tracks: dict[int, tuple[str, float]] = {}
        self._stale: set[str] = set()
        self._new = Surprises(config.new_percepts, config.new_reach, config.new_gap)
        self._twins = Streaks(config.twin_percepts, 0.0, config.twin_gap)

    def all(self) -> tuple[Entity, ...]:
        """Every known object, in the order of their first sighting."""
        return tuple(self._known.values())

    def get(self, name: str) -> Entity | None:
        return self._known.get(name)

    def __contains__(self, word: object) -> bool:
        """Whether some object's name, label or category is this, in small letters."""
        return any(word in self._meant[sense] for sense in ("name", "label", "category"))

    def called(self, name: str) -> tuple[str, ...]:
        """Names of the objects of exactly this name, else label, else category."""
        if name in self._known:
            return (name,)
        return tuple(self._by_label.get(name) or self._by_category.get(name) or ())

    def matching(self, words: str) -> tuple[Entity, ...]:
        """Objects that ``words`` may mean: by name, else label, else category, else last words.

        "mug" finds "red mug" by its category, "tea boxes" finds "tea box".
        """
        wanted = _folded(words)
        for sense, of_sense in _SENSES.items():
            said = (wanted,) if sense == "name" else _singulars(wanted)
            names = {n for word in said for n in self._meant[sense].get(word, ())}
            found = [self._known[name] for name in names]
            found = [e for e in found if set(said) & set(of_sense(e))]
            if found:
                return tuple(sorted(found, key=lambda e: (e.first_seen, e.name)))
            if sense == "label" and wanted in self._by_label:  # A label it had before a merge.
                return self._labelled(wanted)
        return ()

    def register(self, label: str, stamp: float, position: Vector3 | None = None) -> Entity:
        """A new object known by name only, e.g. from the outcome of a skill."""
        return self._add(
            Entity(self.free_name(label), label, label, "", (0.0, 0.0, 0.0), position, stamp,
                   stamp, 0.5)
        )  # fmt: skip

    def forget(self, name: str) -> None:
        """Leave out an object that was removed from the store."""
        self._known.pop(name, None)
        self._stale.discard(name)
        for group in (self._by_label, self._by_category, *self._meant.values()):
            for word in [word for word, names in group.items() if name in names]:
                del group[word][name]
                if not group[word]:
                    del group[word]
        self._tracks = {track: seen for track, seen in self._tracks.items() if seen[0] != name}

    def resolve(self, percept: Percept, held: str = "") -> tuple[Sighting, ...]:
        """Say which object each observation shows, adding those never seen before.

        What is known stays as it was until :meth:`update`: whether a sighting is to be believed is
        for the caller to say.

        Args:
            percept: the observations, with the base's pose.
            held: the object in the gripper; it moves with the robot.
        """
        self._new.begin(percept.stamp)
        sightings: list[Sighting] = []
        by_label: dict[str, list[ObjectObservation]] = {}
        for seen in sorted(percept.objects, key=lambda o: -o.confidence):
            group = by_label.setdefault(seen.label, [])
            if seen.confidence >= self._config.min_confidence and all(
                math.dist(seen.position, other.position) > self._config.same_spot for other in group
            ):
                group.append(seen)
        for label in sorted(by_label, key=lambda label: label not in self._by_label):
            seen_so_far = {sighting.name for sighting in sightings}
            group = self._relabelled(by_label[label], percept.stamp, seen_so_far, sightings)
            sightings.extend(self._match(label, group, percept, held))
        for sighting in sightings:
            self._new.refute(sighting.observation.label, sighting.observation.position)
        return tuple(sightings)

    def update(self, sighting: Sighting, stamp: float) -> None:
        """An object looks, and is, as an observation shows it."""
        entity, seen = self._known[sighting.name], sighting.observation
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
        if seen.category != entity.category:
            self._index(self._known[entity.name])

    def persist(self) -> None:
        """Write what sightings changed."""
        for name in sorted(self._stale):
            self._tables.put_entity(self._known[name])
        self._stale.clear()

    # --- inside -------------------------------------------------------------------------------

    def _match(
        self, label: str, group: list[ObjectObservation], percept: Percept, held: str
    ) -> list[Sighting]:
        known = self._labelled(label)
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
            if entity is None:
                if not (self._is_twin(label, percept) if known else self._is_real(seen, percept)):
                    continue
                entity = self._add(_entity_from(seen, self.free_name(label), percept.stamp))
            self._tracks[seen.track_id] = (entity.name, percept.stamp)
            sightings.append(Sighting(entity.name, seen, is_new))
        return sightings

    def _is_real(self, seen: ObjectObservation, percept: Percept) -> bool:
        """Whether an observation under a label never seen before is more than a misread frame.

        What it rests on must be read alike, too: nothing else is known yet that could set it right.
        """
        own = (r for r in percept.relations if r.subject == seen.label)
        rests = {(r.predicate, r.object) for r in own if r.predicate in WHEREABOUTS}
        return self._new.report(seen.label, frozenset(rests), seen.position)

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
        likeness = self._likeness(entity.category)
        other = 0.0 if size_ratio(entity.size, seen.size) <= likeness.size else UNLIKE
        if entity.position is None:
            return 1e3 + other
        return math.dist(entity.position, seen.position) + other

    def _relabelled(
        self,
        group: list[ObjectObservation],
        stamp: float,
        taken: set[str],
        sightings: list[Sighting],
    ) -> list[ObjectObservation]:
        """Add sightings of known objects under a new label; returns the other observations."""
        rest = []
        for seen in group:
            alike = [] if seen.label in self._by_label else self._alike(seen, taken)
            if not alike:
                rest.append(seen)
                continue
            entity = min(alike, key=lambda e: math.dist(e.position or (), seen.position))
            taken.add(entity.name)
            known = replace(seen, category=entity.category, colour=entity.colour)
            self._tracks[seen.track_id] = (entity.name, stamp)
            sightings.append(Sighting(entity.name, known, is_new=False))
        return rest

    def _alike(self, seen: ObjectObservation, taken: set[str]) -> list[Entity]:
        likeness = self._likeness(seen.category)
        names = (n for n in self._by_category.get(seen.category, ()) if n not in taken)
        return [e for e in map(self._known.__getitem__, names) if is_like(e, seen, likeness)]

    def _likeness(self, category: str) -> Likeness:
        return self._config.categories.get(category, self._config.likeness)

    def _labelled(self, label: str) -> tuple[Entity, ...]:
        return tuple(self._known[name] for name in self._by_label.get(label, ()))

    def _add(self, entity: Entity) -> Entity:
        self._index(entity)
        self._tables.put_entity(entity)
        return entity

    def _index(self, entity: Entity) -> None:
        self._known[entity.name] = entity
        self._by_label.setdefault(entity.label, {})[entity.name] = None
        self._by_category.setdefault(entity.category, {})[entity.name] = None
        for sense, of_sense in _SENSES.items():
            for word in of_sense(entity):
                self._meant[sense].setdefault(word, {})[entity.name] = None

    def free_name(self, label: str) -> str:
        """A name for one more object of a label: "block", then "block 2"."""
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


def _endings(entity: Entity) -> list[str]:
    words = entity.label.lower().split()
    return [" ".join(words[i:]) for i in range(1, len(words))]


_SENSES: Mapping[str, Callable[[Entity], list[str]]] = {
    "name": lambda entity: [entity.name.lower()],
    "label": lambda entity: [entity.label.lower()],
    "category": lambda entity: [entity.category.lower()],
    "ending": _endings,
}
"""What an object may be called, in small letters; the first sense that fits is meant."""


def _singulars(word: str) -> tuple[str, ...]:
    """What a word may be, or be the plural of."""
    return (word, *(word.removesuffix(end) for end in ("s", "es") if word.endswith(end)))
