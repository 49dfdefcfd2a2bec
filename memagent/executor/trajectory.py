# SPDX-License-Identifier: Apache-2.0
"""Timing a joint path: smooth, at rest at both ends, within velocity and acceleration limits.

Along a path runs the quintic 10t^3 - 15t^4 + 6t^5, which starts and ends with zero velocity and
acceleration. Stretching time by T divides velocities by T and accelerations by T^2, so the shortest
duration within the limits has a closed form.

:func:`time_path` rounds the corners of dense waypoints with a shape-preserving cubic, which never
leaves the box that two neighbouring waypoints span. :func:`time_segments` follows sparse waypoints
exactly, as a path around obstacles must be, and comes to rest at each.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from scipy.interpolate import PchipInterpolator

from memagent.robot import Arm
from memagent.types import FloatArray, JointTrajectory

_SAMPLES_PER_SEGMENT = 24
_MORE_SAMPLES = 17
_SHORTEST = 0.1
"""Seconds; shorter motions are not worth the risk of a jerk."""


def time_path(
    arm: Arm, waypoints: FloatArray, *, scale: float = 1.0, duration: float = 0.0
) -> JointTrajectory:
    """Time a path through joint waypoints.

    Args:
        arm: names and limits of the joints.
        waypoints: joint angles, shape (n, joints), n >= 2, the first being where the arm is.
        scale: share of the velocity and acceleration limits to use, in (0, 1].
        duration: seconds that the motion shall take at least.

    Returns:
        Samples with velocities; the last has zero velocity.

    Raises:
        ValueError: fewer than two waypoints, a wrong number of joints, or values not finite.
    """
    waypoints = np.asarray(waypoints, dtype=np.float64)
    joints = len(arm.joints)
    if waypoints.ndim != 2 or waypoints.shape[0] < 2 or waypoints.shape[1] != joints:
        raise ValueError(f"waypoints must have shape (n >= 2, {joints}), got {waypoints.shape}")
    if not np.isfinite(waypoints).all():
        raise ValueError("waypoints must be finite")
    if not 0.0 < scale <= 1.0:
        raise ValueError(f"scale must be in (0, 1], got {scale}")
    velocity = scale * np.array([j.velocity for j in arm.joints])
    acceleration = scale * np.array([j.acceleration for j in arm.joints])

    samples = _SAMPLES_PER_SEGMENT * (len(waypoints) - 1) + _MORE_SAMPLES
    t = np.linspace(0.0, 1.0, samples)
    progress = t**3 * (10.0 - 15.0 * t + 6.0 * t**2)
    rate = 30.0 * t**2 * (1.0 - t) ** 2
    change = 60.0 * t * (1.0 - t) * (1.0 - 2.0 * t)

    lengths = np.abs(np.diff(waypoints, axis=0) / velocity).max(axis=1)
    kept = np.concatenate([[True], lengths > 1e-9])
    if kept.sum() < 2:
        positions = np.repeat(waypoints[:1], samples, axis=0)
        first = second = np.zeros_like(positions)
    else:
        knots = np.concatenate([[0.0], np.cumsum(lengths[lengths > 1e-9])])
        path = PchipInterpolator(knots / knots[-1], waypoints[kept], axis=0)
        positions = path(progress)
        slope = path.derivative(1)(progress)
        first = slope * rate[:, None]
        second = path.derivative(2)(progress) * rate[:, None] ** 2 + slope * change[:, None]

    shortest = max(
        float((np.abs(first) / velocity).max()),
        math.sqrt(float((np.abs(second) / acceleration).max())),
        duration,
        _SHORTEST,
    )
    velocities = first / shortest
    velocities[-1] = 0.0
    return JointTrajectory(
        joint_names=tuple(j.name for j in arm.joints),
        times=t * shortest,
        positions=positions,
        velocities=velocities,
    )


def time_segments(
    arm: Arm, waypoints: FloatArray, *, scale: float = 1.0, duration: float = 0.0
) -> JointTrajectory:
    """Time straight segments between waypoints; parameters and errors are :func:`time_path`'s."""
    waypoints = np.asarray(waypoints, dtype=np.float64)
    if waypoints.ndim != 2 or len(waypoints) < 2:
        raise ValueError(f"waypoints must have shape (n >= 2, joints), got {waypoints.shape}")
    share = duration / (len(waypoints) - 1)
    pieces = [
        time_path(arm, np.stack(pair), scale=scale, duration=share) for pair in pairwise(waypoints)
    ]
    times, positions, velocities = [pieces[0].times], [pieces[0].positions], [_rates(pieces[0])]
    for piece in pieces[1:]:
        times.append(times[-1][-1] + piece.times[1:])
        positions.append(piece.positions[1:])
        velocities.append(_rates(piece)[1:])
    return JointTrajectory(
        joint_names=pieces[0].joint_names,
        times=np.concatenate(times),
        positions=np.concatenate(positions),
        velocities=np.concatenate(velocities),
    )


def _rates(piece: JointTrajectory) -> FloatArray:
    return np.zeros_like(piece.positions) if piece.velocities is None else piece.velocities
