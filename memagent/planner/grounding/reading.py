# SPDX-License-Identifier: Apache-2.0
"""What a text mentions, and how the mentions hang together: verbs with objects and places.

A shallow parse that never fails: words that it cannot place are left out. What a mention stands
for is decided later, against the scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from memagent.planner.grounding.clauses import Clause, Level, clauses
from memagent.planner.grounding.lexicon import Action, Lexicon
from memagent.planner.grounding.words import is_plural, singular

_GRIPS = frozenset({"grip", "grasp", "hold"})
_HANDS = frozenset({"hand", "grip", "arm", "grasp", "possession", "finger", "hold"})
_VERB_PARTICLES = frozenset({("off",), ("out",), ("over",)})


@dataclass(frozen=True)
class Mention:
    """A noun phrase."""

    words: tuple[str, ...]
    """In the singular, without articles and numbers."""
    head: int = 0
    """Which of the words the others describe."""
    tail: tuple[str, ...] = ()
    """What else is said of it: "[a container] for rice"."""
    count: int = 0
    """How many; 0 where it is not said, -1 for all."""
    plural: bool = False
    states: frozenset[str] = frozenset()
    colours: tuple[str, ...] = ()
    content: tuple[Mention, ...] = ()
    """What is in or on it: "[a cup] with a fork in it"."""
    near: tuple[Mention, ...] = ()
    """Landmarks: "[the table] next to the sofa"."""
    pronoun: bool = False
    told: tuple[str, ...] = ()
    """All words as they were said, for descriptions."""

    @property
    def text(self) -> str:
        return " ".join((*self.words, *self.tail))


@dataclass
class Place:
    preposition: str
    """into, onto, to, under or near."""
    mention: Mention


@dataclass
class Event:
    """A verb with what belongs to it."""

    action: Action | None
    level: Level
    verb: str = ""
    """As it was said."""
    objects: list[Mention] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    sources: list[Mention] = field(default_factory=list)
    tools: list[Mention] = field(default_factory=list)
    """With what it is to be done."""


def read(text: str, lexicon: Lexicon) -> tuple[Event, ...]:
    """What ``text`` asks for, verb by verb."""
    events: list[Event] = []
    for clause in clauses(text, lexicon.english):
        found = _ClauseReader(clause, lexicon).events()
        before = next((e for e in reversed(events) if e.level == clause.level), None)
        if before is not None and found and _continues(before, found[0]):
            _join(before, found.pop(0))
        events += found
    return tuple(events)


def _continues(before: Event, after: Event) -> bool:
    """Whether a part without a verb belongs to the one before: "..., right of the sink"."""
    if after.action is not None:
        return False
    return not after.objects if after.places else not before.places


def _join(event: Event, more: Event) -> None:
    event.objects += more.objects
    event.sources += more.sources
    for place in more.places:
        if place.preposition == "near" and event.places:
            last = event.places[-1]
            last.mention = replace(last.mention, near=(*last.mention.near, place.mention))
        else:
            event.places.append(place)


class _ClauseReader:
    """Goes through one clause from left to right."""

    def __init__(self, clause: Clause, lexicon: Lexicon) -> None:
        self._words = clause.words
        self._level = clause.level
        self._lexicon = lexicon
        self._english = lexicon.english
        self._events: list[Event] = []
        self._pending = ""
        """The preposition whose noun is to come."""
        self._pending_words: tuple[str, ...] = ()
        self._describing = False
        """Whether what follows tells what a thing is like or for."""
        self._joined = False
        """Whether "and" went before."""
        self._venues = set(self._english.venues)
        self._absorbed: Place | None = None
        """A place that was taken for a part of a description."""
        self._before = ""
        """The preposition of the noun before."""
        self._at_end = 0
        """Where the phrase that is being attached ends."""
        self._last = ""
        """What was attached last: object, place, content, source, tool, or ""."""
        self._verb_may_follow = True

    def events(self) -> list[Event]:
        at = 0
        while at < len(self._words):
            at = self._step(at)
        if self._absorbed is not None and not self._events[-1].places:
            self._events[-1].places.append(self._absorbed)
        return self._events

    def _step(self, at: int) -> int:
        """Take in what begins at ``at``; returns where the next begins."""
        word = self._words[at]
        english = self._english
        if self._is_verb(at):
            self._events.append(Event(english.actions[word][0], self._level, word))
            self._pending, self._last, self._verb_may_follow = "", "", word in ("go", "help", "use")
            self._describing, self._before = False, ""
            return at + 1
        if word == "to" and self._describes(at):
            self._pending, self._describing = "for", True
            return at + 1
        preposition, phrase = self._preposition(at)
        if phrase:
            self._verb_may_follow = phrase == ("to",)
            if not self._is_particle(at, phrase) and not (
                phrase == ("to",) and self._is_verb(at + 1)
            ):
                self._pending, self._pending_words = preposition, phrase
                self._describing |= preposition == "for"
                if phrase == ("where",) and self._last != "place":
                    self._pending = "onto"  # "put it where people sleep"
            return at + len(phrase)
        if word in english.conjunctions or word == "me":
            self._verb_may_follow = self._joined = True
            return at + 1
        if word in english.circumstance or word in english.contrast:
            self._verb_may_follow = True
            return at + 1
        if word in english.finite and not self._is_named(at, 2):
            self._verb_may_follow = word not in ("is", "are", "has", "have")
            return at + 1
        if self._is_pronoun(at):
            self._attach(Mention((word,), pronoun=True))
            self._verb_may_follow = True
            return at + 1
        if word == "of":
            return at + 1
        if word in english.particles and not self._next(at) == "of" and not self._is_named(at):
            return at + 1
        end = self._at_end = self._phrase_end(at)
        mention = self._mention(self._words[at:end])
        self._verb_may_follow = False
        if mention.words or mention.states or mention.count:
            self._attach(mention)
        return max(end, at + 1)

    # --- what a word is --------------------------------------------------------------------

    def _next(self, at: int) -> str:
        return self._words[at + 1] if at + 1 < len(self._words) else ""

    def _is_named(self, at: int, least: int = 1) -> bool:
        """Whether a name of the lexicon of at least ``least`` words begins here."""
        rest = [singular(w) for w in self._words[at : at + self._lexicon.longest]]
        return any(tuple(rest[:n]) in self._lexicon.names for n in range(len(rest), least - 1, -1))

    def _is_verb(self, at: int) -> bool:
        if at >= len(self._words):
            return False
        word = self._words[at]
        action = self._english.actions.get(word)
        if action is None or self._is_named(at, 2) or self._pending == "for":
            return False
        if self._describing and (self._joined or word in ("keeps", "makes")):
            if word.endswith(("ing", "s")):
                return False  # "for lathering and washing"
        before = self._words[at - 1] if at else ""
        starts = self._verb_may_follow or before == "to"
        if not starts or self._next(at) == "of":
            return False
        if before in self._english.articles:
            return False
        if action[1] or word.endswith("ing") or word.endswith("s"):
            return not (word in self._english.finite and at)
        # "heated bread" describes, "heated" alone does not begin a command.
        return False

    def _describes(self, at: int) -> bool:
        """Whether "to" begins what a thing without a name is for: "a tool to spread butter"."""
        following = self._next(at)
        if not following or following in self._english.articles or not self._events:
            return False
        event = self._events[-1]
        if self._last == "object" and event.objects:
            mention = event.objects[-1]
        elif self._last == "place" and event.places:
            mention = event.places[-1].mention
        else:
            return False
        return not mention.pronoun and not self._has_own_name(mention)

    def _has_own_name(self, mention: Mention) -> bool:
        """Whether the phrase's noun is in a name that says enough."""
        words, head = mention.words, mention.head
        return any(
            self._lexicon.own_name(words[start:end])
            for start in range(head + 1)
            for end in range(head + 1, len(words) + 1)
        )

    def _preposition(self, at: int) -> tuple[str, tuple[str, ...]]:
        best: tuple[str, tuple[str, ...]] = ("", ())
        word = self._words[at]
        for kind, listed in self._english.preposition_starts.get(word, ()):
            if self._words[at : at + len(listed)] == listed:
                best = (kind, listed)
                break
        if best[1] == (word,) and word in ("that", "which", "who", "where", "has", "like"):
            following = self._next(at)
            before = self._words[at - 1] if at else ""
            determiner = word == "that" and (
                not before
                or before in self._english.actions
                or before in self._english.conjunctions
                or before in self._english.preposition_starts
            )
            if determiner or not following:
                return "", ()
        if best[1] in (("you",), ("people",)) and (
            self._verb_may_follow or self._pending or not self._last
        ):
            return "", ()
        if self._next(at) == "of" and len(best[1]) == 1 and best[0] != "from":
            return "", ()  # "inside of the cup" is listed; "back of" is a noun
        return best

    def _is_particle(self, at: int, phrase: tuple[str, ...]) -> bool:
        """ "turn on the lamp", "put the book down", "with a watch inside"."""
        end = at + len(phrase)
        event = self._events[-1] if self._events else None
        if phrase in _VERB_PARTICLES and event and at and self._words[at - 1] == event.verb:
            return True  # "rinse off the plate"
        if phrase in (("on",), ("off",), ("up",)) and event and event.action == "light":
            before = self._words[at - 1]
            if self._english.actions.get(before, ("",))[0] == "light":
                return True
            return (
                end >= len(self._words)
                or bool(self._preposition(end)[1])
                or (self._words[end] in self._english.conjunctions)
            )
        if end >= len(self._words):
            return True
        if len(phrase) == 1 and phrase[0] in ("inside", "in", "on", "over", "off", "out", "by"):
            following = self._words[end]
            return following in self._english.conjunctions or bool(self._preposition(end)[1])
        return False

    def _is_pronoun(self, at: int) -> bool:
        word, following = self._words[at], self._next(at)
        if word in ("yourself", "you", "i", "we", "he", "she"):
            return False
        if word not in self._english.pronouns:
            return False
        if word in ("it", "them", "they", "itself"):
            return True
        if word in ("this", "these", "those", "both", "each", "one"):
            ends = following in ("", "of") or bool(self._preposition(at + 1)[1])
            return ends or following in self._english.conjunctions
        return False

    def _phrase_end(self, at: int) -> int:
        """Where the noun phrase that begins at ``at`` ends."""
        english = self._english
        end = at
        while end < len(self._words):
            word = self._words[end]
            if end > at and word in ("and", "off", "up") and self._joins_adjectives(end):
                end += 1
                continue
            if word == "," or (end > at and word in english.conjunctions):
                break
            if end > at and word in english.finite and not self._is_named(end, 2):
                break
            if end > at:
                if word == "of":
                    end += 1
                    continue
                if self._preposition(end)[1] and self._words[end - 1] != "of":
                    break
                if word in ("it", "them", "they", "me", "you", "yourself"):
                    break
                if word in english.particles and self._next(end) != "of":
                    break
                # "a bowl sitting on the desk"
                if (
                    word.endswith(("ing", "ed", "en"))
                    and self._next(end)
                    and self._preposition(end + 1)[1]
                    and not self._is_named(end)
                    and self._words[end - 1] not in english.articles
                ):
                    break
            end += 1
        return end

    def _joins_adjectives(self, at: int) -> bool:
        """ "the yellow and blue jars", "a rinsed off plate"."""
        english = self._english
        adjectives = {c for names in english.colours.values() for c in names}
        adjectives |= {s for names in english.sizes.values() for s in names}
        adjectives |= set(english.state_words)
        before, after = self._words[at - 1], self._next(at)
        if self._words[at] == "and":
            return before in adjectives and after in adjectives and at + 2 < len(self._words)
        return before in english.state_words and bool(after) and not self._preposition(at + 1)[1]

    # --- noun phrases ----------------------------------------------------------------------

    def _mention(self, raw: Sequence[str]) -> Mention:
        english = self._english
        words: list[str] = []
        plural_at: set[int] = set()
        states: set[str] = set()
        colours: list[str] = []
        count = 0
        for at, word in enumerate(raw):
            if word in english.all:
                count = -1
            if word in english.articles or word in ("and", "off", "up"):
                continue
            if word in english.numbers and not (word == "second"):
                follows = raw[at + 1] if at + 1 < len(raw) else ""
                if word not in ("pair", "couple") or follows == "of":
                    count = english.numbers[word] if count != -1 else count
                    if word not in ("pair", "couple"):
                        continue
            if word.isdigit():
                count = min(int(word), 99)
                continue
            state = english.state_words.get(word)
            if state and (at + 1 < len(raw) or len(raw) == 1):
                states.add(state)
                if word not in self._lexicon.name_words:
                    continue
            colours += [c for c, names in english.colours.items() if word in names]
            if is_plural(word):
                plural_at.add(len(words))
            words.append(singular(word))
        if "pair" in raw[:2] and "of" in raw and set(raw) & {"boots", "shoes", "scissors"}:
            count = 0
        head, sliced = _head(words, english.measures, english.slices, english.parts)
        if sliced:
            states.add("slice")
        plural = head in plural_at or any(p < head for p in plural_at)
        if words and words[head] == "key" and not any(p < head for p in plural_at):
            plural = False  # a bunch of keys is one thing
        return Mention(
            tuple(words), head, (), count, plural, frozenset(states), tuple(colours),
            told=tuple(w for w in raw if w not in english.articles),
        )  # fmt: skip

    # --- how they hang together ------------------------------------------------------------

    def _event(self) -> Event:
        if not self._events:
            first = self._words[0] if self._words else ""
            action: Action | None = "hold" if first == "with" else None
            self._events.append(Event(action, self._level))
        return self._events[-1]

    def _attach(self, mention: Mention) -> None:
        pending, self._pending = self._pending, ""
        joined, self._joined = self._joined, False
        event = self._event()
        if joined and not pending and self._before in ("with", "near", "from"):
            pending = self._before  # "with a fork and a knife", "between the sink and the stove"
        self._before = pending
        if self._describing and pending in ("into", "onto", "to", "from", "near", "with", ""):
            venue = self._names(mention, "receptacle") or set(mention.words) & self._venues
            if not venue and self._last and not mention.pronoun:
                if not (pending == "with" and self._is_content(mention)):
                    if pending in ("into", "onto", "to"):
                        self._absorbed = Place(pending, mention)
                    pending = "for"
            else:
                self._describing = False
        if pending in ("into", "onto", "to", "under"):
            self._attach_place(event, pending, mention)
        elif pending == "near":
            self._attach_landmark(event, mention)
        elif pending == "from":
            event.sources.append(mention)
            self._last = "source"
        elif pending == "with":
            if self._is_content(mention):
                self._attach_content(event, mention)
            else:
                self._describe(event, mention)
        elif pending == "for":
            self._describe(event, mention)
        elif pending == "without":
            return
        elif mention.pronoun and event.objects:
            return
        else:
            event.objects.append(mention)
            self._last = "object"

    def _attach_place(self, event: Event, preposition: str, mention: Mention) -> None:
        if mention.words and mention.words[-1] in _HANDS:
            return
        if event.action == "look" and preposition == "to" and not event.objects:
            event.objects.append(mention)  # "look at the book"
            self._last = "object"
            return
        if event.objects and event.objects[-1].words[-1:] and event.objects[-1].words[-1] in _GRIPS:
            event.objects[-1] = mention  # "keep a grip on the book"
            self._last = "object"
            return
        if mention.pronoun and self._last == "content":
            return
        if preposition == "under":
            if self._last == "place" and event.places:
                self._attach_landmark(event, mention)
                return
            words = ("under", *mention.words)
            mention = replace(mention, words=words, head=mention.head + 1)
        if self._pending_words == ("over",) and self._last == "place":
            self._attach_landmark(event, mention)  # "the cupboard over the sink"
            return
        if preposition == "to" and mention.words in (("left",), ("right",), ("side",)):
            return
        event.places.append(Place(preposition, mention))
        self._last = "place"

    def _names(self, mention: Mention, role: str) -> bool:
        """Whether a name of that role is in the phrase."""
        words, lexicon = mention.words, self._lexicon
        return any(
            lexicon.role[sense.kind] == role
            for start in range(len(words))
            for end in range(start + 1, min(len(words), start + lexicon.longest) + 1)
            for sense in lexicon.names.get(words[start:end], ())
        )

    def _is_content(self, mention: Mention) -> bool:
        """Whether "with ..." tells of a thing, not of a feature: "with prongs"."""
        rest = self._words[self._at_end :]
        inside = len(rest) > 1 and rest[0] in ("in", "on", "inside", "within") and rest[1] in (
            "it", "them", "top"
        )  # fmt: skip
        return inside or self._names(mention, "object") or self._names(mention, "lamp")

    def _attach_landmark(self, event: Event, mention: Mention) -> None:
        if self._last == "place" and event.places:
            place = event.places[-1]
            place.mention = replace(place.mention, near=(*place.mention.near, mention))
        elif event.objects:
            last = event.objects[-1]
            event.objects[-1] = replace(last, near=(*last.near, mention))
            event.places.append(Place("near", mention))
            self._last = ""
        else:
            event.places.append(Place("near", mention))

    def _attach_content(self, event: Event, mention: Mention) -> None:
        if event.action in ("slice", "look", "light", "clean") and self._last != "place":
            if event.action == "slice" or not event.objects:
                event.tools.append(mention)
                return
        if self._last == "place" and event.places:
            place = event.places[-1]
            place.mention = replace(place.mention, content=(*place.mention.content, mention))
        elif event.objects:
            last = event.objects[-1]
            event.objects[-1] = replace(last, content=(*last.content, mention))
        else:
            event.objects.append(mention)
        self._last = "content"

    def _describe(self, event: Event, mention: Mention) -> None:
        words = mention.told
        if self._last in ("object", "content") and event.objects:
            last = event.objects[-1]
            if self._last == "content" and last.content:
                inner = replace(last.content[-1], tail=(*last.content[-1].tail, *words))
                event.objects[-1] = replace(last, content=(*last.content[:-1], inner))
            else:
                event.objects[-1] = replace(last, tail=(*last.tail, *words))
        elif self._last == "place" and event.places:
            place = event.places[-1]
            place.mention = replace(place.mention, tail=(*place.mention.tail, *words))


def _head(
    words: Sequence[str], measures: Sequence[str], slices: Sequence[str], parts: Sequence[str]
) -> tuple[int, bool]:
    """Which word the others describe, and whether it is said to be a slice."""
    if not words:
        return 0, False
    sliced = False
    begin, end = 0, len(words)
    while "of" in words[begin:end]:
        of = begin + list(words[begin:end]).index("of")
        before = words[of - 1] if of > begin else ""
        if before in measures or before in slices or before in parts or not before:
            sliced |= before in slices
            begin = of + 1
        else:
            end = of
    if begin >= end:
        return len(words) - 1, sliced
    last = end - 1
    if words[last] in slices and last > begin:
        sliced, last = True, last - 1
    elif words[last] in slices:
        sliced = True
    return last, sliced
