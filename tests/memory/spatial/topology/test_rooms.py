# SPDX-License-Identifier: Apache-2.0
"""Rooms, frontiers, and what hangs on places."""

from __future__ import annotations

import pytest

from memagent.memory.spatial.topology import Exit, Sight, TopologyGraph
from memagent.types import Pose2D

from .looks import look

pytestmark = pytest.mark.unit


def two_rooms(width: float) -> TopologyGraph:
    """Three places, a doorway, three places."""
    graph = TopologyGraph()
    for n in range(7):
        at_door = n in (3, 4)
        graph.observe(
            Sight(n, Pose2D(2.0 * n, 0.0), look(n), width=width if at_door else float("inf"))
        )
    return graph


def test_narrow_passages_part_rooms_and_a_doorway_belongs_to_one() -> None:
    rooms = two_rooms(0.9).rooms()
    assert sorted(map(len, rooms)) == [3, 4]
    assert {"place-0", "place-1", "place-2"} <= set(rooms[0]) | set(rooms[1])
    assert not any({"place-2", "place-4"} <= room for room in rooms)


def test_without_widths_rooms_are_communities() -> None:
    graph = TopologyGraph()
    assert graph.rooms() == []
    ids = [graph.add_place(Pose2D(n, 0), look(n)) for n in range(8)]
    for cluster in (ids[:4], ids[4:]):
        for a in cluster:
            for b in cluster:
                if a < b:
                    graph.traverse(a, b, success=True, length=1.0)
    graph.traverse(ids[3], ids[4], success=True, length=6.0)
    assert set(graph.rooms()) == {frozenset(ids[:4]), frozenset(ids[4:])}


def test_a_frontier_is_an_exit_that_nobody_went_through() -> None:
    graph = TopologyGraph()
    exits = (Exit((2.0, 0.0), 0.9), Exit((0.0, 2.0)))
    graph.observe(Sight(0, Pose2D(0, 0), look("a"), exits=exits))
    graph.observe(Sight(0.5, Pose2D(0.1, 0), look("a"), exits=(Exit((1.9, 0.05), 0.8),)))
    assert [(f.position, f.width) for f in graph.frontiers()] == [
        ((2.0, 0.0), 0.8),
        ((0.0, 2.0), float("inf")),
    ]
    graph.observe(Sight(1, Pose2D(2.1, 0), look("b")))
    assert [f.position for f in graph.frontiers()] == [(0.0, 2.0)]
    told = graph.add_place(Pose2D(0, 9), look("c"))
    assert graph.frontiers()[-1].place == told


def test_merging_keeps_landmarks_and_exits_where_they_are() -> None:
    graph = TopologyGraph()
    a = graph.add_place(Pose2D(0, 0, 0), look("a"), visits=1)
    graph.add_place(Pose2D(1, 0, 1.57), look("a"), visits=1)
    graph.observe(Sight(0, Pose2D(5, 5, 1.0), look("b"), exits=(Exit((2.0, 0.0)),)))
    b = graph.here
    assert b is not None
    graph.attach("lamp", b, (1.0, 1.0))
    (lamp,) = graph.belongings.landmarks(b)
    before, (edge,) = graph.where(lamp), [f for f in graph.frontiers() if f.place == b]
    graph.merge(a, b)
    (lamp,) = graph.belongings.landmarks(a)
    assert graph.where(lamp) == pytest.approx(before)
    (moved,) = graph.frontiers()
    assert moved.position == pytest.approx(edge.position)
    assert graph.here == a
