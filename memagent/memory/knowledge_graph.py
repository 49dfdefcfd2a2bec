# SPDX-License-Identifier: Apache-2.0
"""The knowledge graph: what is where, now and at any time before.

Vertices are rooms, places, objects and the robot ("I"); edges are facts with validity intervals.
Locations are functional: an object has one support, container, room or holder at a time, so a fact
about where it is *supersedes* the one before, which stays in the history, and ends what it was
near to. Retrieval is RoboMemory's k-hop neighbourhood, but in both directions ("what is on the
desk?" starts at the desk) and with a hard node budget, which bounds it in the presence of hubs such
as a kitchen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import networkx as nx

from memagent.memory.records import ROBOT, FactRecord, whereabouts_of
from memagent.memory.tables import Tables
from memagent.site import Site
from memagent.types import Predicate, Relation, Vector3


class KnowledgeGraph:
    """Open facts in memory, every change written through to the store.

    Invariants: at most one open fact tells the whereabouts of an object, and the robot holds at
    most one object. ``last_seen`` runs ahead of the store until :meth:`persist`.
    """

    def __init__(self, tables: Tables, site: Site | None) -> None:
        self._tables = tables
        self._base = _surveyed(site)
        self._open: dict[int, FactRecord] = {}
        self._slot: dict[str, int] = {}
        self._stale: set[int] = set()
        self._graph = self._base.copy()
        for fact in tables.open_facts():
            self._insert(fact)

    # --- asking -------------------------------------------------------------------------------

    def whereabouts(self, thing: str) -> FactRecord | None:
        """The open fact that tells where an object is, or who holds it."""
        seq = self._slot.get(thing)
        return None if seq is None else self._open[seq]

    @property
    def held(self) -> FactRecord | None:
        """The open fact that the robot holds something."""
        return next((f for f in self._open.values() if f.relation.predicate == "holding"), None)

    def find(self, subject: str, predicate: Predicate, target: str) -> FactRecord | None:
        """The open fact with exactly these three, or None."""
        if not self._graph.has_node(subject) or not self._graph.has_node(target):
            return None
        for seq, edge in (self._graph.get_edge_data(subject, target) or {}).items():
            if edge["predicate"] == predicate:
                return self._open.get(seq)
        return None

    def open_facts(self, predicate: Predicate | None = None) -> tuple[FactRecord, ...]:
        return tuple(f for f in self._open.values() if predicate in (None, f.relation.predicate))

    def occupants(self, place: str) -> tuple[FactRecord, ...]:
        """Open facts about what is on, in or at a place, oldest first."""
        return tuple(f for f in self._open.values() if f.thing and f.relation.object == place)

    def neighbours(self, thing: str) -> tuple[FactRecord, ...]:
        """Open facts about what an object is near to."""
        return tuple(
            f
            for f in self._open.values()
            if f.relation.predicate == "near" and thing in (f.relation.subject, f.relation.object)
        )

    def graph(
        self,
        as_of: float | None = None,
        around: Iterable[str] = (),
        hops: int = 2,
        budget: int = 64,
    ) -> nx.MultiDiGraph:
        """A copy of the graph, now or as it was, as a whole or around some vertices.

        Args:
            as_of: a time in seconds; None is now.
            around: names to start from; unknown ones are ignored, none means the whole graph.
            hops: how far to go, along edges in either direction.
            budget: the most vertices to return when starting from names.
        """
        graph = self._graph
        if as_of is not None:
            graph = self._base.copy()
            for fact in self._tables.facts_at(as_of):
                _add_edge(graph, fact)
        sources = tuple(around)
        if sources:
            graph = graph.subgraph(neighbourhood(graph, sources, hops, budget))
        return graph.copy()

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
    ) -> tuple[FactRecord, tuple[FactRecord, ...]]:
        """Open a new fact, closing those that it contradicts.

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
        return fact, closed

    def end(self, fact: FactRecord, stamp: float, learned: float) -> FactRecord:
        """Close an open fact at ``stamp`` and return it closed."""
        stamp = max(stamp, fact.valid_from)
        if fact.seq in self._stale:
            self._tables.refresh_fact(self._open[fact.seq])
            self._stale.discard(fact.seq)
        self._tables.close_fact(fact.seq, stamp, learned)
        self._remove(fact)
        return replace(fact, valid_to=stamp, expired=learned)

    def see(
        self, fact: FactRecord, stamp: float, position: Vector3 | None, confidence: float
    ) -> FactRecord:
        """Note that an open fact was seen to hold again; stored by the next :meth:`persist`."""
        fact = replace(
            fact,
            last_seen=max(stamp, fact.last_seen),
            position=fact.position if position is None else position,
            relation=replace(fact.relation, confidence=max(confidence, fact.relation.confidence)),
        )
        return self._replace(fact)

    def doubt(self, fact: FactRecord, factor: float) -> None:
        """Lower an open fact's confidence by ``factor``."""
        relation = replace(fact.relation, confidence=fact.relation.confidence * factor)
        self._replace(replace(fact, relation=relation))

    def persist(self) -> None:
        """Write what :meth:`see` and :meth:`doubt` noted."""
        for seq in sorted(self._stale):
            self._tables.refresh_fact(self._open[seq])
        self._stale.clear()

    # --- inside -------------------------------------------------------------------------------

    def _rivals(self, relation: Relation) -> tuple[FactRecord, ...]:
        found: dict[int, FactRecord] = {}
        thing = whereabouts_of(relation)
        if thing and thing in self._slot:
            found[self._slot[thing]] = self._open[self._slot[thing]]
            found |= {fact.seq: fact for fact in self.neighbours(thing)}
        held = self.held
        if relation.predicate == "holding" and held is not None:
            found[held.seq] = held
        same = self.find(relation.subject, relation.predicate, relation.object)
        if same is not None:
            found[same.seq] = same
        return tuple(found[seq] for seq in sorted(found))

    def _replace(self, fact: FactRecord) -> FactRecord:
        self._open[fact.seq] = fact
        self._stale.add(fact.seq)
        _add_edge(self._graph, fact)
        return fact

    def _insert(self, fact: FactRecord) -> None:
        self._open[fact.seq] = fact
        if fact.thing:
            self._slot[fact.thing] = fact.seq
        _add_edge(self._graph, fact)

    def _remove(self, fact: FactRecord) -> None:
        del self._open[fact.seq]
        if fact.thing and self._slot.get(fact.thing) == fact.seq:
            del self._slot[fact.thing]
        relation = fact.relation
        self._graph.remove_edge(relation.subject, relation.object, key=fact.seq)
        for vertex in (relation.subject, relation.object):
            if vertex not in self._base and self._graph.degree(vertex) == 0:
                self._graph.remove_node(vertex)


