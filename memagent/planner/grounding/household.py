# SPDX-License-Identifier: Apache-2.0
"""Free English about a home that is known only by its things: instruction and objects to a goal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from memagent.memory import Embedder, NGramEmbedder
from memagent.planner.goal import Condition, Goal, ObjectRef, Relation
from memagent.planner.grounding.asking import question
from memagent.planner.grounding.candidates import Candidates
from memagent.planner.grounding.confidence import confidence
from memagent.planner.grounding.lexicon import Lexicon, household
from memagent.planner.grounding.reading import read
from memagent.planner.grounding.resolving import Resolution, Resolver
from memagent.planner.grounding.roles import Roles, cast
from memagent.planner.grounding.scene import Scene, SceneObject
from memagent.planner.grounding.senses import Senses

_HOLDS: dict[str, Relation] = {
    "clean": "cleaned", "heat": "heated", "cool": "cooled", "slice": "sliced",
}  # fmt: skip


@dataclass(frozen=True)
class Grounding:
    """What an instruction most probably asks for."""

    goal: Goal
    confidence: float
    """From ``ACT`` on it is sure enough to act upon."""
    question: str = ""
    """What to ask where that is too little to act upon; names what was not understood."""


class HouseholdGrounder:
    """Grounds instructions in the kinds of one lexicon."""

    def __init__(self, lexicon: Lexicon | None = None, embedder: Embedder | None = None) -> None:
        """``embedder`` finds names that are only alike; by default by their letters."""
        self._lexicon = lexicon or household()
        self._embedder = embedder or NGramEmbedder()
        self._known = lru_cache(maxsize=16)(self._knowing)

    def ground(self, instruction: str, objects: Iterable[SceneObject] = ()) -> Grounding:
        """What ``instruction`` asks for. Never raises: what is not understood is asked back."""
        things = tuple(objects)
        unheard = frozenset({o.kind for o in things} - self._lexicon.role.keys())
        lexicon, candidates = self._known(unheard)
        scene = Scene(things, lexicon)
        roles = cast(read(instruction, lexicon), Senses(lexicon, candidates, scene))
        found = Resolver(lexicon, candidates, scene).resolve(roles)
        sure = confidence(found, roles)
        goal = Goal(_conditions(roles, found, lexicon), instruction)
        return Grounding(goal, sure, question(found, roles, sure))

    def _knowing(self, kinds: frozenset[str]) -> tuple[Lexicon, Candidates]:
        """The lexicon with kinds that only memory knows."""
        lexicon = self._lexicon.with_objects(kinds) if kinds else self._lexicon
        return lexicon, Candidates(lexicon, self._embedder)


def _conditions(roles: Roles, found: Resolution, lexicon: Lexicon) -> tuple[Condition, ...]:
    """The goal that the resolved roles amount to."""
    relation = _relation(found.destination, lexicon)
    if roles.everything:
        everything = ObjectRef("everything", (), quantity="all", sources=found.sources)
        return (Condition(relation, everything, found.destination),)
    quantity: int | Literal["all"] = "all" if roles.count < 0 else max(1, roles.count)
    target = ObjectRef(found.target or "thing", _tuple(found.target), quantity=quantity)
    done = [Condition(_HOLDS[state], target) for state in sorted(roles.states)]
    if roles.look:
        return (*done, Condition("holding", target), Condition("lit", found.lamp))
    if found.container:
        carrier = ObjectRef(found.container, (found.container,))
        return (*done, Condition(relation, target, found.destination, carrier))
    others = (ObjectRef(kind, (kind,)) for kind in found.others)
    return (*done, *(Condition(relation, ref, found.destination) for ref in (target, *others)))


def _relation(place: str, lexicon: Lexicon) -> Relation:
    furniture = lexicon.receptacles.get(place)
    inside = furniture is not None and (furniture.opens or place.endswith(("Basin", "Can")))
    return "in" if inside else "on"


def _tuple(kind: str) -> tuple[str, ...]:
    return (kind,) if kind else ()
