# SPDX-License-Identifier: Apache-2.0
"""Which mention plays which part in a task: what is moved, where to, in what, by which light."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from memagent.planner.grounding.candidates import Candidate, Candidates
from memagent.planner.grounding.lexicon import Lexicon
from memagent.planner.grounding.reading import Event, Mention, Place
from memagent.planner.grounding.scene import Scene

_TREATMENTS = ("clean", "heat", "cool", "slice")
_COMPARTMENTS = frozenset("top bottom middle upper lower left right shelf rack side door".split())
_IMPLIED = {
    "discard": "GarbageCan", "dispose": "GarbageCan", "trash": "GarbageCan", "toss": "GarbageCan",
    "throw": "GarbageCan", "refrigerate": "Fridge", "shelve": "Shelf",
}  # fmt: skip
"""Where things go by the verb alone."""


@dataclass(frozen=True)
class Roles:
    """The parts of one task."""

    target: Mention | None = None
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


class Casting:
    """Assigns roles to the mentions of a text."""

    def __init__(self, lexicon: Lexicon, candidates: Candidates, scene: Scene) -> None:
        self._lexicon = lexicon
        self._candidates = candidates
        self._scene = scene
        self._movable = [k for k, o in lexicon.objects.items() if o.holds]

    def roles(self, events: Sequence[Event]) -> Roles:
        events = _with_antecedents([e for e in events if e.level != "contrast"], self)
        main = [e for e in events if e.level == "main" and _mentions(e)]
        aside = [e for e in events if e.level == "circumstance" and _mentions(e)]
        if not any(e.objects or e.places for e in main):
            main = aside or [e for e in events if _mentions(e)]
        lamp, look = self._light(main, aside)
        if not look and not lamp and any(e.action == "light" for e in events):
            look = True
        if look:
            target = self._looked_at(main, aside)
            roles = Roles(target, lamp=lamp, look=True)
        else:
            roles = self._moved(main, aside)
        if roles.target is None:
            rest = [e for e in events if e not in main and e not in aside]
            roles = replace(roles, target=self._best_object([*main, *aside, *rest]))
        return self._with_states(roles, main, aside)

    # --- light -----------------------------------------------------------------------------

    def _light(self, main: Sequence[Event], aside: Sequence[Event]) -> tuple[Mention | None, bool]:
        """The lamp, and whether something is to be looked at in its light."""
        puts = any(
            e.action == "put"
            and any(self.is_furniture(p.mention) and not self.is_lamp(p.mention) for p in e.places)
            for e in main
        )
        found: Mention | None = None
        for event in (*main, *aside):
            for mention in _mentions(event):
                if not self.is_lamp(mention):
                    continue
                found = found or _placed(mention, event)
                if event.action == "light" or not puts:
                    return _placed(mention, event), True
        lit = any(e.action == "light" for e in (*main, *aside))
        return found, lit and not puts

    def _looked_at(self, main: Sequence[Event], aside: Sequence[Event]) -> Mention | None:
        best: tuple[float, Mention] | None = None
        for event in (*main, *aside):
            held = event.objects
            if event.action == "light":
                held = [*event.tools, *(c for m in event.objects for c in m.content)]
            for mention in held:
                mine = self._candidates.of(mention, self._scene.kinds)
                if self.is_lamp(mention) or not mine:
                    continue
                score = mine[0].score * (1.0 if event.level == "main" else 0.9)
                score *= 1.2 if event.action in ("hold", "look", "take") else 1.0
                if best is None or score > best[0]:
                    best = score, mention
        return best[1] if best else None

    # --- transport -------------------------------------------------------------------------

    def _moved(self, main: Sequence[Event], aside: Sequence[Event]) -> Roles:
        final = self._final(main) or self._final(aside)
        if final is None:
            return Roles(self._best_object([*main, *aside]), implied=_implied((*main, *aside)))
        event, place = final
        target = event.objects[0] if event.objects else None
        if len(event.objects) > 1:
            target = self._foremost(event.objects)
        if target is None or not self._candidates.of(target, self._scene.kinds):
            earlier = [e for e in (*main, *aside) if e is not event and e.objects]
            target = self._best_object(earlier) or target
        container: Mention | None = None
        inner = [
            p for p in event.places
            if p is not place and p.preposition in ("into", "onto") and self.is_movable(p.mention)
        ]  # fmt: skip
        if target is not None and target.content and self.is_movable(target, 0.1):
            container, target = target, self._foremost(target.content)
        elif inner:
            container = inner[0].mention
        elif target is not None:
            others = [e for e in (*main, *aside) if e is not event]
            packed = self._packed(target, others)
            if packed is not None:
                container, target = target, packed
            elif "of" in target.words:
                container, target = self._filled(target)
        if container is None and target is not None:
            container = self._packed_in(target, [e for e in (*main, *aside) if e is not event])
        if container is None and place.mention.content and self.is_movable(place.mention):
            container = place.mention
        return Roles(
            target, container, place.mention, beside=place.preposition == "near",
            sources=tuple(s for e in main for s in e.sources),
            implied=_implied([event]) if not place.mention.words else "",
        )  # fmt: skip

    def _final(self, events: Sequence[Event]) -> tuple[Event, Place] | None:
        """The last event that says where things go, and where that is."""
        for wanted in (
            ("put", None),
            ("take", "hold", "go", "use"),
            _TREATMENTS,
            ("find", "look", "open"),
        ):
            for event in reversed(events):
                if event.action not in wanted:
                    continue
                for near in (False, True):
                    for place in reversed(event.places):
                        if (place.preposition == "near") == near and (
                            near or self.is_furniture(place.mention)
                        ):
                            return event, self._whole(place, event.places)
        for event in reversed(events):
            for place in reversed(event.places):
                found = self.objects(place.mention)
                if event.action in ("put", None) and not (found and found[0].named):
                    return event, place
        return None

    def _whole(self, place: Place, places: Sequence[Place]) -> Place:
        """The fridge in "in the fridge on the top shelf"."""
        if set(place.mention.words) <= _COMPARTMENTS:
            for other in places:
                found = self._candidates.of(other.mention, self._lexicon.receptacles)
                if other is not place and found and found[0].named:
                    if self._lexicon.receptacles[found[0].kind].opens:
                        return other
        return place

    def _packed(self, target: Mention, events: Sequence[Event]) -> Mention | None:
        """What was put into ``target`` before: "put a fork in a cup and put the cup ..."."""
        if not self.is_movable(target):
            return None
        kinds = {c.kind for c in self._candidates.of(target, self._movable) if c.named}
        for event in events:
            for place in event.places:
                same = {c.kind for c in self._candidates.of(place.mention, self._movable)[:1]}
                if event.objects and place.preposition != "near" and kinds & same:
                    first = event.objects[0]
                    if not kinds & {c.kind for c in self.objects(first)[:1]}:
                        return first
            if event.objects and event.objects[0].content:
                if kinds & {c.kind for c in self._candidates.of(event.objects[0], self._movable)}:
                    return event.objects[0].content[0]
        return None

    def _packed_in(self, target: Mention, events: Sequence[Event]) -> Mention | None:
        """What ``target`` was put into before: "put a fork in a cup and put it on the table"."""
        for event in events:
            if event.action in ("put", None) and target in event.objects:
                for place in event.places:
                    if place.preposition == "into" and self.is_movable(place.mention):
                        if not self.is_furniture(place.mention):
                            return place.mention
        return None

    def _filled(self, target: Mention) -> tuple[Mention | None, Mention]:
        """ "a plate of bread" is bread in a plate."""
        of = target.words.index("of")
        outer = Mention(target.words[:of], of - 1, states=target.states)
        inner = replace(target, words=target.words[of + 1 :], head=len(target.words) - of - 2)
        whole = self.objects(target)
        if (
            inner.words
            and self.is_movable(outer)
            and not (whole and len(target.words) > 2 and whole[0].score > 1.0)
            and any(c.named for c in self.objects(inner))
        ):
            return outer, inner
        return None, target

    def _foremost(self, mentions: Sequence[Mention]) -> Mention:
        """The one that the task is about; a knife beside something else is a tool."""
        cut = [m for m in mentions if "slice" in m.states]
        rest = cut or [
            m for m in mentions
            if not any(c.kind in ("Knife", "ButterKnife") for c in self.objects(m)[:1])
        ]  # fmt: skip
        return (rest or list(mentions))[0]

    def _best_object(self, events: Sequence[Event]) -> Mention | None:
        best: tuple[float, Mention] | None = None
        for event in events:
            for mention in event.objects:
                found = self.objects(mention)
                score = found[0].score if found else 0.0
                if self.is_furniture(mention) and not (found and found[0].named):
                    continue
                if score > 0.05 and (best is None or score > best[0] + 0.2):
                    best = score, mention
        return best[1] if best else None

    # --- states ----------------------------------------------------------------------------

    def _with_states(self, roles: Roles, main: Sequence[Event], aside: Sequence[Event]) -> Roles:
        target = roles.target
        if target is None:
            return roles
        states = set(target.states)
        mine = {c.kind for c in self.objects(target)[:2]}
        for event in (*main, *aside):
            same = [m for m in event.objects if mine & {c.kind for c in self.objects(m)[:2]}]
            for mention in same:
                states |= mention.states
            if event.action in _TREATMENTS and (same or not event.objects):
                states.add(event.action)
        if not any(self._lexicon.can(c.kind, "slice") for c in self.objects(target)[:3]):
            states.discard("slice")  # "a piece of furniture"
        count = target.count
        if not count and target.plural:
            count = 2
        if roles.container is not None:
            states |= roles.container.states & {"slice"}
        return replace(
            roles,
            states=frozenset(states & set(_TREATMENTS)),
            count=count,
            unused=len(self._unused(roles, main)),
        )

    def _unused(self, roles: Roles, main: Sequence[Event]) -> set[str]:
        """Kinds that were named as things to handle and play no part; a knife is a tool."""
        parts = [m for m in (roles.target, roles.container) if m is not None]
        used = {c.kind for m in parts for c in self.objects(m)[:3]} | {"Knife", "ButterKnife"}
        named: set[str] = set()
        for event in main:
            for mention in event.objects:
                for thing in (mention, *mention.content):
                    best = self.objects(thing)[:1]
                    if best and best[0].own and not self.is_furniture(thing):
                        named.add(best[0].kind)
        return named - used

    # --- what a mention can be -------------------------------------------------------------

    def objects(self, mention: Mention) -> list[Candidate]:
        return self._candidates.of(mention, self._scene.kinds)

    def can(self, mention: Mention, treatment: str) -> bool:
        """Whether it is a thing that one treats so."""
        found = self.objects(mention)
        return bool(found) and self._lexicon.can(found[0].kind, treatment)

    def is_lamp(self, mention: Mention) -> bool:
        found = self._candidates.of(mention, self._lexicon.lamps)
        return bool(found) and found[0].named

    def is_movable(self, mention: Mention, least: float = 0.5) -> bool:
        found = self._candidates.of(mention, self._movable)
        return bool(found) and found[0].score >= least

    def is_furniture(self, mention: Mention) -> bool:
        """Whether it is rather a piece of furniture than a thing to carry."""
        found = self._candidates.of(mention, self._lexicon.receptacles)
        if not found:
            return False
        things = self.objects(mention)
        return found[0].score >= 0.2 and (
            not things or not things[0].named or found[0].score >= things[0].score
        )


def _mentions(event: Event) -> list[Mention]:
    outer = [*event.objects, *(p.mention for p in event.places), *event.sources, *event.tools]
    return [m for o in outer for m in (o, *o.near, *o.content)]


def _placed(lamp: Mention, event: Event) -> Mention:
    """A lamp with what is said of where it stands, which tells a desk's from the floor's."""
    around = [
        word
        for mention in (*(p.mention for p in event.places), *lamp.near)
        if mention != lamp
        for word in mention.words
    ]
    return replace(lamp, tail=(*lamp.tail, *around))


def _implied(events: Iterable[Event]) -> str:
    return next((_IMPLIED[e.verb] for e in events if e.verb in _IMPLIED), "")


def _with_antecedents(events: Sequence[Event], casting: Casting) -> list[Event]:
    """The events with what pronouns and bare "slices" stand for."""
    slices = {*casting._lexicon.english.slices, "of"}
    last_object: Mention | None = None
    last_place: Mention | None = None
    named: list[Mention] = []
    done: list[Event] = []

    def meant(mention: Mention, action: str | None) -> Mention:
        if mention.pronoun and action in _TREATMENTS:
            for earlier in reversed(named):
                if casting.can(earlier, action):
                    return earlier
        if mention.pronoun and last_object is not None:
            return last_object
        if last_object is not None and set(mention.words) <= slices:
            return replace(last_object, states=last_object.states | mention.states | {"slice"})
        return mention

    for event in events:
        objects = [meant(m, event.action) for m in event.objects]
        places = []
        for place in event.places:
            mention = place.mention
            if mention.pronoun:
                before = last_place if last_place is not None else last_object
                mention = before if before is not None else mention
            places.append(Place(place.preposition, mention))
        done.append(replace(event, objects=objects, places=places))
        if objects and not casting.is_lamp(objects[0]):
            last_object = objects[0]
            named += objects
            if casting.is_furniture(objects[0]):
                last_place = objects[0]
        if places:
            last_place = places[-1].mention
    return done
