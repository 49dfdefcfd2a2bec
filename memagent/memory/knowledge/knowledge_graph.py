# SPDX-License-Identifier: Apache-2.0
"""The knowledge graph: what is where, now and at any time before.

Vertices are rooms, places, objects and the robot ("I"); edges are facts with validity intervals.
Locations are functional: an object has one support, container, room or holder at a time, so a fact
about where it is *supersedes* the one before, which stays in the history, and ends what it was
near to. Every change takes time independent of how many facts there are. What surrounds a vertex
is retrieved within hard limits, see :mod:`memagent.memory.knowledge.neighbourhood`; the published
algorithm, for comparison, is :mod:`memagent.memory.knowledge.paper_graph`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated

import networkx as nx
from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.knowledge.contradictions import Contradictions
from memagent.memory.knowledge.neighbourhood import FactIndex, Limits, draw, surroundings
from memagent.memory.records import ROBOT, FactRecord, whereabouts_of
from memagent.memory.store.tables import Tables
from memagent.site import Site
from memagent.types import Predicate, Relation, Vector3

ONE_HAND = "the gripper holds one object at a time"


class GraphConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    fan: Annotated[int, Field(ge=1)] = 32
    """The most facts of one vertex that retrieval follows, the newest ones."""
    independent: Annotated[float, Field(gt=0)] = 30.0
    """Seconds between sightings after which they count as evidence of their own."""
    strength_tau: Annotated[float, Field(gt=0)] = 3 * 86400.0
    """Seconds without a sighting in which a fact's strength falls by a factor e."""
    contradictions: Annotated[int, Field(ge=1)] = 10_000
    """The newest contradictions that are kept."""


