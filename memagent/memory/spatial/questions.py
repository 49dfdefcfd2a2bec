# SPDX-License-Identifier: Apache-2.0
"""What spatial memory answers: where, near, which way, what is unexplored, what has changed."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memagent.memory.spatial.config import SpatialConfig
from memagent.memory.spatial.floor_plan import borders, floor_plan
from memagent.memory.spatial.state import SpatialState
from memagent.memory.spatial.topology import By, Place, Route, TopologyError
from memagent.memory.spatial.values import (
    Change,
    Changes,
    Grid,
    Knowledge,
    Nearby,
    Neighbour,
    Sketch,
    Unexplored,
    Way,
    Whereabouts,
)
from memagent.memory.spatial.voxels import VoxelMap
from memagent.memory.spatial.voxels.cloud import position_of
from memagent.site import Site
from memagent.types import FloatArray, Vector3

Spot = str | tuple[float, float] | Vector3
"""A thing, a place of the survey or of the graph, or a position."""


class Questions:
    """The questions; safe from any thread.

    ``where``, ``route`` and ``changed`` do not wait for a scan's voxels: places and things have a
    lock of their own, held for what a scan says of things, and while a snapshot is written.
    """

    def __init__(
        self,
        config: SpatialConfig,
        state: SpatialState,
        voxels: VoxelMap,
        knowledge: Knowledge | None,
        site: Site | None,
    ) -> None:
        self.config = config
        self._state = state
        self._voxels = voxels
        self._knowledge = knowledge
        self._site = site
        self._lock = threading.RLock()
        """Of places and things."""
        self._space = threading.RLock()
        """Of voxels; taken before ``_lock`` where both are."""

    # --- things -------------------------------------------------------------------------------

    def where(self, name: str) -> Whereabouts:
        """Where a thing is, and where it was.

        Args:
            name: its label, the last words of it, or a name that the knowledge graph knows.
        """
        belief = self._knowledge.where(name) if self._knowledge else None
        facts = tuple(self._knowledge.history(belief.name)) if self._knowledge and belief else ()
        with self._lock:
            stays = self._state.things.named(name)
            if not stays and belief is not None:
                stays = self._state.things.named(f"{belief.colour} {belief.category}".strip())
            now = tuple(s for s in stays if s.gone is None)
            past = tuple(s for s in stays if s.gone is not None)
            position, seen = (now[0].position, now[0].last) if now else (None, None)
            best = belief.candidates[0] if belief and belief.candidates else None
            if best is not None and best.last_seen is not None and best.position is not None:
                left = max((s.gone or 0.0 for s in past), default=-math.inf)
                if best.last_seen > max(seen or -math.inf, left):
                    position, seen = best.position, best.last_seen
            place = self._nearest(position[:2]) if position else None
        return Whereabouts(
            name, position, seen, place.id if place else "", now, past, belief, facts
        )

    def near(self, spot: Spot, radius: float) -> Nearby:
        """What is within ``radius`` metres of somewhere.

        Raises:
            TopologyError: nothing is known by that name.
            VoxelError: the position or the radius is not finite.
        """
        at = self._position(spot)
        with self._space:
            _, obstacle = self._voxels.nearest(at)
        with self._lock:
            found = [
                Neighbour("thing", s.label, s.position, math.dist(s.position, at), s.last)
                for _, s in self._state.things.current()
            ]
            for place in self._state.graph.places:
                x, y = place.pose.x, place.pose.y
                away = math.hypot(x - at[0], y - at[1])
                name = place.label or place.id
                found.append(Neighbour("place", name, (x, y, 0.0), away, place.stamp))
        close = sorted((n for n in found if n.distance <= radius), key=lambda n: n.distance)
        items = tuple(self._knowledge.near(at, radius)) if self._knowledge else ()
        return Nearby(at, tuple(close), items, obstacle)

    def changed(self, since: float) -> Changes:
        """What came to be or ceased to be somewhere since a time in seconds."""
        with self._lock:
            stays = self._state.things.all()
        changes = [
            Change("appeared", s.label, s.position, s.first) for s in stays if s.first >= since
        ]
        changes += [
            Change("gone", s.label, s.position, s.gone)
            for s in stays
            if s.gone is not None and s.gone >= since
        ]
        facts = [
            fact
            for fact in (self._knowledge.facts() if self._knowledge else ())
            if fact.valid_from >= since or (fact.valid_to is not None and fact.valid_to >= since)
        ]
        changes.sort(key=lambda change: change.stamp)
        return Changes(tuple(changes), tuple(sorted(facts, key=lambda fact: fact.valid_from)))

    # --- ways ---------------------------------------------------------------------------------

    def route(self, goal: Spot, start: tuple[float, float] | None = None, by: By = "cost") -> Way:
        """The best known way to somewhere.

        Args:
            goal: where to.
            start: x and y; None: where the robot is.
            by: what is least: see ``TopologyGraph.route``.

        Raises:
            TopologyError: nothing is known by that name, or no way is known.
        """
        x, y, _ = self._position(goal)
        with self._lock:
            pose = self._state.graph.trajectory.pose
            begin = start or (pose.x, pose.y)
            found = self._between(begin, (x, y), by)
            if found is None:
                raise TopologyError(
                    f"no way is known from ({begin[0]:.2f}, {begin[1]:.2f}) to ({x:.2f}, {y:.2f}): "
                    f"one of them is farther than {self.config.reach} m from any known place"
                )
            route, first, last = found
            poses = [self._state.graph.places[id].pose for id in route.places]
            points = np.array([begin, *((p.x, p.y) for p in poses), (x, y)])
            speed = self.config.topology.cost.speed
            rest = first + last
            return Way(
                points, route.places, route.length + rest, route.seconds + rest / speed,
                route.probability,
            )  # fmt: skip

    def route_lengths(self, start: tuple[float, float], goals: ArrayLike) -> FloatArray:
        """(n,) metres of the shortest known ways to (n, 2) goals, NaN where none is known."""
        ends = np.asarray(goals, np.float64).reshape(-1, 2)
        lengths = np.full(len(ends), np.nan)
        with self._lock:
            for i, (x, y) in enumerate(ends.tolist()):
                found = self._between(start, (x, y), "length")
                if found is not None:
                    route, first, last = found
                    lengths[i] = route.length + first + last
        return lengths

    def _between(
        self, start: tuple[float, float], goal: tuple[float, float], by: By
    ) -> tuple[Route, float, float] | None:
        """A route between the places that are nearest, and metres to its start and from its end."""
        a, b = self._nearest(start), self._nearest(goal)
        if a is None or b is None:
            return None
        first, last = _apart(start, a), _apart(goal, b)
        if max(first, last) > self.config.reach:
            return None
        straight = math.dist(start, goal)
        if a.id == b.id:
            # Both are beside one place: straight on.
            return Route((a.id,), 0.0, 0.0, 1.0), straight, 0.0
        try:
            return self._state.graph.route(a.id, b.id, by), first, last
        except TopologyError:
            return None

    def _nearest(self, at: Sequence[float]) -> Place | None:
        graph = self._state.graph
        return graph.nearest(at[0], at[1])[0] if len(graph.places) else None

    def unexplored(self) -> tuple[Unexplored, ...]:
        """What was seen or surveyed and not visited, the nearest first."""
        with self._space:
            edges = borders(self.floor_plan(), self.config.narrow)
        viewed = self._knowledge.world().viewed if self._knowledge else None
        with self._lock:
            graph = self._state.graph
            found: list[Unexplored] = []
            for exit_ in graph.frontiers():
                found.append(self._unexplored("exit", exit_.place, exit_.position, exit_.width))
            for at, width in edges:
                place = self._nearest(at)
                if place is None or _apart(at, place) > self.config.blind:
                    found.append(self._unexplored("border", place.id if place else "", at, width))
            if self._site is not None and viewed is not None:
                for spot in self._site.places:
                    if spot.name not in viewed:
                        at = spot.stand_pose.x, spot.stand_pose.y
                        found.append(self._unexplored("place", spot.name, at, math.inf))
        return tuple(sorted(found, key=lambda u: u.distance))

    def _unexplored(
        self, kind: str, name: str, at: tuple[float, float], width: float
    ) -> Unexplored:
        pose = self._state.graph.trajectory.pose
        here = pose.x, pose.y
        found = self._between(here, at, "length")
        away = math.dist(here, at) if found is None else found[0].length + found[1] + found[2]
        return Unexplored(kind, name, at, width, away)  # type: ignore[arg-type]

    def recognise(
        self, descriptor: NDArray[np.floating], count: int = 3
    ) -> list[tuple[str, float]]:
        """Places that looked like this, with likeness: by tokens, or what the ablation prefers.

        Raises:
            TokenError: the descriptor has another width than what was seen.
        """
        with self._lock:
            if self._state.search is None:
                return []
            found = self._state.search.find(descriptor, 4 * count)
            best: dict[str, float] = {}
            for match in found:
                try:
                    best.setdefault(self._state.graph.resolve(match.place), match.similarity)
                except TopologyError:
                    continue  # A place that is forgotten.
            return list(best.items())[:count]

    # --- space --------------------------------------------------------------------------------

    def floor_plan(self) -> Grid:
        """Free, occupied and unknown floor."""
        with self._space:
            everything = self._voxels.level(0)
        side = max(0.05, self.config.voxels.resolution)
        return floor_plan(everything, self.config.floor, self.config.body, side)

    def sketch(self) -> Sketch:
        """Places, passages and things, to be drawn."""
        with self._lock:
            graph = self._state.graph
            at = {place.id: (place.pose.x, place.pose.y) for place in graph.places}
            ways = [(at[a], at[b]) for a, b, _ in graph.ways.passages()]
            return Sketch(
                np.array(list(at.values()), np.float64).reshape(-1, 2),
                np.array(ways, np.float64).reshape(-1, 2, 2),
                tuple(stay for _, stay in self._state.things.current()),
            )

    def obstacles(self, at: tuple[float, float], radius: float) -> FloatArray:
        """(n, 3) centres of occupied voxels in the robot's way within ``radius`` m of (x, y)."""
        low = (at[0] - radius, at[1] - radius, self.config.body[0])
        high = (at[0] + radius, at[1] + radius, self.config.body[1])
        with self._space:
            rows = self._voxels.box(low, high)
            centres = self._voxels.voxels(rows).centres
        near = np.hypot(centres[:, 0] - at[0], centres[:, 1] - at[1]) <= radius
        return np.asarray(centres[near], np.float64)

    def _position(self, spot: Spot) -> Vector3:
        """Where something that has a name, or a position, is."""
        if not isinstance(spot, str):
            padded = (*spot, 0.0) if len(spot) == 2 else tuple(spot)
            x, y, z = position_of(padded, "position").tolist()
            return x, y, z
        if self._site is not None:
            for named in self._site.places:
                if spot in (named.name, *named.synonyms):
                    return named.stand[0], named.stand[1], named.height
        with self._lock:
            graph = self._state.graph
            for landmark in graph.belongings.landmarks():
                if landmark.name == spot:
                    return (*graph.where(landmark), 0.0)
            for place in graph.places:
                if place.id == graph.aliases.get(spot, spot):
                    return place.pose.x, place.pose.y, 0.0
            labelled = [p for p in graph.places if p.label == spot]
        found = self.where(spot)
        if found.position is not None:
            return found.position
        if labelled:
            newest = max(labelled, key=lambda p: p.visits)
            return newest.pose.x, newest.pose.y, 0.0
        raise TopologyError(
            f"nothing is known of {spot!r}: no thing, place or landmark is so called"
        )


def _apart(at: tuple[float, float], place: Place) -> float:
    return math.hypot(at[0] - place.pose.x, at[1] - place.pose.y)
