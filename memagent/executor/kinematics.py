# SPDX-License-Identifier: Apache-2.0
"""Where the hand is, and which joint angles bring it somewhere.

Forward kinematics and the geometric Jacobian of a serial arm in modified (Craig) Denavit-Hartenberg
convention, and inverse kinematics by damped least squares. All poses are 4x4 transforms of the tool
(the point between the finger tips) in ``base_link``, metres; joint angles are radians.
"""

from __future__ import annotations

import math

import numpy as np

from memagent.robot import Arm
from memagent.types import FloatArray, Pose2D, Vector3

_POSITION_TOLERANCE = 2e-4
_ROTATION_TOLERANCE = 2e-3
_LARGEST_STEP = 0.35


def transform(rotation: FloatArray, position: Vector3 | FloatArray) -> FloatArray:
    """4x4 transform from a 3x3 rotation and a position."""
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = position
    return pose


def planar_transform(x: float, y: float, yaw: float, z: float = 0.0) -> FloatArray:
    """4x4 transform of a frame at (x, y, z) turned by ``yaw`` about +z."""
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([[c, -s, 0, x], [s, c, 0, y], [0, 0, 1, z], [0, 0, 0, 1]], dtype=np.float64)


def frame_of(base: Pose2D) -> FloatArray:
    """4x4 transform of ``base_link`` in the map."""
    return planar_transform(base.x, base.y, base.yaw)


def rotation_error(target: FloatArray, current: FloatArray) -> FloatArray:
    """Rotation vector, shape (3,), from ``current`` to ``target``, in their common frame."""
    relative = target @ current.T
    vee = 0.5 * np.array(
        [
            relative[2, 1] - relative[1, 2],
            relative[0, 2] - relative[2, 0],
            relative[1, 0] - relative[0, 1],
        ]
    )
    sine = math.sqrt(float(vee @ vee))
    cosine = 0.5 * (float(relative[0, 0] + relative[1, 1] + relative[2, 2]) - 1.0)
    if sine > 1e-6:
        return np.asarray(vee * (math.atan2(sine, cosine) / sine))
    if cosine > 0.0:
        return vee
    # Half a turn: the axis is the column of (R + I) with the largest norm.
    columns = relative + np.eye(3)
    axis = columns[:, int(np.argmax(np.diag(columns)))]
    return np.asarray(math.pi * axis / np.linalg.norm(axis))


