# SPDX-License-Identifier: Apache-2.0
"""Which kinds a task's mentions stand for, together, in this scene."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import product

from memagent.planner.grounding.candidates import Candidate, Candidates
from memagent.planner.grounding.lexicon import Lexicon
from memagent.planner.grounding.reading import Mention
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
ELSEWHERE = 0.6
"""What a destination is worth that is of the kind the thing comes from."""
SELDOM = 0.02
"""Even what no such room has may be there."""
SHARPNESS = 3.0
"""A candidate half as good is this power of a half as likely."""


@dataclass(frozen=True)
class Resolution:
    """What is meant, and how sure that is."""

    target: str = ""
    container: str = ""
    destination: str = ""
    lamp: str = ""
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

    def resolve(self, roles: Roles) -> Resolution:
        """The likeliest combination of kinds."""
        targets = self._of(roles.target, self._scene.kinds)
        containers = self._containers(roles)
        destinations = self._destinations(roles)
        lamps = self._lamps(roles)
        weighed: dict[tuple[str, str, str, str], float] = {}
        for t, c, d, lamp in product(
            targets or [None], containers or [None], destinations or [None], lamps or [None]
        ):
            kinds = (_kind(t), _kind(c), _kind(d), _kind(lamp))
            score = _score(t) * _score(c) * _score(d) * _score(lamp)
            weight = score**SHARPNESS * self._plausible(kinds, roles)
            weighed[kinds] = max(weighed.get(kinds, 0.0), weight)
        best = max(weighed, key=lambda kinds: (weighed[kinds], *kinds))
        total = sum(weighed.values())
        slots = ((roles.target, targets), (roles.container, containers),
                 (roles.destination, destinations), (roles.lamp, lamps))  # fmt: skip
        chosen_ones: list[Candidate] = []
        rivals: list[tuple[str, tuple[str, ...]]] = []
        for at, (mention, found) in enumerate(slots):
            chosen = next((c for c in found if c.kind == best[at]), None)
            if chosen is not None:
                chosen_ones.append(chosen)
                if mention is not None:
                    near = [c.kind for c in found if c.score >= 0.6 * chosen.score][:3]
                    if len(near) > 1:
                        rivals.append((mention.text, tuple(near)))
        needed = [("object", roles.target)]
        needed += [] if roles.look else [("place", roles.destination)]
        unknown = tuple(
            mention.text if mention is not None and mention.words else what
            for (what, mention), found in zip(
                needed, (targets, lamps if roles.look else destinations), strict=False
            )
            if not found
        )
        return Resolution(
            *best,
            share=weighed[best] / total if total else 0.0,
            chosen=() if unknown else tuple(chosen_ones),
            rivals=tuple(rivals),
            unknown=unknown,
        )

    # --- candidates of each role -----------------------------------------------------------

    def _of(self, mention: Mention | None, among: Collection[str]) -> list[Candidate]:
        return self._candidates.of(mention, among)[:WIDTH] if mention is not None else []

    def _containers(self, roles: Roles) -> list[Candidate]:
        movable = [k for k in self._scene.kinds if self._lexicon.objects[k].holds]
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
        found = self._candidates.of(roles.destination, self._lexicon.receptacles)
        left = {
            c.kind
            for source in roles.sources
            for c in self._candidates.of(source, self._lexicon.receptacles)[:1]
            if c.named
        }
        away = [replace(c, score=c.score * ELSEWHERE) if c.kind in left else c for c in found]
        return away[:WIDTH]

    def _beside(self, landmark: Mention) -> list[Candidate]:
        """Where a thing may stand that is only said to be next to something."""
        found = self._of(landmark, self._lexicon.receptacles)
        if found and found[0].named:
            beside = self._lexicon.receptacles[found[0].kind].beside
            return [Candidate(beside or found[0].kind, 0.6)]
        surfaces = (
            "CounterTop",
            "DiningTable",
            "CoffeeTable",
            "SideTable",
            "Desk",
            "Sofa",
            "Shelf",
        )
        return [Candidate(kind, 0.3) for kind in surfaces]

    def _lamps(self, roles: Roles) -> list[Candidate]:
        if not roles.look:
            return []
        found = self._of(roles.lamp, self._lexicon.lamps)
        if not found:
            found = [Candidate(kind, 0.6, True) for kind in self._lexicon.lamps]
        return found

    # --- together --------------------------------------------------------------------------

    def _plausible(self, kinds: tuple[str, str, str, str], roles: Roles) -> float:
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


def _kind(candidate: Candidate | None) -> str:
    return candidate.kind if candidate is not None else ""


def _score(candidate: Candidate | None) -> float:
    return candidate.score if candidate is not None else 1.0
