# SPDX-License-Identifier: Apache-2.0
"""The robot's own body as the head camera sees it, so that it is not taken for an object."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from memagent.preprocessor.projection import BoolArray
from memagent.robot import ArmJoint, RobotDescription
from memagent.types import FloatArray, RobotState

_LINK_RADIUS = 0.10
_HAND_RADIUS = 0.085
_BASE_MARGIN = 0.05


class RobotBody:
    """Capsules about the arm's links and a cylinder about the base, posed in the map.

    The fingers are left out, so that what they are about to grasp stays visible.
    """

    def __init__(self, robot: RobotDescription, state: RobotState) -> None:
        """Pose ``robot``'s body by forward kinematics at ``state``."""
        self._base = np.array([state.base.x, state.base.y])
        self._base_radius = robot.base.radius + _BASE_MARGIN
        self._base_height = robot.arm.mount[2] + _BASE_MARGIN
        joints = joint_positions(robot, state)
        wrist, tool = joints[-2], joints[-1]
        self._links = (*joints[:-1], (wrist + tool) / 2)

    def covers(self, points: FloatArray) -> BoolArray:
        """Which of ``points`` (n, 3) in the map are within the body."""
        covered: BoolArray = (
            np.linalg.norm(points[:, :2] - self._base, axis=1) < self._base_radius
        ) & (points[:, 2] < self._base_height)
        *arm, hand = pairwise(self._links)
        for start, end in arm:
            covered |= _near_segment(points, start, end, _LINK_RADIUS)
        return covered | _near_segment(points, *hand, _HAND_RADIUS)


def joint_positions(robot: RobotDescription, state: RobotState) -> FloatArray:
    """Origins of the arm's mount, joints and tool in the map, shape (joints + 2, 3)."""
    c, s = np.cos(state.base.yaw), np.sin(state.base.yaw)
    pose = np.eye(4)
    pose[:2, :2] = ((c, -s), (s, c))
    pose[:2, 3] = (state.base.x, state.base.y)
    pose[:3, 3] += pose[:3, :3] @ np.asarray(robot.arm.mount)
    origins = [pose[:3, 3].copy()]
    for joint, angle in zip(robot.arm.joints, state.arm, strict=True):
        pose = pose @ _craig(joint, float(angle))
        origins.append(pose[:3, 3].copy())
    origins.append(pose[:3, 3] + robot.arm.tool_offset * pose[:3, 2])
    return np.array(origins)


def _craig(joint: ArmJoint, angle: float) -> FloatArray:
    """Transform of one joint in Craig's (modified) Denavit-Hartenberg convention."""
    ca, sa = np.cos(joint.alpha), np.sin(joint.alpha)
    ct, st = np.cos(angle), np.sin(angle)
    return np.array(
        (
            (ct, -st, 0.0, joint.a),
            (st * ca, ct * ca, -sa, -sa * joint.d),
            (st * sa, ct * sa, ca, ca * joint.d),
            (0.0, 0.0, 0.0, 1.0),
        )
    )


def _near_segment(points: FloatArray, a: FloatArray, b: FloatArray, radius: float) -> BoolArray:
    axis = b - a
    length = float(axis @ axis)
    along = np.clip((points - a) @ axis / length, 0, 1) if length > 0 else np.zeros(len(points))
    near: BoolArray = np.linalg.norm(points - a - along[:, None] * axis, axis=1) < radius
    return near
