# SPDX-License-Identifier: Apache-2.0
"""From the words of a text to verbs with their objects and places.

A shallow parse that never fails: words that it cannot place are left out. What a mention stands
for is decided later, against the scene.
"""

from __future__ import annotations

from dataclasses import replace

from memagent.planner.grounding.attaching import Attaching
from memagent.planner.grounding.clauses import Clause, clauses
from memagent.planner.grounding.lexicon import Lexicon, Name
from memagent.planner.grounding.mentions import Event, Mention, noun_phrase
from memagent.planner.grounding.words import singular

_RELATIVE = frozenset({"that", "which", "who", "where", "has", "like"})
_VERB_PARTICLES = (("off",), ("out",), ("over",))
_PARTICLES = (("inside",), ("in",), ("on",), ("over",), ("off",), ("out",), ("by",))
_PRONOUNS = frozenset({"it", "them", "they", "itself"})
_DEMONSTRATIVES = frozenset({"this", "these", "those", "both", "each", "one"})
_LEADING = frozenset({"go", "help", "use"})
"""Verbs that another may follow: "go get the cup"."""


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
    if after.verb == "with":
        return bool(before.objects)  # "move the pan, with the fork in it, to the table"
    if after.action is not None:
        return False
    return not after.objects if after.places else not before.places


def _join(event: Event, more: Event) -> None:
    if more.verb == "with":
        last = event.objects[-1]
        event.objects[-1] = replace(last, content=(*last.content, *more.objects))
    else:
        event.objects += more.objects
    event.sources += more.sources
    for place in more.places:
        if place.preposition == "near" and event.places:
            beside = event.places[-1]
            beside.mention = replace(beside.mention, near=(*beside.mention.near, place.mention))
        else:
            event.places.append(place)