def neighbourhood(
    graph: nx.MultiDiGraph, sources: Iterable[str], hops: int, budget: int
) -> list[str]:
    """Up to ``budget`` vertices within ``hops`` of the sources in either direction, nearest first.

    Among equally near ones, those reached by newer facts come first, then by name.
    """
    found = [source for source in dict.fromkeys(sources) if source in graph][:budget]
    seen = set(found)
    queue = deque((vertex, 0) for vertex in found)
    while queue and len(found) < budget:
        vertex, distance = queue.popleft()
        if distance == hops:
            continue
        newest: dict[str, float] = {}
        for start, end, edge in (*graph.in_edges(vertex, True), *graph.out_edges(vertex, True)):
            other = start if end == vertex else end
            newest[other] = max(newest.get(other, 0.0), edge["valid_from"] or 0.0)
        for other in sorted(newest, key=lambda name: (-newest[name], name)):
            if other not in seen and len(found) < budget:
                seen.add(other)
                found.append(other)
                queue.append((other, distance + 1))
    return found


def _surveyed(site: Site | None) -> nx.MultiDiGraph:
    """What the map knows: rooms, and the places in them."""
    graph = nx.MultiDiGraph()
    graph.add_node(ROBOT, kind="robot")
    for room in site.rooms if site else ():
        graph.add_node(room.name, kind="room")
    for place in site.places if site else ():
        graph.add_node(place.name, kind="place")
        graph.add_edge(
            place.name, place.room, key="map", predicate="in", valid_from=None,
            valid_to=None, confidence=1.0, position=None, by_robot=False,
        )  # fmt: skip
    return graph


def _add_edge(graph: nx.MultiDiGraph, fact: FactRecord) -> None:
    relation = fact.relation
    for vertex in (relation.subject, relation.object):
        if vertex not in graph:
            graph.add_node(vertex, kind="object")
    graph.add_edge(
        relation.subject,
        relation.object,
        key=fact.seq,
        predicate=relation.predicate,
        valid_from=fact.valid_from,
        valid_to=fact.valid_to,
        confidence=relation.confidence,
        position=fact.position,
        by_robot=fact.by_robot,
    )
