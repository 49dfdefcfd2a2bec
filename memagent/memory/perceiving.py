# SPDX-License-Identifier: Apache-2.0
"""What one percept changes in memory: seen, moved, gone, dropped, opened, closed.

A percept says where things are, and by its silence where they are not. What is where it was is seen
to be so at once. That it is anywhere else is believed at the second sighting there, as one frame is
easily misread, unless the robot's own doing explains it. A mere change of mind about an unmoved
object, and absence, take several percepts that agree.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.knowledge.contradictions import READ_OTHERWISE, SEEN_ELSEWHERE
from memagent.memory.knowledge.entities import Sighting
from memagent.memory.knowledge.locations import location_of
from memagent.memory.knowledge.places import ANYTHING
from memagent.memory.knowledge.streaks import Streaks, Surprises
from memagent.memory.nearness import Nearness
from memagent.memory.records import ROBOT, EventKind, FactRecord, MemoryEvent
from memagent.memory.state import MemoryState
from memagent.types import Percept, Relation, Vector3


class PerceivingConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    moved: float = 0.15
    """Metres by which an object must be displaced to count as moved."""
    move_percepts: Annotated[int, Field(ge=1)] = 2
    """A known object is believed to be elsewhere at this sighting of it there; 1 is at once."""
    viewed: float = 0.7
    """Share of a place that counts as having seen all of it: what was not there is not there."""
    view_window: float = 3.0
    """Seconds over which the preprocessor accumulates that share. An object seen within them does
    not become absent: the share may be older than the last sight of it."""
    view_range: float = 2.5
    """Metres between the base and a place beyond which its objects look too small to be missed."""
    absent_percepts: int = 3
    absent_seconds: float = 0.4
    """An object is gone when this many percepts over this long do not show it."""
    empty_seconds: float = 1.0
    """The robot holds nothing any more when its fingers were apart or closed for this long."""
    handover: float = 300.0
    """Seconds after the robot let go of an object in which its next place is the robot's doing."""
    max_gap: float = 5.0
    """Seconds between percepts after which evidence starts over."""


