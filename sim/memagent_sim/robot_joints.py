# SPDX-License-Identifier: Apache-2.0
"""The robot's joints and servos in the running simulation: measured values out, set points in."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from memagent.robot import RobotDescription
from memagent.types import FloatArray, Vector3
from memagent_sim.robot_model import (
    BASE_DAMPING,
    BASE_JOINTS,
    BASE_STIFFNESS,
    FINGER_JOINTS,
    HEAD_DAMPING,
    HEAD_STIFFNESS,
    arm_stiffness,
)


class RobotJoints:
    """The robot's joints and servos as plain numbers, in the map frame unless said."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, robot: RobotDescription) -> None:
        self._model, self._qpos, self._qvel, self._ctrl = model, data.qpos, data.qvel, data.ctrl
        arm = [joint.name for joint in robot.arm.joints]
        self._base = _Group(model, list(BASE_JOINTS))
        self._arm = _Group(model, arm)
        self._head = _Group(model, list(robot.head.joints))
        self._fingers = _Group(model, list(FINGER_JOINTS), driven=False)
        self._grip = int(model.actuator("gripper").id)
        gains = [arm_stiffness(joint) for joint in robot.arm.joints]
        self._arm_lead = np.array([damping / stiffness for stiffness, damping in gains])
        self._base_lead = np.divide(BASE_DAMPING, BASE_STIFFNESS)
        self._head_lead = HEAD_DAMPING / HEAD_STIFFNESS

    def place(self, base: Vector3, arm: FloatArray, width: float) -> None:
        """Set positions outright, at rest."""
        self._qpos[self._base.position] = base
        self._qpos[self._arm.position] = arm
        self._qpos[self._fingers.position] = width / 2
        for group in (self._base, self._arm, self._head, self._fingers):
            self._qvel[group.velocity] = 0.0
        self._qpos[self._head.position] = 0.0

    def base(self) -> Vector3:
        x, y, yaw = self._qpos[self._base.position].tolist()
        return x, y, yaw

    def base_velocity(self) -> Vector3:
        """In the body frame."""
        vx, vy, wz = self._qvel[self._base.velocity].tolist()
        yaw = float(self._qpos[self._base.position][2])
        c, s = math.cos(yaw), math.sin(yaw)
        return c * vx + s * vy, c * vy - s * vx, wz

    def arm(self) -> FloatArray:
        return self._qpos[self._arm.position].copy()

    def arm_velocity(self) -> FloatArray:
        return self._qvel[self._arm.velocity].copy()

    def head(self) -> tuple[float, float]:
        pan, tilt = self._qpos[self._head.position].tolist()
        return pan, tilt

    def gripper(self) -> float:
        """Distance between the finger pads, metres."""
        return float(self._qpos[self._fingers.position].sum())

    def drive_base(self, target: Vector3, velocity: Vector3) -> None:
        self._ctrl[self._base.servo] = np.asarray(target) + self._base_lead * velocity

    def drive_arm(self, position: FloatArray, velocity: FloatArray) -> None:
        self._ctrl[self._arm.servo] = position + self._arm_lead * velocity

    def drive_head(self, angles: tuple[float, float], rates: tuple[float, float]) -> None:
        lead = self._head_lead
        self._ctrl[self._head.servo] = (angles[0] + lead * rates[0], angles[1] + lead * rates[1])

    def drive_gripper(self, width: float) -> None:
        self._ctrl[self._grip] = width

    def limit_gripper(self, force: float) -> None:
        self._model.actuator_forcerange[self._grip] = (-force, force)


class _Group:
    """Addresses of joints that lie next to one another in the model."""

    def __init__(self, model: mujoco.MjModel, names: list[str], driven: bool = True) -> None:
        joints = [model.joint(name) for name in names]
        self.position = _span([int(j.qposadr[0]) for j in joints])
        self.velocity = _span([int(j.dofadr[0]) for j in joints])
        self.servo = _span([int(model.actuator(name).id) for name in names]) if driven else slice(0)


def _span(addresses: list[int]) -> slice:
    assert addresses == list(range(addresses[0], addresses[0] + len(addresses))), addresses
    return slice(addresses[0], addresses[0] + len(addresses))
