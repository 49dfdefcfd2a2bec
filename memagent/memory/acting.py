# SPDX-License-Identifier: Apache-2.0
"""What the outcome of a skill changes in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping

from memagent.memory.knowledge.places import ANYTHING
from memagent.memory.perceiving import Perceiving
from memagent.memory.records import ROBOT, Entity, EventKind, MemoryEvent
from memagent.memory.semantic.conditions import conditions_of
from memagent.memory.state import MemoryState
from memagent.types import Code, ContainerObservation, Predicate, Relation, SkillCall, SkillOutcome

OWN_WORD = 0.5
"""Share of a place that a successful look counts for at least, whatever was measured: so that a
place that cannot be seen well is not looked at forever."""
SOURCE = "outcome"
_PUTTING = ("place", "put_in")


class Acting:
    """Applies outcomes to a memory's state, inside a transaction of the caller."""

    def __init__(self, state: MemoryState, perceiving: Perceiving) -> None:
        self._state = state
        self._perceiving = perceiving

    def apply(self, outcome: SkillOutcome) -> list[MemoryEvent]:
        """Update memory by how a skill went; returns what changed."""
        state, call = self._state, outcome.call
        state.now = max(state.now, outcome.finished)
        entity = self._entity(call)
        label = entity.label if entity else call.object
        category = entity.category if entity else ""
        state.episodic.record(outcome, label, category, self._conditions(outcome, entity))
        events = self._effects(outcome, entity)
        lessons = state.lessons.learn()
        return [*events, *(MemoryEvent(outcome.finished, "lesson", x.text) for x in lessons)]

    def _conditions(self, outcome: SkillOutcome, entity: Entity | None) -> Mapping[str, str]:
        """What was believed when the skill began."""
        state = self._state
        container = state.places.container(outcome.call.place)
        return conditions_of(
            outcome,
            entity.name if entity else "",
            (*state.graph.open_facts(), *state.tables.ended_since(outcome.started)),
            container.is_open if container else None,
        )

    def _effects(self, outcome: SkillOutcome, entity: Entity | None) -> list[MemoryEvent]:
        name = outcome.call.name
        if name == "pick":
            return self._picked(outcome, entity)
        if name in _PUTTING:
            return self._put(outcome, entity)
        if name in ("open", "close") and outcome.success:
            return self._turned(outcome, name == "open")
        if name == "look_at" and outcome.success:
            return self._looked(outcome)
        return []

    # --- one method per family of skills ------------------------------------------------------

    def _picked(self, outcome: SkillOutcome, entity: Entity | None) -> list[MemoryEvent]:
        state, stamp = self._state, outcome.finished
        thing = entity.name if entity else outcome.call.object
        fact = state.graph.whereabouts(thing)
        if outcome.success:
            if entity is None:
                state.entities.register(thing, stamp)
            place = fact.relation.object if fact else outcome.call.place
            if place:
                state.places.view(place, thing, stamp, stamp, 1.0)
            holding = Relation(ROBOT, "holding", thing)
            return [state.locate(holding, stamp, by_robot=True, source=SOURCE)[1]]
        if outcome.code is Code.NOT_FOUND:
            return self._not_found(outcome, thing)
        if outcome.code in (Code.GRASP_FAILED, Code.DROPPED) and state.graph.held is not None:
            return state.drop(state.graph.held, stamp, "dropped", SOURCE)
        return []

    def _not_found(self, outcome: SkillOutcome, thing: str) -> list[MemoryEvent]:
        state, place, stamp = self._state, outcome.call.place, outcome.finished
        fact = state.graph.whereabouts(thing)
        if place:
            state.places.view(place, thing, outcome.started, stamp, 1.0)
        if fact is None or (place and fact.relation.object != place):
            return []
        if fact.last_seen >= outcome.started:  # Two witnesses disagree: believe neither fully.
            state.graph.doubt(fact, 0.5)
            return []
        return [state.lose(fact, stamp, "gone", SOURCE)]

    def _put(self, outcome: SkillOutcome, entity: Entity | None) -> list[MemoryEvent]:
        state, held = self._state, self._state.graph.held
        if outcome.success:
            thing = held.thing if held else entity.name if entity else outcome.call.object
            if state.entities.get(thing) is None:
                state.entities.register(thing, outcome.finished)
            relation = Relation(thing, self._predicate(outcome.call.place), outcome.call.place)
            fact = state.graph.whereabouts(thing)
            if fact is not None and (fact.relation.predicate, fact.relation.object) == (
                relation.predicate,
                relation.object,
            ):  # A percept was faster.
                return []
            return [state.locate(relation, outcome.finished, by_robot=True, source=SOURCE)[1]]
        if outcome.code is Code.DROPPED and held is not None:
            return state.drop(held, outcome.finished, "dropped", SOURCE)
        return []

    def _turned(self, outcome: SkillOutcome, is_open: bool) -> list[MemoryEvent]:
        state, place, stamp = self._state, outcome.call.place, outcome.finished
        opening = state.places.opening(place) or 1.0 if is_open else 0.0
        seen = ContainerObservation(place, is_open, opening, 1.0)
        if not state.places.see_container(seen, stamp):
            return []
        word: EventKind = "opened" if is_open else "closed"
        return [MemoryEvent(stamp, word, f"the robot {word} the {place}")]

    def _looked(self, outcome: SkillOutcome) -> list[MemoryEvent]:
        """What was believed at a place and not seen in a whole look at it, is gone."""
        state, place, stamp = self._state, outcome.call.place, outcome.finished
        if not place or state.places.seen_closed(place):
            return []
        share = self._perceiving.coverage(place, outcome.started)
        whole = share >= self._perceiving.viewed_share
        share = 1.0 if whole else max(share, OWN_WORD)
        state.places.view(place, ANYTHING, outcome.started, stamp, share)
        missing = [f for f in state.graph.occupants(place) if f.last_seen < outcome.started]
        for fact in missing:
            state.places.view(place, fact.thing, outcome.started, stamp, share)
        return [state.lose(fact, stamp, "gone", SOURCE) for fact in missing if whole]

    # --- names --------------------------------------------------------------------------------

    def _entity(self, call: SkillCall) -> Entity | None:
        """The object that a call means: by name, else the likeliest of its label."""
        state = self._state
        exact = state.entities.get(call.object)
        if exact is not None or not call.object:
            return exact
        found = state.entities.matching(call.object)
        held = state.graph.held
        if call.name in _PUTTING and held is not None:
            return next((e for e in found if e.name == held.thing), None)

        def mismatch(entity: Entity) -> tuple[bool, float]:
            fact = state.graph.whereabouts(entity.name)
            elsewhere = fact is None or fact.relation.object != call.place
            if call.position is None or entity.position is None:
                return elsewhere, math.inf
            return elsewhere, math.dist(call.position, entity.position)

        return min(found, key=mismatch, default=None)

    def _predicate(self, place: str) -> Predicate:
        if self._state.entities.get(place) is not None:
            return "in"  # A container that can be carried.
        return next((c.predicate for c in self._state.candidates() if c.name == place), "on")