class KnowledgeGraph:
    """Open facts in memory, every change written through to the store.

    Invariants: at most one open fact tells the whereabouts of an object, and the robot holds at
    most one object. ``last_seen``, confidence and evidence run ahead of the store until
    :meth:`persist`.
    """

    def __init__(
        self, tables: Tables, site: Site | None, config: GraphConfig | None = None
    ) -> None:
        self._tables = tables
        self._config = config or GraphConfig()
        self._surveyed = _surveyed(site)
        self._open = FactIndex()
        self._slot: dict[str, int] = {}
        self._supports: dict[tuple[str, Predicate], int] = {}
        """How many open facts say that something is on, or in, a place."""
        self._places: Mapping[str, Predicate] | None = None
        self._held: int | None = None
        self._counted: dict[int, float] = {}
        self._stale: set[int] = set()
        self._now = 0.0
        self.contradictions = Contradictions(tables, self._config.contradictions)
        for fact in tables.open_facts():
            self._insert(fact)

    # --- asking -------------------------------------------------------------------------------

    def whereabouts(self, thing: str) -> FactRecord | None:
        """The open fact that tells where an object is, or who holds it."""
        seq = self._slot.get(thing)
        return None if seq is None else self._open.get(seq)

    def __contains__(self, vertex: object) -> bool:
        """Whether it is a surveyed room or place, or anything that an open fact mentions."""
        return vertex in self._surveyed or (isinstance(vertex, str) and vertex in self._open)

    @property
    def held(self) -> FactRecord | None:
        """The open fact that the robot holds something."""
        return None if self._held is None else self._open.get(self._held)

    def find(self, subject: str, predicate: Predicate, target: str) -> FactRecord | None:
        """The open fact with exactly these three, or None."""
        for fact in self._open.between(subject, target):
            if (fact.relation.subject, fact.relation.predicate) == (subject, predicate):
                return fact
        return None

    def open_facts(self, predicate: Predicate | None = None) -> tuple[FactRecord, ...]:
        return tuple(f for f in self._open if predicate in (None, f.relation.predicate))

    def occupants(self, place: str) -> tuple[FactRecord, ...]:
        """Open facts about what is on, in or at a place, oldest first."""
        found = [f for f in self._open.touching(place) if f.thing and f.relation.object == place]
        return tuple(reversed(found))

    def supports(self) -> Mapping[str, Predicate]:
        """The places that something is on or in, as open facts say; the same object until others
        are.
        """
        if self._places is None:
            self._places = dict(sorted(self._supports))
        return self._places

    def neighbours(self, thing: str) -> tuple[FactRecord, ...]:
        """Open facts about what an object is near to, oldest first."""
        return tuple(reversed(list(self._open.touching(thing, "near"))))

    def graph(
        self,
        as_of: float | None = None,
        around: Iterable[str] = (),
        hops: int = 2,
        budget: int = 64,
        edges: int = 256,
    ) -> nx.MultiDiGraph:
        """A copy of the graph, now or as it was, as a whole or around some vertices.

        Args:
            as_of: a time in seconds; None is now. The past takes time in the facts that held then.
            around: names to start from; unknown ones are ignored, none means the whole graph.
            hops: how far to go, along edges in either direction.
            budget: the most vertices to return when starting from names.
            edges: the most edges to return then.
        """
        facts = self._open if as_of is None else FactIndex(self._tables.facts_at(as_of))
        now, tau = self._now if as_of is None else as_of, self._config.strength_tau
        sources = tuple(around)
        if sources:
            limits = Limits(hops, budget, edges, self._config.fan, tau)
            return surroundings(facts, self._surveyed, sources, limits, now)
        graph = self._surveyed.copy()
        for fact in facts:
            draw(graph, fact, now, tau)
        return graph

    # --- telling ------------------------------------------------------------------------------

    def tell(
        self,
        relation: Relation,
        stamp: float,
        learned: float,
        *,
        position: Vector3 | None = None,
        by_robot: bool = False,
        source: str = "",
        why: str = "",
    ) -> tuple[FactRecord, tuple[FactRecord, ...]]:
        """Open a new fact, closing those that it contradicts.

        Args:
            relation: what holds from ``stamp`` on.
            stamp: seconds.
            learned: when memory learns of it, seconds.
            position: where its object is, metres in ``map``.
            by_robot: whether the robot brought it about.
            source: provenance.
            why: how a fact that says otherwise came to be contradicted; "" if the world simply
                went on, as when the robot moves something.

        Returns:
            The new fact and the closed ones. Its interval begins at ``stamp``, or with the fact it
            supersedes where that began later: history never overlaps.
        """
        rivals = self._rivals(relation)
        start = max([stamp, *(rival.valid_from for rival in rivals)])
        closed = tuple(self.end(rival, start, learned) for rival in rivals)
        fact = self._tables.add_fact(
            relation, start, learned, position=position, by_robot=by_robot, source=source
        )
        self._insert(fact)
        for rival in closed:
            reason = why if rival.thing == fact.thing else ONE_HAND
            if rival.thing and reason and not _agree(rival, fact):
                self.contradictions.add(rival, fact, reason, learned)
        return fact, closed

    def end(self, fact: FactRecord, stamp: float, learned: float, why: str = "") -> FactRecord:
        """Close an open fact at ``stamp`` and return it closed; ``why`` if it was contradicted."""
        stamp = max(stamp, fact.valid_from)
        fact = self._open.get(fact.seq)
        if fact.seq in self._stale:
            self._tables.refresh_fact(fact)
            self._stale.discard(fact.seq)
        self._tables.close_fact(fact.seq, stamp, learned)
        self._remove(fact)
        closed = replace(fact, valid_to=stamp, expired=learned)
        if why:
            self.contradictions.add(closed, None, why, learned)
        return closed

    def see(
        self, fact: FactRecord, stamp: float, position: Vector3 | None, confidence: float
    ) -> FactRecord:
        """Note that an open fact was seen to hold again; stored by the next :meth:`persist`."""
        counted = self._counted.get(fact.seq, fact.last_seen)
        is_evidence = stamp - counted >= self._config.independent
        if is_evidence:
            self._counted[fact.seq] = stamp
        fact = replace(
            fact,
            last_seen=max(stamp, fact.last_seen),
            position=fact.position if position is None else position,
            relation=replace(fact.relation, confidence=max(confidence, fact.relation.confidence)),
            evidence=fact.evidence + is_evidence,
        )
        return self._replace(fact)

    def doubt(self, fact: FactRecord, factor: float) -> None:
        """Lower an open fact's confidence by ``factor``."""
        relation = replace(fact.relation, confidence=fact.relation.confidence * factor)
        self._replace(replace(fact, relation=relation))

    def persist(self) -> None:
        """Write what :meth:`see` and :meth:`doubt` noted."""
        for seq in sorted(self._stale):
            self._tables.refresh_fact(self._open.get(seq))
        self._stale.clear()

    def forget(self, seqs: Iterable[int]) -> None:
        """Leave out open facts that were removed from the store."""
        for seq in seqs:
            self._stale.discard(seq)
            self._remove(self._open.get(seq))

    # --- inside -------------------------------------------------------------------------------

    def _rivals(self, relation: Relation) -> tuple[FactRecord, ...]:
        found: dict[int, FactRecord] = {}
        thing = whereabouts_of(relation)
        before = self.whereabouts(thing) if thing else None
        if before is not None:
            found[before.seq] = before
            found |= {fact.seq: fact for fact in self.neighbours(thing)}
        held = self.held
        if relation.predicate == "holding" and held is not None:
            found[held.seq] = held
        same = self.find(relation.subject, relation.predicate, relation.object)
        if same is not None:
            found[same.seq] = same
        return tuple(found[seq] for seq in sorted(found))

    def _replace(self, fact: FactRecord) -> FactRecord:
        self._open.replace(fact)
        self._stale.add(fact.seq)
        self._now = max(self._now, fact.last_seen)
        return fact

    def _insert(self, fact: FactRecord) -> None:
        self._open.add(fact)
        self._counted[fact.seq] = fact.last_seen
        self._now = max(self._now, fact.last_seen)
        if fact.thing:
            self._slot[fact.thing] = fact.seq
        if fact.relation.predicate == "holding":
            self._held = fact.seq
        if (place := _support(fact)) is not None:
            if place not in self._supports:
                self._places = None
            self._supports[place] = self._supports.get(place, 0) + 1

    def _remove(self, fact: FactRecord) -> None:
        self._open.remove(fact)
        if (place := _support(fact)) is not None:
            self._supports[place] -= 1
            if not self._supports[place]:
                del self._supports[place]
                self._places = None
        self._counted.pop(fact.seq, None)
        if fact.thing and self._slot.get(fact.thing) == fact.seq:
            del self._slot[fact.thing]
        if self._held == fact.seq:
            self._held = None


def _support(fact: FactRecord) -> tuple[str, Predicate] | None:
    relation = fact.relation
    is_one = relation.predicate in ("on", "in") and fact.thing != ROBOT
    return (relation.object, relation.predicate) if is_one else None


def _agree(a: FactRecord, b: FactRecord) -> bool:
    return replace(a.relation, confidence=1.0) == replace(b.relation, confidence=1.0)


def _surveyed(site: Site | None) -> nx.MultiDiGraph:
    """What the map knows: rooms, and the places in them."""
    graph = nx.MultiDiGraph()
    graph.add_node(ROBOT, kind="robot")
    for room in site.rooms if site else ():
        graph.add_node(room.name, kind="room")
    for place in site.places if site else ():
        graph.add_node(place.name, kind="place")
        graph.add_edge(
            place.name, place.room, key="map", predicate="in", valid_from=None, valid_to=None,
            confidence=1.0, evidence=1, strength=1.0, position=None, by_robot=False,
        )  # fmt: skip
    return graph
