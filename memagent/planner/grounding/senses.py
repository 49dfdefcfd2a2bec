# SPDX-License-Identifier: Apache-2.0
"""What a mention can be in this scene: a thing, a piece of furniture, a lamp."""

from __future__ import annotations

from memagent.planner.grounding.candidates import Candidate, Candidates
from memagent.planner.grounding.lexicon import Lexicon
from memagent.planner.grounding.mentions import Mention
from memagent.planner.grounding.scene import Scene

_MOVABLE, _FURNITURE = 0.5, 0.2
"""Scores from which on a mention counts as one."""


class Senses:
    """Answers for one lexicon and one scene."""

    def __init__(self, lexicon: Lexicon, candidates: Candidates, scene: Scene) -> None:
        self.lexicon = lexicon
        self._candidates = candidates
        self._things = scene.kinds
        self._carriers = tuple(kind for kind, thing in lexicon.objects.items() if thing.holds)
        self._furniture = tuple(lexicon.receptacles)
        self._lamps = tuple(lexicon.lamps)

    def things(self, mention: Mention) -> tuple[Candidate, ...]:
        return self._candidates.of(mention, self._things)

    def furniture(self, mention: Mention) -> tuple[Candidate, ...]:
        return self._candidates.of(mention, self._furniture)

    def carriers(self, mention: Mention) -> tuple[Candidate, ...]:
        """Movable receptacles."""
        return self._candidates.of(mention, self._carriers)

    def can(self, mention: Mention, treatment: str, among: int = 1) -> bool:
        """Whether one of the ``among`` likeliest things is treated so."""
        likely = self.things(mention)[:among]
        return any(self.lexicon.can(candidate.kind, treatment) for candidate in likely)

    def is_lamp(self, mention: Mention) -> bool:
        found = self._candidates.of(mention, self._lamps)
        return bool(found) and found[0].named

    def is_carrier(self, mention: Mention, least: float = _MOVABLE) -> bool:
        found = self.carriers(mention)
        return bool(found) and found[0].score >= least

    def is_furniture(self, mention: Mention) -> bool:
        """Whether it is rather a piece of furniture than a thing to carry."""
        found, things = self.furniture(mention), self.things(mention)
        if not found or found[0].score < _FURNITURE:
            return False
        return not things or not things[0].named or found[0].score >= things[0].score

    def same(self, one: Mention, other: Mention) -> bool:
        """Whether both can be the same kind of thing."""
        kinds = {candidate.kind for candidate in self.things(one)[:2]}
        return any(candidate.kind in kinds for candidate in self.things(other)[:2])
