# SPDX-License-Identifier: Apache-2.0
"""Habits: where objects stay when the robot does not move them, with the visits that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.records import FactRecord, Visit
from memagent.memory.store.tables import Tables
from memagent.types import Habit, Stay


class HabitConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    visit_gap: float = 12 * 3600.0
    """Seconds: an object seen again at a place after longer than this made a new visit."""
    visits: Annotated[int, Field(ge=8)] = 256
    """The most visits of one object; then the two oldest at one place become one that counts."""


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
        stays = sorted(by_place.values(), key=lambda s: (_count(s), s[-1].last), reverse=True)
        return tuple(_habit(stay, _count(visits)) for stay in stays)

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
        if len(visits) > self._config.visits:
            self._condense(visits)

    def forget(self, thing: str, since: float | None = None, until: float | None = None) -> None:
        """Leave out an object's visits within a time in seconds, in the store too."""
        visits = self._visits.get(thing, [])
        for visit in list(visits):
            late = since is None or visit.first >= since
            if late and (until is None or visit.last <= until):
                visits.remove(visit)
                self._stale.pop(visit.seq, None)
                self._tables.remove_visit(visit.seq)
        if not visits:
            self._visits.pop(thing, None)

    def persist(self) -> None:
        """Write how long the running visits have lasted."""
        for visit in self._stale.values():
            self._tables.refresh_visit(visit)
        self._stale.clear()

    def _condense(self, visits: list[Visit]) -> None:
        """Let one visit stand for the two oldest that were at one place."""
        before: dict[str, int] = {}
        for i, visit in enumerate(visits):
            if visit.place in before:
                break
            before[visit.place] = i
        else:
            i = before[visits[0].place]  # Never twice anywhere: the oldest goes.
            self._tables.remove_visit(visits.pop(i).seq)
            return
        old = visits[before[visit.place]]
        visits[i] = replace(visit, first=old.first, count=old.count + visit.count)
        self._stale.pop(old.seq, None)
        self._tables.refresh_visit(visits[i])
        self._tables.remove_visit(old.seq)
        del visits[before[visit.place]]


def _habit(stays: list[Visit], total: int) -> Habit:
    last, count = stays[-1], _count(stays)
    often = "usually" if 2 * count > total else "sometimes"
    visits = "1 visit" if total == 1 else f"{total} visits"
    text = f"the {last.thing} is {often} {last.predicate} the {last.place}: {count} of {visits}"
    evidence = tuple(Stay(f"visit-{v.seq}", v.first, v.last, v.position) for v in stays)
    return Habit(last.thing, last.predicate, last.place, count, total, text, evidence)


def _count(visits: Sequence[Visit]) -> int:
    """How often an object stayed, in visits of which some stand for several."""
    return sum(visit.count for visit in visits)
