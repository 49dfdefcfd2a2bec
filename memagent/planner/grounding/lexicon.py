# SPDX-License-Identifier: Apache-2.0
"""What is known of the words of a household, read from data and made quick to ask."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from memagent.config import read_yaml
from memagent.planner.grounding.words import inflections, singular, stem, tokens

Role = Literal["object", "receptacle", "lamp"]
Room = Literal["kitchen", "living room", "bedroom", "bathroom", "office"]
Treatment = Literal["heat", "cool", "clean", "slice"]
Action = Literal[
    "put", "take", "hold", "look", "light", "clean", "heat", "cool", "slice", "go", "open", "close",
    "find", "use",
]  # fmt: skip
Name = tuple[str, ...]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Entry(_Strict):
    names: tuple[str, ...] = Field(min_length=1)
    also: tuple[str, ...] = ()
    words: str

    def name_tokens(self, own: bool) -> tuple[Name, ...]:
        return tuple(dict.fromkeys(normal(name) for name in (self.names if own else self.also)))


class ObjectKind(_Entry):
    """A kind of thing that can be carried."""

    colours: tuple[str, ...] = ()
    rooms: tuple[Room, ...] = ()
    can: tuple[Treatment, ...] = ()
    holds: bool = False
    """Other things are carried in or on it."""


class Furniture(_Entry):
    """A kind of place that things are put in or on."""

    rooms: dict[Room, Share]
    """How likely a room of that kind has one."""
    takes: tuple[str, ...] = ()
    """Objects and groups of them."""
    opens: bool = False
    beside: str = ""
    """Where things stand that are next to it."""


class Lamp(_Entry):
    rooms: dict[Room, Share]


class English(_Strict):
    """Closed-class words; see the comments of ``english.yaml``."""

    verbs: dict[Action, tuple[str, ...]]
    states: dict[str, tuple[str, ...]]
    slices: tuple[str, ...]
    measures: tuple[str, ...]
    parts: tuple[str, ...]
    venues: tuple[str, ...]
    prepositions: dict[str, tuple[str, ...]]
    contrast: tuple[str, ...]
    circumstance: tuple[str, ...]
    comment: tuple[str, ...]
    finite: tuple[str, ...]
    obligation: tuple[str, ...]
    courtesy: tuple[str, ...]
    particles: tuple[str, ...]
    pronouns: tuple[str, ...]
    vague: tuple[str, ...]
    articles: tuple[str, ...]
    all: tuple[str, ...]
    several: tuple[str, ...]
    conjunctions: tuple[str, ...]
    stop: tuple[str, ...]
    colours: dict[str, tuple[str, ...]]
    sizes: dict[str, tuple[str, ...]]
    numbers: dict[str, int]

    @cached_property
    def actions(self) -> dict[str, tuple[Action, bool]]:
        """Every form of every verb: what it asks for, and whether it is the base form."""
        forms: dict[str, tuple[Action, bool]] = {}
        for action, verbs in self.verbs.items():
            for verb in verbs:
                forms.setdefault(verb, (action, True))
        for action, verbs in self.verbs.items():
            for verb in verbs:
                for form in inflections(verb):
                    forms.setdefault(form, (action, False))
        return forms

    @cached_property
    def phrases(self) -> dict[str, tuple[Name, ...]]:
        """The listed phrases by what they open, the longest first."""
        listed = {
            **self.prepositions,
            "contrast": self.contrast,
            "circumstance": self.circumstance,
            "courtesy": self.courtesy,
        }
        return {
            kind: tuple(sorted((tuple(p.split()) for p in phrases), key=len, reverse=True))
            for kind, phrases in listed.items()
        }

    @cached_property
    def preposition_starts(self) -> dict[str, tuple[tuple[str, Name], ...]]:
        """Prepositions by their first word: what kind each is, the longest first."""
        starts: dict[str, list[tuple[str, Name]]] = {}
        for kind in self.prepositions:
            for phrase in self.phrases[kind]:
                starts.setdefault(phrase[0], []).append((kind, phrase))
        return {
            word: tuple(sorted(found, key=lambda f: len(f[1]), reverse=True))
            for word, found in starts.items()
        }

    def is_finite(self, words: Sequence[str], at: int) -> bool:
        """Whether the word at ``at`` says how things are or are to be; a trash can does not."""
        word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
        if word == "can":
            return following in self.actions or following in ("be", "not", "also")
        return word in self._finite

    @cached_property
    def _finite(self) -> frozenset[str]:
        return frozenset((*self.finite, *self.obligation))

    @cached_property
    def looks(self) -> frozenset[str]:
        """Words for colours and sizes."""
        listed = (*self.colours.values(), *self.sizes.values())
        return frozenset(word for words in listed for word in words)

    @cached_property
    def adjectives(self) -> frozenset[str]:
        """Words for looks and states."""
        return self.looks | self.state_words.keys()

    @cached_property
    def state_words(self) -> dict[str, str]:
        """Adjectives and participles: the state each says a thing has or is to have."""
        found = {word: state for state, words in self.states.items() for word in words}
        for state in ("clean", "heat", "cool", "slice"):
            for verb in self.verbs[state]:
                for form in inflections(verb):
                    if form.endswith("ed"):
                        found.setdefault(form, state)
        return found


class _Words(_Strict):
    groups: dict[str, tuple[str, ...]]
    objects: dict[str, ObjectKind]
    receptacles: dict[str, Furniture]
    lamps: dict[str, Lamp]

    @model_validator(mode="after")
    def _names_exist(self) -> _Words:
        for group, members in self.groups.items():
            for member in members:
                if member not in self.objects:
                    raise ValueError(f"groups.{group}: {member!r} is none of the objects")
        for kind, furniture in self.receptacles.items():
            for taken in furniture.takes:
                if taken not in self.objects and taken not in self.groups:
                    raise ValueError(
                        f"receptacles.{kind}.takes: {taken!r} is neither an object nor a group"
                    )
            if furniture.beside and furniture.beside not in self.receptacles:
                raise ValueError(
                    f"receptacles.{kind}.beside: {furniture.beside!r} is none of the receptacles"
                )
        return self


@dataclass(frozen=True, slots=True)
class Sense:
    """One kind that a name can mean."""

    kind: str
    own: bool
    """True where it has the best claim to the name."""


class Lexicon:
    """The kinds of one domain, found by name and by the words that describe them."""

    def __init__(self, words: _Words, english: English) -> None:
        self.english = english
        self._words = words
        self.objects = words.objects
        self.receptacles = words.receptacles
        self.lamps = words.lamps
        self._takes = {
            kind: frozenset(o for t in f.takes for o in words.groups.get(t, (t,)))
            for kind, f in words.receptacles.items()
        }
        entries: dict[str, _Entry] = {**words.objects, **words.receptacles, **words.lamps}
        self.role: dict[str, Role] = {
            **dict.fromkeys(words.objects, "object"),
            **dict.fromkeys(words.receptacles, "receptacle"),
            **dict.fromkeys(words.lamps, "lamp"),
        }
        self.names: dict[Name, tuple[Sense, ...]] = {}
        self.described: dict[str, frozenset[str]] = {}
        for kind, entry in entries.items():
            for own in (True, False):
                for name in entry.name_tokens(own):
                    senses = self.names.get(name, ())
                    if all(sense.kind != kind for sense in senses):
                        self.names[name] = (*senses, Sense(kind, own))
            stems = {stem(word) for word in tokens(entry.words)}
            stems |= {stem(word) for name in entry.name_tokens(True) for word in name}
            self.described[kind] = frozenset(stems - {stem(w) for w in english.stop})
        self.longest = max(len(name) for name in self.names)
        self.name_words = frozenset(word for name in self.names for word in name)
        self.heads = frozenset(name[-1] for name in self.names)
        spread = Counter(word for stems in self.described.values() for word in stems)
        self._weight = {w: math.log(1 + len(entries) / (1 + n)) for w, n in spread.items()}

    def with_objects(self, kinds: Collection[str]) -> Lexicon:
        """A lexicon that also knows these kinds of thing, by their own names: "TennisBall"."""
        more = {}
        for kind in kinds:
            name = " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", kind)) or kind
            more[kind] = ObjectKind(names=(name,), words=name)
        words = self._words.model_copy(update={"objects": {**self.objects, **more}})
        return Lexicon(words, self.english)

    def own_name(self, name: Name) -> bool:
        """Whether a kind has the best claim to this name."""
        return any(sense.own for sense in self.names.get(name, ()))

    def weight(self, word: str) -> float:
        """How much a stem tells: those that describe few kinds tell more, unknown ones little."""
        return self._weight.get(word, 1.5)

    def takes(self, receptacle: str, thing: str) -> bool:
        """Whether one usually puts such a thing in or on such a receptacle."""
        return thing in self._takes.get(receptacle, ())

    def can(self, thing: str, treatment: str) -> bool:
        kind = self.objects.get(thing)
        return kind is not None and treatment in kind.can


def normal(name: str) -> Name:
    """A name as it is compared: no articles, every word in the singular."""
    said = tokens(name)
    return tuple(singular(t) for t in said if t not in _ARTICLES) or tuple(said) or (name,)


_ARTICLES = frozenset({"the", "a", "an", "your", "my"})


@cache
def household() -> Lexicon:
    """The lexicon that comes with the package.

    Raises:
        ConfigError: a file is damaged; names the file and the key.
    """
    folder = Path(__file__).parent
    return load_lexicon(folder / "lexicon.yaml", folder / "english.yaml")


def load_lexicon(words: Path, english: Path) -> Lexicon:
    """Read a lexicon of kinds and one of English.

    Raises:
        ConfigError: a file is missing or invalid; names the file and the key.
    """
    return Lexicon(read_yaml(words, _Words), read_yaml(english, English))
