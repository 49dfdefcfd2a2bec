# SPDX-License-Identifier: Apache-2.0
"""What memory believed when a skill began: the conditions that its success may depend on.

As of the beginning, not of the record: between the two, percepts already show what the skill did.
For the same reason the state of a container says nothing of a skill that opens or closes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from memagent.memory.records import FactRecord
from memagent.types import SkillOutcome

_TURNING = ("open", "close")


def conditions_of(
    outcome: SkillOutcome, thing: str, facts: Iterable[FactRecord], container_open: bool | None
) -> Mapping[str, str]:
    """Conditions as variable and value: "hand empty", "container open", "object at the place".

    Args:
        outcome: of the skill.
        thing: the object it is about, or "".
        facts: that hold now or ended since the skill began.
        container_open: whether its place is an open container; None if it is none, or not known.
    """
    held = [f for f in facts if _held_at(f, outcome.started)]
    holding = any(f.relation.predicate == "holding" for f in held)
    conditions = {"hand": "full" if holding else "empty"}
    if container_open is not None and outcome.call.name not in _TURNING:
        conditions["container"] = "open" if container_open else "closed"
    where = next((f.relation for f in held if thing and f.thing == thing), None)
    if outcome.call.place and where is not None and where.predicate != "holding":
        conditions["object"] = "at the place" if where.object == outcome.call.place else "elsewhere"
    return conditions


def _held_at(fact: FactRecord, stamp: float) -> bool:
    return fact.valid_from <= stamp and (fact.valid_to is None or fact.valid_to > stamp)
