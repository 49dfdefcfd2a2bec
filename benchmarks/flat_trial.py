# SPDX-License-Identifier: Apache-2.0
"""A trial in a generated flat: two tours, then errands. Counts what was recognised and reached."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np

from generated_flat import Flat, Walker
from memagent.memory.spatial.topology.config import TopologyConfig
from memagent.memory.spatial.topology.graph import TopologyGraph
from memagent.memory.spatial.topology.se2 import between, transform
from memagent.memory.spatial.topology.values import TopologyError, Visit
from memagent.types import Pose2D

UNSEEN_ROOMS = 2
"""Rooms that the first tour leaves out, so that the second meets new places, too."""
WAY_BACK = 20
"""Stops between the tours at which the robot does not look: odometry drifts on."""


@dataclass(frozen=True, slots=True)
class Relocation:
    """One stop of the second tour."""

    revisit: bool
    """Whether the first tour was here."""
    claimed: bool
    """Whether it counts, in the end, as a place of the first tour."""
    right: bool
    """Whether it counts as the place that was first made for this spot."""
    at_once: bool
    """The same, as said at the very stop."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One drive to a known place."""

    arrived: bool
    predicted: float
    """Probability that every passage succeeds at once, as the first route promised."""
    smooth: bool
    """Whether every passage did succeed at once."""
    seconds: float
    predicted_seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What a graph did in one flat."""

    relocations: tuple[Relocation, ...]
    errands: tuple[Errand, ...]
    places: int
    spots: int
    """Spots that were visited; a perfect graph has as many places."""


def run_trial(
    config: TopologyConfig,
    seed: int,
    errands: int = 40,
    homing: bool = False,
    walker: Walker | None = None,
) -> Trial:
    """Tour the flat of a seed twice and run errands in it; ``walker`` is another robot than usual.

    With ``homing``, the robot sees the next place of a route and drives to it, if it is in the same
    room, whatever its pose on the map; without, it goes by the map.
    """
    rng = np.random.default_rng([seed, 1])
    walker = walker or Walker(Flat(seed), 0, seed)
    flat, graph = walker.flat, TopologyGraph(config)
    origin: dict[str, int] = {}  # place -> the spot that it was made for
    hidden = _leaf_rooms(flat, UNSEEN_ROOMS)
    tour = [i for i, spot in enumerate(flat.spots) if not hidden & set(spot.rooms)]
    for spot, place, _ in _walk(graph, walker, [0, *rng.permutation(tour)]):
        origin.setdefault(place, spot)
    first = set(origin)
    been = set(origin.values()) | set(tour)
    _stroll(graph, walker, rng)
    stops = []
    for spot, place, at_once in _walk(graph, walker, rng.permutation(len(flat.spots))):
        origin.setdefault(place, spot)
        stops.append((spot, place, at_once))
    relocations = []
    for spot, place, at_once in stops:
        now = graph.resolve(place)
        claimed = now in first
        right = claimed and origin[now] == spot
        once = at_once in first and origin[at_once] == spot
        relocations.append(Relocation(spot in been, claimed, right, once))
    runs = tuple(_errand(graph, walker, origin, homing, rng) for _ in range(errands))
    return Trial(tuple(relocations), runs, len(graph.places), len(flat.spots))


def _observe(graph: TopologyGraph, walker: Walker) -> Visit:
    """Look, by the heading that the graph's corrections give."""
    return graph.observe(walker.sight(graph.drive(walker.odometry).yaw))


def _leaf_rooms(flat: Flat, count: int) -> set[tuple[int, int]]:
    """Rooms without which the others still hang together, the first room never among them."""
    rooms = nx.Graph(list(flat.doors))
    hidden: set[tuple[int, int]] = set()
    for room in reversed(flat.rooms[1:]):
        rest = rooms.subgraph(set(rooms) - hidden - {room})
        if len(hidden) < count and nx.is_connected(rest):
            hidden.add(room)
    return hidden


def _walk(
    graph: TopologyGraph, walker: Walker, goals: Iterable[int]
) -> Iterator[tuple[int, str, str]]:
    """Drive to each spot by the true map, looking at every stop; the door may need retries.

    Yields the spot, the place that it was taken for, and the same again.
    """
    network = walker.flat.network
    here = walker.spot
    assert here is not None
    if graph.here is None:
        place = _observe(graph, walker).place
        yield here, place, place
    for goal in goals:
        allowed = network
        for _, spot in pairwise(nx.dijkstra_path(allowed, walker.spot, int(goal), "length")):
            while not walker.go(spot):
                _note_failure(graph, walker, spot)
            place = _observe(graph, walker).place
            yield spot, place, place


def _note_failure(graph: TopologyGraph, walker: Walker, spot: int) -> None:
    """A shut door: the robot knows which, if it knows a place there."""
    assert graph.here is not None
    seen = between(walker.truth, Pose2D(*walker.flat.spots[spot].position))
    x, y = transform(graph.trajectory.pose, (seen.x, seen.y))
    place = graph.nearest(x, y)[0]
    near = math.dist((x, y), (place.pose.x, place.pose.y)) <= graph.config.radius
    if near and place.id != graph.here:
        graph.traverse(graph.here, place.id, success=False)


def _stroll(graph: TopologyGraph, walker: Walker, rng: np.random.Generator) -> None:
    for _ in range(WAY_BACK):
        walker.go(int(rng.choice(list(walker.flat.network[walker.spot]))))
        graph.drive(walker.odometry)


def _errand(
    graph: TopologyGraph,
    walker: Walker,
    origin: dict[str, int],
    homing: bool,
    rng: np.random.Generator,
) -> Errand:
    """Go to a place by the graph alone, planning anew at each stop."""
    goal = str(rng.choice([place.id for place in graph.places if place.id in origin]))
    visit = _observe(graph, walker)
    tries = 2 * nx.dijkstra_path_length(walker.flat.network, walker.spot, origin[goal]) + 4
    began, smooth, promise = walker.clock, True, None
    failed: set[tuple[str, str]] = set()
    while tries > 0 and visit.place != graph.resolve(goal):
        tries -= 1
        try:
            route = graph.route(visit.place, goal, avoid=failed)
        except TopologyError:
            # No other way: look around from elsewhere, then give the failed ways another chance.
            failed, smooth = set(), False
            if walker.go(int(rng.choice(list(walker.flat.network[walker.spot])))):
                visit = _observe(graph, walker)
            continue
        promise = promise or route
        following = route.places[1]
        # Where the robot stands, it takes the map's word for; odometry says which way it looks.
        at = graph.places[visit.place].pose
        motion = between(Pose2D(at.x, at.y, visit.pose.yaw), graph.places[following].pose)
        if homing and following in origin:
            went = walker.home(origin[following])
        else:
            went = walker.reach((motion.x, motion.y))
        if went:
            visit = _observe(graph, walker)
            smooth &= visit.place == graph.resolve(following)
        else:
            smooth = False
            failed.add((visit.place, following))
            graph.traverse(visit.place, following, success=False)
    arrived = visit.place == graph.resolve(goal) and walker.spot == origin[goal]
    seconds = walker.clock - began
    if promise is None:
        return Errand(arrived, 1.0, smooth, seconds, 0.0)
    return Errand(arrived, promise.probability, smooth, seconds, promise.seconds)
