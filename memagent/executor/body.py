# SPDX-License-Identifier: Apache-2.0
"""What a skill can do with the robot: move the arm, drive, look, grip. Each call takes its time.

Time passes in :meth:`Body.tick` alone. Every tick takes in the newest percept and gives way to a
cancel, an emergency stop or a time-out by raising :class:`SkillFailure`, so that no motion outlives
the wish for it by more than a tick.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from memagent.executor.arm_paths import plan_arm_path
from memagent.executor.collision import ArmModel, Box, Load
from memagent.executor.config import ExecutorConfig
from memagent.executor.kinematics import ArmKinematics, planar_transform
from memagent.executor.looking import Gaze, gaze_at
from memagent.executor.navigation import PathFollower, Point, wrap
from memagent.executor.safety import SafetyGuard
from memagent.executor.scene import Scene
from memagent.executor.sightings import Sightings
from memagent.executor.trajectory import time_path, time_segments
from memagent.robot import RobotDescription
from memagent.types import Code, FloatArray, JointTrajectory, Percept, Pose2D, RobotState, Vector3

_HEAD_TOLERANCE = 0.03
_ARM_SPAN = 1.4
"""Metres from the base beyond which the arm meets nothing."""
_LINE_STEP = 0.025
"""Metres between the points of a straight tool motion that are solved for."""


class SkillFailure(Exception):  # noqa: N818  an outcome, not a defect
    """Ends a skill with a code and a message."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Held:
    """What is in the hand."""

    label: str
    above_bottom: float
    """Height of the finger tips above the object's lowest point, metres."""
    size: Vector3
    tilt: float = 0.0
    """Of the hand when it took hold: see :class:`memagent.executor.grasps.Grasp`."""

    @property
    def load(self) -> Load:
        return Load(self.above_bottom, self.size[0] / 2)


@dataclass(frozen=True, slots=True)
class _ArmMotion:
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


