# SPDX-License-Identifier: Apache-2.0
"""All of memory at one instant: the four kinds, loaded from one store and written through to it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from memagent.memory.episodic.episodes import EpisodicMemory
from memagent.memory.knowledge.beliefs import BeliefConfig, Candidate, Evidence, believe
from memagent.memory.knowledge.contradictions import NOT_THERE
from memagent.memory.knowledge.entities import Entities, EntityConfig
from memagent.memory.knowledge.habits import HabitConfig, Habits
from memagent.memory.knowledge.knowledge_graph import GraphConfig, KnowledgeGraph
from memagent.memory.knowledge.places import PlaceConfig, Places
from memagent.memory.knowledge.quarantine import Quarantine, QuarantineConfig
from memagent.memory.recall.embedders import Embedder
from memagent.memory.recall.log_index import LogIndex
from memagent.memory.recall.recaller import RecallConfig, Recaller
from memagent.memory.records import ROBOT, EventKind, FactRecord, MemoryEvent
from memagent.memory.semantic.lessons import Lessons, Vocabulary
from memagent.memory.semantic.trials import LessonConfig
from memagent.memory.store.interface import Store
from memagent.memory.store.tables import Tables
from memagent.memory.temporal import Moment, Overflow, TemporalBuffer, TemporalConfig
from memagent.site import Site
from memagent.types import MemoryItem, PlaceBelief, Pose2D, Predicate, Relation, Vector3

_CHAIN = 4
"""How many supports to follow: a cup on a box on a tray on the table."""


class StateConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    graph: GraphConfig = GraphConfig()
    quarantine: QuarantineConfig = QuarantineConfig()
    entities: EntityConfig = EntityConfig()
    places: PlaceConfig = PlaceConfig()
    beliefs: BeliefConfig = BeliefConfig()
    habits: HabitConfig = HabitConfig()
    lessons: LessonConfig = LessonConfig()
    temporal: TemporalConfig = TemporalConfig()
    recall: RecallConfig = RecallConfig()


class MemoryState:
    """The parts of memory, and what is told to several of them at once."""

    def __init__(
        self,
        store: Store,
        site: Site | None,
        config: StateConfig,
        index: LogIndex | None = None,
        embedder: Embedder | None = None,
        *,
        lessons_studied: bool = False,
    ) -> None:
        """Load everything; see :class:`Lessons` for ``lessons_studied``."""
        self.site = site
        self.config = config
        self.places_by_name = {p.name: p for p in site.places} if site else {}
        self.tables = Tables(store)
        self.graph = KnowledgeGraph(self.tables, site, config.graph)
        self.quarantine = Quarantine(self.tables, config.quarantine)
        self.entities = Entities(self.tables, config.entities)
        self.places = Places(self.tables, site, config.places)
        self.habits = Habits(self.tables, config.habits)
        self.lessons = Lessons(
            self.tables, config.lessons, self.vocabulary, studied=lessons_studied
        )
        self.recaller = Recaller(self.tables, config.recall, index, embedder)
        self.episodic = EpisodicMemory(self.tables, self.recaller)
        self.temporal = TemporalBuffer(config.temporal)
        steps, summaries = self._moments("step"), self._moments("summary")
        self.temporal.restore(self._before([*summaries, *steps]) + summaries, steps)
        self._candidates = tuple(
            Candidate(p.name, "in" if p.is_container else "on", p.room)
            for p in (site.places if site else ())
        )
        self._mentioned: Mapping[str, Predicate] = {}
        """The places that they were made of, without a site."""
        base = self.tables.meta("base")
        self.base = None if base is None else Pose2D(*base)
        self.percept_stamp: float | None = self.tables.meta("percept_stamp")
        self.now: float = self.tables.meta("now") or 0.0
        """The newest time memory knows of, seconds."""
        self.persisted = self.now

    def persist(self) -> None:
        """Write everything that ran ahead of the store."""
        self.graph.persist()
        self.entities.persist()
        self.places.persist()
        self.habits.persist()
        self.tables.put_meta("now", self.now)
        if self.percept_stamp is not None:
            self.tables.put_meta("percept_stamp", self.percept_stamp)
        if self.base is not None:
            self.tables.put_meta("base", (self.base.x, self.base.y, self.base.yaw))
        self.persisted = self.now

    # --- telling several parts at once --------------------------------------------------------

    def locate(
        self,
        relation: Relation,
        stamp: float,
        *,
        position: Vector3 | None = None,
        by_robot: bool = False,
        source: str = "",
        why: str = "",
    ) -> tuple[FactRecord, MemoryEvent]:
        """Tell that an object is somewhere from now on, in the graph and in words."""
        fact, closed = self.graph.tell(
            relation, stamp, max(stamp, self.now), position=position, by_robot=by_robot,
            source=source, why=why,
        )  # fmt: skip
        text = self.phrase(relation)
        self.tables.add_item(
            "relation",
            text,
            fact.learned,
            position=position,
            valid_from=fact.valid_from,
            episode=self.episodic.running,
            confidence=relation.confidence,
            source=source,
            thing=fact.thing,
            fact=fact.seq,
        )
        self.habits.see(fact, stamp)
        before = next((f for f in closed if f.thing == fact.thing), None)
        kind: EventKind = "held" if relation.predicate == "holding" else "moved"
        if before is not None and before.relation.object != relation.object and kind == "moved":
            text += f", no longer {_where(before.relation)}"
        return fact, MemoryEvent(stamp, kind, text)

    def lose(self, fact: FactRecord, stamp: float, kind: EventKind, source: str) -> MemoryEvent:
        """Tell that a fact no longer holds, without knowing what does."""
        learned = max(stamp, self.now)
        why = NOT_THERE if kind == "gone" else ""
        closed = self.graph.end(fact, stamp, learned, why)
        for neighbour in self.graph.neighbours(fact.thing):
            self.graph.end(neighbour, stamp, learned)
        text = f"{closed.thing} is no longer {_where(closed.relation)}"
        self.tables.add_item(
            "relation",
            text,
            stamp,
            position=closed.position,
            valid_from=stamp,
            valid_to=stamp,
            episode=self.episodic.running,
            source=source,
            thing=closed.thing,
        )
        return MemoryEvent(stamp, kind, text)

    def drop(
        self, fact: FactRecord, stamp: float, kind: EventKind, source: str
    ) -> list[MemoryEvent]:
        """Tell that the robot let go of what it held: it lies somewhere in this room."""
        events = [self.lose(fact, stamp, kind, source)]
        room = self.room()
        if room and self.base is not None:
            where = Relation(fact.thing, "at", room, 0.5)
            spot = (self.base.x, self.base.y, 0.0)
            self.locate(where, stamp, position=spot, by_robot=True, source=source)
        return events

    def retell(self, overflow: Overflow, text: str) -> list[int]:
        """Tell a summary of old steps in other words, if it is still there.

        Returns:
            Numbers of the items that told it before.
        """
        told = self.temporal.retell(overflow, text)
        if told is None:
            return []
        rows = self.tables.store.query(
            "SELECT seq FROM item WHERE kind = 'summary' AND stamp = ? AND valid_from = ?",
            (told.end, told.start),
        )
        replaced = [seq for (seq,) in rows]
        for seq in replaced:
            self.tables.forget_item(seq)
        self.add_summary(told, "model")
        return replaced

    def add_summary(self, moment: Moment, source: str) -> None:
        self.tables.add_item(
            "summary", moment.text, moment.end, valid_from=moment.start, valid_to=moment.end,
            source=source,
        )  # fmt: skip

    # --- asking several parts at once ---------------------------------------------------------

    def room(self) -> str:
        """The room that the robot is in, or ""."""
        fact = self.graph.whereabouts(ROBOT)
        return fact.relation.object if fact else ""

    def distance_to(self, place: str) -> float:
        """Metres from the base to the nearest point of a place; 0 if either is unknown."""
        found = self.places_by_name.get(place)
        if found is None or self.base is None:
            return 0.0
        x0, y0, x1, y1 = found.bounds
        x, y = self.base.x, self.base.y
        return math.hypot(max(x0 - x, 0.0, x - x1), max(y0 - y, 0.0, y - y1))

    def candidates(self) -> tuple[Candidate, ...]:
        """Where objects can be: the site's places, or without a site those that were mentioned."""
        if self.site is None and self._mentioned is not self.graph.supports():
            self._mentioned = self.graph.supports()
            self._candidates = tuple(Candidate(name, how) for name, how in self._mentioned.items())
        return self._candidates

    def believe(self, thing: str) -> tuple[PlaceBelief, ...]:
        """Where an object is believed to be; also for one that was never seen."""
        evidence = Evidence(
            self._supported(thing), self.habits.of(thing), self.places.searches(thing)
        )
        return believe(evidence, self.candidates(), self.now, self.config.beliefs)

    def vocabulary(self) -> Vocabulary:
        """What instructions may name: the objects ever seen, and the places."""
        places = frozenset(candidate.name.lower() for candidate in self.candidates())
        return Vocabulary(self.entities, places)

    def phrase(self, relation: Relation) -> str:
        """A relation in words, with the room of its place: "red mug on the desk (study)"."""
        if relation.predicate == "holding":
            return f"the robot holds the {relation.object}"
        place = self.places_by_name.get(relation.object)
        room = f" ({place.room})" if place else ""
        return f"{relation.subject} {_where(relation)}{room}"

    def _supported(self, thing: str) -> FactRecord | None:
        """The fact about what carries an object in the end, its position its own."""
        fact = own = self.graph.whereabouts(thing)
        for _ in range(_CHAIN):
            if fact is None or fact.relation.predicate == "holding":
                break
            below = self.graph.whereabouts(fact.relation.object)
            if below is None:
                break
            fact = below
        if fact is None or own is None or fact is own:
            return own
        return FactRecord(
            own.seq, fact.relation, own.valid_from, None, own.learned, None, own.last_seen,
            own.position, own.by_robot or fact.by_robot, own.source,
        )  # fmt: skip

    def _moments(self, kind: str) -> list[Moment]:
        limit = "" if kind == "summary" else f"LIMIT {self.config.temporal.steps}"
        items: tuple[MemoryItem, ...] = self.tables.items(
            "WHERE kind = ? AND source NOT IN ('outcome', 'gist') "
            f"ORDER BY stamp DESC, seq DESC {limit}",
            (kind,),
        )
        return [Moment(i.valid_from or i.stamp, i.stamp, i.text) for i in reversed(items)]

    def _before(self, moments: list[Moment]) -> list[Moment]:
        """What gists tell of the time before all of these."""
        gists = self.tables.items("WHERE seq IN (SELECT item FROM gist) ORDER BY stamp")
        told = [
            Moment(g.stamp if g.valid_from is None else g.valid_from, g.stamp, g.text)
            for g in gists
        ]
        return [gist for gist in told if not moments or gist.end < moments[0].start]


def _where(relation: Relation) -> str:
    if relation.predicate == "holding":
        return "held by the robot"
    return f"{relation.predicate} the {relation.object}"
