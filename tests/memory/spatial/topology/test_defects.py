# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the topology part of Mem4Nav's public code does not happen here."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from memagent.memory.spatial import topology
from memagent.memory.spatial.topology import Sight, TopologyConfig, TopologyError, TopologyGraph
from memagent.types import Pose2D

from .looks import look

pytestmark = pytest.mark.unit

PAPER = TopologyConfig(mode="paper")


def observe(graph: TopologyGraph, name: str, x: float, stamp: float = 0.0) -> str:
    return graph.observe(Sight(stamp, Pose2D(x, 0.0), look(name))).place


@pytest.mark.parametrize("config", [TopologyConfig(), PAPER])
def test_a_move_makes_an_edge_and_a_route(config: TopologyConfig) -> None:
    """There, nodes were passed where ids are looked up: no edge, so no path, ever."""
    graph = TopologyGraph(config)
    a, b = observe(graph, "a", 0.0), observe(graph, "b", 2.0, 4.0)
    assert graph.ways.passage(a, b) is not None
    route = graph.route(a, b)
    assert route.places == (a, b)
    assert (route.length, route.seconds) == (2.0, 4.0)


def test_look_alikes_far_apart_stay_two() -> None:
    """There, a place was a look, wherever: two alike bathrooms became one node between them."""
    graph, paper = TopologyGraph(), TopologyGraph(PAPER)
    for g in (graph, paper):
        for n, name in enumerate(["bath", "hall", "bath"]):
            observe(g, name, 4.0 * n, float(n))
    assert len(graph.places) == 3
    assert len(paper.places) == 2
    assert paper.places["place-0"].pose.x == 4.0  # as published: nowhere near either


def test_one_place_seen_twice_is_one_and_stays_where_it_is() -> None:
    graph = TopologyGraph()
    a = observe(graph, "a", 0.0)
    observe(graph, "b", 2.0)
    assert observe(graph, "a", 0.1) == a
    assert graph.places[a].visits == 2
    assert graph.places[a].pose == Pose2D(0.0, 0.0)


def test_lengths_are_means_over_all_drives() -> None:
    """There, (old + new) / 2: the last drive weighs as much as all before it."""
    lengths = (1.0, 1.0, 1.0, 5.0)
    found = []
    for config in (TopologyConfig(), PAPER):
        graph = TopologyGraph(config)
        a, b = (graph.add_place(Pose2D(n, 0), look(n)) for n in range(2))
        for length in lengths:
            graph.traverse(a, b, success=True, length=length)
        passage = graph.ways.passage(a, b)
        assert passage is not None
        found.append(passage.length)
    assert found == [2.0, 3.0]


def test_success_bears_on_cost() -> None:
    """There, cost was blind to it."""
    for config, grows in ((TopologyConfig(), True), (PAPER, False)):
        graph = TopologyGraph(config)
        a, b = (graph.add_place(Pose2D(n, 0), look(n)) for n in range(2))
        graph.traverse(a, b, success=True)
        before = graph.ways.cost(graph.ways.network.edges[a, b]["passage"])
        graph.traverse(a, b, success=False)
        after = graph.ways.cost(graph.ways.network.edges[a, b]["passage"])
        assert (after > before) is grows


def test_unknown_places_are_errors_and_nothing_is_made_up() -> None:
    """There, what was missing became random, grey or silently nothing."""
    graph = TopologyGraph()
    a = observe(graph, "a", 0.0)
    for ask in (
        lambda: graph.route(a, "nowhere"),
        lambda: graph.traverse("nowhere", a, success=True),
        lambda: graph.attach("lamp", "nowhere"),
        lambda: graph.remove("nowhere"),
        lambda: graph.merge(a, "nowhere"),
    ):
        with pytest.raises(TopologyError, match="unknown place 'nowhere'"):
            ask()
    assert len(graph.places) == 1


@pytest.mark.parametrize(
    "sight",
    [
        Sight(1.0, Pose2D(0, 0), look("a") * 0),
        Sight(1.0, Pose2D(0, 0), look("a") * float("nan")),
        Sight(1.0, Pose2D(0, 0), look("a")[:5]),
        Sight(1.0, Pose2D(0, 0), look("a")[None]),
        Sight(1.0, Pose2D(float("inf"), 0), look("b")),
    ],
)
def test_what_cannot_be_a_sight_changes_nothing(sight: Sight) -> None:
    graph = TopologyGraph()
    observe(graph, "a", 0.0)
    before = topology.graph_state(graph)
    with pytest.raises(TopologyError):
        graph.observe(sight)
    assert topology.graph_state(graph) == before


def test_updates_use_up_no_room_and_the_graph_stays_within_it() -> None:
    """There, each write took a slot of a fixed index, until it was full."""
    graph = TopologyGraph(TopologyConfig(max_places=5))
    for n in range(200):
        observe(graph, "ab"[n % 2], 2.0 * (n % 2), float(n))
    assert len(graph.places) == 2
    observe(graph, "seldom", 4.0, 200.0)
    for n in range(20):
        observe(graph, f"new {n}", 6.0 + 2.0 * n, 201.0 + n)
        assert len(graph.places) <= 5
    # Often visited places outlive those that were passed once, and can still be reached.
    assert {"place-0", "place-1"} <= {place.id for place in graph.places}
    assert graph.here is not None
    assert graph.route("place-0", graph.here).places[-1] == graph.here


def test_a_bounded_trajectory_forgets_no_place() -> None:
    config = TopologyConfig.model_validate({"pose_graph": {"max_keyframes": 6, "window": 4}})
    graph = TopologyGraph(config)
    for n in range(60):
        observe(graph, "abc"[n % 3], 2.0 * (n % 3), float(n))
    assert len(graph.trajectory.keyframes) <= 6
    assert set(graph.trajectory.anchors()) == {place.id for place in graph.places}
    assert graph.trajectory.pose.x == pytest.approx(4.0, abs=0.3)


def test_every_module_can_be_imported_by_itself() -> None:
    """There, missing imports made modules fail, and callers hid it."""
    names = {m.name for m in pkgutil.iter_modules(topology.__path__, f"{topology.__name__}.")}
    assert {module.__name__ for module in map(importlib.import_module, names)} == names
    assert f"{topology.__name__}.graph" in names
