# SPDX-License-Identifier: Apache-2.0
"""Loop closure: errors shrink, what hangs on places moves along, false closures are refused."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest

from memagent.memory.spatial.topology import (
    ClosureConfig,
    Sight,
    TopologyConfig,
    TopologyGraph,
    Visit,
)
from memagent.memory.spatial.topology.pose_graph import Motion, Tie, correct
from memagent.memory.spatial.topology.se2 import between, compose
from memagent.types import Pose2D

from .looks import look

pytestmark = pytest.mark.unit

SIDE = 8
"""Stops along each side of a square; two metres from one to the next."""


def square(laps: float) -> list[tuple[int, Pose2D]]:
    """Number of the place and true pose, stop by stop, around a square."""
    stops = []
    for n in range(int(laps * 4 * SIDE)):
        side, along = divmod(n % (4 * SIDE), SIDE)
        yaw = side * math.pi / 2
        corner = [(0, 0), (2 * SIDE, 0), (2 * SIDE, 2 * SIDE), (0, 2 * SIDE)][side]
        x = corner[0] + 2 * along * math.cos(yaw)
        y = corner[1] + 2 * along * math.sin(yaw)
        stops.append((n % (4 * SIDE), Pose2D(x, y, yaw)))
    return stops


def drive(
    graph: TopologyGraph, stops: Iterable[tuple[int | str, Pose2D]], bias: float = 0.006
) -> list[Visit]:
    """Visit the stops with odometry that turns by ``bias`` radians too much each metre."""
    rng = np.random.default_rng(1)
    visits, truth, odometry = [], None, Pose2D(0, 0)
    for n, (name, pose) in enumerate(stops):
        if truth is not None:
            step = between(truth, pose)
            length = math.hypot(step.x, step.y)
            noise = rng.normal(0, 0.01, 3)
            step = Pose2D(step.x + noise[0], step.y + noise[1], step.yaw + noise[2] + bias * length)
            odometry = compose(odometry, step)
        truth = pose
        visits.append(graph.observe(Sight(5.0 * n, odometry, look(name, 0.3, seed=n))))
    return visits


def error(graph: TopologyGraph, visits: list[Visit], stops: list[tuple[int, Pose2D]]) -> float:
    """Root mean square distance of the first lap's places from the truth, metres."""
    first = {n: (visit, pose) for visit, (n, pose) in zip(reversed(visits), stops[::-1])}  # noqa: B905
    squares = []
    for visit, pose in first.values():
        found = graph.places[graph.resolve(visit.place)].pose
        squares.append((found.x - pose.x) ** 2 + (found.y - pose.y) ** 2)
    return math.sqrt(sum(squares) / len(squares))


def test_a_noisy_loop_is_closed_and_straightened() -> None:
    stops = square(1.4)
    without = TopologyGraph(TopologyConfig(closure=ClosureConfig(enabled=False)))
    bent = error(without, drive(without, stops), stops)
    graph = TopologyGraph()
    visits = drive(graph, stops)
    assert len(graph.places) == 4 * SIDE
    assert [visit.closure for visit in visits if visit.closure]
    assert error(graph, visits, stops) < 0.35 * bent
    assert len(without.places) > 4 * SIDE


def test_revisits_after_the_closure_are_recognised_at_once() -> None:
    visits = drive(TopologyGraph(), square(2))
    closed = next(n for n, visit in enumerate(visits) if visit.closure)
    assert all(visit.recognised for visit in visits[closed:])


def test_what_hangs_on_places_moves_along() -> None:
    graph = TopologyGraph()
    stops = square(1.4)
    visits = drive(graph, stops[: 4 * SIDE])
    far = graph.places[visits[4 * SIDE - 4].place]
    graph.attach("lamp", far.id, (1.0, 0.5))
    (lamp,) = graph.belongings.landmarks(far.id)
    before = graph.where(lamp)
    again = TopologyGraph()
    visits = drive(again, stops[: 4 * SIDE])
    again.attach("lamp", far.id, (1.0, 0.5))
    rest = drive_on(again, stops, visits)
    closure = next(visit.closure for visit in rest if visit.closure)
    old, new = closure.moved[far.id]
    assert old == far.pose
    expected = compose(new, between(old, Pose2D(*before)))
    # Later small corrections may add a little.
    assert again.where(lamp) == pytest.approx((expected.x, expected.y), abs=0.2)
    assert math.dist(again.where(lamp), before) > 0.5


