# SPDX-License-Identifier: Apache-2.0
"""The guard between skills and robot. Every command passes here, and nothing else drives the robot.

It refuses what makes no sense (not finite, unknown joints, a jump from where the arm is, a tool
outside the workspace), limits what is too fast, and holds a latched emergency stop. A refused
command is an error, never a silently altered one; only speeds, head angles, gripper width and
force are clamped.

Software cannot replace a safety-rated stop: the robot's own safety controller stays primary.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace

import numpy as np

from memagent.errors import RobotError
from memagent.executor.config import ExecutorConfig
from memagent.executor.kinematics import ArmKinematics
from memagent.robot import Robot, RobotDescription
from memagent.types import FloatArray, JointTrajectory, RobotState

_LIMIT_SLACK = 1e-3
_LARGEST_JUMP = 0.35
"""Radians that a trajectory may start away from where the arm is."""


class EmergencyStop(RobotError):  # noqa: N818  a state of the robot, not a defect
    """The emergency stop is latched."""


class SafetyGuard:
    """A :class:`memagent.robot.Robot` that checks every command on its way to another one.

    :meth:`estop` and :meth:`reset_estop` may be called from any thread. A lock orders them against
    commands, so that no command passes after a stop.
    """

    def __init__(self, robot: Robot, description: RobotDescription, config: ExecutorConfig) -> None:
        self._robot = robot
        self._description = description
        self._config = config
        self._kinematics = ArmKinematics(description.arm)
        self._max_velocity = np.array([j.velocity for j in description.arm.joints])
        self._lock = threading.RLock()
        self._stopped = False

    # --- emergency stop ---------------------------------------------------------------------

    @property
    def estopped(self) -> bool:
        return self._stopped

    def estop(self) -> None:
        """Stop now and refuse every command until :meth:`reset_estop`."""
        with self._lock:
            self._stopped = True
            self._robot.stop()

    def reset_estop(self) -> None:
        """Accept commands again; the robot stays at rest until the next one."""
        with self._lock:
            self._stopped = False

    # --- the robot's interface ----------------------------------------------------------------

    def state(self) -> RobotState:
        return self._robot.state()

    def wait(self, seconds: float) -> RobotState:
        """Let time pass.

        Raises:
            EmergencyStop: the stop was pressed meanwhile.
            RobotError: the robot's clock did not advance, or its state is not finite.
        """
        before = self._robot.state().stamp
        began = time.monotonic()
        state = self._robot.wait(seconds)
        if self._stopped:
            raise EmergencyStop("the emergency stop is pressed; release it with reset_estop")
        if not (np.isfinite(state.arm).all() and math.isfinite(state.stamp)):
            raise RobotError("the robot reports joint positions or a time that are not finite")
        while state.stamp <= before and seconds > 0:
            if time.monotonic() - began > self._config.stale_after:
                raise RobotError(
                    f"no new robot state for {self._config.stale_after} s (stamp {before:.3f})"
                )
            state = self._robot.wait(seconds)
        return state

    def send_arm(self, trajectory: JointTrajectory) -> None:
        """Check and send a trajectory, slowed down as a whole where it exceeds a velocity limit.

        Raises:
            EmergencyStop: the stop is pressed.
            RobotError: the trajectory is malformed or leaves the limits or the workspace.
        """
        safe = self._checked(trajectory)
        with self._lock:
            self._refuse_when_stopped()
            self._robot.send_arm(safe)

    def send_head(self, pan: float, tilt: float) -> None:
        _require_finite("head angles", pan, tilt)
        head = self._description.head
        with self._lock:
            self._refuse_when_stopped()
            self._robot.send_head(_clamp(pan, *head.pan), _clamp(tilt, *head.tilt))

    def send_gripper(self, width: float, force: float) -> None:
        _require_finite("gripper width and force", width, force)
        gripper = self._description.gripper
        with self._lock:
            self._refuse_when_stopped()
            self._robot.send_gripper(
                _clamp(width, 0.0, gripper.max_width), _clamp(force, 0.0, gripper.force)
            )

    def send_base(self, vx: float, vy: float, wz: float) -> None:
        _require_finite("base velocity", vx, vy, wz)
        base = self._description.base
        shrink = min(1.0, base.speed / max(math.hypot(vx, vy), 1e-9))
        turn = _clamp(wz, -base.turn_rate, base.turn_rate)
        with self._lock:
            self._refuse_when_stopped()
            self._robot.send_base(vx * shrink, vy * shrink, turn)

    def stop(self) -> None:
        with self._lock:
            self._robot.stop()

    # --- checks -------------------------------------------------------------------------------

    def _refuse_when_stopped(self) -> None:
        if self._stopped:
            raise EmergencyStop("the emergency stop is pressed; release it with reset_estop")

    def _checked(self, trajectory: JointTrajectory) -> JointTrajectory:
        positions = np.asarray(trajectory.positions, dtype=np.float64)
        times = np.asarray(trajectory.times, dtype=np.float64)
        names = self._kinematics.names
        if tuple(trajectory.joint_names) != names:
            raise RobotError(f"trajectory is for joints {trajectory.joint_names}, arm has {names}")
        if positions.shape != (len(times), len(names)) or len(times) == 0:
            raise RobotError(
                f"trajectory positions must have shape ({len(times)}, {len(names)}), "
                f"got {positions.shape}"
            )
        if not (np.isfinite(positions).all() and np.isfinite(times).all()):
            raise RobotError("trajectory holds values that are not finite")
        if times[0] < 0 or np.any(np.diff(times) <= 0):
            raise RobotError("trajectory times must not be negative and must increase strictly")
        self._check_positions(positions)
        velocities = trajectory.velocities
        if velocities is not None:
            velocities = np.asarray(velocities, dtype=np.float64)
            if velocities.shape != positions.shape or not np.isfinite(velocities).all():
                raise RobotError("trajectory velocities must be finite and match the positions")
        slower = self._excess(times, positions, velocities)
        return replace(
            trajectory,
            times=times * slower,
            positions=np.clip(positions, self._kinematics.lower, self._kinematics.upper),
            velocities=None if velocities is None else velocities / slower,
        )

    def _check_positions(self, positions: FloatArray) -> None:
        outside = (positions < self._kinematics.lower - _LIMIT_SLACK) | (
            positions > self._kinematics.upper + _LIMIT_SLACK
        )
        if outside.any():
            row, joint = np.argwhere(outside)[0]
            raise RobotError(
                f"trajectory brings {self._kinematics.names[joint]} to "
                f"{positions[row, joint]:.3f} rad, allowed is {self._kinematics.lower[joint]:.3f} "
                f"to {self._kinematics.upper[joint]:.3f}"
            )
        jump = float(np.abs(positions[0] - self._robot.state().arm).max())
        if jump > _LARGEST_JUMP:
            raise RobotError(
                f"trajectory starts {jump:.2f} rad away from the arm, allowed is {_LARGEST_JUMP}"
            )
        space = self._config.workspace
        tools = self._kinematics.forward(positions)[:, :3, 3]
        reach = np.hypot(*(tools[:, :2] - self._kinematics.mount[:2]).T)
        if reach.max() > space.reach or not (
            space.floor <= tools[:, 2].min() and tools[:, 2].max() <= space.ceiling
        ):
            raise RobotError(
                f"trajectory leaves the workspace: reach {reach.max():.2f} m of {space.reach}, "
                f"height {tools[:, 2].min():.2f} to {tools[:, 2].max():.2f} m of "
                f"{space.floor} to {space.ceiling}"
            )

    def _excess(
        self, times: FloatArray, positions: FloatArray, velocities: FloatArray | None
    ) -> float:
        """How much longer the trajectory must take to respect the velocity limits, at least 1."""
        ratio = 1.0
        if len(times) > 1:
            mean = np.abs(np.diff(positions, axis=0)) / np.diff(times)[:, None]
            ratio = max(ratio, float((mean / self._max_velocity).max()))
        if velocities is not None:
            ratio = max(ratio, float((np.abs(velocities) / self._max_velocity).max()))
        return ratio


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _require_finite(what: str, *values: float) -> None:
    if not all(math.isfinite(v) for v in values):
        raise RobotError(f"{what} must be finite, got {values}")
