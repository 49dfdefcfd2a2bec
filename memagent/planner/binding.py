# SPDX-License-Identifier: Apache-2.0
"""Which objects and places the words of a goal stand for, by what is believed to exist."""

from __future__ import annotations

from dataclasses import dataclass, field

from memagent.planner.goal import STATES, Condition, ObjectRef, Relation
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
    container: str = ""
    """The object that it is to be in."""

    @property
    def is_state(self) -> bool:
        return self.relation in STATES

    @property
    def is_delivery(self) -> bool:
        """Whether it says where the object is to be put."""
        return self.relation in ("in", "on")

    def met(self, situation: Situation) -> bool:
        """Whether it holds, by evidence from this task."""
        if self.relation == "holding":
            return situation.holding == self.name
        if self.is_state:
            return situation.holds(self.relation, self.name)
        if self.container:
            return situation.container(self.name) == self.container
        if self.relation == "seen":
            location = situation.location(self.name)
            here = location is not None and (not self.sources or location.place in self.sources)
            return here and situation.fresh(self.name)
        return situation.holding != self.name and situation.verified(self.name, self.place)

    def candidate(self, situation: Situation) -> Candidate | None:
        """Where to get the object, or None where the demand cannot be met any more."""
        journal = situation.journal
        if self.place and (
            unreachable(self.place, situation) or journal.gave_up("place", self.place, self.name)
        ):
            return None
        if self.container and journal.gave_up("put_in", self.container, self.name):
            return None
        if self.is_state and self.relation != "sliced" and not situation.devices(self.relation):
            return None
        return fetch(self.name, self.sources, situation)

    def obstacle(self, situation: Situation) -> str:
        """Why it cannot be met any more, in words."""
        journal = situation.journal
        if self.is_state and self.relation != "sliced" and not situation.devices(self.relation):
            for device in situation.site.appliances:
                if device.gives == self.relation and journal.gave_up(
                    "turn_on", device.place, device.name
                ):
                    return journal.why_gave_up("turn_on", device.place, device.name)
            return f"there is nothing that can be used to have the {self.name} {self.relation}"
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
    _chosen: dict[Condition, str] = field(default_factory=dict)
    """The place that a condition's kind of place stands for."""

    def bind(self, situation: Situation) -> Bound:
        """Resolve every condition by the newest belief."""
        demands: list[Demand] = []
        expected: list[Demand] = []
        views: list[str] = []
        missing: list[str] = []
        for group in _groups(self.conditions):
            condition, subject = group[0], group[0].subject
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
                # A member that slipped to somewhere else is still one: no sources.
                demands += [d for m in members for d in self._demands(group, m, "", (), situation)]
                if not (members or subject.sources or views):
                    missing.append(f"found no {subject.label}")
            else:
                taken = {d.name for d in demands}
                container = self._container(condition, taken, situation)
                inside = container[0].name if container else ""
                chosen = self._best(group, subject, inside, taken, situation)[: subject.quantity]
                demands += [*container, *(d for each in chosen for d in each)]
                if len(chosen) < subject.quantity:
                    views += (p.name for p in situation.site.places if not situation.looks(p.name))
                    missing.append(f"found only {len(chosen)} of {subject}")
        blind = {p for p in views if unreachable(p, situation)}
        missing += [f"could not look at the {p}" for p in sorted(blind)]
        reachable = (p for p in dict.fromkeys(views) if p not in blind)
        return Bound(tuple(demands), tuple(reachable), tuple(expected), tuple(missing))

    def _demands(
        self,
        group: tuple[Condition, ...],
        name: str,
        container: str,
        sources: tuple[str, ...],
        situation: Situation,
    ) -> list[Demand]:
        """What the conditions of a group demand of one object."""
        return [
            Demand(name, c.relation, "", sources, container)
            if container and c.relation not in STATES
            else Demand(name, c.relation, self._place(c, situation), sources)
            for c in group
        ]

    def _container(
        self, condition: Condition, taken: set[str], situation: Situation
    ) -> list[Demand]:
        """What a condition demands of the object that it wants others in."""
        ref = condition.container
        if ref is None:
            return []
        where = Condition("on" if condition.place else "seen", ref, condition.place)
        return next(iter(self._best((where,), ref, "", taken, situation)), [])

    def _place(self, condition: Condition, situation: Situation) -> str:
        """The place that a condition means: where there are several of the kind, the one where such
        things are, else the nearest; and always the same one, as long as it can be used.
        """
        options = [p.name for p in situation.site.places_called(condition.place)]
        if len(options) < 2:
            return options[0] if options else condition.place
        before = self._chosen.get(condition)
        if before is not None and _usable(before, situation):
            return before
        ref = condition.subject
        known = list(situation.known(ref)) if isinstance(ref, ObjectRef) else []

        def preference(place: str) -> tuple[bool, int, float, str]:
            there = sum(situation.verified(name, place) for name in known)
            return (not _usable(place, situation), -there, situation.effort(place), place)

        self._chosen[condition] = min(options, key=preference)
        return self._chosen[condition]

    def _best(
        self,
        group: tuple[Condition, ...],
        ref: ObjectRef,
        container: str,
        taken: set[str],
        situation: Situation,
    ) -> list[list[Demand]]:
        """The demands on each object that can serve the conditions, the best one first: those that
        fulfil them already, what is held, what was seen in this task, what memory knows, and last
        what it has never seen.
        """
        known = [name for name in situation.known(ref) if name not in taken]
        never_seen = [n for n in ref.labels if n not in known and n not in taken]

        def preference(demands: list[Demand]) -> tuple[bool, int, int, float, str]:
            name = demands[0].name
            met = sum(d.met(situation) for d in demands)
            if met == len(demands):
                return (False, -met, 0, 0.0, name)
            if name == situation.holding:
                return (False, -met, 1, 0.0, name)
            wanted = [d.candidate(situation) for d in demands if not d.met(situation)]
            best = wanted[0]
            if best is None or None in wanted:
                return (True, -met, 5, 0.0, name)
            rank = 2 if best.fresh else 3 if name in known else 4
            return (False, -met, rank, -best.utility * situation.odds("pick", name), name)

        every = [
            self._demands(group, name, container, ref.sources, situation)
            for name in (*known, *never_seen)
        ]
        return sorted(every, key=preference)

    def _unviewed(self, condition: Condition, ref: ObjectRef, situation: Situation) -> list[str]:
        """Places that must be looked at to know what "all ..." comprises: those named, in this
        task; if none is named, those that were never looked at.
        """
        if ref.sources:
            return [p for p in ref.sources if p != condition.place and not situation.looks(p)]
        return [p.name for p in situation.site.places if not situation.viewed_ever(p.name)]

    def _all(self, condition: Condition, ref: ObjectRef, situation: Situation) -> list[str]:
        members = self._members.setdefault(condition, {})
        for name in situation.known(ref):
            location = situation.location(name)
            at = location.place if location is not None else ""
            here = at in ref.sources and at != condition.place and situation.fresh(name)
            ours = name in situation.journal.delivered or name == situation.holding
            if not ref.sources or (here and not ours) or (ours and name in self._expected):
                members[name] = None
        return list(members)


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


def fetch(name: str, sources: tuple[str, ...], situation: Situation) -> Candidate | None:
    """Where to get an object, or None if it is not to be had any more."""
    if name == situation.holding:
        return Candidate(name, GRIPPER, 1.0, fresh=True, effort=1.0, confident=True)
    return candidate(name, sources, situation)


def _groups(conditions: tuple[Condition, ...]) -> list[tuple[Condition, ...]]:
    """Conditions on the same individuals: a state is one of the very things that are to be put
    somewhere, or held.
    """
    groups: list[list[Condition]] = []
    for condition in sorted(conditions, key=lambda c: c.relation in STATES):
        is_state = condition.relation in STATES
        same = (g for g in groups if is_state and g[0].subject == condition.subject)
        group = next(same, None)
        if group is None:
            groups.append([condition])
        else:
            group.append(condition)
    return [tuple(group) for group in groups]


def _usable(place: str, situation: Situation) -> bool:
    """Whether things can still be put there, as far as was tried."""
    failures = situation.journal.failures
    refused = any(
        skill == "place" and at == place and count >= situation.config.skill_attempts
        for (skill, _, at), count in failures.items()
    )
    return not refused and not unreachable(place, situation)
