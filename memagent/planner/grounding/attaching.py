# SPDX-License-Identifier: Apache-2.0
"""How the mentions of a clause hang together, decided one by one as they are read."""

from __future__ import annotations

from dataclasses import replace

from memagent.planner.grounding.clauses import Level
from memagent.planner.grounding.lexicon import Action, Lexicon, Name, Role
from memagent.planner.grounding.mentions import Event, Mention, Place

_GRIPS = frozenset({"grip", "grasp", "hold"})
_HANDS = frozenset({"hand", "arm", "possession", "finger", *_GRIPS})
_SIDES = (("left",), ("right",), ("side",))
_SHARED = ("with", "near", "from")
"""One of these holds for all of "with a fork and a knife"."""
_OPEN = ("into", "onto", "to", "from", "near", "with", "")
"""Within a description these may go on with it: "that wakes you up in the morning"."""


class Attaching:
    """The events of one clause as far as it was read."""

    def __init__(self, level: Level, lexicon: Lexicon) -> None:
        self.events: list[Event] = []
        self.last = ""
        """What was attached last: object, place, content, source, or ""."""
        self.describing = False
        """Whether what follows may tell what a thing is like or for."""
        self._level = level
        self._lexicon = lexicon
        self._venues = frozenset(lexicon.english.venues)
        self._before = ""
        """The kind of preposition of the mention before."""
        self._absorbed: Place | None = None
        """A place that was taken for a part of a description."""

    def begin(self, action: Action | None, verb: str = "") -> Event:
        """Start with a new verb."""
        self.events.append(Event(action, self._level, verb))
        self.last = self._before = ""
        self.describing = False
        return self.events[-1]

    def finish(self) -> list[Event]:
        """The events, at the end of the clause."""
        if self._absorbed is not None and self.events and not self.events[-1].places:
            self.events[-1].places.append(self._absorbed)
        return self.events

    @property
    def newest(self) -> Mention | None:
        """The object or place that was attached last."""
        event = self.events[-1] if self.events else None
        if event is not None and self.last == "object" and event.objects:
            return event.objects[-1]
        if event is not None and self.last == "place" and event.places:
            return event.places[-1].mention
        return None

    def attach(
        self, mention: Mention, kind: str, preposition: Name, joined: bool, contained: bool
    ) -> None:
        """Attach ``mention``.

        Args:
            mention: what is next.
            kind: of the preposition before it, or "".
            preposition: its words.
            joined: whether "and" was before it.
            contained: whether "in it" is after it.
        """
        if not self.events:
            self.begin("hold" if kind == "with" else None, kind if kind == "with" else "")
        event = self.events[-1]
        if not mention.words and not mention.pronoun and event.objects:
            last = event.objects[-1]  # "a plate, rinsed"
            event.objects[-1] = replace(last, states=last.states | mention.states)
            return
        if joined and not kind and self._before in _SHARED:
            kind = self._before
        self._before = kind
        if kind == "with" and not (contained or self._is_thing(mention)):
            kind = "for"  # "a utensil with prongs"
        if self.describing and kind in _OPEN:
            kind = self._described(mention, kind)
        if kind in ("into", "onto", "to", "under"):
            self._attach_place(event, kind, preposition, mention)
        elif kind == "near":
            self._attach_landmark(event, mention)
        elif kind == "from":
            event.sources.append(mention)
            self.last = "source"
        elif kind == "with":
            self._attach_content(event, mention)
        elif kind == "for":
            self._describe(event, mention)
        elif kind != "without" and not (mention.pronoun and event.objects):
            event.objects.append(mention)
            self.last = "object"

    # --- each in its way -------------------------------------------------------------------

    def _described(self, mention: Mention, kind: str) -> str:
        """Whether a mention goes on with a description; "for" if it does."""
        venue = self.names(mention, "receptacle") or self._venues.intersection(mention.words)
        if venue or mention.pronoun or not self.last:
            self.describing = False
            return kind
        if kind == "with":
            return kind
        if kind in ("into", "onto", "to"):
            self._absorbed = Place(kind, mention)
        return "for"

    def _attach_place(self, event: Event, kind: str, preposition: Name, mention: Mention) -> None:
        if mention.words[-1:] and mention.words[-1] in _HANDS:
            return  # "in your hand"
        if mention.words in _SIDES or (mention.pronoun and self.last == "content"):
            return  # "on the left", "with a fork in it"
        held = event.objects[-1].words[-1:] if event.objects else ()
        if event.action == "look" and kind == "to" and not event.objects:
            event.objects.append(mention)  # "look at the book"
            self.last = "object"
        elif held and held[0] in _GRIPS:
            event.objects[-1] = mention  # "keep a grip on the book"
            self.last = "object"
        elif self.last == "place" and (kind == "under" or preposition == ("over",)):
            self._attach_landmark(event, mention)  # "the cupboard over the sink"
        else:
            if kind == "under":
                words = ("under", *mention.words)
                mention = replace(mention, words=words, head=mention.head + 1)
            event.places.append(Place(kind, mention))
            self.last = "place"

    def _attach_landmark(self, event: Event, mention: Mention) -> None:
        if self.last == "place" and event.places:
            place = event.places[-1]
            place.mention = replace(place.mention, near=(*place.mention.near, mention))
            return
        if event.objects:
            last = event.objects[-1]
            event.objects[-1] = replace(last, near=(*last.near, mention))
            self.last = ""
        event.places.append(Place("near", mention))

    def _attach_content(self, event: Event, mention: Mention) -> None:
        tool = event.action == "slice" or (
            event.action in ("look", "light", "clean") and not event.objects
        )
        if tool and self.last != "place":
            event.tools.append(mention)
            return
        if self.last == "place" and event.places:
            place = event.places[-1]
            place.mention = replace(place.mention, content=(*place.mention.content, mention))
        elif event.objects:
            last = event.objects[-1]
            event.objects[-1] = replace(last, content=(*last.content, mention))
        else:
            event.objects.append(mention)
        self.last = "content"

    def _describe(self, event: Event, mention: Mention) -> None:
        if self.last == "place" and event.places:
            place = event.places[-1]
            place.mention = _more(place.mention, mention)
        elif self.last in ("object", "content") and event.objects:
            last = event.objects[-1]
            if self.last == "content" and last.content:
                inner = _more(last.content[-1], mention)
                event.objects[-1] = replace(last, content=(*last.content[:-1], inner))
            else:
                event.objects[-1] = _more(last, mention)

    # --- what a mention is -----------------------------------------------------------------

    def names(self, mention: Mention, role: Role) -> bool:
        """Whether a name of that role is in the phrase."""
        words, lexicon = mention.words, self._lexicon
        return any(
            lexicon.role[sense.kind] == role
            for start in range(len(words))
            for end in range(start + 1, min(len(words), start + lexicon.longest) + 1)
            for sense in lexicon.names.get(words[start:end], ())
        )

    def _is_thing(self, mention: Mention) -> bool:
        return self.names(mention, "object") or self.names(mention, "lamp")


def _more(mention: Mention, description: Mention) -> Mention:
    return replace(mention, tail=(*mention.tail, *description.told))
