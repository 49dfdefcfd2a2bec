# SPDX-License-Identifier: Apache-2.0
"""From free English to a :class:`Goal`: structure by the grammar, names by the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from memagent.catalogue import Catalogue
from memagent.errors import InstructionError
from memagent.planner.goal import ROBOT, Condition, Goal, ObjectRef, Relation
from memagent.planner.grounding.sentences import Command, Where, commands
from memagent.planner.grounding.vocabulary import EXAMPLE, Vocabulary
from memagent.site import Site
from memagent.types import WorldBelief

_PRONOUNS = {"it", "them", "that", "this", "these", "those", "that one", "this one"}


def ground(
    instruction: str, site: Site, catalogue: Catalogue, world: WorldBelief | None = None
) -> Goal:
    """What ``instruction`` asks for, in terms of the site's places and the catalogue's kinds.

    Objects that memory knows (``world``) can be named even if the catalogue has no such kind.

    Raises:
        InstructionError: says which words were not understood, what may have been meant, and gives
            an example.
    """
    text = " ".join(instruction.lower().replace("’", "'").replace('"', " ").split())
    text = text.rstrip(" ?!.,;").replace("!", ".").replace("?", ".")
    if not text:
        raise InstructionError(f"the instruction is empty; {EXAMPLE}")
    interpreter = _Interpreter(site, Vocabulary(site, catalogue, world))
    stages = _stages((command, interpreter.conditions(command)) for command in commands(text))
    goal: Goal | None = None
    for conditions in reversed(stages):
        goal = Goal(conditions, instruction, goal)
    assert goal is not None  # the grammar has at least one command
    return goal


class _Interpreter:
    """Reads commands in order, and so knows what "it" means."""

    def __init__(self, site: Site, vocabulary: Vocabulary) -> None:
        self._site = site
        self._vocabulary = vocabulary
        self._last_object: tuple[ObjectRef, ...] = ()
        self._last_place: tuple[str, ...] = ()

    def conditions(self, command: Command) -> tuple[Condition, ...]:
        if command.verb in ("put", "take"):
            return self._carry(command)
        if command.verb in ("open", "close"):
            relation: Relation = "open" if command.verb == "open" else "closed"
            return self._toggle(command.nouns, relation)
        if command.verb == "go":
            return (Condition("at", ROBOT, self._go_to(command.wheres)),)
        return self._see(command)

    def _carry(self, command: Command) -> tuple[Condition, ...]:
        wheres = self._without_apposition(command.wheres)
        sources = list(command.sources)
        destination: Where | None = None
        for number, where in enumerate(wheres):
            if where.preposition == "NEAR":
                raise InstructionError(
                    f'"{where.word} the {_bare(where.phrase)}" is not supported: '
                    f"things can be put in or on a place; {EXAMPLE}"
                )
            last = number == len(wheres) - 1
            if where.preposition == "FROM" or self._is_source(where, command.verb, last):
                sources.append(where.phrase)
            elif destination is not None:
                raise InstructionError(
                    f'"{destination.phrase}" and "{where.phrase}": '
                    f"things can go to one place only; {EXAMPLE}"
                )
            else:
                destination = where
        refs = self._objects(command.nouns, self._sources(sources))
        if destination is None:
            if command.verb == "put":
                raise InstructionError(
                    f'where should "{" and ".join(command.nouns)}" go? Name a place; {EXAMPLE}'
                )
            if len(refs) > 1 or refs[0].quantity != 1:
                raise InstructionError(
                    "the gripper holds one thing at a time; name a single object, or a place to "
                    f"bring them to; {EXAMPLE}"
                )
            self._last_object = tuple(replace(ref, sources=()) for ref in refs)
            return (Condition("holding", refs[0]),)
        place, relation = self._destination(destination)
        return tuple(Condition(relation, ref, place) for ref in refs)

    @staticmethod
    def _is_source(where: Where, verb: str, last: bool) -> bool:
        """Whether "on the desk" says where the thing is ("grab the mug on the desk")."""
        if where.preposition == "TO" or where.word in ("into", "onto", "in to", "on to"):
            return False
        return verb == "take" or not last

    def _destination(self, where: Where) -> tuple[str, Relation]:
        if self._vocabulary.room(where.phrase):
            surfaces = [
                p
                for p in self._site.places
                if p.name in self._vocabulary.places(where.phrase) and not p.is_container
            ]
            if not surfaces:
                raise InstructionError(f'there is nothing in the "{where.phrase}" to put things on')
            place = max(surfaces, key=lambda p: _area(p.bounds))
        else:
            name = self._one_place(where.phrase)
            place = self._site.place(name)
        if place.is_container and where.preposition == "ON":
            raise InstructionError(
                f'things cannot be put on the {place.name}; did you mean "in the {place.name}"?'
            )
        self._last_place = (place.name,)
        return place.name, "in" if place.is_container else "on"

    def _toggle(self, nouns: tuple[str, ...], relation: Relation) -> tuple[Condition, ...]:
        conditions = []
        for noun in nouns:
            every = noun in ("everything", "all")
            places = [p.name for p in self._site.places] if every else self._places(noun)
            containers = [name for name in places if self._site.place(name).is_container]
            if not containers:
                can = ", ".join(p.name for p in self._site.places if p.is_container)
                verb = "opened" if relation == "open" else "closed"
                raise InstructionError(f'the "{noun}" cannot be {verb}; these can: {can}')
            conditions += [Condition(relation, name) for name in containers]
            self._last_place = tuple(containers)
        return tuple(conditions)

    def _go_to(self, wheres: tuple[Where, ...]) -> str:
        where = wheres[0]
        if where.preposition in ("FROM",):
            raise InstructionError(f'"{where.word} {where.phrase}": say where to go; {EXAMPLE}')
        room = self._vocabulary.room(where.phrase)
        if room:
            return room
        name = self._one_place(where.phrase)
        self._last_place = (name,)
        return name

    def _see(self, command: Command) -> tuple[Condition, ...]:
        wheres = [w for w in command.wheres if w.preposition != "FOR"]
        if command.nouns:
            sources = self._sources([*command.sources, *(w.phrase for w in wheres)])
            refs = self._objects(command.nouns, sources)
            return tuple(Condition("seen", ref) for ref in refs)
        phrase = wheres[0].phrase
        if not self._vocabulary.is_place(phrase) and (
            phrase in _PRONOUNS or self._vocabulary.is_object(phrase)
        ):
            return tuple(Condition("seen", ref) for ref in self._objects((phrase,), ()))
        return tuple(Condition("seen", name) for name in self._places(phrase))

    # --- names and pronouns ----------------------------------------------------------------

    def _objects(self, nouns: tuple[str, ...], sources: tuple[str, ...]) -> tuple[ObjectRef, ...]:
        if len(nouns) == 1 and nouns[0] in _PRONOUNS:
            if not self._last_object:
                raise InstructionError(f'"{nouns[0]}": nothing was named before; {EXAMPLE}')
            return self._last_object
        refs = tuple(self._vocabulary.object(noun, sources) for noun in nouns)
        self._last_object = refs
        return refs

    def _places(self, phrase: str) -> tuple[str, ...]:
        if phrase in _PRONOUNS and self._last_place:
            return self._last_place
        places = self._vocabulary.places(phrase)
        self._last_place = places
        return places

    def _one_place(self, phrase: str) -> str:
        places = self._places(phrase)
        if len(places) > 1:
            raise InstructionError(
                f'"{phrase}" are several places ({", ".join(places)}); say which; {EXAMPLE}'
            )
        return places[0]

    def _sources(self, phrases: list[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for p in phrases for name in self._places(p)))

    def _without_apposition(self, wheres: tuple[Where, ...]) -> list[Where]:
        """Drop the room in "on the counter in the kitchen"."""
        kept: list[Where] = []
        for where in wheres:
            room = self._vocabulary.room(where.phrase)
            if kept and room and where.word == "in" and self._vocabulary.is_place(kept[-1].phrase):
                names = self._vocabulary.places(kept[-1].phrase)
                if all(self._site.place(name).room == room for name in names):
                    continue
            kept.append(where)
        return kept


def _stages(
    said: Iterable[tuple[Command, tuple[Condition, ...]]],
) -> list[tuple[Condition, ...]]:
    """Conditions that can be attained in any order share a stage; the rest follow one another."""
    stages: list[tuple[Condition, ...]] = []
    kind_before = ""
    for command, conditions in said:
        kind = {"put": "carry", "take": "carry", "open": "toggle", "close": "toggle"}.get(
            command.verb, ""
        )
        if any(c.relation == "holding" for c in conditions):
            kind = ""
        subjects = {c.subject for c in stages[-1]} if stages else set()
        fresh = not any(c.subject in subjects for c in conditions)
        if stages and kind and kind == kind_before and not command.after and fresh:
            stages[-1] += conditions
        else:
            stages.append(conditions)
        kind_before = kind
    return stages


def _bare(phrase: str) -> str:
    return phrase.removeprefix("the ")


def _area(bounds: tuple[float, float, float, float]) -> float:
    x0, y0, x1, y1 = bounds
    return (x1 - x0) * (y1 - y0)
