# SPDX-License-Identifier: Apache-2.0
"""Poses, and what a robot and its cameras measure and are told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector3 = tuple[float, float, float]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose2D:
    """A planar pose: x and y in metres, yaw in radians about +z."""

    x: float
    y: float
    yaw: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class RobotState:
    """Proprioception at one instant."""

    stamp: float
    base: Pose2D
    base_velocity: Vector3
    """Body-frame vx, vy in m/s and yaw rate in rad/s."""
    arm: FloatArray
    """Joint positions, shape (n,), radians."""
    arm_velocity: FloatArray
    """Joint velocities, shape (n,), rad/s."""
    head: tuple[float, float]
    """Pan (about +z, left positive) and tilt (down positive), radians."""
    gripper_width: float
    """Distance between the finger pads, metres."""
    gripper_moving: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CameraFrame:
    """One registered RGB-D image with everything that is needed to place its pixels in the map."""

    stamp: float
    frame_id: str
    rgb: NDArray[np.uint8]
    """Shape (h, w, 3)."""
    depth: NDArray[np.float32]
    """Shape (h, w): metres along the optical axis; 0 or non-finite where there is no return."""
    intrinsics: tuple[float, float, float, float]
    """fx, fy, cx, cy in pixels."""
    pose: FloatArray
    """4x4 transform from the optical frame (x right, y down, z forward) to ``map``."""


@dataclass(frozen=True, slots=True, eq=False)
class JointTrajectory:
    """Timed waypoints, with trajectory_msgs/JointTrajectory's meaning."""

    joint_names: tuple[str, ...]
    times: FloatArray
    """Seconds from the start, shape (n,), strictly increasing."""
    positions: FloatArray
    """Radians, shape (n, joints)."""
    velocities: FloatArray | None = None
    """Radians per second, shape (n, joints), or None for linear interpolation."""