class Body:
    """Blocking motions of one robot."""

    def __init__(
        self,
        guard: SafetyGuard,
        description: RobotDescription,
        scene: Scene,
        sightings: Sightings,
        config: ExecutorConfig,
    ) -> None:
        self.guard = guard
        self.description = description
        self.scene = scene
        self.sightings = sightings
        self.config = config
        self.kinematics = ArmKinematics(description.arm)
        self.model = ArmModel(description)
        self.home = np.array(description.arm.postures["home"])
        self.ready = np.array(description.arm.postures["ready"])
        self.held: Held | None = None
        self.on_handle = False
        """Whether the fingers may be closed around a handle."""
        self._canceled: Callable[[], bool] = lambda: False
        self._deadline = math.inf
        self._motion: _ArmMotion | None = None

    # --- time ---------------------------------------------------------------------------------

    def begin(self, canceled: Callable[[], bool], timeout: float) -> RobotState:
        """Start a skill: whom to ask for a cancel, and how many seconds it may take."""
        state = self.guard.state()
        self._canceled = canceled
        self._deadline = state.stamp + timeout
        self._motion = None
        self._take_in()
        return state

    @property
    def state(self) -> RobotState:
        return self.guard.state()

    def tick(self, seconds: float | None = None) -> RobotState:
        """Let one control period pass.

        Raises:
            SkillFailure: canceled, or the time is up.
            RobotError: the robot fell silent, or its emergency stop was pressed.
        """
        if self._canceled():
            raise SkillFailure(Code.CANCELED, "canceled")
        state = self.guard.wait(self.config.tick if seconds is None else seconds)
        self._take_in()
        if state.stamp > self._deadline:
            raise SkillFailure(Code.TIMEOUT, "took longer than allowed")
        return state

    def _take_in(self) -> None:
        percept = self.sightings.poll()
        if percept is not None:
            self.scene.observe(percept)

    # --- arm ----------------------------------------------------------------------------------

    def arm_clearance(
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
        near = _within(self.scene.boxes if scene is None else scene, base, _ARM_SPAN)
        boxes = (*(b for b in near if b.name != ignore), *extra)
        held = self.held.load if self.held and holding else None

        def clearance(q: FloatArray) -> FloatArray:
            return self.model.clearance(q, base, boxes, held=held, fingers=fingers)

        return clearance

    def commanded(self) -> FloatArray:
        """Where the arm was last sent, or where it is when that is elsewhere."""
        measured = self.state.arm
        if self._motion is not None:
            expected = self._motion.at(self.state.stamp)
            if float(np.abs(expected - measured).max()) < 0.06:
                return expected
        return np.clip(measured, self.kinematics.lower, self.kinematics.upper)

    def plan_arm(
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
            self.arm_clearance(base, extra=extra),
            margin=self.config.arm.clearance,
            via=(self.ready, self.home),
        )

    def start_arm(self, waypoints: FloatArray, *, scale: float | None = None) -> None:
        """Send the arm along the straight segments between waypoints and return at once."""
        arm = self.config.arm
        usual = arm.carrying_speed if self.held else arm.speed
        self._send(time_segments(self.description.arm, waypoints, scale=scale or usual))

    def start_line(self, waypoints: FloatArray, length: float, speed: float) -> None:
        """Send the arm along the dense waypoints of a straight tool motion and return at once.

        Args:
            waypoints: joint angles, shape (n, joints).
            length: metres that the tool moves.
            speed: of the tool at its fastest, m/s.
        """
        # The quintic profile peaks at 15/8 of its mean velocity.
        duration = 15.0 / 8.0 * length / speed
        scale = self.config.arm.speed
        self._send(time_path(self.description.arm, waypoints, scale=scale, duration=duration))

    def _send(self, trajectory: JointTrajectory) -> None:
        self.guard.send_arm(trajectory)
        self._motion = _ArmMotion(trajectory, self.state.stamp)

    def finish_arm(self, *, stop_at_contact: bool = False) -> bool:
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
        state = self.state
        while True:
            error = float(np.abs(state.arm - motion.goal).max())
            if state.stamp >= motion.ends and error < self.config.arm.tolerance:
                return False
            if stop_at_contact and self._lag(motion, state) > self.config.arm.contact_depth:
                self._hold(state)
                return True
            if state.stamp > motion.ends + self.config.arm.settle:
                raise SkillFailure(
                    Code.BLOCKED, f"the arm is stopped {error:.2f} rad away from where it should be"
                )
            state = self.tick()

    def _lag(self, motion: _ArmMotion, state: RobotState) -> float:
        """Metres that the tool is above where it was lately told to be."""
        now = float(self.kinematics.forward(state.arm)[2, 3])
        asked = [
            float(self.kinematics.forward(motion.at(state.stamp - age))[2, 3])
            for age in (0.0, 0.05, 0.1)
        ]
        return max(now - max(asked), 0.0)

    def _hold(self, state: RobotState) -> None:
        self.start_arm(np.stack([state.arm, state.arm]))

    def move_arm(
        self, goal: FloatArray, *, extra: Iterable[Box] = (), scale: float | None = None
    ) -> None:
        """Bring the arm to joint angles around the scene.

        Raises:
            SkillFailure: UNREACHABLE, no way there; BLOCKED, it did not arrive.
        """
        waypoints = self.plan_arm(goal, self.state.base, extra=extra)
        if waypoints is None:
            raise SkillFailure(Code.UNREACHABLE, "found no way for the arm around the furniture")
        self.start_arm(waypoints, scale=scale)
        self.finish_arm()

    def tool(self) -> FloatArray:
        """Measured tool pose in the map."""
        state = self.state
        return self.to_map(state.base) @ self.kinematics.forward(state.arm)

    @staticmethod
    def to_map(base: Pose2D) -> FloatArray:
        return planar_transform(base.x, base.y, base.yaw)

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
        speed = self.config.arm.approach_speed if speed is None else speed
        self.start_line(waypoints, float(np.linalg.norm(step)), speed)
        return self.finish_arm(stop_at_contact=stop_at_contact)

    # --- gripper ------------------------------------------------------------------------------

    def open_gripper(self, width: float | None = None, *, wait: bool = True) -> None:
        gripper = self.description.gripper
        target = gripper.max_width if width is None else min(width, gripper.max_width)
        self.guard.send_gripper(target, gripper.force)
        if wait:
            self._settle_gripper(lambda s: s.gripper_width > target - 0.0015)

    def close_gripper(self) -> float:
        """Close until the fingers rest on something or meet; returns the width between them."""
        self.guard.send_gripper(0.0, self.config.arm.grip_force)
        return self._settle_gripper(lambda s: False).gripper_width

    def _settle_gripper(self, done: Callable[[RobotState], bool]) -> RobotState:
        state = self.tick(2 * self.config.tick)
        width, still = state.gripper_width, 0
        limit = state.stamp + 2.0
        while state.stamp < limit and still < 3 and not done(state):
            state = self.tick()
            moved = abs(state.gripper_width - width) > 4e-4 or state.gripper_moving
            still = 0 if moved else still + 1
            width = state.gripper_width
        return state

    @property
    def grips(self) -> bool:
        """Whether something keeps the fingers apart; wide open they hold nothing."""
        held_width = self.config.arm.held_width
        wide_open = self.description.gripper.max_width - held_width
        return held_width < self.state.gripper_width < wide_open

    # --- base ---------------------------------------------------------------------------------

    def drive(
        self,
        path: Sequence[Point],
        yaw: float,
        *,
        speed: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Drive along a path and turn to ``yaw``.

        Raises:
            SkillFailure: BLOCKED, no progress.
        """
        base = self.description.base
        limits = self.config.base
        follower = PathFollower(
            list(path),
            yaw,
            speed=min(speed or limits.speed, base.speed),
            turn_rate=min(limits.turn_rate, base.turn_rate),
            acceleration=base.acceleration,
            turn_acceleration=base.turn_acceleration,
        )
        state = self.state
        best, since = math.inf, state.stamp
        while True:
            distance, angle = follower.errors(state.base)
            to_go = follower.remaining(state.base) + 0.3 * angle
            arrived = (
                distance < limits.position_tolerance
                and angle < limits.yaw_tolerance
                and follower.remaining(state.base) < 0.05
            )
            if arrived and max(map(abs, state.base_velocity)) < 0.06:
                break
            if to_go < best - 0.02:
                best, since = to_go, state.stamp
            elif state.stamp - since > limits.stuck_after:
                if distance < 3 * limits.position_tolerance and angle < 3 * limits.yaw_tolerance:
                    break
                self.guard.send_base(0.0, 0.0, 0.0)
                raise SkillFailure(
                    Code.BLOCKED, f"the base makes no progress, {distance:.2f} m before its goal"
                )
            self.guard.send_base(*follower.command(state.base, self.config.tick))
            state = self.tick()
            if progress is not None and follower.length > 0:
                progress(1.0 - min(1.0, to_go / (follower.length + 0.3)))
        self.guard.send_base(0.0, 0.0, 0.0)

    def sweep(self, pose_at: Callable[[float], Pose2D], duration: float) -> bool:
        """Lead the base through poses given over 0..1, in ``duration`` seconds, smoothly.

        Returns:
            False where something held it back: it is then left where it got stuck.
        """
        start = self.state.stamp
        tick = self.config.tick
        while True:
            state = self.state
            t = (state.stamp - start) / duration
            if t > 1.0:
                break
            share, rate = _smooth(t), _smooth_rate(t) / duration
            there = pose_at(share)
            ahead = pose_at(min(share + rate * tick, 1.0))
            vx, vy = (ahead.x - there.x) / tick, (ahead.y - there.y) / tick
            wz = wrap(ahead.yaw - there.yaw) / tick
            ex, ey = there.x - state.base.x, there.y - state.base.y
            if math.hypot(ex, ey) > 0.12:
                self.guard.send_base(0.0, 0.0, 0.0)
                return False
            vx, vy, wz = vx + 2.0 * ex, vy + 2.0 * ey, wz + 2.0 * wrap(there.yaw - state.base.yaw)
            c, s = math.cos(state.base.yaw), math.sin(state.base.yaw)
            self.guard.send_base(c * vx + s * vy, c * vy - s * vx, wz)
            self.tick()
        self.guard.send_base(0.0, 0.0, 0.0)
        return True

    # --- head ---------------------------------------------------------------------------------

    def gaze(self, pan: float, tilt: float) -> None:
        """Turn the head, without waiting."""
        self.guard.send_head(pan, tilt)

    def gaze_at(self, point: Vector3, base: Pose2D | None = None) -> Gaze:
        """Turn the head to a point of the map as seen from ``base``, without waiting."""
        gaze = gaze_at(self.description.head, base or self.state.base, point)
        self.guard.send_head(*gaze)
        return gaze

    def fixate(self, gaze: Gaze, percepts: int | None = None) -> list[Percept]:
        """Turn the head, wait until it rests, and return the percepts that follow.

        Args:
            gaze: pan and tilt, radians.
            percepts: how many to wait for; the configured number if None. Fewer come back where
                perception is slow.
        """
        looking = self.config.looking
        self.guard.send_head(*gaze)
        state = self.state
        limit = state.stamp + 2.5
        before = (math.inf, math.inf)
        while state.stamp < limit:
            if _close(state.head, gaze, _HEAD_TOLERANCE) and _close(state.head, before, 0.01):
                break
            before = state.head
            state = self.tick()
        return self.watch(state.stamp, percepts or looking.percepts)

    def watch(self, since: float, count: int) -> list[Percept]:
        """Wait for percepts of frames taken after ``since``, at least the dwell time."""
        looking = self.config.looking
        state = self.state
        while True:
            seen = self.sightings.since(since)
            elapsed = state.stamp - since
            if len(seen) >= count and elapsed >= looking.dwell:
                return seen
            if elapsed > looking.patience:
                return seen
            state = self.tick()


def _within(boxes: Iterable[Box], base: Pose2D, reach: float) -> Iterator[Box]:
    for box in boxes:
        radius = math.hypot(box.half[0], box.half[1])
        dx = max(abs(base.x - box.centre[0]) - radius, 0.0)
        dy = max(abs(base.y - box.centre[1]) - radius, 0.0)
        if math.hypot(dx, dy) < reach:
            yield box


def _close(a: Gaze, b: Gaze, tolerance: float) -> bool:
    return abs(a[0] - b[0]) < tolerance and abs(a[1] - b[1]) < tolerance


def _smooth(t: float) -> float:
    return t**3 * (10.0 - 15.0 * t + 6.0 * t * t)


def _smooth_rate(t: float) -> float:
    return 30.0 * t * t * (1.0 - t) ** 2
