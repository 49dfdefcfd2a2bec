# SPDX-License-Identifier: Apache-2.0
"""Spatial memory: occupied space, places, what they look like and what is where, in one folder.

    with SpatialMemory(folder, knowledge=memory) as space:
        space.look_depth(depth, camera, pose, stamp, objects=percept.objects)
        space.arrive(Sight(stamp, odometry, descriptor))
        space.where("red mug").position

Inspired by the architecture of Mem4Nav (arXiv 2506.19433, withdrawn by its authors). What was
acknowledged is on the disk when a call returns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memagent.memory.recall.embedders.ngrams import NGramEmbedder
from memagent.memory.spatial import state as of
from memagent.memory.spatial.config import SpatialConfig
from memagent.memory.spatial.keeping import Keeping
from memagent.memory.spatial.naming import (
    middles,
    pixels_of_things,
    points_of_things,
    unprojected,
)
from memagent.memory.spatial.noticing import Noticing
from memagent.memory.spatial.pose_gate import PoseGate, Verdict
from memagent.memory.spatial.scan_look import scan_look
from memagent.memory.spatial.state import BACKGROUND
from memagent.memory.spatial.topology import Sight, TopologyError, Visit
from memagent.memory.spatial.values import Knowledge
from memagent.memory.spatial.voxels import (
    CacheHit,
    Insertion,
    Pinhole,
    SpatialCache,
    VoxelError,
)
from memagent.memory.spatial.voxels.cloud import Points, points_of, position_of, stamp_of
from memagent.memory.spatial.voxels.depth import depth_of, pose_of
from memagent.site import Site
from memagent.types import FloatArray, ObjectObservation, Percept, Pose2D, Vector3

_FRESH = 1.5
"""Seconds for which a scan says what the place around the robot looks like."""
_STRIDE = 3
"""Every n-th pixel of a depth image, along both axes, is asked about things that are gone."""


class SpatialMemory(Keeping):
    """Its one writer; safe from any thread."""

    def __init__(
        self,
        folder: Path | str | None = None,
        config: SpatialConfig | None = None,
        *,
        knowledge: Knowledge | None = None,
        site: Site | None = None,
    ) -> None:
        """Open the memory in ``folder``, or begin one; None: it is in this process alone.

        Args:
            folder: for its files alone.
            config: constants.
            knowledge: what is believed of things, beyond what was measured: a ``LifelongMemory``.
            site: the surveyed map, whose places have names.

        Raises:
            DamagedFileError: a file of the folder is damaged; it is left as it is.
            VoxelError: the folder is in use, of another resolution or schema, or not writable.
            TopologyError: its places are no graph.
        """
        super().__init__(folder, config or SpatialConfig(), knowledge, site)
        left_at = self._state.graph.trajectory.odometry
        self._gate = PoseGate(self.config.fastest, self.config.jumps, left_at)
        self._words = NGramEmbedder()
        self._cache = SpatialCache(self._words.dimension, self.config.cache)
        self._noticing = Noticing(self.config.same, self.config.farthest)
        self._persisted = -math.inf
        self._scan: tuple[float, Points, NDArray[np.float64]] | None = None
        """The newest: stamp, some of its points, and where it was taken from."""
        self._noted: tuple[tuple[float, float], str] | None = None
        """Where ``follow`` noted a place last, and its room."""

    # --- poses --------------------------------------------------------------------------------

    def drive(self, odometry: Pose2D, stamp: float) -> bool:
        """Follow odometry, as often as it comes; False where the pose is not believed.

        It is on the disk with the next sight.
        """
        with self._lock:
            return self._follow(odometry, stamp)

    def arrive(
        self, sight: Sight, landmarks: Sequence[tuple[str, tuple[float, float]]] = ()
    ) -> Visit:
        """Take in where the robot stopped to look, and what it looks like there.

        Args:
            sight: what it sees.
            landmarks: names of what the place is known by, with offsets in the place's frame.

        Raises:
            TopologyError: it cannot be a sight, or its pose is a jump that is not believed.
            VoxelError: it could not be written; nothing was changed.
        """
        with self._lock:
            self._make_room()
            self._state.graph.check(sight)
            if not self._follow(sight.odometry, sight.stamp):
                raise TopologyError(
                    f"sight at {sight.stamp} s: {sight.odometry} is too far from the pose before, "
                    f"{self._gate.pose}, for a robot of {self.config.fastest} m/s"
                )
            self._write(of.SIGHT, self._state.sight(sight))
            visit = self._state.visit
            assert visit is not None
            for name, offset in landmarks:
                self._write(of.ATTACHED, of.attached(name, visit.place, offset))
            return visit

    def follow(self, percept: Percept) -> Visit | None:
        """Follow the robot by what it perceives: note the place where it has come some way, or into
        another room, and has just taken a scan, which says what the place looks like.

        Returns:
            What became of the place; None where none was noted.

        Raises:
            VoxelError: it could not be written.
        """
        with self._lock:
            if not self._follow(percept.base, percept.stamp) or self._scan is None:
                return None
            stamp, points, eye = self._scan
            x, y = percept.base.x, percept.base.y
            if abs(percept.stamp - stamp) > _FRESH or math.dist(eye[:2], (x, y)) > 1.0:
                return None
            noted = self._noted
            near = noted is not None and math.dist(noted[0], (x, y)) < self.config.stop_every
            if near and noted is not None and noted[1] == percept.room:
                return None
            look = scan_look(points, eye)
            if not look.any():
                return None
            self._noted = (x, y), percept.room
            return self.arrive(Sight(percept.stamp, percept.base, look, percept.room))

    def tried(self, a: str, b: str, *, success: bool, seconds: float = math.nan) -> None:
        """Count an attempt at driving straight from one place to another.

        Raises:
            TopologyError: a place is unknown, or both are one.
        """
        with self._lock:
            self._make_room()
            graph = self._state.graph
            a, b = graph.resolve(a), graph.resolve(b)
            if a == b or not (math.isnan(seconds) or 0 <= seconds < math.inf):
                raise TopologyError(f"drive {a!r} -> {b!r} of {seconds} s: cannot be one")
            there, here = graph.places[b].pose, graph.places[a].pose
            length = math.hypot(there.x - here.x, there.y - here.y)
            self._write(of.TRIED, of.tried(a, b, success, length, seconds))

    def _follow(self, odometry: Pose2D, stamp: float) -> bool:
        before = self._gate.pose
        verdict = self._gate.judge(odometry, stamp)
        if verdict is Verdict.REJECTED:
            self.rejected.poses += 1
            return False
        if before is not None:
            self._cache.move(np.linalg.solve(_matrix(before), _matrix(odometry)))
        self._state.drive(odometry, verdict is Verdict.CARRIED)
        return True

    # --- scans --------------------------------------------------------------------------------

    def look(
        self,
        points: ArrayLike,
        stamp: float,
        sensor: ArrayLike,
        *,
        objects: Sequence[ObjectObservation] = (),
        instances: ArrayLike | None = None,
        names: Sequence[str] = (),
        colours: ArrayLike | None = None,
    ) -> Insertion:
        """Take in a point cloud.

        Args:
            points: (N, 3) metres in ``map``.
            stamp: seconds.
            sensor: (3,) where it was taken from; what lies between is seen through.
            objects: what was recognised in it, by boxes.
            instances: (N,) or, instead, which of ``names`` each point belongs to, from 1; 0 for
                none.
            names: labels, one per instance.
            colours: (N, 3) uint8.

        Returns:
            What became of it. A cloud whose sensor cannot be there is left out as a whole.

        Raises:
            VoxelError: anything has the wrong shape, type or range, or the disk is full.
        """
        given, eye, when = points_of(points), position_of(sensor, "sensor"), stamp_of(stamp)
        number, labels = self._numbered(given, objects, instances, names)
        away = np.abs(given - eye).max(axis=1, initial=0.0) if len(given) else np.zeros(0)
        near = ~(away > self.config.farthest)  # Keeps NaN, for the map to count.
        too_far = int(np.count_nonzero(~near))
        if not self._is_there(eye):
            return Insertion(0, 0, len(given))
        if too_far:
            colours = None if colours is None else np.asarray(colours)[near]
            given, number = given[near], number[near]
        with self._space:
            label = self._labels(labels)[number]
            done = self._voxels.insert(given, when, labels=label, colours=colours, sensor=eye)
        things = [(o.label, o.position) for o in objects] or middles(given, number, labels)
        self._notice(things, given[np.isfinite(given).all(axis=1)], eye, when)
        self.rejected.points += too_far + done.not_finite + done.out_of_range
        return Insertion(done.points, done.not_finite, done.out_of_range + too_far, done.cleared)

    def look_depth(
        self,
        depth: ArrayLike,
        camera: Pinhole,
        pose: ArrayLike,
        stamp: float,
        *,
        objects: Sequence[ObjectObservation] = (),
        colours: ArrayLike | None = None,
    ) -> Insertion:
        """Take in a depth image: as ``look``, and faster.

        Args:
            depth: (H, W) metres along the optical axis; 0 or not finite for no reading.
            camera: its intrinsics.
            pose: (4, 4), optical frame (z forward) to ``map``.
            stamp: seconds.
            objects: what was recognised in it, by boxes.
            colours: (H, W, 3) uint8.

        Raises:
            VoxelError: as ``look``.
        """
        image, at, when = depth_of(depth), pose_of(pose), stamp_of(stamp)
        if not self._is_there(at[:3, 3]):
            return Insertion(0, 0, image.size)
        image = np.where(image <= self.config.farthest, image, np.float32(0))
        with self._space:
            label = self._labels([o.label for o in objects])
            labels = label[pixels_of_things(image, camera, at, objects)]
            done = self._voxels.insert_depth(
                image, camera, at, when, labels=labels, colours=colours
            )
        points = unprojected(image, camera, at, _STRIDE)
        self._notice([(o.label, o.position) for o in objects], points, at[:3, 3], when)
        self.rejected.points += done.not_finite + done.out_of_range
        return done

    def _is_there(self, eye: NDArray[np.float64]) -> bool:
        """Whether a sensor can be where it is said to be."""
        with self._lock:
            pose = self._gate.pose
            if pose is None or math.hypot(eye[0] - pose.x, eye[1] - pose.y) <= self.config.farthest:
                return True
            self.rejected.clouds += 1
            return False

    def _numbered(
        self,
        points: Points,
        objects: Sequence[ObjectObservation],
        instances: ArrayLike | None,
        names: Sequence[str],
    ) -> tuple[NDArray[np.int64], list[str]]:
        """(N,) number of each point's thing, from 1, and the things' labels."""
        if instances is None:
            return points_of_things(points, objects), [o.label for o in objects]
        number = np.asarray(instances)
        if number.shape != (len(points),) or number.dtype.kind not in "iu":
            raise VoxelError(
                f"instances: give ({len(points)},) integers, not {number.shape} of {number.dtype}"
            )
        if number.size and not (number.min() >= 0 and number.max() <= len(names)):
            raise VoxelError(f"instances: give 0 to {len(names)}, the number of names")
        return number.astype(np.int64), list(names)

    def _labels(self, names: Sequence[str]) -> NDArray[np.uint16]:
        """Label number of each thing of a scan, after that of what is none of them."""
        with self._lock:
            for name in self._state.unknown(names):
                if not name or len(self._state.labels) > 0xFFFF:
                    raise VoxelError(f"label {name!r}: give up to 65,534 names that are not empty")
                self._write(of.LABEL, name.encode())
            return np.array([BACKGROUND, *map(self._state.label, names)], np.uint16)

    def _notice(
        self,
        things: Sequence[tuple[str, Vector3]],
        points: Points,
        eye: NDArray[np.float64],
        stamp: float,
    ) -> None:
        """Note what a scan shows of things, and what it shows to be gone."""
        with self._lock:
            self._make_room()
            self._scan = stamp, points, eye
            held = self._state.things
            seen = set()
            for label, position in things:
                number = held.match(label, position)
                if number is None and self._noticing.is_sure(label, position):
                    self._write(of.BEGAN, of.began(label, position, stamp))
                    number = len(held) - 1
                if number is not None:
                    held.stay(number, position, stamp)
                    self._remember_shortly(number, label, position, stamp)
                    seen.add(number)
            for number in self._noticing.gone(held, seen, points, eye):
                self._write(of.GONE, of.gone(number, stamp))
            if stamp - self._persisted >= self.config.persist_every:
                self._persisted = stamp
                told = held.touched()
                if told is not None:
                    self._write(of.TOUCHED, told)

    def _remember_shortly(self, number: int, label: str, at: Vector3, stamp: float) -> None:
        vector = self._words.embed([label])[0]
        if self._gate.pose is not None and vector.any():
            there = np.linalg.solve(_matrix(self._gate.pose), (*at, 1.0))
            self._cache.put(number, there[:3], vector, stamp)

    def around(self, name: str, radius: float | None = None) -> list[CacheHit]:
        """Things of the last minutes that are called so, near the robot and in its own frame."""
        with self._lock:
            return self._cache.query(self._words.embed([name])[0], radius=radius)


def _matrix(pose: Pose2D) -> FloatArray:
    """(4, 4) of a planar pose."""
    c, s = math.cos(pose.yaw), math.sin(pose.yaw)
    matrix = np.eye(4)
    matrix[:2, :2] = (c, -s), (s, c)
    matrix[:2, 3] = pose.x, pose.y
    return matrix
