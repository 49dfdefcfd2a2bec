# SPDX-License-Identifier: Apache-2.0
"""Routes: optimal, and honest about time and success."""

from __future__ import annotations

import math
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memagent.memory.spatial.topology import (
    CostConfig,
    TopologyConfig,
    TopologyError,
    TopologyGraph,
)
from memagent.types import Pose2D

from .looks import look

pytestmark = pytest.mark.unit

EDGES = st.lists(
    st.tuples(
        st.integers(0, 6), st.integers(0, 6), st.integers(1, 20), *[st.integers(0, 5)] * 2
    ).filter(lambda e: e[0] != e[1] and e[3] + e[4]),
    min_size=1,
    max_size=30,
    unique_by=lambda e: e[:2],
)  # fmt: skip


def build(edges: list[tuple[int, int, int, int, int]]) -> tuple[TopologyGraph, list[str]]:
    graph = TopologyGraph(TopologyConfig(directed=True))
    ids = [graph.add_place(Pose2D(n, 0), look(n)) for n in range(7)]
    for a, b, length, won, lost in edges:
        for success in [True] * won + [False] * lost:
            graph.traverse(ids[a], ids[b], success=success, length=length, seconds=3.0 * length)
    return graph, ids


@settings(max_examples=60, deadline=None, derandomize=True)
@given(edges=EDGES, goal=st.integers(1, 6))
def test_routes_are_the_best_of_all_simple_paths(
    edges: list[tuple[int, int, int, int, int]], goal: int
) -> None:
    graph, ids = build(edges)
    plain = nx.DiGraph()
    plain.add_nodes_from(ids)
    for a, b, length, won, lost in edges:
        p = (9 + won) / (10 + won + lost)
        plain.add_edge(ids[a], ids[b], length=length, p=p, cost=length - 5 * math.log(p))
    paths = [list(pairwise(path)) for path in nx.all_simple_paths(plain, ids[0], ids[goal])]
    if not paths:
        with pytest.raises(TopologyError, match="no way is known"):
            graph.route(ids[0], ids[goal])
        return

    def total(key: str, path: list[tuple[str, str]]) -> float:
        return sum(plain.edges[leg][key] for leg in path)

    assert graph.route(ids[0], ids[goal], by="length").length == min(
        total("length", path) for path in paths
    )
    safest = max(math.prod(plain.edges[leg]["p"] for leg in path) for path in paths)
    assert graph.route(ids[0], ids[goal], by="risk").probability == pytest.approx(safest)
    chosen = list(pairwise(graph.route(ids[0], ids[goal]).places))
    assert total("cost", chosen) == pytest.approx(min(total("cost", path) for path in paths))


def test_a_route_promises_measured_times_and_posterior_success() -> None:
    graph, ids = build([(0, 1, 4, 3, 1), (1, 2, 2, 0, 1)])
    route = graph.route(ids[0], ids[2])
    assert route.places == tuple(ids[:3])
    assert route.length == 6
    assert route.seconds == 12.0 + 2 / 0.4  # the second was never driven: by its length
    assert route.probability == pytest.approx((12 / 14) * (9 / 11))


def test_failures_make_a_detour_the_better_way() -> None:
    graph, ids = build([(0, 2, 4, 1, 0), (0, 1, 3, 1, 0), (1, 2, 3, 1, 0)])
    assert graph.route(ids[0], ids[2]).places == (ids[0], ids[2])
    for _ in range(8):
        graph.traverse(ids[0], ids[2], success=False)
    assert graph.route(ids[0], ids[2]).places == (ids[0], ids[1], ids[2])
    assert graph.route(ids[0], ids[2], by="length").length == 4


def test_a_passage_to_avoid_is_left_out() -> None:
    graph, ids = build([(0, 2, 1, 1, 0), (0, 1, 5, 1, 0), (1, 2, 5, 1, 0)])
    assert len(graph.route(ids[0], ids[2], avoid={(ids[0], ids[2])}).places) == 3


def test_driving_leads_both_ways_unless_directed() -> None:
    for directed in (False, True):
        graph = TopologyGraph(TopologyConfig(directed=directed, cost=CostConfig(time=1.0)))
        a, b = (graph.add_place(Pose2D(n, 0), look(n)) for n in range(2))
        graph.traverse(a, b, success=True)
        if directed:
            with pytest.raises(TopologyError, match="no way is known"):
                graph.route(b, a)
        else:
            assert graph.route(b, a).length == 1.0


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"length": -1.0}, "length must be finite"),
        ({"length": math.nan}, "length must be finite"),
        ({"seconds": -1.0}, "seconds must be"),
        ({"width": 0.0}, "width must be"),
    ],
)
def test_impossible_passages_are_named(given: dict[str, float], match: str) -> None:
    graph, ids = build([(0, 1, 1, 1, 0)])
    with pytest.raises(TopologyError, match=match):
        graph.traverse(ids[2], ids[3], success=True, **given)
    assert graph.ways.passage(ids[2], ids[3]) is None


def test_an_unknown_criterion_is_named() -> None:
    graph, ids = build([(0, 1, 1, 1, 0)])
    with pytest.raises(TopologyError, match="route by 'beauty'"):
        graph.route(ids[0], ids[1], by="beauty")  # type: ignore[arg-type]