class _ClauseReader:
    """Goes through one clause from left to right."""

    def __init__(self, clause: Clause, lexicon: Lexicon) -> None:
        self._words = clause.words
        self._lexicon = lexicon
        self._english = lexicon.english
        self._attaching = Attaching(clause.level, lexicon)
        self._kind = ""
        """Of the preposition whose noun is to come, or ""."""
        self._preposition: Name = ()
        self._joined = False
        """Whether "and" went before."""
        self._verb_may_follow = True

    def events(self) -> list[Event]:
        at = 0
        while at < len(self._words):
            at = self._step(at)
        return self._attaching.finish()

    def _step(self, at: int) -> int:
        """Take in what begins at ``at``; returns where the next begins."""
        word, english = self._words[at], self._english
        if self._is_verb(at):
            self._attaching.begin(english.actions[word][0], word)
            self._kind, self._verb_may_follow = "", word in _LEADING
            return at + 1
        if word == "to" and self._tells_purpose(at):
            self._kind, self._attaching.describing = "for", True
            return at + 1
        kind, phrase = self._preposition_at(at)
        if phrase:
            self._take_preposition(at, kind, phrase)
            return at + len(phrase)
        if word in english.conjunctions or word == "me":
            self._verb_may_follow = self._joined = True
        elif word in english.circumstance or word in english.contrast:
            self._verb_may_follow = True
        elif english.is_finite(self._words, at) and not self._is_named(at, 2):
            self._verb_may_follow = word not in ("is", "are", "has", "have")
        elif self._is_pronoun(at):
            self._attach(Mention((word,), pronoun=True), at + 1)
            self._verb_may_follow = True
        elif word == "of" or (
            word in english.particles and self._word(at + 1) != "of" and not self._is_named(at)
        ):
            pass
        else:
            end = max(self._phrase_end(at), at + 1)
            mention = noun_phrase(self._words[at:end], self._lexicon)
            self._verb_may_follow = False
            if mention.words or mention.states or mention.count:
                self._attach(mention, end)
            return end
        return at + 1

    def _take_preposition(self, at: int, kind: str, phrase: Name) -> None:
        self._verb_may_follow = phrase == ("to",)
        infinitive = phrase == ("to",) and self._is_verb(at + 1)
        if infinitive or self._is_particle(at, phrase):
            return
        self._kind, self._preposition = kind, phrase
        self._attaching.describing |= kind == "for"
        if phrase == ("where",) and self._attaching.last != "place":
            self._kind = "onto"  # "put it where people sleep"

    def _attach(self, mention: Mention, end: int) -> None:
        contained = self._word(end) in ("in", "on", "inside", "within") and (
            self._word(end + 1) in ("it", "them", "top")
        )
        kind, self._kind = self._kind, ""
        joined, self._joined = self._joined, False
        self._attaching.attach(mention, kind, self._preposition, joined, contained)

    # --- what a word is --------------------------------------------------------------------

    def _word(self, at: int) -> str:
        return self._words[at] if 0 <= at < len(self._words) else ""

    def _is_named(self, at: int, least: int = 1) -> bool:
        """Whether a name of the lexicon of at least ``least`` words begins here."""
        rest = [singular(w) for w in self._words[at : at + self._lexicon.longest]]
        return any(tuple(rest[:n]) in self._lexicon.names for n in range(len(rest), least - 1, -1))

    def _is_verb(self, at: int) -> bool:
        word, before = self._word(at), self._word(at - 1)
        action = self._english.actions.get(word)
        if action is None or self._is_named(at, 2) or self._kind == "for":
            return False
        listed = self._joined or word in ("keeps", "makes")
        if self._attaching.describing and listed and word.endswith(("ing", "s")):
            return False  # "for lathering and washing"
        if not (self._verb_may_follow or before == "to") or before in self._english.articles:
            return False
        if self._word(at + 1) == "of" or (at and self._english.is_finite(self._words, at)):
            return False
        # "heated bread" describes, "heated" alone does not begin a command.
        return action[1] or word.endswith(("ing", "s"))

    def _tells_purpose(self, at: int) -> bool:
        """Whether "to" begins what a thing without a name is for: "a tool to spread butter"."""
        newest, following = self._attaching.newest, self._word(at + 1)
        if newest is None or newest.pronoun or not following or following in self._english.articles:
            return False
        words, head = newest.words, newest.head
        return not any(
            self._lexicon.own_name(words[start:end])
            for start in range(head + 1)
            for end in range(head + 1, len(words) + 1)
        )

    def _preposition_at(self, at: int) -> tuple[str, Name]:
        """The preposition that begins here and its kind, or "" and ()."""
        starts = self._english.preposition_starts
        word, before, following = self._word(at), self._word(at - 1), self._word(at + 1)
        kind, phrase = next(
            (
                (kind, listed)
                for kind, listed in starts.get(word, ())
                if self._words[at : at + len(listed)] == listed
            ),
            ("", ()),
        )
        if len(phrase) != 1:
            return kind, phrase
        if word in _RELATIVE:
            determiner = word == "that" and (
                not before
                or before in self._english.actions
                or before in self._english.conjunctions
                or before in starts
            )
            if determiner or not following:
                return "", ()
        if word in ("you", "people") and (
            self._verb_may_follow or self._kind or not self._attaching.last
        ):
            return "", ()  # "as you clear the table", not "the thing you write with"
        if following == "of" and kind != "from":
            return "", ()  # "back of"
        return kind, phrase

    def _is_particle(self, at: int, phrase: Name) -> bool:
        """Of "turn on the lamp", "put the book down", "with a watch inside"."""
        events = self._attaching.events
        event = events[-1] if events else None
        before, following = self._word(at - 1), self._word(at + len(phrase))
        if event is not None and phrase in _VERB_PARTICLES and before == event.verb:
            return True  # "rinse off the plate"
        ends = following in self._english.conjunctions or (
            bool(following) and bool(self._preposition_at(at + len(phrase))[1])
        )
        if event is not None and event.action == "light" and phrase in (("on",), ("off",), ("up",)):
            return not following or ends or self._english.actions.get(before, ("",))[0] == "light"
        return not following or (phrase in _PARTICLES and ends)

    def _is_pronoun(self, at: int) -> bool:
        word, following = self._words[at], self._word(at + 1)
        if word in _DEMONSTRATIVES:
            ends = following in ("", "of") or following in self._english.conjunctions
            return ends or bool(self._preposition_at(at + 1)[1])
        return word in _PRONOUNS

    def _phrase_end(self, at: int) -> int:
        """Where the noun phrase that begins at ``at`` ends."""
        end = at + 1
        while end < len(self._words):
            joins = self._words[end] in ("and", "off", "up") and self._joins_adjectives(end)
            if not joins and self._words[end] != "of" and self._ends_phrase(end):
                break
            end += 1
        return end

    def _ends_phrase(self, at: int) -> bool:
        """Whether the word at ``at``, after another, is no part of the noun phrase before it."""
        english = self._english
        word, before, following = self._word(at), self._word(at - 1), self._word(at + 1)
        if word in english.conjunctions or word in ("it", "them", "they", "me", "you", "yourself"):
            return True
        if english.is_finite(self._words, at) and not self._is_named(at, 2):
            return True
        if before != "of" and self._preposition_at(at)[1]:
            return True
        if word in english.particles and following != "of":
            return True
        # "a bowl sitting on the desk"
        participle = word.endswith(("ing", "ed", "en")) and before not in english.articles
        return (
            participle
            and bool(following)
            and bool(self._preposition_at(at + 1)[1])
            and not self._is_named(at)
        )

    def _joins_adjectives(self, at: int) -> bool:
        """Of "the yellow and blue jars", "a rinsed off plate"."""
        english = self._english
        before, after = self._word(at - 1), self._word(at + 1)
        if self._words[at] == "and":
            both = before in english.adjectives and after in english.adjectives
            return both and at + 2 < len(self._words)
        return before in english.state_words and bool(after) and not self._preposition_at(at + 1)[1]
