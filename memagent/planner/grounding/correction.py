# SPDX-License-Identifier: Apache-2.0
"""What a person says while a task runs: "no, the blue one", "I meant the top drawer"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from memagent.catalogue import Catalogue
from memagent.errors import InstructionError
from memagent.planner.goal import Condition, Goal, ObjectRef, Relation
from memagent.planner.grounding.instruction import ground
from memagent.planner.grounding.sentences import commands
from memagent.planner.grounding.vocabulary import Vocabulary
from memagent.site import Site
from memagent.types import WorldBelief

_LEAD_IN = re.compile(
    r"^(no|nope|not that( one)?|wrong( one)?|sorry|wait|stop|actually|rather|instead|please|"
    r"i (mean|meant|said)|make it|make that)\b[\s,.:;!-]*"
)
_INTO = re.compile(r"^(into|in|onto|on|to|at|inside)\s+(?=\S)")
_ONE = re.compile(r"^(?:the\s+)?(\w+)\s+ones?$")


def correct(
    goal: Goal, said: str, site: Site, catalogue: Catalogue, world: WorldBelief | None = None
) -> Goal:
    """``goal`` as it is after ``said``: another thing, another place, or another task altogether.

    Raises:
        InstructionError: says which words were not understood, or what the correction is about.
    """
    text = _plain(said)
    if not text:
        raise InstructionError(f'"{said}": say what is meant instead, such as "no, the blue one"')
    if _is_command(text):
        return ground(text, site, catalogue, world)
    vocabulary = Vocabulary(site, catalogue, world)
    into = _INTO.match(text)
    phrase = text[into.end() :] if into else text
    if into or (vocabulary.is_place(phrase) and not vocabulary.is_object(phrase)):
        return _elsewhere(goal, phrase, site, vocabulary)
    return _another(goal, phrase, vocabulary)


def _plain(said: str) -> str:
    text = " ".join(said.lower().replace("’", "'").split()).strip(" .!?,;")
    while True:
        rest = _LEAD_IN.sub("", text, count=1).strip(" .!?,;")
        if rest == text:
            return text
        text = rest


def _is_command(text: str) -> bool:
    try:
        commands(text)
    except InstructionError:
        return False
    return True


def _elsewhere(goal: Goal, phrase: str, site: Site, vocabulary: Vocabulary) -> Goal:
    """The goal with another place, where it has but one."""
    places = vocabulary.places(phrase)
    if len(places) > 1:
        raise InstructionError(f'"{phrase}" are several places ({", ".join(places)}); say which')
    before = {c.place for stage in goal.stages for c in stage.conditions if c.place}
    if len(before) != 1:
        named = " and ".join(sorted(before)) or "no place"
        raise InstructionError(f'"{phrase}": the task names {named}; say the whole task again')
    place = site.place(places[0])

    def moved(condition: Condition) -> Condition:
        if condition.relation not in ("in", "on"):
            return replace(condition, place=place.name) if condition.place else condition
        relation: Relation = "in" if place.is_container else "on"
        return replace(condition, place=place.name, relation=relation)

    return _mapped(goal, moved)


def _another(goal: Goal, phrase: str, vocabulary: Vocabulary) -> Goal:
    """The goal with another thing, where it is clear which one it replaces."""
    before = dict.fromkeys(
        c.subject
        for stage in goal.stages
        for c in stage.conditions
        if isinstance(c.subject, ObjectRef)
    )
    # The same thing may be named with its source, and then without it once it is held.
    names = {(ref.label, ref.colour) for ref in before}
    if len(names) != 1:
        things = " and ".join(str(ref) for ref in before) or "no thing"
        raise InstructionError(f'"{phrase}": the task is about {things}; say the whole task again')
    old = next(iter(before))
    one = _ONE.match(phrase)
    if one is not None:
        kind = old.label.removeprefix(old.colour).strip()
        phrase = f"the {one[1]} {kind}"
    new = vocabulary.object(phrase, old.sources)

    def changed(condition: Condition) -> Condition:
        if not isinstance(condition.subject, ObjectRef):
            return condition
        return replace(condition, subject=replace(new, sources=condition.subject.sources))

    return _mapped(goal, changed)


def _mapped(goal: Goal, change: Callable[[Condition], Condition]) -> Goal:
    then = _mapped(goal.then, change) if goal.then is not None else None
    conditions = tuple(change(condition) for condition in goal.conditions)
    return replace(goal, conditions=conditions, then=then)
