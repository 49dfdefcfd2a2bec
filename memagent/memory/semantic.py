# SPDX-License-Identifier: Apache-2.0
"""Semantic memory: what holds in general. Lessons from outcomes, and habits from sightings.

Both are counts that can be derived again from the store, so that they survive restarts and carry
the evidence for what they claim.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from pydantic import BaseModel, ConfigDict

from memagent.memory.records import FactRecord, Visit
from memagent.memory.tables import SkillCount, Tables
from memagent.types import Code, Lesson, SkillOutcome

TELLS_NOTHING = frozenset(
    (Code.NOT_FOUND, Code.BAD_ARGUMENT, Code.CANCELED, Code.ESTOP, Code.ROBOT_STALE,
     Code.EXECUTOR_LOST)
)  # fmt: skip
"""Codes that say nothing of how well a skill works: wrong beliefs, wrong calls, interruptions."""


class SemanticConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    visit_gap: float = 12 * 3600.0
    """Seconds: an object seen again at a place after longer than this made a new visit."""


@dataclass(slots=True)
class _Tally:
    successes: int = 0
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, code: Code, count: int = 1) -> None:
        if code is Code.OK:
            self.successes += count
        else:
            self.codes[code.value] += count


class Lessons:
    """How often each skill worked, per object label, category, place, and overall."""

    def __init__(self, tables: Tables) -> None:
        self._tallies: dict[tuple[str, str], _Tally] = {}
        for count in tables.skill_counts():
            self._count(count)

    def learn(self, outcome: SkillOutcome, label: str, category: str) -> Lesson | None:
        """Count an outcome.

        Returns:
            The lesson about its object (else its place), if the outcome was a failure that teaches.
        """
        call = outcome.call
        count = SkillCount(call.name, label, category, call.place, outcome.code, 1)
        self._count(count)
        if outcome.success or outcome.code in TELLS_NOTHING:
            return None
        return self._lesson(call.name, label or call.place)

    def about(self, skill: str, subject: str, category: str = "") -> tuple[Lesson, ...]:
        """Lessons on a skill, the most specific first: the subject, its category, then anything.

        An empty ``skill`` asks about every skill; an empty ``subject`` only what holds overall.
        """
        skills = [skill] if skill else list(dict.fromkeys(s for s, _ in self._tallies))
        subjects = dict.fromkeys((subject, category, ""))
        return tuple(
            self._lesson(s, about) for s in skills for about in subjects
            if (s, about) in self._tallies
        )  # fmt: skip

    def all(self) -> tuple[Lesson, ...]:
        return tuple(self._lesson(skill, subject) for skill, subject in self._tallies)

    def _count(self, count: SkillCount) -> None:
        if count.code in TELLS_NOTHING:
            return
        for subject in dict.fromkeys((count.label, count.category, count.place, "")):
            tally = self._tallies.setdefault((count.skill, subject), _Tally())
            tally.add(count.code, count.count)

    def _lesson(self, skill: str, subject: str) -> Lesson:
        tally = self._tallies[skill, subject]
        failures = sum(tally.codes.values())
        tried = failures + tally.successes
        call = f"{skill}({subject})" if subject else skill
        if failures:
            reasons = ", ".join(code for code, _ in tally.codes.most_common())
            text = f"{call} failed {failures} of {tried} times: {reasons}"
        else:
            text = f"{call} worked {tried} of {tried} times"
        return Lesson(skill, subject, text, tally.successes, failures)


class Habits:
    """Where objects stay when the robot does not move them, as visits.

    A visit is a stay at one place; sightings there within ``visit_gap`` of one another belong to
    it, so that a long look counts as much as a glance.
    """

    def __init__(self, tables: Tables, config: SemanticConfig) -> None:
        self._tables = tables
        self._config = config
        self._visits: dict[str, list[Visit]] = {}
        for visit in tables.visits():
            self._visits.setdefault(visit.thing, []).append(visit)
        self._stale: dict[int, Visit] = {}

    def of(self, thing: str) -> tuple[Visit, ...]:
        """All visits of an object, oldest first."""
        return tuple(self._visits.get(thing, ()))

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
