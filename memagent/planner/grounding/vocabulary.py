# SPDX-License-Identifier: Apache-2.0
"""Which words name objects and places, and what to suggest for those that name none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from memagent.catalogue import Catalogue
from memagent.errors import InstructionError
from memagent.planner.goal import ObjectRef
from memagent.site import Place, Site
from memagent.types import WorldBelief

EXAMPLE = 'for example: "put the red mug in the top drawer"'

_NUMBERS = {
    word: count
    for count, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=1
    )
}
_ALL = {"all", "every", "each", "both", "these", "those"}
_ONE = {"a", "an", "any", "some", "another", "this", "that"}
_DETERMINERS = {"the", "my", "our", "your", "of", "piece", "pieces"}
_THINGS = {"thing", "things", "object", "objects", "item", "items", "stuff", "ones", "it"}
_EVERYTHING = {"everything", "anything", "something", "whatever"}
_PEOPLE = {"me", "us", "him", "her"}


@dataclass(frozen=True)
class _Noun:
    """What one word or phrase can mean."""

    categories: tuple[str, ...]
    plural: bool
    collective: bool = False
    """True where the word alone means all of them: "the fruit"."""


class Vocabulary:
    """Looks phrases up among the names of one site and one catalogue, and what memory knows."""

    def __init__(self, site: Site, catalogue: Catalogue, world: WorldBelief | None = None) -> None:
        self._site = site
        self._known = world.objects if world is not None else ()
        self._colours: dict[str, tuple[str, ...]] = {
            c.name: c.colours for c in catalogue.categories
        }
        self._labels = {c.name: {k: c.label(k) for k in c.colours} for c in catalogue.categories}
        self._nouns: dict[str, _Noun] = {}
        groups: dict[str, list[str]] = {}
        for category in catalogue.categories:
            for group in category.groups:
                groups.setdefault(group, []).append(category.name)
        for group, names in groups.items():
            self._add(group, tuple(names), collective=True)
        # A detector may know kinds that the catalogue does not; the catalogue's words come last
        # because they are the surer ones.
        for known in self._known:
            self._add(known.category, (known.category,))
        for category in catalogue.categories:
            for word in (*category.synonyms, category.name):
                self._add(word, (category.name,))
        self._all_colours = {c for colours in self._colours.values() for c in colours} | {
            known.colour for known in self._known if known.colour
        }

    def _add(self, word: str, categories: tuple[str, ...], collective: bool = False) -> None:
        if not word:  # a detector that found something, and cannot say what
            return
        self._nouns.setdefault(_plural(word), _Noun(categories, True, collective))
        if collective:
            self._nouns[word] = _Noun(categories, True, True)
            if word.endswith("s"):
                self._nouns.setdefault(_singular(word), _Noun(categories, False))
        else:
            self._nouns[word] = _Noun(categories, False)

    # --- objects ---------------------------------------------------------------------------

    def object(self, phrase: str, sources: tuple[str, ...] = ()) -> ObjectRef:
        """What "two apples" or "all the fruit" means.

        Raises:
            InstructionError: no such object; the message suggests what may have been meant.
        """
        words = phrase.split()
        if words and words[0] in _PEOPLE:
            raise InstructionError(
                f'"{phrase}": where "{words[0]}" is cannot be known; name a place; {EXAMPLE}'
            )
        quantity, words = _quantity(words)
        rest = " ".join(words)
        if rest in _EVERYTHING or rest in _THINGS or not words:
            if not words and quantity == 0:
                raise InstructionError(f'"{phrase}" names no object; {EXAMPLE}')
            several = quantity == -1 or rest in {"everything", "things", "objects", "items"}
            several = several or (quantity == 0 and rest in {"stuff", "ones", "whatever"})
            label = "everything" if several else "thing"
            return ObjectRef(label, (), "", "all" if several else max(quantity, 1), sources)

        colour, noun = self._noun(words)
        if noun is None:
            raise InstructionError(self._unknown_object(rest))
        if quantity == 0:
            quantity = -1 if noun.plural else 1
        labels = self._fitting_labels(noun.categories, colour, rest)
        if not noun.categories:
            rest = f"{colour} thing"
        return ObjectRef(
            rest if quantity == 1 else _singular_phrase(rest, noun),
            noun.categories,
            colour,
            "all" if quantity == -1 else quantity,
            sources,
            labels,
        )

    def is_object(self, phrase: str) -> bool:
        try:
            self.object(phrase)
        except InstructionError:
            return False
        return True

    def _noun(self, words: list[str]) -> tuple[str, _Noun | None]:
        whole = self._nouns.get(" ".join(words))
        if whole is not None:
            return "", whole
        if words[0] in self._all_colours:
            rest = " ".join(w for w in words[1:] if w not in ("one", "coloured"))
            if not rest or rest in _THINGS:
                return words[0], _Noun((), rest.endswith("s"))
            return words[0], self._nouns.get(rest)
        return "", None

    def _fitting_labels(
        self, categories: tuple[str, ...], colour: str, phrase: str
    ) -> tuple[str, ...]:
        kinds = categories or tuple(self._labels)
        labels = tuple(
            label
            for kind in kinds
            for shade, label in self._labels.get(kind, {}).items()
            if not colour or shade == colour
        )
        seen = any(k.category in kinds and (not colour or k.colour == colour) for k in self._known)
        if not labels and not seen:
            there_are = sorted({label for k in kinds for label in self._labels.get(k, {}).values()})
            raise InstructionError(
                f'there is no "{phrase}"; did you mean {_either(there_are)}? ({EXAMPLE})'
            )
        return labels

    def _unknown_object(self, phrase: str) -> str:
        close = _close(
            phrase, (*self._nouns, *(n for k in self._labels.values() for n in k.values()))
        )
        kinds = ", ".join(sorted({*self._labels, *(k.category for k in self._known)}))
        hint = f"did you mean {_either(close)}?" if close else f"known are: {kinds}"
        return f'no object is called "{phrase}"; {hint} ({EXAMPLE})'

    # --- places ----------------------------------------------------------------------------

    def places(self, phrase: str) -> tuple[str, ...]:
        """The places that "the top drawer", "both drawers" or "the kitchen" (a room) mean.

        Raises:
            InstructionError: no such place, or several where one is meant.
        """
        quantity, words = _quantity(phrase.split())
        name = " ".join(words)
        for place in self._site.places:
            if name == place.name or name in place.synonyms:
                return (place.name,)
        room = self.room(phrase)
        if room:
            return tuple(p.name for p in self._site.places if p.room == room)
        single = _singular(name)
        similar = [p for p in self._site.places if _mentions(p, single)] if name else []
        if len(similar) == 1 or (similar and (quantity == -1 or single != name)):
            return tuple(p.name for p in similar)
        if similar:
            raise InstructionError(
                f'"{phrase}" can be {_either([p.name for p in similar])}; say which ({EXAMPLE})'
            )
        spoken = [n for p in self._site.places for n in (p.name, *p.synonyms)]
        close = _close(name, (*spoken, *(r.name for r in self._site.rooms)))
        known = ", ".join(p.name for p in self._site.places)
        hint = f"did you mean {_either(close)}?" if close else f"known are: {known}"
        raise InstructionError(f'no place is called "{phrase}"; {hint} ({EXAMPLE})')

    def room(self, phrase: str) -> str:
        """The room of that name, or ""."""
        name = " ".join(_quantity(phrase.split())[1])
        return next((r.name for r in self._site.rooms if r.name == name), "")

    def is_place(self, phrase: str) -> bool:
        try:
            self.places(phrase)
        except InstructionError:
            return False
        return True


def _quantity(words: list[str]) -> tuple[int, list[str]]:
    """How many are meant (-1 for all, 0 where it is not said), and the words after that."""
    quantity = 0
    for at, word in enumerate(words):
        if word in _ALL:
            quantity = -1
        elif word in _NUMBERS and words[at + 1 :]:
            quantity = _NUMBERS[word]
        elif word.isdigit() and int(word) > 0:
            quantity = int(word)
        elif word in _ONE:
            quantity = quantity or 1
        elif word not in _DETERMINERS:
            return quantity, words[at:]
    return quantity, []


def _mentions(place: Place, phrase: str) -> bool:
    wanted = set(phrase.split())
    return any(wanted <= set(name.split()) for name in (place.name, *place.synonyms))


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _singular_phrase(phrase: str, noun: _Noun) -> str:
    return phrase if noun.collective or not noun.plural else _singular(phrase)


def _close(phrase: str, known: Iterable[str]) -> list[str]:
    known = list(dict.fromkeys(known))
    matches = get_close_matches(phrase, known, n=3, cutoff=0.6)
    for word in phrase.split():
        matches += get_close_matches(word, known, n=2, cutoff=0.7)
    return list(dict.fromkeys(matches))[:3]


def _either(names: list[str]) -> str:
    quoted = [f'"{n}"' for n in names]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
