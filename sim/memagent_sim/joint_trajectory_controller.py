# SPDX-License-Identifier: Apache-2.0
"""A twin of ros2_controllers' joint_trajectory_controller.

It accepts and rejects the same trajectories, interpolates them alike (positions alone: linearly;
with velocities: cubic Hermite splines), replaces the running one, and holds at the end.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from memagent.errors import RobotError
from memagent.types import FloatArray, JointTrajectory

INVALID_GOAL = -1
INVALID_JOINTS = -2


class TrajectoryRejectedError(RobotError):
    """A trajectory breaks a rule of the controller.

    ``code`` is control_msgs/FollowJointTrajectory's error code.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class JointTrajectoryController:
    """Turns trajectories into position and velocity set points. Times are on the robot's clock."""

    def __init__(self, joint_names: tuple[str, ...], position: FloatArray) -> None:
        self._names = joint_names
        self.hold(position)

    def hold(self, position: FloatArray) -> None:
        """Forget the trajectory and stay at ``position``."""
        self._set([0.0], np.array(position, dtype=float)[None, :], None)

    def accept(self, trajectory: JointTrajectory, now: float) -> None:
        """Replace the running trajectory by a new one, which begins now at the last set point.

        Raises:
            TrajectoryRejectedError: the trajectory is malformed; the running one goes on.
        """
        order = self._check(trajectory)
        times = np.asarray(trajectory.times, dtype=float)
        positions = np.asarray(trajectory.positions, dtype=float)[:, order]
        velocities = trajectory.velocities
        if velocities is not None:
            velocities = np.asarray(velocities, dtype=float)[:, order]
        if times[0] > 0.0:
            position, velocity = self.sample(now)
            times = np.concatenate([[0.0], times])
            positions = np.vstack([position, positions])
            velocities = None if velocities is None else np.vstack([velocity, velocities])
        self._set([now + t for t in times.tolist()], positions, velocities)

    def stop(
        self, now: float, position: FloatArray, velocity: FloatArray, brake: FloatArray
    ) -> None:
        """Come to rest from the measured state; ``brake``: decelerations in rad/s^2."""
        duration = float(np.max(np.abs(velocity) / brake))
        if duration < 1e-3:
            self.hold(position)
            return
        end = position + 0.5 * duration * velocity  # constant deceleration of every joint
        velocities = np.vstack([velocity, np.zeros_like(velocity)])
        self._set([now, now + duration], np.vstack([position, end]), velocities)

    def sample(self, now: float) -> tuple[FloatArray, FloatArray]:
        """Set points at ``now``: positions in radians and velocities in rad/s, shape (joints,)."""
        times = self._times
        if now >= times[-1]:
            return self._positions[-1], self._rest
        i = bisect_right(times, now) - 1
        if i < 0:
            return self._positions[0], self._rest
        return self._interpolate(i, now - times[i], times[i + 1] - times[i])

    def finished(self, now: float) -> bool:
        """Whether the last waypoint is in the past."""
        return now >= self._times[-1]

    def _set(
        self, times: list[float], positions: FloatArray, velocities: FloatArray | None
    ) -> None:
        self._times = times
        self._positions = positions
        self._velocities = velocities
        self._rest = np.zeros(positions.shape[1])

    def _interpolate(self, i: int, t: float, duration: float) -> tuple[FloatArray, FloatArray]:
        p0, p1 = self._positions[i], self._positions[i + 1]
        mean = (p1 - p0) / duration
        if self._velocities is None:
            return p0 + mean * t, mean
        v0, v1 = self._velocities[i], self._velocities[i + 1]
        a = (3.0 * mean - 2.0 * v0 - v1) / duration
        b = (v0 + v1 - 2.0 * mean) / duration**2
        return p0 + t * (v0 + t * (a + t * b)), v0 + t * (2.0 * a + t * 3.0 * b)

    def _check(self, trajectory: JointTrajectory) -> list[int]:
        """Column of the trajectory for each of the controller's joints."""
        names = trajectory.joint_names
        if sorted(names) != sorted(self._names):
            raise TrajectoryRejectedError(
                INVALID_JOINTS,
                f"joint_names must be {list(self._names)} in any order, got {list(names)}",
            )
        times = np.asarray(trajectory.times, dtype=float)
        shape = (times.size, len(names))
        if times.ndim != 1 or times.size == 0:
            raise _invalid("a trajectory needs at least one point")
        if not np.all(np.isfinite(times)) or times[0] < 0.0 or np.any(np.diff(times) <= 0.0):
            raise _invalid(
                f"times must be finite, not negative and strictly increasing, got {times.tolist()}"
            )
        for key in ("positions", "velocities"):
            values = getattr(trajectory, key)
            if values is None and key == "velocities":
                continue
            if np.shape(values) != shape:
                raise _invalid(f"{key} must have shape {shape}, got {np.shape(values)}")
            if not np.all(np.isfinite(values)):
                raise _invalid(f"{key} must be finite")
        if trajectory.velocities is not None and np.any(np.abs(trajectory.velocities[-1]) > 1e-9):
            raise _invalid(
                "velocities of the last point must be zero, got "
                f"{np.asarray(trajectory.velocities[-1]).tolist()}"
            )
        return [names.index(name) for name in self._names]


def _invalid(message: str) -> TrajectoryRejectedError:
    return TrajectoryRejectedError(INVALID_GOAL, message)
