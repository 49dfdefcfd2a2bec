# SPDX-License-Identifier: Apache-2.0
"""Which kinds a task's mentions stand for, together, in this scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from memagent.planner.grounding.candidates import Candidate, Candidates
from memagent.planner.grounding.lexicon import Lexicon
from memagent.planner.grounding.mentions import Mention
from memagent.planner.grounding.roles import Roles
from memagent.planner.grounding.scene import Scene

WIDTH = 6
"""Candidates of each mention that are tried together."""
UNUSUAL = 0.05
"""What a combination is worth that people do not make: a watch in a fridge."""
IMPOSSIBLE = 0.001
"""And one that cannot be: a sliced spoon."""
TOO_FEW = 0.1
"""And two of what memory knows one of."""
RIVAL = 0.6
"""A candidate of this share of the best one's score is asked about."""
ELSEWHERE = 0.6
"""What a destination is worth that is of the kind the thing comes from."""
SELDOM = 0.02
"""Even what no such room has may be there."""
SHARPNESS = 3.0
"""A candidate half as good is this power of a half as likely."""

_SURFACES = ("CounterTop", "DiningTable", "CoffeeTable", "SideTable", "Desk", "Sofa", "Shelf")
_NOTHING = Candidate("", 1.0)
_Kinds = tuple[str, str, str, str]
"""Of target, container, destination and lamp; "" for none."""


@dataclass(frozen=True)
class Resolution:
    """What is meant, and how sure that is."""

    target: str = ""
    container: str = ""
    destination: str = ""
    lamp: str = ""
    others: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    share: float = 0.0
    """Of the likelihood of all combinations that were tried."""
    chosen: tuple[Candidate, ...] = ()
    """The candidates taken; () where a part is missing."""
    rivals: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each doubtful phrase with the kinds that it can mean."""
    unknown: tuple[str, ...] = ()
    """Phrases that mean nothing known."""


class Resolver:
    """Chooses among the candidates of all mentions at once."""

    def __init__(self, lexicon: Lexicon, candidates: Candidates, scene: Scene) -> None:
        self._lexicon = lexicon
        self._candidates = candidates
        self._scene = scene
        self._furniture = tuple(lexicon.receptacles)

    def resolve(self, roles: Roles) -> Resolution:
        """The likeliest combination of kinds."""
        targets = [] if roles.everything else self._of(roles.target, self._scene.kinds)
        containers = self._containers(roles)
        destinations = self._destinations(roles)
        lamps = self._lamps(roles)
        found = (targets, containers, destinations, lamps)
        best, share = self._best(found, roles)
        mentions = (roles.target, roles.container, roles.destination, roles.lamp)
        chosen: list[Candidate] = []
        rivals: list[tuple[str, tuple[str, ...]]] = []
        for kind, mention, of in zip(best, mentions, found, strict=True):
            one = next((c for c in of if c.kind == kind), None)
            if one is None:
                continue
            chosen.append(one)
            near = tuple(c.kind for c in of if c.score >= RIVAL * one.score)[:3]
            if mention is not None and len(near) > 1:
                rivals.append((mention.text, near))
        unknown = _unknown(roles, targets, destinations)
        return Resolution(
            *best,
            others=tuple(self._of(m, self._scene.kinds)[0].kind for m in roles.others),
            sources=tuple(c.kind for m in roles.sources for c in self._of(m, self._furniture)[:1]),
            share=share,
            chosen=() if unknown else tuple(chosen),
            rivals=tuple(rivals),
            unknown=unknown,
        )

    def _best(self, found: Sequence[Sequence[Candidate]], roles: Roles) -> tuple[_Kinds, float]:
        """The likeliest combination, and its share of the likelihood of all."""
        weighed: dict[_Kinds, float] = {}
        for t, c, d, lamp in product(*((of or [_NOTHING]) for of in found)):
            kinds = (t.kind, c.kind, d.kind, lamp.kind)
            score = t.score * c.score * d.score * lamp.score
            weight = score**SHARPNESS * self._plausible(kinds, roles)
            weighed[kinds] = max(weighed.get(kinds, 0.0), weight)
        best = max(weighed, key=lambda kinds: (weighed[kinds], *kinds))
        total = sum(weighed.values())
        return best, weighed[best] / total if total else 0.0

    # --- candidates of each role -----------------------------------------------------------

    def _of(self, mention: Mention | None, among: tuple[str, ...]) -> list[Candidate]:
        return list(self._candidates.of(mention, among)[:WIDTH]) if mention is not None else []

    def _containers(self, roles: Roles) -> list[Candidate]:
        movable = tuple(k for k in self._scene.kinds if self._lexicon.objects[k].holds)
        return self._of(roles.container, movable)

    def _destinations(self, roles: Roles) -> list[Candidate]:
        if roles.look:
            return []
        if roles.destination is None or roles.beside:
            if roles.implied:
                return [Candidate(roles.implied, 0.8, True)]
            if roles.destination is None:
                return []
            return self._beside(roles.destination)
        found = self._candidates.of(roles.destination, self._furniture)
        left = {
            c.kind
            for source in roles.sources
            for c in self._candidates.of(source, self._furniture)[:1]
            if c.named
        }
        away = [replace(c, score=c.score * ELSEWHERE) if c.kind in left else c for c in found]
        return away[:WIDTH]

    def _beside(self, landmark: Mention) -> list[Candidate]:
        """Where a thing may stand that is only said to be next to something."""
        found = self._of(landmark, self._furniture)
        if found and found[0].named:
            beside = self._lexicon.receptacles[found[0].kind].beside
            return [Candidate(beside or found[0].kind, 0.6)]
        return [Candidate(kind, 0.3) for kind in _SURFACES]

    def _lamps(self, roles: Roles) -> list[Candidate]:
        if not roles.look:
            return []
        found = self._of(roles.lamp, tuple(self._lexicon.lamps))
        if not found:
            found = [Candidate(kind, 0.6, True) for kind in self._lexicon.lamps]
        return found

    # --- together --------------------------------------------------------------------------

    def _plausible(self, kinds: _Kinds, roles: Roles) -> float:
        target, container, destination, lamp = kinds
        worth = 1.0
        for place in (destination, lamp):
            if place:
                worth *= SELDOM + self._scene.likely(place)
        if not target:
            return worth
        for state in roles.states:
            if not self._lexicon.can(target, state):
                worth *= IMPOSSIBLE if state == "slice" else UNUSUAL
        if container == target:
            worth *= IMPOSSIBLE
        carried = container or target
        if destination and not self._lexicon.takes(destination, carried):
            worth *= UNUSUAL
        if roles.count > self._scene.counts.get(target, roles.count):
            worth *= TOO_FEW
        return worth


def _unknown(
    roles: Roles, targets: Sequence[Candidate], destinations: Sequence[Candidate]
) -> tuple[str, ...]:
    """Phrases that mean nothing known; "object" or "place" where not even a phrase is there."""
    needed = [] if roles.everything else [("object", roles.target, targets)]
    if not roles.look:
        needed.append(("place", roles.destination, destinations))
    return tuple(
        mention.text if mention is not None and mention.words else what
        for what, mention, of in needed
        if not of
    )
