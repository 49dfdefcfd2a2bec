# SPDX-License-Identifier: Apache-2.0
"""Habits: where objects stay when the robot does not move them, with the visits that say so."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from memagent.memory.records import FactRecord, Visit
from memagent.memory.store.tables import Tables
from memagent.types import Habit, Stay


class HabitConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    visit_gap: float = 12 * 3600.0
    """Seconds: an object seen again at a place after longer than this made a new visit."""


class Habits:
    """Visits of every object.

    A visit is a stay at one place; sightings there within ``visit_gap`` of one another belong to
    it, so that a long look counts as much as a glance.
    """

    def __init__(self, tables: Tables, config: HabitConfig) -> None:
        self._tables = tables
        self._config = config
        self._visits: dict[str, list[Visit]] = {}
        for visit in tables.visits():
            self._visits.setdefault(visit.thing, []).append(visit)
        self._stale: dict[int, Visit] = {}

    def of(self, thing: str) -> tuple[Visit, ...]:
        """All visits of an object, oldest first."""
        return tuple(self._visits.get(thing, ()))

    def public(self, thing: str) -> tuple[Habit, ...]:
        """Where an object stays, the most frequent place first; of equal ones the latest."""
        visits = self.of(thing)
        by_place: dict[str, list[Visit]] = {}
        for visit in visits:
            by_place.setdefault(visit.place, []).append(visit)
        stays = sorted(by_place.values(), key=lambda s: (len(s), s[-1].last), reverse=True)
        return tuple(_habit(stay, len(visits)) for stay in stays)

    def see(self, fact: FactRecord, stamp: float) -> None:
        """Count a sighting of an object where the robot did not put it."""
        if fact.by_robot or fact.relation.predicate == "holding":
            return
        visits = self._visits.setdefault(fact.thing, [])
        place, predicate = fact.relation.object, fact.relation.predicate
        index = next((i for i in reversed(range(len(visits))) if visits[i].place == place), None)
        if index is not None and stamp - visits[index].last <= self._config.visit_gap:
            visit = replace(visits[index], last=stamp, position=fact.position)
            visits[index] = visit
            self._stale[visit.seq] = visit
            return
        visit = Visit(0, fact.thing, predicate, place, fact.position, stamp, stamp)
        visits.append(replace(visit, seq=self._tables.add_visit(visit)))

    def persist(self) -> None:
        """Write how long the running visits have lasted."""
        for visit in self._stale.values():
            self._tables.refresh_visit(visit)
        self._stale.clear()


def _habit(stays: list[Visit], total: int) -> Habit:
    last = stays[-1]
    often = "usually" if 2 * len(stays) > total else "sometimes"
    visits = "1 visit" if total == 1 else f"{total} visits"
    text = (
        f"the {last.thing} is {often} {last.predicate} the {last.place}: {len(stays)} of {visits}"
    )
    evidence = tuple(Stay(f"visit-{v.seq}", v.first, v.last, v.position) for v in stays)
    return Habit(last.thing, last.predicate, last.place, len(stays), total, text, evidence)