class ArmKinematics:
    """Kinematics of one arm on its mobile base."""

    def __init__(self, arm: Arm) -> None:
        joints = arm.joints
        self.names = tuple(j.name for j in joints)
        self.lower = np.array([j.lower for j in joints])
        self.upper = np.array([j.upper for j in joints])
        self.mount = np.array(arm.mount)
        self._a = np.array([j.a for j in joints])
        self._d = np.array([j.d for j in joints])
        alpha = np.array([j.alpha for j in joints])
        self._cos_alpha, self._sin_alpha = np.cos(alpha), np.sin(alpha)
        self._base = transform(np.eye(3), self.mount)
        self._tool = planar_transform(0.0, 0.0, arm.tool_yaw, arm.tool_offset)

    def frames(self, q: FloatArray) -> FloatArray:
        """Poses of all joint frames and, last, of the tool.

        Args:
            q: joint angles, shape (..., n).

        Returns:
            Transforms in ``base_link``, shape (..., n + 1, 4, 4).
        """
        q = np.asarray(q, dtype=np.float64)
        c, s = np.cos(q), np.sin(q)
        local = np.zeros((*q.shape, 4, 4))
        local[..., 0, 0], local[..., 0, 1], local[..., 0, 3] = c, -s, self._a
        local[..., 1, 0], local[..., 1, 1] = s * self._cos_alpha, c * self._cos_alpha
        local[..., 1, 2], local[..., 1, 3] = -self._sin_alpha, -self._d * self._sin_alpha
        local[..., 2, 0], local[..., 2, 1] = s * self._sin_alpha, c * self._sin_alpha
        local[..., 2, 2], local[..., 2, 3] = self._cos_alpha, self._d * self._cos_alpha
        local[..., 3, 3] = 1.0
        joints = q.shape[-1]
        out = np.empty((*q.shape[:-1], joints + 1, 4, 4))
        pose: FloatArray = self._base
        for i in range(joints):
            pose = pose @ local[..., i, :, :]
            out[..., i, :, :] = pose
        out[..., joints, :, :] = pose @ self._tool
        return out

    def forward(self, q: FloatArray) -> FloatArray:
        """Tool pose in ``base_link``, shape (..., 4, 4)."""
        return np.asarray(self.frames(q)[..., -1, :, :])

    def jacobian(self, q: FloatArray) -> FloatArray:
        """Geometric Jacobian of the tool in ``base_link``, shape (6, n): linear, then angular."""
        return _jacobian(self.frames(q))

    def within_limits(self, q: FloatArray, margin: float = 0.0) -> bool:
        return bool(np.all(q >= self.lower + margin) and np.all(q <= self.upper - margin))

    def inverse(
        self,
        target: FloatArray,
        start: FloatArray,
        *,
        posture: FloatArray | None = None,
        restarts: int = 4,
        iterations: int = 60,
    ) -> FloatArray | None:
        """Joint angles within the limits that bring the tool to ``target``.

        Damped least squares (Wampler 1986) with a null-space pull towards ``posture``. Starts from
        ``start``, then from seeded random angles, so that equal calls give equal answers.

        Args:
            target: tool pose in ``base_link``, shape (4, 4).
            start: joint angles to start from, shape (n,); near ones give the nearest solution.
            posture: angles to stay near where the task leaves freedom; ``start`` if None.
            restarts: random starts to try after the first.
            iterations: steps per start.

        Returns:
            Angles, shape (n,), or None where no solution was found.
        """
        wanted = start if posture is None else posture
        random = np.random.default_rng(7)
        q = np.clip(start, self.lower, self.upper)
        for attempt in range(restarts + 1):
            if attempt:
                q = random.uniform(self.lower, self.upper)
            solution = self._descend(target, q, wanted, iterations)
            if solution is not None:
                return solution
        return None

    def _descend(
        self, target: FloatArray, q: FloatArray, posture: FloatArray, iterations: int
    ) -> FloatArray | None:
        error = np.empty(6)
        for _ in range(iterations):
            frames = self.frames(q)
            pose = frames[-1]
            error[:3] = target[:3, 3] - pose[:3, 3]
            error[3:] = rotation_error(target[:3, :3], pose[:3, :3])
            distance, angle = math.hypot(*error[:3]), math.hypot(*error[3:])
            if distance < _POSITION_TOLERANCE and angle < _ROTATION_TOLERANCE:
                return q
            J = _jacobian(frames)
            # The pull fades with the error: near the goal the task alone decides.
            pull = min(0.1, distance + 0.3 * angle) * (posture - q)
            damping = 1e-5 + 2e-3 * min(1.0, distance + 0.3 * angle)
            gram = J @ J.T
            gram[np.diag_indices(6)] += damping
            step = J.T @ np.linalg.solve(gram, error - J @ pull) + pull
            largest = float(np.abs(step).max())
            if largest > _LARGEST_STEP:
                step *= _LARGEST_STEP / largest
            q = np.clip(q + step, self.lower, self.upper)
        return None


def _jacobian(frames: FloatArray) -> FloatArray:
    axes = frames[:-1, :3, 2]
    levers = frames[-1, :3, 3] - frames[:-1, :3, 3]
    out = np.empty((6, len(axes)))
    out[0] = axes[:, 1] * levers[:, 2] - axes[:, 2] * levers[:, 1]
    out[1] = axes[:, 2] * levers[:, 0] - axes[:, 0] * levers[:, 2]
    out[2] = axes[:, 0] * levers[:, 1] - axes[:, 1] * levers[:, 0]
    out[3:] = axes.T
    return out
