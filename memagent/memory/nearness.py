# SPDX-License-Identifier: Apache-2.0
"""Which objects stay close to one another: "near", as several percepts in a row agree."""

from __future__ import annotations

from collections.abc import Sequence

from memagent.memory.knowledge.entities import Sighting
from memagent.memory.knowledge.knowledge_graph import KnowledgeGraph
from memagent.memory.knowledge.streaks import Streaks
from memagent.types import Percept, Relation


class Nearness:
    """Keeps "near" between objects in the graph."""

    def __init__(self, graph: KnowledgeGraph, near: Streaks, apart: Streaks) -> None:
        """``near`` and ``apart`` say when a pair is believed to be so, or no longer so."""
        self._graph = graph
        self._near = near
        self._apart = apart

    def apply(self, sightings: Sequence[Sighting], percept: Percept) -> None:
        """Learn from what a percept shows; labels seen twice in it are left out."""
        graph = self._graph
        labels = [s.observation.label for s in sightings]
        names = {
            s.observation.label: s.name for s in sightings if labels.count(s.observation.label) == 1
        }
        seen = set(names.values())
        near = set()
        for relation in percept.relations:
            a, b = names.get(relation.subject), names.get(relation.object)
            if relation.predicate == "near" and a and b and a != b:
                near.add((min(a, b), max(a, b)))
        for pair in sorted(near):
            self._apart.reset(pair)
            fact = graph.find(pair[0], "near", pair[1])
            if fact is not None:
                graph.see(fact, percept.stamp, None, 0.0)
            elif self._near.report(pair, percept.stamp):
                graph.tell(
                    Relation(pair[0], "near", pair[1]), percept.stamp, percept.stamp,
                    source=percept.source,
                )  # fmt: skip
        known = {fact.seq: fact for name in sorted(seen) for fact in graph.neighbours(name)}
        for _, fact in sorted(known.items()):
            pair = (fact.relation.subject, fact.relation.object)
            if pair not in near and seen.issuperset(pair):
                self._near.reset(pair)
                if self._apart.report(pair, percept.stamp):
                    graph.end(fact, percept.stamp, percept.stamp)
