# SPDX-License-Identifier: Apache-2.0
"""Moving the arm: planned around the scene, timed, sent, and waited for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from memagent.executor.arm_paths import plan_arm_path
from memagent.executor.body.hand import Hand
from memagent.executor.body.pace import Pace, SkillFailure
from memagent.executor.collision import ArmModel, Box
from memagent.executor.config import ArmMotion
from memagent.executor.kinematics import ArmKinematics, frame_of
from memagent.executor.trajectory import time_path, time_segments
from memagent.robot import RobotDescription
from memagent.types import Code, FloatArray, JointTrajectory, Pose2D, RobotState

_SPAN = 1.4
"""Metres from the base beyond which the arm meets nothing."""
_LINE_STEP = 0.025
"""Metres between the points of a straight tool motion that are solved for."""


@dataclass(frozen=True, slots=True)
class _Motion:
    trajectory: JointTrajectory
    began: float

    @property
    def ends(self) -> float:
        return self.began + float(self.trajectory.times[-1])

    @property
    def goal(self) -> FloatArray:
        return np.asarray(self.trajectory.positions[-1])

    def at(self, stamp: float) -> FloatArray:
        times, positions = self.trajectory.times, self.trajectory.positions
        t = min(max(stamp - self.began, 0.0), float(times[-1]))
        return np.array([np.interp(t, times, column) for column in positions.T])


class Arm:
    """One arm on its base. Joint angles are radians, tool poses 4x4, offsets metres."""

    def __init__(
        self, pace: Pace, hand: Hand, description: RobotDescription, config: ArmMotion
    ) -> None:
        self._pace = pace
        self._hand = hand
        self._arm = description.arm
        self._config = config
        self.kinematics = ArmKinematics(description.arm)
        self.model = ArmModel(description)
        self.home = np.array(description.arm.postures["home"])
        self.ready = np.array(description.arm.postures["ready"])
        self._motion: _Motion | None = None

    def forget_motion(self) -> None:
        """Take the arm to be where it is measured, not where it was last sent."""
        self._motion = None

    def clearance(
        self,
        base: Pose2D,
        *,
        extra: Iterable[Box] = (),
        fingers: bool = True,
        holding: bool = True,
        ignore: str = "",
        scene: Iterable[Box] | None = None,
    ) -> Callable[[FloatArray], FloatArray]:
        """Distance of the arm to the scene as a function of joint angles, shape (k, n) to (k,).

        Args:
            base: where the base stands.
            extra: obstacles besides the scene.
            fingers: False leaves out the fingers, which may touch what they handle.
            holding: False leaves out what is in the hand.
            ignore: name of a box that may be touched.
            scene: boxes to take for the scene instead of what is known of it.
        """
        near = _within(self._pace.scene.boxes if scene is None else scene, base, _SPAN)
        boxes = (*(b for b in near if b.name != ignore), *extra)
        held = self._hand.held.load if self._hand.held and holding else None

        def clearance(q: FloatArray) -> FloatArray:
            return self.model.clearance(q, base, boxes, held=held, fingers=fingers)

        return clearance

    def commanded(self) -> FloatArray:
        """Where the arm was last sent, or where it is when that is elsewhere."""
        measured = self._pace.state.arm
        if self._motion is not None:
            expected = self._motion.at(self._pace.state.stamp)
            if float(np.abs(expected - measured).max()) < 0.06:
                return expected
        return np.clip(measured, self.kinematics.lower, self.kinematics.upper)

    def plan(
        self,
        goal: FloatArray,
        base: Pose2D,
        *,
        start: FloatArray | None = None,
        extra: Iterable[Box] = (),
    ) -> FloatArray | None:
        """Joint waypoints to ``goal`` around the scene, with the base at ``base``."""
        return plan_arm_path(
            self.kinematics,
            self.commanded() if start is None else start,
            goal,
            self.clearance(base, extra=extra),
            margin=self._config.clearance,
            via=(self.ready, self.home),
        )

    def start(self, waypoints: FloatArray, *, scale: float | None = None) -> None:
        """Send the arm along the straight segments between waypoints and return at once."""
        arm = self._config
        usual = arm.carrying_speed if self._hand.held else arm.speed
        self._send(time_segments(self._arm, waypoints, scale=scale or usual))

    def start_line(self, waypoints: FloatArray, length: float, speed: float) -> None:
        """Send the arm along the dense waypoints of a straight tool motion and return at once.

        Args:
            waypoints: joint angles, shape (n, joints).
            length: metres that the tool moves.
            speed: of the tool at its fastest, m/s.
        """
        # The quintic profile peaks at 15/8 of its mean velocity.
        duration = 15.0 / 8.0 * length / speed
        scale = self._config.speed
        self._send(time_path(self._arm, waypoints, scale=scale, duration=duration))

    def _send(self, trajectory: JointTrajectory) -> None:
        self._pace.guard.send_arm(trajectory)
        self._motion = _Motion(trajectory, self._pace.state.stamp)

    def finish(self, *, stop_at_contact: bool = False) -> bool:
        """Wait until the arm has arrived.

        Args:
            stop_at_contact: hold as soon as the tool lags behind, as it does when it touches.

        Returns:
            True where it stopped because of a contact.

        Raises:
            SkillFailure: BLOCKED, the arm did not arrive.
        """
        motion = self._motion
        if motion is None:
            return False
        state = self._pace.state
        while True:
            error = float(np.abs(state.arm - motion.goal).max())
            if state.stamp >= motion.ends and error < self._config.tolerance:
                return False
            if stop_at_contact and self._lag(motion, state) > self._config.contact_depth:
                self._hold(state)
                return True
            if state.stamp > motion.ends + self._config.settle:
                raise SkillFailure(
                    Code.BLOCKED, f"the arm is stopped {error:.2f} rad away from where it should be"
                )
            state = self._pace.tick()

    def _lag(self, motion: _Motion, state: RobotState) -> float:
        """Metres that the tool is above where it was lately told to be."""
        now = float(self.kinematics.forward(state.arm)[2, 3])
        asked = [
            float(self.kinematics.forward(motion.at(state.stamp - age))[2, 3])
            for age in (0.0, 0.05, 0.1)
        ]
        return max(now - max(asked), 0.0)

    def _hold(self, state: RobotState) -> None:
        self.start(np.stack([state.arm, state.arm]))

    def move(
        self, goal: FloatArray, *, extra: Iterable[Box] = (), scale: float | None = None
    ) -> None:
        """Bring the arm to joint angles around the scene.

        Raises:
            SkillFailure: UNREACHABLE, no way there; BLOCKED, it did not arrive.
        """
        waypoints = self.plan(goal, self._pace.state.base, extra=extra)
        if waypoints is None:
            raise SkillFailure(Code.UNREACHABLE, "found no way for the arm around the furniture")
        self.start(waypoints, scale=scale)
        self.finish()

    def tool(self) -> FloatArray:
        """Measured tool pose in the map."""
        state = self._pace.state
        return frame_of(state.base) @ self.kinematics.forward(state.arm)

    def line(self, start: FloatArray, offset: FloatArray) -> FloatArray | None:
        """Joint waypoints that move the tool straight by ``offset`` (``base_link``, metres)."""
        pose = self.kinematics.forward(start)
        steps = max(1, math.ceil(float(np.linalg.norm(offset)) / _LINE_STEP))
        waypoints = [start]
        for k in range(1, steps + 1):
            target = pose.copy()
            target[:3, 3] += offset * (k / steps)
            q = self.kinematics.inverse(target, waypoints[-1], restarts=0)
            if q is None or float(np.abs(q - waypoints[-1]).max()) > 0.4:
                return None
            waypoints.append(q)
        return np.stack(waypoints)

    def rise(self, height: float, descent: FloatArray, *, speed: float | None = None) -> None:
        """Draw the tool straight up by ``height`` metres, or back up ``descent`` where that is all.

        Args:
            height: metres.
            descent: joint waypoints of the way down, which can always be gone back.
            speed: of the tool, m/s.
        """
        speed = self._config.approach_speed if speed is None else speed
        start = self.commanded()
        waypoints = self.line(start, np.array([0.0, 0.0, height]))
        if waypoints is None:
            waypoints = np.stack([start, *descent[-2::-1]])
        self.start_line(waypoints, height, speed)
        self.finish()

    def move_tool(
        self,
        offset: Sequence[float] | FloatArray,
        *,
        speed: float | None = None,
        stop_at_contact: bool = False,
    ) -> bool:
        """Move the tool straight by ``offset`` (``base_link``, metres).

        Returns:
            True where it touched something and was to stop then.

        Raises:
            SkillFailure: UNREACHABLE, the line leaves the arm's reach; BLOCKED, it did not arrive.
        """
        step = np.asarray(offset, dtype=np.float64)
        waypoints = self.line(self.commanded(), step)
        if waypoints is None:
            raise SkillFailure(Code.UNREACHABLE, "the arm cannot follow a straight line there")
        speed = self._config.approach_speed if speed is None else speed
        self.start_line(waypoints, float(np.linalg.norm(step)), speed)
        return self.finish(stop_at_contact=stop_at_contact)


def _within(boxes: Iterable[Box], base: Pose2D, reach: float) -> Iterator[Box]:
    for box in boxes:
        radius = math.hypot(box.half[0], box.half[1])
        dx = max(abs(base.x - box.centre[0]) - radius, 0.0)
        dy = max(abs(base.y - box.centre[1]) - radius, 0.0)
        if math.hypot(dx, dy) < reach:
            yield box
