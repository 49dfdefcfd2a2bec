# SPDX-License-Identifier: Apache-2.0
"""Where the robot was: one keyframe per arrival at a place, and the odometry between them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from memagent.memory.spatial.topology import pose_graph
from memagent.memory.spatial.topology.config import PoseGraphConfig
from memagent.memory.spatial.topology.pose_graph import Motion, Tie
from memagent.memory.spatial.topology.se2 import between, compose, distance
from memagent.types import Pose2D

ORIGIN = Pose2D(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Keyframe:
    """One arrival."""

    place: str
    """"" once the place is gone."""
    pose: Pose2D
    delta: Pose2D
    """Odometry's motion from the keyframe before, in its frame."""
    driven: float
    """Metres of that motion."""
    anchor: bool
    """Whether this is the visit that the place's frame is from."""


class Trajectory:
    """The chain of keyframes; poses in ``map``, corrected on request."""

    def __init__(self, config: PoseGraphConfig) -> None:
        self._config = config
        self.keyframes: list[Keyframe] = []
        self.odometer = 0.0
        """Metres driven in all."""
        self.odometry: Pose2D | None = None
        """Newest, in ``odom``."""
        self.since = ORIGIN
        """Odometry's motion since the last keyframe, in its frame."""
        self.since_driven = 0.0

    def advance(self, odometry: Pose2D) -> Pose2D:
        """Take in a new odometry pose and return where that is in ``map``."""
        if self.odometry is not None:
            step = distance(self.odometry, odometry)
            self.since = compose(self.since, between(self.odometry, odometry))
            self.since_driven += step
            self.odometer += step
        self.odometry = odometry
        return self.pose

    @property
    def pose(self) -> Pose2D:
        """Where the robot is in ``map``; the first odometry pose is taken as it is."""
        if self.keyframes:
            return compose(self.keyframes[-1].pose, self.since)
        return self.odometry or ORIGIN

    def arrive(self, place: str, anchor: bool) -> None:
        """Add a keyframe here."""
        frame = Keyframe(place, self.pose, self.since, self.since_driven, anchor)
        self.keyframes.append(frame)
        self.since, self.since_driven = ORIGIN, 0.0
        self._thin()

    def anchors(self) -> dict[str, int]:
        """Place -> index of the keyframe whose pose is the place's."""
        return {frame.place: i for i, frame in enumerate(self.keyframes) if frame.anchor}

    def rename(self, place: str, to: str) -> None:
        """Keyframes of ``place`` are visits to ``to`` (a kept place, or "") from now on."""
        self.keyframes = [
            replace(frame, place=to, anchor=False) if frame.place == place else frame
            for frame in self.keyframes
        ]

    def correct(
        self, extra: Collection[tuple[int, int]] = (), window: int | None = None
    ) -> tuple[list[Pose2D], float]:
        """Corrected poses of all keyframes, and the worst strain left, in sigmas. Changes nothing.

        Args:
            extra: pairs of keyframes that are taken to be at the same place, too.
            window: move the last so many keyframes only, and no anchor of an older visit.
        """
        frames, config = self.keyframes, self._config
        first = max(len(frames) - window if window else 0, 1)
        anchors = self.anchors()
        motions = [
            Motion(i - 1, i, frame.delta, *self._sigmas(frame.driven))
            for i, frame in enumerate(frames[first:], first)
        ]
        ties = [
            Tie(anchors[frame.place], i, config.sigma_place)
            for i, frame in enumerate(frames[first:], first)
            if not frame.anchor and frame.place in anchors
        ]
        ties += [Tie(i, j, config.sigma_place) for i, j in extra]
        free = np.arange(len(frames)) >= first
        poses = np.array([(f.pose.x, f.pose.y, f.pose.yaw) for f in frames])
        corrected = pose_graph.correct(poses, motions, ties, free)
        found = [
            Pose2D(*map(float, row)) if moves else frame.pose
            for frame, row, moves in zip(frames, corrected, free, strict=True)
        ]
        return found, _strain(found, motions, ties)

    def move(self, poses: Collection[Pose2D]) -> None:
        """Give the keyframes these poses."""
        self.keyframes = [
            frame if pose is frame.pose else replace(frame, pose=pose)
            for frame, pose in zip(self.keyframes, poses, strict=True)
        ]

    def _sigmas(self, driven: float) -> tuple[float, float]:
        c = self._config
        return c.sigma_floor + c.sigma_distance * driven, c.sigma_floor + c.sigma_turn * driven

    def _thin(self) -> None:
        """Fold the oldest visits that are no anchor into the motion after them."""
        i = 1
        while len(self.keyframes) > self._config.max_keyframes and i < len(self.keyframes) - 1:
            frame, after = self.keyframes[i], self.keyframes[i + 1]
            if frame.anchor:
                i += 1
                continue
            delta, driven = compose(frame.delta, after.delta), frame.driven + after.driven
            self.keyframes[i : i + 2] = [replace(after, delta=delta, driven=driven)]


def _strain(poses: list[Pose2D], motions: list[Motion], ties: list[Tie]) -> float:
    """The largest residual, in sigmas."""
    worst = 0.0
    for motion in motions:
        seen = between(poses[motion.first], poses[motion.second])
        off = between(motion.delta, seen)
        apart = distance(motion.delta, seen) / motion.sigma_xy
        worst = max(worst, apart, abs(off.yaw) / motion.sigma_yaw)
    for tie in ties:
        worst = max(worst, distance(poses[tie.first], poses[tie.second]) / tie.sigma)
    return worst
