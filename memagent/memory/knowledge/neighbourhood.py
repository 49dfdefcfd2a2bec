# SPDX-License-Identifier: Apache-2.0
"""What surrounds some vertices of the graph, within hard limits.

RoboMemory retrieves the k-hop neighbourhood along out-edges, whose size its authors bound by
``O(D^k)`` in the out-degree ``D`` (arXiv 2508.01415, appendix D). Rooms and the robot itself are
hubs for which ``D`` is the size of the graph. Here edges count in both directions ("what is on the
desk?" starts at the desk), a vertex is expanded along its newest facts only, and vertices and edges
are budgeted: time and size depend on the limits, never on the graph or a hub's degree.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nlargest

import networkx as nx

from memagent.memory.records import FactRecord
from memagent.types import Fact, Predicate, Relation


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a graph to retrieve."""

    hops: int = 2
    vertices: int = 64
    edges: int = 256
    fan: int = 32
    """Facts of one vertex that are followed: its newest ones, the strongest first."""
    tau: float = 3 * 86400.0
    """Seconds without a sighting in which a fact's strength falls by a factor e."""


class FactIndex:
    """Facts by number, by vertex and by pair. Every operation takes constant time.

    Facts must be added in the order of their numbers; iteration over a vertex yields the newest
    first.
    """

    def __init__(self, facts: Iterable[FactRecord] = ()) -> None:
        self._facts: dict[int, FactRecord] = {}
        self._at: dict[tuple[str, Predicate | None], dict[int, None]] = {}
        self._between: dict[tuple[str, str], dict[int, None]] = {}
        for fact in facts:
            self.add(fact)

    def __iter__(self) -> Iterator[FactRecord]:
        return iter(self._facts.values())

    def __contains__(self, vertex: str) -> bool:
        return (vertex, None) in self._at

    def get(self, seq: int) -> FactRecord:
        return self._facts[seq]

    def touching(self, vertex: str, predicate: Predicate | None = None) -> Iterator[FactRecord]:
        """Facts that mention a vertex, newest first."""
        return (self._facts[seq] for seq in reversed(self._at.get((vertex, predicate), {})))

    def degree(self, vertex: str) -> int:
        return len(self._at.get((vertex, None), ()))

    def between(self, a: str, b: str) -> Iterator[FactRecord]:
        """Facts that relate two vertices, in either direction."""
        return (self._facts[seq] for seq in self._between.get(_pair(a, b), ()))

    def add(self, fact: FactRecord) -> None:
        self._facts[fact.seq] = fact
        for key in _keys(fact):
            self._at.setdefault(key, {})[fact.seq] = None
        self._between.setdefault(_ends(fact), {})[fact.seq] = None

    def replace(self, fact: FactRecord) -> None:
        """Put a newer version of a fact with the same number and vertices."""
        self._facts[fact.seq] = fact

    def remove(self, fact: FactRecord) -> None:
        del self._facts[fact.seq]
        for key in _keys(fact):
            del self._at[key][fact.seq]
            if not self._at[key]:
                del self._at[key]
        ends = _ends(fact)
        del self._between[ends][fact.seq]
        if not self._between[ends]:
            del self._between[ends]


def surroundings(
    facts: FactIndex, surveyed: nx.MultiDiGraph, sources: Iterable[str], limits: Limits, now: float
) -> nx.MultiDiGraph:
    """The graph around some vertices, nearest first, within limits.

    Args:
        facts: what is remembered.
        surveyed: the map's own vertices and edges, which are followed after the facts.
        sources: names to start from; unknown ones are ignored.
        limits: how far, how many vertices and how many edges. Edges that lead to a vertex come
            first, then the map's, then the strongest facts among the vertices found.
        now: seconds, for the strength of facts.
    """
    known = [s for s in dict.fromkeys(sources) if s in facts or s in surveyed]
    found = dict.fromkeys(known[: limits.vertices])
    chosen: dict[int, FactRecord] = {}
    steps = 0
    queue = deque((vertex, 0) for vertex in found)
    while queue and len(found) < limits.vertices and steps < limits.edges:
        vertex, distance = queue.popleft()
        if distance == limits.hops:
            continue
        for other, fact in _steps(vertex, facts, surveyed, limits, now):
            if other in found:
                continue
            if len(found) >= limits.vertices or steps >= limits.edges:
                break
            found[other] = None
            steps += 1
            if fact is not None:
                chosen[fact.seq] = fact
            queue.append((other, distance + 1))
    graph = _mapped(surveyed, found, limits.edges - len(chosen))
    room = limits.edges - len(chosen) - graph.number_of_edges()
    others = (f for f in _among(facts, found) if f.seq not in chosen)
    best = nlargest(max(0, room), others, key=lambda f: (f.strength(now, limits.tau), f.seq))
    for fact in (*chosen.values(), *best):
        draw(graph, fact, now, limits.tau)
    return graph


