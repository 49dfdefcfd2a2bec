# SPDX-License-Identifier: Apache-2.0
"""Which kinds of thing a noun phrase can mean, and how well each fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from memagent.memory import Embedder
from memagent.planner.grounding.lexicon import Lexicon, Name
from memagent.planner.grounding.mentions import Mention
from memagent.planner.grounding.words import singular, stem

OWN, SHARED = 1.0, 0.55
"""How well a name fits: one's own, and one that others have the better claim to."""
DESCRIBED, MERELY = 0.7, 0.2
"""The most that a description is worth: without a name, and beside somebody's own name."""
ASIDE = 0.3
"""The share of that where the name only qualifies the noun: the "sink" of a "sink drain"."""
SPELLED = 0.6
"""The most that a name is worth which is only spelled alike."""
UNCLEAR = 0.35
"""Below this score of the best, names that are spelled alike are tried."""
ALIKE = 0.4
"""Cosine from which on they are."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One kind that may be meant."""

    kind: str
    score: float
    """0 to 1."""
    named: bool = False
    """By a name, not by a description."""
    own: bool = False
    """By a name that it has the best claim to."""


class Candidates:
    """Finds the kinds that a mention can mean.

    ``of`` gives those among some kinds, the best first. It remembers its newest answers.
    """

    def __init__(self, lexicon: Lexicon, embedder: Embedder) -> None:
        self._lexicon = lexicon
        self._embedder = embedder
        english = lexicon.english
        self._stop = frozenset((*english.stop, *english.vague))
        self._looks = frozenset(stem(word) for word in english.looks)
        self._names = list(lexicon.names)
        self._vectors = embedder.embed([" ".join(name) for name in self._names])
        self.of = lru_cache(maxsize=1024)(self._of)

    def _of(self, mention: Mention, among: tuple[str, ...]) -> tuple[Candidate, ...]:
        kinds = frozenset(among)
        spans = self._spans(mention)
        scores, named, owned = self._by_name(mention, spans, kinds)
        told = self._told(mention)
        rest = [word for word in self._told(_outside(mention, spans)) if word not in self._looks]
        for kind in among:
            described = (MERELY if owned else DESCRIBED) * self._coverage(told, kind)
            if kind in named and rest:
                # Of a "frying pan lid" the "frying pan" leaves a word over.
                covered = self._coverage(rest, kind)
                scores[kind] *= 0.75 + 0.25 * covered if kind in owned else 0.6 + covered
            if max(described, scores.get(kind, 0.0)) > 0.0:
                scores[kind] = max(described, scores.get(kind, 0.0))
        if max(scores.values(), default=0.0) < UNCLEAR:
            for kind, score in self._spelled(mention, kinds).items():
                scores[kind] = max(scores.get(kind, 0.0), score)
        found = (
            Candidate(kind, min(1.0, score), kind in named, kind in owned)
            for kind, score in scores.items()
        )
        return tuple(sorted(found, key=lambda c: (-c.score, c.kind)))

    def _by_name(
        self, mention: Mention, spans: Iterable[tuple[Name, int]], among: frozenset[str]
    ) -> tuple[dict[str, float], set[str], set[str]]:
        """Scores by name; who has a name that covers the noun, and whose own it is."""
        scores: dict[str, float] = {}
        named: set[str] = set()
        owned: set[str] = set()
        for name, start in spans:
            covers = start <= mention.head < start + len(name)
            for sense in self._lexicon.names[name]:
                if sense.kind not in among:
                    continue
                score = (OWN if sense.own else SHARED) * (1.0 if covers else ASIDE)
                scores[sense.kind] = max(score, scores.get(sense.kind, 0.0))
                if covers:
                    named.add(sense.kind)
                    owned |= {sense.kind} if sense.own else set()
        return scores, named, owned

    def _spans(self, mention: Mention) -> list[tuple[Name, int]]:
        """The names in a phrase and where each begins; none within a longer one."""
        words, names = mention.words, self._lexicon.names
        found: list[tuple[Name, int]] = []
        for length in range(min(self._lexicon.longest, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                name = words[start : start + length]
                inside = any(
                    s <= start and start + length <= s + len(longer) for longer, s in found
                )
                if name in names and not inside:
                    found.append((name, start))
        return found

    def _told(self, mention: Mention) -> list[str]:
        """The stems that describe."""
        said = (*mention.words, *(singular(word) for word in mention.tail))
        return list(dict.fromkeys(stem(word) for word in said if word not in self._stop))

    def _coverage(self, told: list[str], kind: str) -> float:
        """The share of what was told that describes ``kind``, by weight."""
        lexicon = self._lexicon
        described = lexicon.described[kind]
        colours = lexicon.objects[kind].colours if kind in lexicon.objects else ()
        total = sum(lexicon.weight(word) for word in told)
        fits = sum(lexicon.weight(word) for word in told if word in described or word in colours)
        return fits / total if total else 0.0

    def _spelled(self, mention: Mention, among: frozenset[str]) -> dict[str, float]:
        """Kinds with a name that the embedder finds alike."""
        alike = self._vectors @ self._embedder.embed([" ".join(mention.words)])[0]
        scores: dict[str, float] = {}
        for at in np.argsort(-alike)[:5]:
            likeness = float(alike[at])
            if likeness < ALIKE:
                break
            for sense in self._lexicon.names[self._names[at]]:
                if sense.kind in among:
                    score = SPELLED * likeness * (1.0 if sense.own else 0.5)
                    scores[sense.kind] = max(scores.get(sense.kind, 0.0), score)
        return scores


def _outside(mention: Mention, spans: Iterable[tuple[Name, int]]) -> Mention:
    """A phrase without the name that its noun is in."""
    for name, start in spans:
        if start <= mention.head < start + len(name):
            words = (*mention.words[:start], *mention.words[start + len(name) :])
            return replace(mention, words=words)
    return mention
