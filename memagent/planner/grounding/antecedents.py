# SPDX-License-Identifier: Apache-2.0
"""What "it", "there" and "a slice" stand for: something that was named before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from memagent.planner.grounding.mentions import Event, Mention, Place
from memagent.planner.grounding.senses import Senses

TREATMENTS = ("clean", "heat", "cool", "slice")


def with_antecedents(events: Sequence[Event], senses: Senses) -> list[Event]:
    """The events with what was meant in place of pronouns and bare slices."""
    memory = _Named(senses)
    return [memory.take_in(event) for event in events]


class _Named:
    """What was named so far."""

    def __init__(self, senses: Senses) -> None:
        self._senses = senses
        self._slices = {*senses.lexicon.english.slices, "of"}
        self._things: list[Mention] = []
        self._thing: Mention | None = None
        self._place: Mention | None = None

    def take_in(self, event: Event) -> Event:
        """The event with its pronouns resolved; what it names can be meant by later ones."""
        objects = [self._object(mention, event.action) for mention in event.objects]
        places = [Place(p.preposition, self._where(p.mention)) for p in event.places]
        if objects and not self._senses.is_lamp(objects[0]):
            self._thing = objects[0]
            self._things += objects
            if self._senses.is_furniture(objects[0]):
                self._place = objects[0]
        if places:
            self._place = places[-1].mention
        return replace(event, objects=objects, places=places)

    def _object(self, mention: Mention, action: str | None) -> Mention:
        before = self._thing
        if before is None:
            return mention
        if mention.pronoun and action in TREATMENTS:
            # "take a knife and slice it" is not about the knife.
            fitting = (m for m in reversed(self._things) if self._senses.can(m, action))
            return next(fitting, before)
        if mention.pronoun:
            return before
        if set(mention.words) <= self._slices:
            return replace(before, states=before.states | mention.states | {"slice"})
        return mention

    def _where(self, mention: Mention) -> Mention:
        before = self._place or self._thing
        return before if mention.pronoun and before is not None else mention
