# SPDX-License-Identifier: Apache-2.0
"""The conditions of one stage of a goal, and which objective serves them next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from memagent.planner.binding import Binding, Bound, Demand, fetch
from memagent.planner.goal import Condition, ObjectRef
from memagent.planner.objective import Objective
from memagent.planner.search import Candidate, unreachable
from memagent.planner.situation import Situation

Takes = dict[Demand, tuple[Candidate, ...]]
"""Demands that can be met, with where to get what each takes, its object first."""

_SKILL = {"open": "open", "closed": "close", "at": "navigate_to"}


@dataclass(frozen=True)
class Conclusion:
    """Nothing is left to attain, or nothing more can be."""

    achieved: bool
    reason: str


class Agenda:
    """Decides what to attain next, until the conditions hold or cannot be brought about."""

    def __init__(self, conditions: tuple[Condition, ...], tools: ObjectRef | None = None) -> None:
        """``tools`` are the objects with which things can be sliced."""
        self._binding = Binding(conditions)
        self._tools = tools
        self._about_objects = tuple(c for c in conditions if isinstance(c.subject, ObjectRef))
        self._about_places: tuple[tuple[str, str], ...] = tuple(
            (c.relation, c.place or c.subject)
            for c in conditions
            if isinstance(c.subject, str) and c.relation != "seen"
        )

    def next(self, situation: Situation) -> Objective | Conclusion:
        """What to attain now: look where it must be looked, then objects, places, tidying up."""
        bound = self._binding.bind(situation)
        unmet = [d for d in bound.demands if not d.met(situation)]
        if bound.views and situation.holding not in {d.name for d in unmet}:
            return self._look(bound, situation)
        possible = self._possible(unmet, situation)
        if possible:
            return self._with_objects(possible, bound, situation)

        pending = [c for c in self._about_places if not _holds(*c, situation)]
        possible_places = [c for c in pending if not _given_up(*c, situation)]
        if possible_places:
            return self._with_places(possible_places, situation)

        untidy = self._untidy(situation)
        if untidy and not situation.holding:
            return Objective("tidy up", closed=untidy)
        missing = [
            *bound.missing,
            *(d.obstacle(situation) for d in unmet),
            *(_obstacle(*c, situation) for c in pending),
        ]
        if missing:
            return Conclusion(False, "; ".join(dict.fromkeys(missing)))
        return Conclusion(True, self._success(bound, situation))

    def _look(self, bound: Bound, situation: Situation) -> Objective:
        """Look at a place, and fetch in the same plan what memory expects to be fetched there."""
        place = min(bound.views, key=lambda p: (situation.effort(p), p))
        expected = {
            d: c
            for d, c in self._possible(bound.expected, situation).items()
            if c[0].place == place and c[0].confident and d.is_delivery
        }
        if expected and not situation.holding:
            batch = list(expected)[: situation.config.objects_per_plan]
            return self._delivery(batch, expected, situation, view=(place,))
        return self._objective(f"look at the {place}", situation, keep=place, view=(place,))

    def still_needs(self, place: str, situation: Situation) -> str:
        """What else is to be put into ``place``, so that closing it would be too early, or ""."""
        bound = self._binding.bind(situation)
        unmet = (d for d in bound.demands if d.place == place and not d.met(situation))
        return " and ".join(d.name for d in self._possible(unmet, situation))

    # --- objects ---------------------------------------------------------------------------

    def _possible(self, demands: Iterable[Demand], situation: Situation) -> Takes:
        """The demands that can still be met, with where to get what each takes: its object first,
        then its container and its tool.
        """
        takes: Takes = {}
        for demand in demands:
            parts = [demand.candidate(situation)]
            if demand.container:
                parts.append(fetch(demand.container, (), situation))
            if demand.relation == "sliced":
                parts.append(self._tool(situation))
            found = tuple(c for c in parts if c is not None)
            if len(found) == len(parts):
                takes[demand] = found
        return takes

    def _tool(self, situation: Situation) -> Candidate | None:
        """The tool that is at hand, or the easiest to get."""
        if self._tools is None:
            return None
        names = dict.fromkeys((*situation.known(self._tools), *self._tools.labels))
        found = [c for c in (fetch(n, (), situation) for n in names) if c is not None]
        return max(found, key=lambda c: (c.fresh, c.confident, c.utility, c.name), default=None)

    def _with_objects(self, possible: Takes, bound: Bound, situation: Situation) -> Objective:
        ready = [d for d, takes in possible.items() if all(c.confident for c in takes)]
        held = [d for d in ready if d.name == situation.holding]
        uncertain = [c for takes in possible.values() for c in takes if not c.confident]
        if uncertain and not held:
            return self._search(max(uncertain, key=lambda c: (c.utility, c.name)), situation)
        certain = sorted(
            (d for d in ready if d not in held),
            key=lambda d: (not possible[d][0].fresh, possible[d][0].effort, d.name),
        )
        seen = [d for d in certain if d.relation == "seen"]
        if seen and not held:
            return self._search(possible[seen[0]][0], situation)
        batch = [d for d in (*held, *certain) if d.is_delivery or d.is_state]
        if batch:
            names = list(dict.fromkeys(d.name for d in batch))
            names = names[: situation.config.objects_per_plan]
            # What holds already is to hold still when the plan is through.
            kept = (d for d in bound.demands if d.met(situation) and (d.is_delivery or d.is_state))
            batch = [d for d in (*batch, *kept) if d.name in names]
            return self._delivery(batch, possible, situation)
        name = certain[0].name
        place = possible[certain[0]][0].place
        return self._objective(
            f"pick up the {name}", situation, keep=place, hold=name, assumed=((name, place),)
        )

    def _search(self, best: Candidate, situation: Situation) -> Objective:
        return self._objective(
            f"find the {best.name}",
            situation,
            keep=best.place,
            find=(best.name,),
            assumed=((best.name, best.place),),
        )

    def _delivery(
        self,
        batch: list[Demand],
        possible: Takes,
        situation: Situation,
        view: tuple[str, ...] = (),
    ) -> Objective:
        taken = [c for d in batch for c in possible.get(d, ()) if c.name != situation.holding]
        sources = {c.name: c.place for c in taken}
        delivered = tuple((d.name, d.place) for d in batch if d.is_delivery and not d.container)
        cut = [d for d in batch if d.relation == "sliced" and d in possible]
        closed = set(self._untidy(situation))
        if situation.config.tidy:
            closed |= {
                place
                for place in {place for _, place in delivered} | set(sources.values())
                if situation.site.place(place).is_container
                and not situation.is_open(place)
                and place not in situation.journal.keep_open
            }
        return Objective(
            "; ".join(map(_words, batch)),
            deliver=delivered,
            view=view,
            states=tuple((d.relation, d.name) for d in batch if d.is_state),
            inside=tuple((d.name, d.container) for d in batch if d.container),
            tools=tuple(dict.fromkeys(possible[d][-1].name for d in cut)),
            assumed=tuple(sources.items()),
            closed=tuple(sorted(closed)),
            rest=self._rest(situation),
        )

    def _objective(
        self,
        words: str,
        situation: Situation,
        keep: str,
        *,
        view: tuple[str, ...] = (),
        find: tuple[str, ...] = (),
        hold: str = "",
        assumed: tuple[tuple[str, str], ...] = (),
    ) -> Objective:
        """An objective on the way to another. What this task opened and still needs stays open:
        ``keep``, and where something is to be put.
        """
        needed = {keep, *(c.place for c in self._about_objects)}
        return Objective(
            words,
            view=view,
            find=find,
            hold=hold,
            assumed=assumed,
            closed=tuple(p for p in self._untidy(situation) if p not in needed),
            rest=self._rest(situation),
        )

    # --- places ----------------------------------------------------------------------------

    def _with_places(self, pending: list[tuple[str, str]], situation: Situation) -> Objective:
        toggles = [(relation, place) for relation, place in pending if relation != "at"]
        if not toggles:
            _, target = pending[0]
            stand = min(_stands(target, situation), key=lambda p: (situation.effort(p), p))
            return Objective(f"go to the {target}", stand=stand)
        opens = tuple(place for relation, place in toggles if relation == "open")
        lit = tuple(_lamps(place, situation)[0] for relation, place in toggles if relation == "lit")
        closes = [place for relation, place in toggles if relation == "closed"]
        closes += [p for p in self._untidy(situation) if p not in opens]
        return Objective(
            "; ".join(f"the {place} {relation}" for relation, place in toggles),
            open=opens,
            lit=lit,
            closed=tuple(sorted(set(closes))),
            rest=self._rest(situation),
        )

    def _untidy(self, situation: Situation) -> tuple[str, ...]:
        """Containers that this task left open, and that can be closed."""
        journal = situation.journal
        if not situation.config.tidy:
            return ()
        return tuple(
            place
            for place in sorted(journal.opened - journal.keep_open)
            if situation.is_open(place) and not _given_up("closed", place, situation)
        )

    def _rest(self, situation: Situation) -> tuple[str, ...]:
        """Surfaces nearby for what is in the way, but never one that is being cleared."""
        cleared: set[str] = set()
        for condition in self._about_objects:
            assert isinstance(condition.subject, ObjectRef)
            cleared.update(condition.subject.sources)
        surfaces = [
            p.name
            for p in situation.site.places
            if not p.is_container
            and not p.holds
            and p.name not in cleared
            and not unreachable(p.name, situation)
            and not situation.journal.gave_up("place", p.name, situation.holding)
        ]
        return tuple(sorted(surfaces, key=lambda p: (situation.effort(p), p))[:2])

    # --- the end ---------------------------------------------------------------------------

    def _success(self, bound: Bound, situation: Situation) -> str:
        parts = []
        for demand in bound.demands:
            location = situation.location(demand.name)
            if demand.relation == "seen" and location is not None:
                parts.append(f"the {demand.name} is {location.predicate} the {location.place}")
            elif demand.relation == "holding":
                parts.append(f"the {demand.name} is in the gripper")
            else:
                parts.append(_words(demand, " is"))
        if self._about_objects and not bound.demands:
            parts.append(f"nothing to do for {self._about_objects[0].subject}: none was there")
        for relation, place in self._about_places:
            parts.append(f"at the {place}" if relation == "at" else f"the {place} is {relation}")
        return "; ".join(parts) or "looked there"


def _words(demand: Demand, verb: str = "") -> str:
    if demand.is_state:
        return f"the {demand.name}{verb} {demand.relation}"
    return f"the {demand.name}{verb} {demand.relation} the {demand.container or demand.place}"


def _lamps(words: str, situation: Situation) -> list[str]:
    """The devices that are meant and can still be turned on, the nearest first."""
    meant = [a for a in situation.site.appliances_called(words) if situation.usable(a)]
    return [a.name for a in sorted(meant, key=lambda a: (situation.effort(a.place), a.name))]


def _holds(relation: str, place: str, situation: Situation) -> bool:
    if relation == "at":
        if any(p.name == place for p in situation.site.places):
            return situation.at(place)
        base = situation.world.base
        if base is None:
            return any(situation.at(p) for p in _in_room(place, situation))
        return situation.site.room_at(base.x, base.y) == place
    if relation == "lit":
        meant = situation.site.appliances_called(place)
        return any(situation.holds("on", a.name) for a in meant)
    return situation.is_open(place) == (relation == "open")


def _given_up(relation: str, place: str, situation: Situation) -> bool:
    journal = situation.journal
    if relation == "at":
        return not _stands(place, situation)
    if relation == "lit":
        return not _lamps(place, situation)
    away = journal.gave_up("navigate_to", place) and not situation.at(place)
    return away or journal.gave_up(_SKILL[relation], place)


def _obstacle(relation: str, place: str, situation: Situation) -> str:
    journal = situation.journal
    if relation == "lit":
        for device in situation.site.appliances_called(place):
            if journal.gave_up("turn_on", device.place, device.name):
                return journal.why_gave_up("turn_on", device.place, device.name)
        return f"there is no {place} that can be reached"
    places = [place] if relation != "at" else _in_room(place, situation) or [place]
    for name in places:
        for skill in (_SKILL[relation], "navigate_to"):
            if journal.gave_up(skill, name):
                return journal.why_gave_up(skill, name)
    return f"the {place} cannot be reached"


def _stands(target: str, situation: Situation) -> list[str]:
    """Places to drive to for a place or a room, less those given up."""
    places = _in_room(target, situation) or [target]
    return [p for p in places if not situation.journal.gave_up("navigate_to", p)]


def _in_room(room: str, situation: Situation) -> list[str]:
    return [p.name for p in situation.site.places if p.room == room]
