# SPDX-License-Identifier: Apache-2.0
"""The topology graph: places, the ways between them and how they went, and loops that close.

Inspired by the semantic topology graph of Mem4Nav (arXiv 2506.19433, withdrawn by its authors on
2025-10-10), which ``mode: paper`` follows for comparison.

Not safe from several threads at once; whoever owns it holds a lock.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from memagent.memory.spatial.topology.belongings import Belongings
from memagent.memory.spatial.topology.closing import close, settle
from memagent.memory.spatial.topology.config import TopologyConfig
from memagent.memory.spatial.topology.places import Places, same_place
from memagent.memory.spatial.topology.recognition import Recogniser
from memagent.memory.spatial.topology.rooms import rooms
from memagent.memory.spatial.topology.se2 import distance, transform
from memagent.memory.spatial.topology.trajectory import Trajectory
from memagent.memory.spatial.topology.values import (
    Closure,
    Frontier,
    Landmark,
    Offset,
    Place,
    Route,
    Sight,
    TopologyError,
    Visit,
    finite_pose,
    unit,
)
from memagent.memory.spatial.topology.ways import By, Ways
from memagent.types import FloatArray, Pose2D


class TopologyGraph:
    """Grows from sights; answers where, which way, how long and how surely.

    Ids stay good when places are merged: ``resolve`` follows them, and so does every method.
    """

    def __init__(self, config: TopologyConfig | None = None) -> None:
        self.config = config or TopologyConfig()
        self.places = Places()
        self.ways = Ways(self.config)
        self.belongings = Belongings()
        self.trajectory = Trajectory(self.config.pose_graph)
        self.recogniser = Recogniser(self.config.closure, self.config.radius)
        self.aliases: dict[str, str] = {}
        """Merged id -> the id it was merged into; the newest ``max_places``."""
        self.made = 0
        """Places made so far; names the next one."""
        self.here: str | None = None
        """Where the robot was last seen to be."""
        self.arrived = math.nan
        """Stamp of the arrival there."""

    # --- growing ----------------------------------------------------------------------------

    def observe(self, sight: Sight) -> Visit:
        """Take in where the robot stands and what it sees; it drove here from the last sight.

        Raises:
            TopologyError: the sight cannot be one; nothing has changed then.
        """
        look, odometry = self.check(sight)
        pose = self.trajectory.advance(odometry)
        id = same_place(self.places, self.config, pose, look, sight.label)
        recognised = id is not None
        if id is None:
            id = self._make(pose, look, sight.label, visits=0)
        place = self.places[id]
        closure = None
        if id != self.here:
            closure = self._arrive(place, look, sight, recognised)
        id = self.resolve(id)
        self.belongings.saw_exits(
            self.places[id], self.trajectory.pose, sight.exits, self.config.explored
        )
        return Visit(id, recognised or closure is not None, self.trajectory.pose, closure)

    def check(self, sight: Sight) -> tuple[FloatArray, Pose2D]:
        """The sight's look, scaled to length 1, and its odometry.

        Raises:
            TopologyError: it cannot be a sight of this graph.
        """
        look = unit(sight.descriptor, of=f"the sight at {sight.stamp} s")
        odometry = finite_pose(sight.odometry, of=f"the sight at {sight.stamp} s")
        if not math.isfinite(sight.stamp):
            raise TopologyError(f"stamp of a sight: must be finite seconds, got {sight.stamp!r}")
        if len(self.places):
            self.places.cosines(look)  # raises where dimensions differ
        return look, odometry

    def lift(self, odometry: Pose2D) -> None:
        """The robot was carried, or its odometry set anew: it is there, and drove no way there."""
        self.trajectory.advance(finite_pose(odometry, of="odometry"))
        self.here = None

    def drive(self, odometry: Pose2D) -> Pose2D:
        """Follow odometry between sights, as often as it comes; returns the pose in ``map``."""
        return self.trajectory.advance(finite_pose(odometry, of="odometry"))

    def add_place(
        self, pose: Pose2D, descriptor: FloatArray, label: str = "", visits: int = 0
    ) -> str:
        """Add a place that is known from elsewhere: told, or from a map. Returns its id."""
        pose = finite_pose(pose, of="the new place")
        return self._make(pose, unit(descriptor, of="the new place"), label, visits)

    def traverse(
        self,
        a: str,
        b: str,
        *,
        success: bool,
        length: float | None = None,
        seconds: float = math.nan,
        width: float = math.inf,
    ) -> None:
        """Count an attempt at driving from ``a`` to ``b``; also the other way unless directed.

        Args:
            a: where it began.
            b: where it led or was to lead.
            success: whether the robot arrived.
            length: metres driven; None: the straight line.
            seconds: of the drive; NaN where not measured.
            width: narrowest metres on the way; infinite where not measured.

        Raises:
            TopologyError: a place is unknown, or a number is impossible.
        """
        a, b = self.resolve(a), self.resolve(b)
        if length is None:
            length = distance(self.places[a].pose, self.places[b].pose)
        self.ways.drove(a, b, success, length, seconds, width)
        if not self.config.directed:
            self.ways.drove(b, a, success, length, seconds, width)

    def attach(self, name: str, place: str, offset: Offset = (0.0, 0.0)) -> None:
        """Hang a landmark on a place, at ``offset`` in its frame."""
        self.belongings.attach(Landmark(name, self.resolve(place), offset))

    def merge(self, keep: str, gone: str) -> None:
        """Make one place of two; passages, landmarks, exits and visits of ``gone`` go to ``keep``.

        Raises:
            TopologyError: one is unknown, or they are the same.
        """
        keep, gone = self.resolve(keep), self.resolve(gone)
        if keep == gone:
            raise TopologyError(f"merge: {keep!r} and {gone!r} are one place already")
        a, b = self.places[keep], self.places.drop(gone)
        mean = max(a.visits, 1) * a.descriptor + max(b.visits, 1) * b.descriptor
        merged = replace(
            a,
            descriptor=unit(mean, of=keep) if mean.any() else a.descriptor,
            label=a.label or b.label,
            visits=a.visits + b.visits,
            stamp=max(a.stamp, b.stamp),
            odometer=max(a.odometer, b.odometer),
        )
        self.places.put(merged)
        self.ways.merge(keep, gone)
        self.belongings.merge(merged, b, self.config.explored)
        self.trajectory.rename(gone, keep)
        self.aliases = {old: keep if new == gone else new for old, new in self.aliases.items()}
        self.aliases[gone] = keep
        while len(self.aliases) > self.config.max_places:
            del self.aliases[next(iter(self.aliases))]
        if self.here == gone:
            self.here = keep

    def remove(self, place: str, *, bridge: bool = True) -> None:
        """Forget a place; with ``bridge``, its neighbours are joined by the ways through it."""
        id = self.resolve(place)
        self.places.drop(id)
        self.ways.remove(id, bridge)
        self.belongings.remove(id)
        self.trajectory.rename(id, "")
        self.aliases = {old: new for old, new in self.aliases.items() if new != id}
        if self.here == id:
            self.here = None

    # --- asking -----------------------------------------------------------------------------

    def resolve(self, place: str) -> str:
        """The id under which a place is known now.

        Raises:
            TopologyError: it is unknown.
        """
        id = self.aliases.get(place, place)
        return self.places[id].id

    def route(
        self,
        a: str,
        b: str,
        by: By = "cost",
        avoid: Collection[tuple[str, str]] = frozenset(),
    ) -> Route:
        """The best known way, by combined cost, length, time, or risk (-log success).

        ``avoid`` are passages to leave out for now, as pairs of current ids.

        Raises:
            TopologyError: a place is unknown, or no way is known.
        """
        return self.ways.route(self.resolve(a), self.resolve(b), by, avoid)

    def nearest(self, x: float, y: float, k: int = 1) -> list[Place]:
        """The ``k`` places nearest to a map position."""
        apart = np.hypot(*(self.places.positions - (x, y)).T)
        return [self.places[self.places.ids[row]] for row in np.argsort(apart, kind="stable")[:k]]

    def alike(self, descriptor: FloatArray, k: int = 1) -> list[tuple[Place, float]]:
        """The ``k`` places that look most like ``descriptor``, with cosines."""
        cosines = self.places.cosines(unit(descriptor, of="the question"))
        best = np.argsort(-cosines, kind="stable")[:k]
        return [(self.places[self.places.ids[row]], float(cosines[row])) for row in best]

    def where(self, landmark: Landmark) -> tuple[float, float]:
        """A landmark's position in ``map``, after all corrections."""
        return transform(self.places[self.resolve(landmark.place)].pose, landmark.offset)

    def frontiers(self) -> list[Frontier]:
        """What was seen and not yet visited: exits, and places that are known by hearsay."""
        found = self.belongings.frontiers(self.places, self.config.explored)
        found += [Frontier(p.id, (p.pose.x, p.pose.y)) for p in self.places if not p.visits]
        return found

    def rooms(self) -> list[frozenset[str]]:
        """Places in clusters, the largest first; see ``rooms.rooms``."""
        return rooms(self.ways.network, self.config.narrow)

    # --- inside -----------------------------------------------------------------------------

    def _make(self, pose: Pose2D, look: FloatArray, label: str, visits: int) -> str:
        while len(self.places) >= self.config.max_places:
            self._evict()
        id = f"place-{self.made}"
        self.places.put(Place(id, pose, look, label, visits))
        self.ways.network.add_node(id)
        self.made += 1
        return id

    def _evict(self) -> None:
        """Forget the place that is least missed: seldom visited, bare, long ago."""
        candidates = (place for place in self.places if place.id != self.here)
        bare = {landmark.place for landmark in self.belongings.landmarks()}
        least = min(candidates, key=lambda p: (p.id in bare, p.visits, p.stamp))
        self.remove(least.id)

    def _arrive(
        self, place: Place, look: FloatArray, sight: Sight, recognised: bool
    ) -> Closure | None:
        """Note the way here and the visit; where poses disagree with it, correct them."""
        before, driven = self.here, self.trajectory.since_driven
        believed, n = self.trajectory.pose, place.visits
        mean = n * place.descriptor + look
        pose = place.pose
        if self.config.mode == "paper" and n:
            pose = Pose2D(
                (n * pose.x + believed.x) / (n + 1), (n * pose.y + believed.y) / (n + 1), pose.yaw
            )
        place = replace(
            place,
            pose=pose,
            descriptor=unit(mean, of=place.id) if mean.any() else look,
            visits=n + 1,
            stamp=sight.stamp,
            odometer=self.trajectory.odometer,
        )
        self.places.put(place)
        self.trajectory.arrive(place.id, anchor=not recognised)
        if before is not None:
            self.traverse(
                before,
                place.id,
                success=True,
                length=driven,
                seconds=max(sight.stamp - self.arrived, 0.0),
                width=sight.width,
            )
        self.here, self.arrived = place.id, sight.stamp
        if self.config.mode == "paper":
            return None
        if recognised:
            if distance(believed, place.pose) > self.config.pose_graph.tolerance:
                settle(self)
            return None
        if not self.config.closure.enabled:
            return None
        hypotheses = self.recogniser.propose(self.places, place)
        return close(self, hypotheses) if hypotheses else None
