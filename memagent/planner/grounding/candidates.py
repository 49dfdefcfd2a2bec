# SPDX-License-Identifier: Apache-2.0
"""Which kinds of thing a noun phrase can mean, and how well each fits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from memagent.memory import Embedder
from memagent.planner.grounding.lexicon import Lexicon, Name
from memagent.planner.grounding.reading import Mention
from memagent.planner.grounding.words import singular, stem

OWN, SHARED = 1.0, 0.55
"""How well a name fits: one's own, and one that others have the better claim to."""
DESCRIBED = 0.7
"""The most that a description without a name is worth."""
ASIDE = 0.3
"""The share of that where the name only qualifies the noun: the "microwave" of a "microwave table"."""
SPELLED = 0.6
"""The most that a name is worth which is only spelled alike."""


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
    """Finds the kinds that a mention can mean."""

    def __init__(self, lexicon: Lexicon, embedder: Embedder | None) -> None:
        self._lexicon = lexicon
        self._embedder = embedder
        english = lexicon.english
        self._stop = frozenset((*english.stop, *english.vague))
        shades = (*english.colours.values(), *english.sizes.values())
        self._looks = frozenset(stem(word) for words in shades for word in words)
        self._names = list(lexicon.names)
        self._vectors = (
            embedder.embed([" ".join(name) for name in self._names]) if embedder else None
        )

    def of(self, mention: Mention, among: Collection[str]) -> list[Candidate]:
        """Kinds of ``among`` that ``mention`` can mean, the best first."""
        scores: dict[str, float] = {}
        named: set[str] = set()
        owned: set[str] = set()
        spans = self._spans(mention)
        for name, start in spans:
            covers = start <= mention.head < start + len(name)
            for sense in self._lexicon.names[name]:
                if sense.kind in among:
                    score = (OWN if sense.own else SHARED) * (1.0 if covers else ASIDE)
                    if covers and len(name) > 1:
                        score *= 1.05
                    if score > scores.get(sense.kind, 0.0):
                        scores[sense.kind] = score
                    if covers:
                        named.add(sense.kind)
                        if sense.own:
                            owned.add(sense.kind)
        told = self._told(mention)
        rest = [w for w in self._told(_outside(mention, spans)) if w not in self._looks]
        for kind in among:
            share = self._coverage(told, kind)
            described = (0.2 if owned else DESCRIBED) * share
            if kind in named and rest:
                covered = self._coverage(rest, kind)
                own = kind in owned
                scores[kind] *= 0.75 + 0.25 * covered if own else 0.6 + covered
            if max(described, scores.get(kind, 0.0)) > 0.0:
                scores[kind] = max(described, scores.get(kind, 0.0))
        if self._embedder is not None and max(scores.values(), default=0.0) < 0.35:
            for kind, score in self._spelled(mention, among).items():
                scores[kind] = max(scores.get(kind, 0.0), score)
        found = [
            Candidate(kind, min(1.0, score), kind in named, kind in owned)
            for kind, score in scores.items()
            if score > 0.0
        ]
        return sorted(found, key=lambda c: (-c.score, c.kind))

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
        stop = self._stop
        said = (*mention.words, *(singular(w) for w in mention.tail))
        return list(dict.fromkeys(stem(w) for w in said if w not in stop))

    def _coverage(self, told: list[str], kind: str) -> float:
        """The share of what was told that describes ``kind``, by weight."""
        described = self._lexicon.described[kind]
        colours = self._lexicon.objects[kind].colours if kind in self._lexicon.objects else ()
        total = sum(self._lexicon.weight(w) for w in told)
        fits = sum(self._lexicon.weight(w) for w in told if w in described or w in colours)
        return fits / total if total else 0.0

    def _spelled(self, mention: Mention, among: Collection[str]) -> dict[str, float]:
        """Kinds with a name that the embedder finds alike."""
        assert self._embedder is not None
        assert self._vectors is not None
        alike = self._vectors @ self._embedder.embed([" ".join(mention.words)])[0]
        scores: dict[str, float] = {}
        for at in np.argsort(-alike)[:5]:
            likeness = float(alike[at])
            if likeness < 0.4:
                break
            for sense in self._lexicon.names[self._names[at]]:
                if sense.kind in among:
                    score = SPELLED * likeness * (1.0 if sense.own else 0.5)
                    scores[sense.kind] = max(scores.get(sense.kind, 0.0), score)
        return scores


def _outside(mention: Mention, spans: list[tuple[Name, int]]) -> Mention:
    """A phrase without the name that its noun is in."""
    for name, start in spans:
        if start <= mention.head < start + len(name):
            words = (*mention.words[:start], *mention.words[start + len(name) :])
            return replace(mention, words=words)
    return mention
