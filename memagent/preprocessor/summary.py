# SPDX-License-Identifier: Apache-2.0
"""A step in words: the summary that memory keeps, what to recall because of it, and event bounds.

The step summarizer and query generator of RoboMemory (arXiv 2508.01415, Algorithm 1: S and Q), by
rules instead of a vision-language model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memagent.site import Site
from memagent.types import ContainerObservation, ObjectObservation, Pose2D, Relation

_MAX_QUERIES = 5


@dataclass(frozen=True, slots=True)
class Moment:
    """What a summary is made from."""

    room: str
    place: str
    """Where the robot stands, or ""."""
    objects: tuple[ObjectObservation, ...]
    relations: tuple[Relation, ...]
    containers: tuple[ContainerObservation, ...]
    holding: bool


def place_at(base: Pose2D, site: Site, reach: float) -> str:
    """The place whose stand is nearest to the robot's base, within ``reach`` metres, or ""."""
    nearest = min(
        site.places,
        key=lambda p: math.hypot(p.stand[0] - base.x, p.stand[1] - base.y),
        default=None,
    )
    if nearest is None:
        return ""
    gap = math.hypot(nearest.stand[0] - base.x, nearest.stand[1] - base.y)
    return nearest.name if gap <= reach else ""


def summarize(moment: Moment) -> str:
    """One sentence or two on where the robot is and what it sees."""
    where = f"In the {moment.room}" if moment.room else "Outside every room"
    if moment.place:
        where += f" at the {moment.place}"
    placed = {r.subject: r for r in moment.relations if r.predicate in ("on", "in")}
    seen = [
        f"{o.label} {placed[o.label].predicate} the {placed[o.label].object}"
        if o.label in placed
        else o.label
        for o in moment.objects
    ]
    parts = [f"{where}: {_list(seen)} in view" if seen else f"{where}: no object in view"]
    parts += [f"the {c.name} is {'open' if c.is_open else 'closed'}" for c in moment.containers]
    if moment.holding:
        parts.append("the gripper holds something")
    return "; ".join(parts) + "."


def queries(moment: Moment) -> tuple[str, ...]:
    """Three to five questions for memory that this step raises, the most specific first."""
    here = moment.place or moment.room or "here"
    asked = []
    if moment.holding:
        asked.append("what is in the gripper and where does it belong?")
    asked += [f"what is in the {c.name}?" for c in moment.containers if not c.is_open][:1]
    asked += [f"where is the {o.label} usually?" for o in moment.objects[:2]]
    asked += [
        f"what was seen at the {here}?",
        f"what happened last at the {here}?",
        "which skills failed lately?",
    ]
    return tuple(dict.fromkeys(asked))[:_MAX_QUERIES]


class EventBoundary:
    """Says when a new event begins: another room, a container opened or shut, the grip changed, or
    an object appeared or changed its place. An object that merely leaves the view changes nothing.
    """

    def __init__(self) -> None:
        self._begun = False
        self._room = ""
        self._holding = False
        self._open: dict[str, bool] = {}
        self._placed: dict[str, str] = {}

    def update(self, moment: Moment) -> bool:
        """Take in one step and say whether it begins a new event; the first one does."""
        changed = not self._begun or (moment.room != "" and moment.room != self._room)
        self._begun = True
        self._room = moment.room or self._room
        changed |= moment.holding != self._holding
        self._holding = moment.holding
        for container in moment.containers:
            before = self._open.get(container.name)
            changed |= before is not None and before != container.is_open
            self._open[container.name] = container.is_open
        return self._objects_changed(moment.objects, moment.relations) or changed

    def _objects_changed(
        self, objects: Iterable[ObjectObservation], relations: Sequence[Relation]
    ) -> bool:
        placed = {
            r.subject: f"{r.predicate} {r.object}" for r in relations if r.predicate != "near"
        }
        changed = False
        for observed in objects:
            where = placed.get(observed.label, "")
            changed |= self._placed.get(observed.label) != where
            self._placed[observed.label] = where
        return changed


def _list(words: Sequence[str]) -> str:
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