def draw(graph: nx.MultiDiGraph, fact: FactRecord, now: float, tau: float) -> None:
    """Add a fact to a graph as an edge."""
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
        evidence=fact.evidence,
        strength=fact.strength(now, tau),
        learned=fact.learned,
        position=fact.position,
        by_robot=fact.by_robot,
        source=fact.source,
    )


def facts_in(graph: nx.MultiDiGraph) -> tuple[Fact, ...]:
    """The facts that were drawn into a graph, oldest first; the map's own edges are none."""
    found = []
    for subject, target, key, edge in graph.edges(keys=True, data=True):
        if "learned" in edge:
            relation = Relation(subject, edge["predicate"], target, edge["confidence"])
            found.append(
                (key, Fact(
                    f"fact-{key}", relation, edge["valid_from"], edge["valid_to"],
                    edge["learned"], edge["position"], edge["by_robot"], edge["source"],
                ))
            )  # fmt: skip
    return tuple(fact for _, fact in sorted(found, key=lambda pair: pair[0]))


def _steps(
    vertex: str, facts: FactIndex, surveyed: nx.MultiDiGraph, limits: Limits, now: float
) -> Iterator[tuple[str, FactRecord | None]]:
    """Where one hop leads, and by which fact; None is the map."""
    newest = [fact for _, fact in zip(range(limits.fan), facts.touching(vertex), strict=False)]
    newest.sort(key=lambda fact: (-fact.strength(now, limits.tau), -fact.seq))
    for fact in newest:
        ends = (fact.relation.subject, fact.relation.object)
        yield ends[ends[0] == vertex], fact
    if vertex in surveyed:
        for other in (*surveyed.successors(vertex), *surveyed.predecessors(vertex)):
            yield other, None


def _mapped(surveyed: nx.MultiDiGraph, found: Iterable[str], room: int) -> nx.MultiDiGraph:
    """The map's part of the vertices found, with at most ``room`` of its edges."""
    graph = nx.MultiDiGraph()
    names = list(found)
    for vertex in names:
        kind = surveyed.nodes[vertex]["kind"] if vertex in surveyed else "object"
        graph.add_node(vertex, kind=kind)
    edges = surveyed.edges(names, keys=True, data=True)
    inside = [edge for edge in edges if edge[1] in graph]
    graph.add_edges_from(inside[: max(0, room)])
    return graph


def _among(facts: FactIndex, found: dict[str, None]) -> Iterator[FactRecord]:
    """Every fact between vertices found, once; a hub is asked for each of the others instead."""
    told: set[int] = set()
    for vertex in found:
        if facts.degree(vertex) <= len(found):
            mine: Iterable[FactRecord] = facts.touching(vertex)
        else:
            mine = (fact for other in found for fact in facts.between(vertex, other))
        for fact in mine:
            inside = fact.relation.subject in found and fact.relation.object in found
            if inside and fact.seq not in told:
                told.add(fact.seq)
                yield fact


def _keys(fact: FactRecord) -> tuple[tuple[str, Predicate | None], ...]:
    r = fact.relation
    ends = (r.subject,) if r.subject == r.object else (r.subject, r.object)
    return tuple((end, predicate) for end in ends for predicate in (None, r.predicate))


def _ends(fact: FactRecord) -> tuple[str, str]:
    return _pair(fact.relation.subject, fact.relation.object)


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a <= b else (b, a)
