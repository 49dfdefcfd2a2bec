# SPDX-License-Identifier: Apache-2.0
"""Retrieval stays within its limits, whatever the graph."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.knowledge.neighbourhood import FactIndex, Limits, surroundings
from memagent.memory.records import FactRecord
from memagent.types import Relation

pytestmark = pytest.mark.unit

NOTHING = nx.MultiDiGraph()


def _fact(seq: int, relation: Relation, last_seen: float = 0.0, evidence: int = 1) -> FactRecord:
    return FactRecord(
        seq, relation, last_seen, None, last_seen, None, last_seen, None, False, "", evidence
    )


def _hub(degree: int) -> FactIndex:
    return FactIndex(
        _fact(i, Relation(f"thing {i}", "at", "kitchen", 0.9), float(i)) for i in range(degree)
    )


def test_a_hub_of_a_hundred_thousand_stays_within_the_limits() -> None:
    limits = Limits(vertices=20, edges=30)
    graph = surroundings(_hub(100_000), NOTHING, ["kitchen", "thing 5"], limits, 1e5)
    assert {"kitchen", "thing 5"} <= set(graph)
    assert len(graph) <= 20
    assert graph.number_of_edges() <= 30


def test_a_hub_is_followed_along_its_newest_facts_the_strongest_first() -> None:
    facts = _hub(50)
    facts.add(_fact(50, Relation("doubtful", "at", "kitchen", 0.1), 50.0))
    facts.add(_fact(51, Relation("sure", "at", "kitchen", 0.9), 51.0, evidence=4))
    graph = surroundings(facts, NOTHING, ["kitchen"], Limits(fan=5), 51.0)
    assert list(graph) == ["kitchen", "sure", "thing 49", "thing 48", "thing 47", "doubtful"]


def test_strength_grows_with_evidence_and_fades_with_age() -> None:
    once, twice, often, forever = (
        _fact(1, Relation("mug", "on", "desk", 0.6), evidence=n).strength(0.0, 10.0)
        for n in (1, 2, 5, 500)
    )
    assert once == pytest.approx(0.6)
    assert twice == pytest.approx(1 - 0.4**2)
    assert once < twice < often == forever < 1.0
    fact = _fact(1, Relation("mug", "on", "desk", 0.6))
    assert fact.strength(10.0, 10.0) == pytest.approx(0.6 / 2.718281828, rel=1e-6)


names = st.sampled_from([f"v{i}" for i in range(8)])
edges = st.lists(st.tuples(names, st.sampled_from(["on", "near", "in"]), names), max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    edges=edges,
    sources=st.lists(names, max_size=4),
    hops=st.integers(0, 3),
    vertices=st.integers(1, 8),
    budget=st.integers(0, 30),
    fan=st.integers(1, 6),
)
def test_limits_hold_and_what_comes_back_is_part_of_the_graph(
    edges: list[tuple[str, str, str]],
    sources: list[str],
    hops: int,
    vertices: int,
    budget: int,
    fan: int,
) -> None:
    facts = FactIndex(
        _fact(i, Relation(a, p, b), float(i))  # type: ignore[arg-type]
        for i, (a, p, b) in enumerate(edges)
    )
    graph = surroundings(facts, NOTHING, sources, Limits(hops, vertices, budget, fan), 99.0)
    assert len(graph) <= vertices
    assert graph.number_of_edges() <= budget
    whole = nx.MultiGraph((a, b) for a, _, b in edges)
    for vertex in graph:
        assert any(
            nx.has_path(whole, s, vertex) and nx.shortest_path_length(whole, s, vertex) <= hops
            for s in sources
            if s in whole
        )
    for _, _, seq in graph.edges(keys=True):
        assert facts.get(seq)
    if budget >= len(edges) and fan >= 6:
        inside = {i for i, (a, _, b) in enumerate(edges) if a in graph and b in graph}
        assert {key for _, _, key in graph.edges(keys=True)} == inside, "all that is inside"


@settings(max_examples=60, deadline=None)
@given(edges=edges, gone=st.sets(st.integers(0, 59)))
def test_an_index_forgets_what_is_removed(
    edges: list[tuple[str, str, str]], gone: set[int]
) -> None:
    facts = FactIndex()
    kept = {}
    for i, (a, p, b) in enumerate(edges):
        kept[i] = _fact(i, Relation(a, p, b))  # type: ignore[arg-type]
        facts.add(kept[i])
    for i in gone & set(kept):
        facts.remove(kept.pop(i))
    assert list(facts) == list(kept.values())
    for vertex in {end for edge in edges for end in (edge[0], edge[2])}:
        mine = [f for f in kept.values() if vertex in (f.relation.subject, f.relation.object)]
        assert list(facts.touching(vertex)) == mine[::-1]
        assert facts.degree(vertex) == len(mine)
        assert (vertex in facts) == bool(mine)