def drive_on(
    graph: TopologyGraph, stops: list[tuple[int, Pose2D]], visits: list[Visit]
) -> list[Visit]:
    """Drive the whole again in a graph of its own, keep odometry, and feed what is left."""
    twin = TopologyGraph()
    odometry = []
    observe = twin.observe
    twin.observe = lambda sight: (odometry.append(sight), observe(sight))[1]  # type: ignore[method-assign]
    drive(twin, stops)
    return [graph.observe(sight) for sight in odometry[len(visits) :]]


def test_two_corridors_that_look_alike_stay_two() -> None:
    """A second corridor, beside the first, repeats its looks in the reverse order."""
    there = [(n, Pose2D(2.0 * n, 0.0, 0.0)) for n in range(6)]
    bend = [("bend", Pose2D(12, 0, math.pi / 2)), ("end", Pose2D(12, 3, math.pi))]
    back = [(n, Pose2D(10 - 2.0 * n, 3.0, math.pi)) for n in range(6)]
    graph = TopologyGraph()
    visits = drive(graph, [*there, *bend, *back], bias=0.0)
    assert not any(visit.closure for visit in visits)
    assert len(graph.places) == 14


def test_one_look_alike_is_not_enough() -> None:
    stops = [(n if n != 9 else 2, Pose2D(2.0 * n, 0.0)) for n in range(12)]
    graph = TopologyGraph(TopologyConfig(closure=ClosureConfig(drift=1.0)))
    drive(graph, stops, bias=0.0)
    assert len(graph.places) == 12


def test_a_story_that_odometry_rules_out_is_refused() -> None:
    """Three look-alikes in a row that agree with one another, much too far away for the drift."""
    names = [*range(6), "x", "y", 1, 2, 3]
    stops = [(name, Pose2D(2.0 * n, 0.0)) for n, name in enumerate(names)]
    lenient = ClosureConfig(drift=1.0, agreement=3.0)
    graph = TopologyGraph(TopologyConfig(closure=lenient))
    drive(graph, stops, bias=0.0)
    assert len(graph.places) == 11
    believing = lenient.model_copy(update={"misfit": 1e6})
    graph = TopologyGraph(TopologyConfig(closure=believing))
    drive(graph, stops, bias=0.0)
    assert len(graph.places) < 11  # the test would otherwise prove nothing


def test_the_jacobian_is_that_of_the_residuals() -> None:
    from scipy.optimize import approx_fprime

    from memagent.memory.spatial.topology.pose_graph import _Problem

    rng = np.random.default_rng(0)
    poses = rng.normal(size=(5, 3))
    motions = [
        Motion(i, i + 1, Pose2D(*map(float, rng.normal(size=3))), 0.1, 0.2) for i in range(4)
    ]
    free = np.array([False, True, True, True, True])
    problem = _Problem(poses, motions, [Tie(0, 3, 0.3), Tie(2, 4, 0.2)], free)
    x = poses[free].ravel()
    numeric = approx_fprime(x, problem.residuals, 1e-7)
    assert problem.jacobian(x).toarray() == pytest.approx(numeric, abs=1e-4)


def test_one_wrong_tie_cannot_pull_a_chain_apart() -> None:
    poses = np.array([(float(n), 0.0, 0.0) for n in range(11)])
    motions = [Motion(n, n + 1, Pose2D(1, 0), 0.02, 0.02) for n in range(10)]
    right = [Tie(n, n, 0.1) for n in range(11)]
    free = np.arange(11) > 0
    found = correct(poses, motions, [*right, Tie(0, 10, 0.1)], free)
    assert np.abs(found - poses).max() < 1.5
    with pytest.raises(ValueError, match="must stay"):
        correct(poses, motions, right, np.ones(11, dtype=bool))