class Perceiving:
    """Applies percepts to a memory's state, inside a transaction of the caller."""

    def __init__(self, state: MemoryState, config: PerceivingConfig) -> None:
        self._state = state
        self._config = config
        absent = (config.absent_percepts, config.absent_seconds, config.max_gap)
        self._moves = Surprises(config.move_percepts, config.moved, config.max_gap)
        self._gone = Streaks(*absent)
        self._displaced = Streaks(*absent)
        self._reread = Streaks(*absent)
        self._nearness = Nearness(state.graph, Streaks(*absent), Streaks(*absent))
        self._released = Streaks(*absent)
        self._turned = Streaks(2, 0.0, config.max_gap)
        self._empty = Streaks(2, config.empty_seconds, config.max_gap)
        self._views: deque[tuple[float, Mapping[str, float]]] = deque(maxlen=600)

    def apply(self, percept: Percept) -> list[MemoryEvent]:
        """Update memory by a percept no older than the newest one; returns what changed."""
        state = self._state
        if percept.boundary:
            state.episodic.cut(percept.stamp, percept.summary)
        state.base = percept.base
        state.percept_stamp = percept.stamp
        state.now = max(state.now, percept.stamp)
        self._robot(percept)
        events = self._containers(percept)
        events += self._grip(percept)
        held = state.graph.held
        self._moves.begin(percept.stamp)
        sightings = []
        for sighting in state.entities.resolve(percept, held.thing if held else ""):
            told = self._sight(sighting, percept)
            if told is not None:
                sightings.append(sighting)
                events += told
        for sighting in sightings:
            self._moves.refute(sighting.name, sighting.observation.position)
        self._nearness.apply(sightings, percept)
        events += self._absences({s.name for s in sightings}, percept)
        self._step(percept)
        return events

    @property
    def viewed_share(self) -> float:
        """The share of a place that must be seen to learn from what is not there."""
        return self._config.viewed

    def coverage(self, place: str, since: float) -> float:
        """The largest share of a place that percepts viewed since then, 0 to 1."""
        return max(
            (viewed.get(place, 0.0) for stamp, viewed in self._views if stamp >= since), default=0.0
        )

    # --- the robot itself ---------------------------------------------------------------------

    def _robot(self, percept: Percept) -> None:
        state, base = self._state, percept.base
        room = percept.room or (state.site.room_at(base.x, base.y) if state.site else "")
        fact = state.graph.whereabouts(ROBOT)
        if not room:
            return
        if fact is None or fact.relation.object != room:
            state.graph.tell(
                Relation(ROBOT, "at", room), percept.stamp, percept.stamp,
                position=(base.x, base.y, 0.0), by_robot=True, source=percept.source,
            )  # fmt: skip
        else:
            state.graph.see(fact, percept.stamp, (base.x, base.y, 0.0), 1.0)

    def _grip(self, percept: Percept) -> list[MemoryEvent]:
        state = self._state
        held = state.graph.held
        if held is None or percept.stamp <= held.valid_from:
            return []
        if percept.holding:
            self._empty.reset(held.seq)
            state.graph.see(held, percept.stamp, None, held.relation.confidence)
            return []
        if not self._empty.report(held.seq, percept.stamp):
            return []
        self._empty.reset(held.seq)
        if percept.stamp - held.last_seen <= 2 * self._config.max_gap:
            return state.drop(held, percept.stamp, "released", percept.source)
        return [state.lose(held, percept.stamp, "released", percept.source)]

    # --- what is seen -------------------------------------------------------------------------

    def _containers(self, percept: Percept) -> list[MemoryEvent]:
        state, events = self._state, []
        for seen in percept.containers:
            known = state.places.container(seen.name)
            if known is None or known.is_open == seen.is_open:
                self._turned.reset(seen.name)
            elif not self._turned.report(seen.name, percept.stamp):
                continue
            if state.places.see_container(seen, percept.stamp):
                word: EventKind = "opened" if seen.is_open else "closed"
                text = f"{seen.name} is {'open' if seen.is_open else 'closed'}"
                state.tables.add_item(
                    "relation", text, percept.stamp, source=percept.source,
                    confidence=seen.confidence, episode=state.episodic.running,
                )  # fmt: skip
                events.append(MemoryEvent(percept.stamp, word, text))
        return events

    def _sight(self, sighting: Sighting, percept: Percept) -> list[MemoryEvent] | None:
        """What a sighting changes, or None if it is as if nothing was seen: a surprise so far."""
        state, seen, name = self._state, sighting.observation, sighting.name
        fact = state.graph.whereabouts(name)
        relation = location_of(seen, percept.relations, state.site, state.places.opening)
        if fact is not None and fact.relation.predicate == "holding":
            resting = relation is not None and not percept.holding
            if not resting or not self._released.report(name, percept.stamp):
                state.graph.see(fact, fact.last_seen, seen.position, seen.confidence)
                state.entities.update(sighting, percept.stamp)
                return []
            fact = None  # It was put down, and the skill that does so has yet to say so.
        self._released.reset(name)
        if relation is None:
            events = self._unplaced(sighting, fact, percept)
        else:
            confidence = min(1.0, seen.confidence * relation.confidence)
            relation = Relation(name, relation.predicate, relation.object, confidence)
            if self._is_surprise(relation, sighting, fact, percept):
                return None
            events = self._placed(relation, seen.position, fact, percept)
        self._gone.reset(name)
        state.entities.update(sighting, percept.stamp)
        return self._introduced(sighting, percept) if sighting.is_new else events

    def _is_surprise(
        self, relation: Relation, sighting: Sighting, fact: FactRecord | None, percept: Percept
    ) -> bool:
        """Whether an object is seen elsewhere than is known or explained, for the first time."""
        name, position = sighting.name, sighting.observation.position
        if fact is not None and not self._is_displaced(fact, position):
            self._moves.reset(name)
            return False
        if sighting.is_new or self._is_own_doing(name, fact, percept.stamp):
            return False
        return not self._moves.report(name, (relation.predicate, relation.object), position)

    def _is_own_doing(self, name: str, fact: FactRecord | None, stamp: float) -> bool:
        """Whether the robot let go of an object, and has no better idea than in which room."""
        is_vague = fact is None or (fact.by_robot and fact.relation.predicate == "at")
        return is_vague and self._just_released(name, stamp)

    def _introduced(self, sighting: Sighting, percept: Percept) -> list[MemoryEvent]:
        """Announce a new object, with its place if that is known already."""
        state, seen = self._state, sighting.observation
        fact = state.graph.whereabouts(sighting.name)
        where = state.phrase(fact.relation) if fact else sighting.name
        text = f"first saw {where}"
        state.tables.add_item(
            "object", text, percept.stamp, position=seen.position, confidence=seen.confidence,
            source=percept.source, thing=sighting.name, episode=state.episodic.running,
            data={"category": seen.category, "colour": seen.colour, "shape": seen.shape},
        )  # fmt: skip
        return [MemoryEvent(percept.stamp, "new", text)]

    def _placed(
        self, relation: Relation, position: Vector3, fact: FactRecord | None, percept: Percept
    ) -> list[MemoryEvent]:
        """An object was seen on, in or at something."""
        state, name = self._state, relation.subject
        why = SEEN_ELSEWHERE if fact is not None else ""
        self._displaced.reset(name)
        displaced = fact is None or self._is_displaced(fact, position)
        if fact is not None and _same_place(fact.relation, relation):
            self._reread.reset(name)
            if not displaced:
                fact = state.graph.see(fact, percept.stamp, position, relation.confidence)
                state.habits.see(fact, percept.stamp)
                return []
            by_robot = fact.by_robot
        elif fact is not None and not displaced:
            if not self._reread.report(name, percept.stamp):
                return []
            by_robot, why = fact.by_robot, READ_OTHERWISE
        else:
            by_robot = self._just_released(name, percept.stamp)
        confidence = state.quarantine.judge(relation, percept.stamp, percept.source)
        if confidence is None:
            return []
        self._reread.reset(name)
        _, event = state.locate(
            replace(relation, confidence=confidence), percept.stamp, position=position,
            by_robot=by_robot, source=percept.source, why=why,
        )  # fmt: skip
        return [event]

    def _unplaced(
        self, sighting: Sighting, fact: FactRecord | None, percept: Percept
    ) -> list[MemoryEvent]:
        """An object was seen, but not what it rests on: in the air, or cut off by something."""
        state, name, position = self._state, sighting.name, sighting.observation.position
        if fact is not None and not self._is_displaced(fact, position):
            self._displaced.reset(name)
            state.graph.see(fact, percept.stamp, None, 0.0)
            return []
        room = percept.room
        if state.site is not None:
            room = state.site.room_at(position[0], position[1])
        if percept.holding or not room or not self._displaced.report(name, percept.stamp):
            return []
        relation = Relation(name, "at", room, sighting.observation.confidence)
        return self._placed(relation, position, fact, percept)

    def _is_displaced(self, fact: FactRecord, position: Vector3) -> bool:
        return fact.position is not None and (
            math.dist(fact.position, position) > self._config.moved
        )

    def _just_released(self, name: str, stamp: float) -> bool:
        holding = self._state.tables.last_holding(name)
        if holding is None:
            return False
        return holding.valid_to is None or stamp - holding.valid_to <= self._config.handover

    # --- what is not seen ---------------------------------------------------------------------

    def _absences(self, seen: set[str], percept: Percept) -> list[MemoryEvent]:
        """Learn from places that were looked at: what was believed there and is not, is gone."""
        state, stamp, window = self._state, percept.stamp, self._config.view_window
        self._views.append((stamp, percept.viewed))
        events: list[MemoryEvent] = []
        if percept.holding and state.graph.held is None:
            return events  # Something was just taken; the outcome will say what.
        for place, share in percept.viewed.items():
            if share < self._config.viewed or state.places.seen_closed(place):
                continue
            if state.distance_to(place) > self._config.view_range:
                continue
            state.places.view(place, ANYTHING, stamp - window, stamp, 1.0, now=False)
            for fact in state.graph.occupants(place):
                if (
                    fact.thing not in seen
                    and stamp - fact.last_seen >= window
                    and self._gone.report(fact.thing, stamp)
                ):
                    self._gone.reset(fact.thing)
                    events.append(state.lose(fact, stamp, "gone", percept.source))
                    state.places.view(place, fact.thing, stamp, stamp, 1.0)
        return events

    # --- what happens -------------------------------------------------------------------------

    def _step(self, percept: Percept) -> None:
        state, stamp = self._state, percept.stamp
        if not state.temporal.is_news(stamp, percept.summary, percept.boundary):
            return
        position = (percept.base.x, percept.base.y, 0.0)
        episode = state.episodic.running
        state.tables.add_item(
            "step", percept.summary, stamp, position=position, episode=episode,
            source=percept.source or "percept", data={"boundary": True} if percept.boundary else {},
        )  # fmt: skip
        summary = state.temporal.add(stamp, percept.summary)
        if summary is not None:
            state.add_summary(summary, "temporal")


def _same_place(a: Relation, b: Relation) -> bool:
    return (a.predicate, a.object) == (b.predicate, b.object)
