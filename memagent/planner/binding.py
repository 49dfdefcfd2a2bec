# SPDX-License-Identifier: Apache-2.0
"""Which objects and places the words of a goal stand for, by what is believed to exist."""

from __future__ import annotations

from dataclasses import dataclass, field

from memagent.planner.goal import Condition, ObjectRef, Relation
from memagent.planner.search import Candidate, candidate, unreachable
from memagent.planner.situation import GRIPPER, Situation


@dataclass(frozen=True)
class Demand:
    """One condition on one object."""

    name: str
    relation: Relation
    place: str = ""
    sources: tuple[str, ...] = ()
    """Where alone it may be fetched from; empty for anywhere."""

    def met(self, situation: Situation) -> bool:
        """Whether it holds, by evidence from this task."""
        if self.relation == "holding":
            return situation.holding == self.name
        if self.relation == "seen":
            location = situation.location(self.name)
            here = location is not None and (not self.sources or location.place in self.sources)
            return here and situation.fresh(self.name)
        return situation.holding != self.name and situation.verified(self.name, self.place)

    def candidate(self, situation: Situation) -> Candidate | None:
        """Where to get the object, or None where the demand cannot be met any more."""
        if self.place and (
            unreachable(self.place, situation)
            or situation.journal.gave_up("place", self.place, self.name)
        ):
            return None
        if self.name == situation.holding:
            return Candidate(self.name, GRIPPER, 1.0, fresh=True, effort=1.0, confident=True)
        return candidate(self.name, self.sources, situation)

    def obstacle(self, situation: Situation) -> str:
        """Why it cannot be met any more, in words."""
        journal = situation.journal
        tries = [(skill, self.place, "") for skill in ("navigate_to", "open", "look_at")]
        tries.append(("place", self.place, self.name))
        tries += [("pick", place.name, self.name) for place in situation.site.places]
        for skill, place, name in tries:
            if place and journal.gave_up(skill, place, name):
                return journal.why_gave_up(skill, place, name)
        among = self.sources or tuple(p.name for p in situation.site.places)
        looked = [p for p in among if situation.looks(p)]
        unseen = [p for p in among if not situation.looks(p)]
        text = f"the {self.name} was not found; looked at: {', '.join(looked) or 'nothing'}"
        return text + (f"; could not look at: {', '.join(unseen)}" if unseen else "")


@dataclass(frozen=True)
class Bound:
    """Conditions in terms of things that have names."""

    demands: tuple[Demand, ...]
    views: tuple[str, ...]
    """Places to look at before it is known which objects are meant, or whether there are enough."""
    expected: tuple[Demand, ...]
    """What memory expects to be meant once those places are looked at."""
    missing: tuple[str, ...]
    """What was asked for and is not to be had, in words."""


@dataclass
class Binding:
    """Binds conditions again and again as the belief changes, and remembers the members of
    "everything on the counter", which stay members once they have been carried off.
    """

    conditions: tuple[Condition, ...]
    _members: dict[Condition, dict[str, None]] = field(default_factory=dict)
    _expected: set[str] = field(default_factory=set)

    def bind(self, situation: Situation) -> Bound:
        """Resolve every condition by the newest belief."""
        demands: list[Demand] = []
        expected: list[Demand] = []
        views: list[str] = []
        missing: list[str] = []
        for condition in self.conditions:
            subject = condition.subject
            if isinstance(subject, str):
                if condition.relation == "seen" and not situation.looks(subject):
                    views.append(subject)
            elif subject.quantity == "all":
                unviewed = self._unviewed(condition, subject, situation)
                views += unviewed
                if subject.sources:
                    expected += _expected(condition, subject, unviewed, situation)
                    self._expected.update(d.name for d in expected)
                members = self._all(condition, subject, situation)
                demands += members
                if not (members or subject.sources or views):
                    missing.append(f"found no {subject.label}")
            else:
                taken = {d.name for d in demands}
                chosen = _best(condition, subject, subject.quantity, taken, situation)
                demands += chosen
                if len(chosen) < subject.quantity:
                    views += (p.name for p in situation.site.places if not situation.looks(p.name))
                    missing.append(f"found only {len(chosen)} of {subject}")
        blind = {p for p in views if unreachable(p, situation)}
        missing += [f"could not look at the {p}" for p in sorted(blind)]
        reachable = (p for p in dict.fromkeys(views) if p not in blind)
        return Bound(tuple(demands), tuple(reachable), tuple(expected), tuple(missing))

    def _unviewed(self, condition: Condition, ref: ObjectRef, situation: Situation) -> list[str]:
        """Places that must be looked at to know what "all ..." comprises: those named, in this
        task; if none is named, those that were never looked at.
        """
        if ref.sources:
            return [p for p in ref.sources if p != condition.place and not situation.looks(p)]
        return [p.name for p in situation.site.places if not situation.viewed_ever(p.name)]

    def _all(self, condition: Condition, ref: ObjectRef, situation: Situation) -> list[Demand]:
        members = self._members.setdefault(condition, {})
        for name in situation.known(ref):
            location = situation.location(name)
            at = location.place if location is not None else ""
            here = at in ref.sources and at != condition.place and situation.fresh(name)
            ours = name in situation.journal.delivered or name == situation.holding
            if not ref.sources or (here and not ours) or (ours and name in self._expected):
                members[name] = None
        # A member that slipped to somewhere else is still one: no sources.
        return [Demand(name, condition.relation, condition.place) for name in members]


def _expected(
    condition: Condition, ref: ObjectRef, places: list[str], situation: Situation
) -> list[Demand]:
    """The objects that memory believes, though not from this task, to be at one of ``places``."""
    expected = []
    for name in situation.known(ref):
        location = situation.location(name)
        if location is None or name in situation.journal.delivered:
            continue
        if location.place in places and location.probability >= situation.config.confident:
            expected.append(Demand(name, condition.relation, condition.place))
    return expected


def _best(
    condition: Condition, ref: ObjectRef, count: int, taken: set[str], situation: Situation
) -> list[Demand]:
    """The ``count`` objects that serve the condition best: those that fulfil it already, what is
    held, what was seen in this task, what memory knows, and last what it has never seen.
    """
    known = [name for name in situation.known(ref) if name not in taken]
    never_seen = [n for n in ref.labels if n not in known and n not in taken]

    def preference(demand: Demand) -> tuple[int, float, str]:
        if demand.met(situation):
            return (0, 0.0, demand.name)
        if demand.name == situation.holding:
            return (1, 0.0, demand.name)
        best = demand.candidate(situation)
        if best is None:
            return (5, 0.0, demand.name)
        rank = 2 if best.fresh else 3 if demand.name in known else 4
        return (rank, -best.utility, demand.name)

    demands = (
        Demand(n, condition.relation, condition.place, ref.sources) for n in (*known, *never_seen)
    )
    return sorted(demands, key=preference)[:count]
