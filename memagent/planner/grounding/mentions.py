# SPDX-License-Identifier: Apache-2.0
"""What a text mentions: noun phrases, and the verbs and prepositions that they hang on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from memagent.planner.grounding.clauses import Level
from memagent.planner.grounding.lexicon import Action, English, Lexicon
from memagent.planner.grounding.words import is_plural, singular

_MOST = 99
"""No more things than that are counted."""
_PAIRS = frozenset({"boots", "shoes", "scissors"})
"""One thing each, although two."""


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


def noun_phrase(raw: Sequence[str], lexicon: Lexicon) -> Mention:
    """What the words of one noun phrase say."""
    english = lexicon.english
    words: list[str] = []
    plurals: set[int] = set()
    states: set[str] = set()
    for at, word in enumerate(raw):
        if word in english.articles or word in ("and", "off", "up") or word.isdigit():
            continue
        if word in english.numbers and word not in ("second", "pair", "couple"):
            continue
        state = english.state_words.get(word)
        if state and (at + 1 < len(raw) or len(raw) == 1):
            states.add(state)
            if word not in lexicon.name_words:
                continue
        if is_plural(word):
            plurals.add(len(words))
        words.append(singular(word))
    head, sliced = _head(words, english)
    before = any(at < head for at in plurals)
    # A bunch of keys is one thing.
    plural = before or (head in plurals and words[head] != "key")
    if sliced:
        states.add("slice")
    told = tuple(word for word in raw if word not in english.articles)
    return Mention(
        tuple(words), head, (), _count(raw, english), plural, frozenset(states), told=told
    )


def _count(raw: Sequence[str], english: English) -> int:
    """How many a noun phrase says: 0 where it does not, -1 for all."""
    count = 0
    for word, following in zip(raw, (*raw[1:], ""), strict=True):
        if word in english.all:
            return -1
        if word in ("pair", "couple") and (following != "of" or _PAIRS & set(raw)):
            continue
        if word in english.numbers and word != "second":
            count = english.numbers[word]
        elif word.isdecimal() and len(word) <= 3:
            count = min(int(word), _MOST)
    return count


def _head(words: Sequence[str], english: English) -> tuple[int, bool]:
    """Which word the others describe, and whether it is said to be a slice."""
    begin, end, sliced = 0, len(words), False
    while "of" in words[begin:end]:
        of = words.index("of", begin)
        before = words[of - 1] if of > begin else ""
        if before and before not in (*english.measures, *english.slices, *english.parts):
            end = of
        else:
            sliced |= before in english.slices
            begin = of + 1
    if begin >= end:
        return max(0, len(words) - 1), sliced
    last = end - 1
    if words[last] in english.slices:
        return max(begin, last - 1), True
    return last, sliced
