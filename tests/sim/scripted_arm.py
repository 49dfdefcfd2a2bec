# SPDX-License-Identifier: Apache-2.0
"""A minimal arm for the tests: kinematics straight from the DH rows, and scripted motions."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.transform import Rotation

from memagent.robot import RobotDescription
from memagent.types import FloatArray, JointTrajectory
from memagent_sim.simulation import Simulation

DOWN = np.diag([1.0, -1.0, -1.0])
"""Tool pointing down, fingers along -y."""


def forward(robot: RobotDescription, q: FloatArray) -> list[FloatArray]:
    """Frames in base_link: each joint's, then the tool's (4x4)."""
    frame = np.eye(4)
    frame[:3, 3] = robot.arm.mount
    frames = []
    for joint, theta in zip(robot.arm.joints, q, strict=True):
        ca, sa, ct, st = (
            math.cos(joint.alpha),
            math.sin(joint.alpha),
            math.cos(theta),
            math.sin(theta),
        )
        frame = frame @ np.array(
            [
                [ct, -st, 0.0, joint.a],
                [st * ca, ct * ca, -sa, -sa * joint.d],
                [st * sa, ct * sa, ca, ca * joint.d],
                [0.0, 0.0, 0.0, 1.0],
            ]
        )
        frames.append(frame)
    c, s = math.cos(robot.arm.tool_yaw), math.sin(robot.arm.tool_yaw)
    tool = np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, robot.arm.tool_offset], [0, 0, 0, 1]])
    return [*frames, frame @ tool]


def inverse(
    robot: RobotDescription, position: FloatArray, rotation: FloatArray, start: FloatArray
) -> FloatArray:
    """Damped least squares from ``start``, then from seeded random joints."""
    rng = np.random.default_rng(0)
    lower = np.array([j.lower for j in robot.arm.joints]) + 0.02
    upper = np.array([j.upper for j in robot.arm.joints]) - 0.02
    q = np.array(start, dtype=float)
    for attempt in range(80):
        solution = _descend(robot, position, rotation, q, (lower, upper))
        if solution is not None:
            return solution
        q = np.clip(start + rng.normal(0.0, 0.2 + 0.02 * attempt, len(start)), lower, upper)
    raise AssertionError(f"no inverse kinematics for {position}")


def _descend(
    robot: RobotDescription,
    position: FloatArray,
    rotation: FloatArray,
    q: FloatArray,
    limits: tuple[FloatArray, FloatArray],
) -> FloatArray | None:
    """Joints within 0.2 mm and 1 mrad of the pose, or None where the descent gets stuck."""
    for _ in range(150):
        frames = forward(robot, q)
        tool = frames[-1]
        twist = Rotation.from_matrix(rotation @ tool[:3, :3].T).as_rotvec()
        error = np.concatenate([position - tool[:3, 3], twist])
        if np.linalg.norm(error[:3]) < 2e-4 and np.linalg.norm(error[3:]) < 1e-3:
            return q
        J = np.array(
            [
                np.concatenate([np.cross(f[:3, 2], tool[:3, 3] - f[:3, 3]), f[:3, 2]])
                for f in frames[:-1]
            ]
        ).T
        step = J.T @ np.linalg.solve(J @ J.T + 1e-3 * np.eye(6), error)
        q = np.clip(q + np.clip(step, -0.2, 0.2), *limits)
    return None


class ScriptedArm:
    """Moves the arm of a simulation in straight joint motions, the base standing still."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.robot = simulation.world.robot

    def in_base(self, point: tuple[float, float, float]) -> FloatArray:
        base = self.simulation.state().base
        c, s = math.cos(base.yaw), math.sin(base.yaw)
        dx, dy = point[0] - base.x, point[1] - base.y
        return np.array([c * dx + s * dy, c * dy - s * dx, point[2]])

    def joints_to(self, q: FloatArray, seconds: float) -> None:
        names = tuple(j.name for j in self.robot.arm.joints)
        still = np.zeros((1, len(names)))
        trajectory = JointTrajectory(names, np.array([seconds]), q[None, :], still)
        self.simulation.send_arm(trajectory)
        self.simulation.step(seconds + 0.15)

    def tool_to(
        self, point: tuple[float, float, float], rotation: FloatArray, seconds: float
    ) -> None:
        """``point`` in the map, ``rotation`` of the tool in base_link."""
        q = inverse(self.robot, self.in_base(point), rotation, self.simulation.state().arm)
        self.joints_to(q, seconds)

    def grip(self, width: float, seconds: float = 0.9) -> float:
        self.simulation.send_gripper(width, self.robot.gripper.force)
        self.simulation.step(seconds)
        return self.simulation.state().gripper_width


def yawed(rotation: FloatArray, yaw: float) -> FloatArray:
    """``rotation`` turned about the vertical."""
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ rotation
