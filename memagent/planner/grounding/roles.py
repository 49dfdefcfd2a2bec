# SPDX-License-Identifier: Apache-2.0
"""Which mention plays which part in a task: what is moved, where to, in what, by which light."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from memagent.planner.grounding.antecedents import TREATMENTS, with_antecedents
from memagent.planner.grounding.carriers import foremost, load
from memagent.planner.grounding.mentions import Event, Mention, Place
from memagent.planner.grounding.senses import Senses

_COMPARTMENTS = frozenset(
    {"top", "bottom", "middle", "upper", "lower", "left", "right", "shelf", "rack", "side", "door"}
)
_IMPLIED = {
    "discard": "GarbageCan", "dispose": "GarbageCan", "trash": "GarbageCan", "toss": "GarbageCan",
    "throw": "GarbageCan", "refrigerate": "Fridge", "shelve": "Shelf",
}  # fmt: skip
"""Where things go by the verb alone."""
_TELLING = (
    ("put", None), ("take", "hold", "go", "use"), TREATMENTS, ("find", "look", "open"),
)  # fmt: skip
"""Verbs that tell where things go, the surest first."""
_TOOLS = frozenset({"Knife", "ButterKnife"})
_BETTER = 0.2
"""So much better must a later mention fit to be preferred to an earlier one."""


@dataclass(frozen=True)
class Roles:
    """The parts of one task."""

    target: Mention | None = None
    others: tuple[Mention, ...] = ()
    """What else is to go to the same place."""
    everything: bool = False
    """All that is at the sources is meant, whatever it is."""
    container: Mention | None = None
    """The movable receptacle that the target is moved in."""
    destination: Mention | None = None
    beside: bool = False
    """The destination is only known to be next to this."""
    implied: str = ""
    """A destination that the verb implies."""
    sources: tuple[Mention, ...] = ()
    """Where it is to be fetched from."""
    lamp: Mention | None = None
    look: bool = False
    """To be looked at in the light of a lamp."""
    states: frozenset[str] = frozenset()
    count: int = 0
    unused: int = 0
    """Things that were named and play no part."""


def cast(events: Sequence[Event], senses: Senses) -> Roles:
    """Who plays what in ``events``."""
    asked = with_antecedents([e for e in events if e.level != "contrast"], senses)
    telling = [e for e in asked if _mentions(e)]
    main = [e for e in telling if e.level == "main"]
    aside = [e for e in telling if e.level == "circumstance"]
    if not any(e.objects or e.places for e in main):
        main = aside or telling
    return _Casting(asked, main, aside, senses).roles()


class _Casting:
    """One text's events: those that ask, and those that tell under which circumstances."""

    def __init__(
        self, events: list[Event], main: list[Event], aside: list[Event], senses: Senses
    ) -> None:
        self._events = events
        self._main = main
        self._told = [*main, *(e for e in aside if e not in main)]
        self._senses = senses

    def roles(self) -> Roles:
        lamp, look = self._light()
        roles = Roles(self._looked_at(), lamp=lamp, look=True) if look else self._moved()
        if roles.target is None:
            rest = [e for e in self._events if e not in self._told]
            roles = replace(roles, target=self._best_thing([*self._told, *rest]))
        return self._with_states(roles)

    # --- light -----------------------------------------------------------------------------

    def _light(self) -> tuple[Mention | None, bool]:
        """The lamp, and whether something is to be looked at in its light."""
        senses = self._senses
        goals = [p.mention for e in self._main if e.action == "put" for p in e.places]
        puts = any(senses.is_furniture(m) and not senses.is_lamp(m) for m in goals)
        lamps = [(e, m) for e in self._told for m in _mentions(e) if senses.is_lamp(m)]
        for event, mention in lamps:
            if event.action == "light" or not puts:
                return _placed(mention, event), True
        lit = any(e.action == "light" for e in self._events)
        return None, lit and not puts

    def _looked_at(self) -> Mention | None:
        best: tuple[float, Mention] | None = None
        for event in self._told:
            held = event.objects
            if event.action == "light":
                held = [*event.tools, *(c for m in event.objects for c in m.content)]
            for mention in held:
                things = self._senses.things(mention)
                if self._senses.is_lamp(mention) or not things:
                    continue
                score = things[0].score * (1.0 if event.level == "main" else 0.9)
                score *= 1.2 if event.action in ("hold", "look", "take") else 1.0
                if best is None or score > best[0]:
                    best = score, mention
        return best[1] if best else None

    # --- transport -------------------------------------------------------------------------

    def _moved(self) -> Roles:
        found = self._final()
        if found is None:
            return Roles(self._best_thing(self._told), implied=_implied(self._told))
        event, place = found
        others = [e for e in self._told if e is not event]
        target = foremost(event.objects, self._senses) if event.objects else None
        everything = target is not None and _is_everything(target, self._senses)
        if target is None or not (everything or self._senses.things(target)):
            target = self._best_thing(others) or target
        container, target = load(target, event, place, others, self._senses)
        sources = [source for e in self._main for source in e.sources]
        if everything:
            sources += [p.mention for p in event.places if p.mention is not place.mention]
        return Roles(
            target,
            () if container is not None else self._beside(target, event),
            everything,
            container,
            place.mention,
            beside=place.preposition == "near",
            sources=tuple(sources),
        )

    def _beside(self, target: Mention | None, event: Event) -> tuple[Mention, ...]:
        """What else an event names to be moved: "the apple and the bread"."""
        cut = target is not None and "slice" in target.states
        return tuple(
            mention
            for mention in event.objects
            if mention is not target
            and any(c.own for c in self._senses.things(mention)[:1])
            and not (cut and any(c.kind in _TOOLS for c in self._senses.things(mention)[:1]))
        )

    def _final(self) -> tuple[Event, Place] | None:
        """The last event that says where things go, and where that is."""
        for events in (self._main, self._told):
            for verbs in _TELLING:
                for event in reversed([e for e in events if e.action in verbs]):
                    place = self._furniture_of(event)
                    if place is not None:
                        return event, place
        for event in reversed(self._main):
            for place in reversed(event.places):
                things = self._senses.things(place.mention)
                if event.action in ("put", None) and not (things and things[0].named):
                    return event, place
        return None

    def _furniture_of(self, event: Event) -> Place | None:
        """Where an event says that things go; what they are next to where it says no more."""
        inside = [p for p in event.places if p.preposition != "near"]
        for place in reversed(inside):
            if self._senses.is_furniture(place.mention):
                return self._whole(place, inside)
        near = [p for p in event.places if p.preposition == "near"]
        return near[-1] if near else None

    def _whole(self, place: Place, places: Sequence[Place]) -> Place:
        """The fridge in "in the fridge on the top shelf"."""
        if not _COMPARTMENTS.issuperset(place.mention.words):
            return place
        for other in places:
            found = self._senses.furniture(other.mention)[:1]
            named = other is not place and found and found[0].named
            if named and self._senses.lexicon.receptacles[found[0].kind].opens:
                return other
        return place

    def _best_thing(self, events: Iterable[Event]) -> Mention | None:
        best: tuple[float, Mention] | None = None
        for mention in (m for e in events for m in e.objects):
            things = self._senses.things(mention)
            score = things[0].score if things else 0.0
            if self._senses.is_furniture(mention) and not (things and things[0].named):
                continue
            if score > 0.05 and (best is None or score > best[0] + _BETTER):
                best = score, mention
        return best[1] if best else None

    # --- states and counts -----------------------------------------------------------------

    def _with_states(self, roles: Roles) -> Roles:
        target, senses = roles.target, self._senses
        if target is None or roles.everything:
            return roles
        states = set(target.states)
        for event in self._told:
            same = [m for m in event.objects if senses.same(target, m)]
            states.update(*(mention.states for mention in same))
            if event.action in TREATMENTS and (same or not event.objects):
                states.add(event.action)
        if roles.container is not None:
            states |= roles.container.states & {"slice"}
        if not senses.can(target, "slice", among=3):
            states.discard("slice")  # "a piece of furniture"
        count = target.count or (2 if target.plural else 0)
        unused = len(self._unused(roles))
        states &= set(TREATMENTS)
        return replace(roles, states=frozenset(states), count=count, unused=unused)

    def _unused(self, roles: Roles) -> set[str]:
        """Kinds that were named as things to handle and play no part; a knife is a tool."""
        parts = [m for m in (roles.target, roles.container) if m is not None]
        used = {c.kind for m in parts for c in self._senses.things(m)[:3]} | _TOOLS
        named = {
            best.kind
            for event in self._main
            for mention in event.objects
            for thing in (mention, *mention.content)
            for best in self._senses.things(thing)[:1]
            if best.own and not self._senses.is_furniture(thing)
        }
        return named - used


def _mentions(event: Event) -> list[Mention]:
    outer = [*event.objects, *(p.mention for p in event.places), *event.sources, *event.tools]
    return [m for o in outer for m in (o, *o.near, *o.content)]


def _is_everything(mention: Mention, senses: Senses) -> bool:
    """Whether it is "everything" or "all things"."""
    english = senses.lexicon.english
    return mention.count == -1 and set(mention.words) <= {*english.vague, *english.all}


def _placed(lamp: Mention, event: Event) -> Mention:
    """A lamp with what is said of where it stands, which tells a desk's from the floor's."""
    around = (*(p.mention for p in event.places), *lamp.near)
    words = dict.fromkeys(word for m in around if m.words != lamp.words for word in m.words)
    return replace(lamp, tail=(*lamp.tail, *words))


def _implied(events: Iterable[Event]) -> str:
    return next((_IMPLIED[e.verb] for e in events if e.verb in _IMPLIED), "")
