# SPDX-License-Identifier: Apache-2.0
"""Drives a robot over its ROS topics: ``memagent.robot.Robot`` for anything that speaks them.

| topic | type | |
|---|---|---|
| ``joint_states`` | sensor_msgs/JointState | arm, head and gripper joints |
| ``odom`` | nav_msgs/Odometry | base pose in ``map``, twist in the base frame |
| ``arm_controller/joint_trajectory`` | trajectory_msgs/JointTrajectory | to the arm |
| ``head_controller/joint_trajectory`` | trajectory_msgs/JointTrajectory | to the head |
| ``gripper_controller/command`` | sensor_msgs/JointState | position: m, effort: N |
| ``cmd_vel`` | geometry_msgs/Twist | base velocity |

Subscriptions arrive on the executor's threads; skills wait on their own thread. The condition
below is the only thing that both touch.
"""

from __future__ import annotations

import math
import threading
import time

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory as JointTrajectoryMsg
from trajectory_msgs.msg import JointTrajectoryPoint

from memagent.errors import RobotError
from memagent.robot import RobotDescription
from memagent.ros import qos
from memagent.ros.convert import stamp_from_msg
from memagent.types import JointTrajectory, Pose2D, RobotState

STALE_AFTER_S = 3.0
"""Wall-clock silence after which the robot counts as lost."""

GRIPPER_AT_REST = 2e-3
"""m/s: a finger slower than this does not move."""


def yaw_of(orientation: object) -> float:
    """Yaw of a geometry_msgs/Quaternion."""
    q = orientation
    return math.atan2(2 * (q.w * q.z + q.x * q.y), 1 - 2 * (q.y**2 + q.z**2))  # type: ignore[attr-defined]


class RobotListener:
    """Keeps the newest proprioception from ``joint_states`` and ``odom``."""

    def __init__(self, node: Node, description: RobotDescription) -> None:
        self._description = description
        self._arm = [joint.name for joint in description.arm.joints]
        self._names = [*self._arm, *description.head.joints, description.gripper.joint]
        self._condition = threading.Condition()
        self._state: RobotState | None = None
        self._odometry: Odometry | None = None
        self._missing: list[str] = []
        group = MutuallyExclusiveCallbackGroup()
        for kind, topic, callback in (
            (JointState, "joint_states", self._on_joints),
            (Odometry, "odom", self._on_odometry),
        ):
            node.create_subscription(kind, topic, callback, qos.SENSOR, callback_group=group)

    def newest(self) -> RobotState | None:
        with self._condition:
            return self._state

    def state_at_least(self, stamp: float) -> RobotState:
        """Wait for a state as new as ``stamp`` (robot clock).

        Raises:
            RobotError: no new state arrived for :data:`STALE_AFTER_S`.
        """
        with self._condition:
            seen, deadline = self._state, time.monotonic() + STALE_AFTER_S
            while self._state is None or self._state.stamp < stamp:
                if not self._condition.wait(timeout=max(0.0, deadline - time.monotonic())):
                    raise RobotError(self._explain_silence())
                if self._state is not seen:
                    seen, deadline = self._state, time.monotonic() + STALE_AFTER_S
            return self._state

    def _explain_silence(self) -> str:
        if self._missing:
            return f"joint_states lacks the joints {self._missing} of {self._description.name!r}"
        topic = "odom" if self._odometry is None else "joint_states"
        return f"no message on topic {topic!r} for {STALE_AFTER_S:g} s: is the robot running?"

    def _on_odometry(self, message: Odometry) -> None:
        with self._condition:
            self._odometry = message

    def _on_joints(self, message: JointState) -> None:
        index = {name: i for i, name in enumerate(message.name)}
        with self._condition:
            self._missing = [name for name in self._names if name not in index]
            odometry = self._odometry
            if self._missing or odometry is None:
                return
            arm = [index[name] for name in self._arm]
            pan, tilt = (index[name] for name in self._description.head.joints)
            finger = index[self._description.gripper.joint]
            position, velocity = message.position, message.velocity
            pose, twist = odometry.pose.pose, odometry.twist.twist
            self._state = RobotState(
                stamp=stamp_from_msg(message.header.stamp),
                base=Pose2D(pose.position.x, pose.position.y, yaw_of(pose.orientation)),
                base_velocity=(twist.linear.x, twist.linear.y, twist.angular.z),
                arm=np.array([position[i] for i in arm]),
                arm_velocity=np.array([velocity[i] for i in arm]),
                head=(position[pan], position[tilt]),
                gripper_width=position[finger],
                gripper_moving=abs(velocity[finger]) > GRIPPER_AT_REST,
            )
            self._condition.notify_all()


class RosRobot:
    """A robot behind ROS topics; satisfies :class:`memagent.robot.Robot`."""

    def __init__(self, node: Node, description: RobotDescription) -> None:
        self._listener = RobotListener(node, description)
        self._description = description
        trajectory = JointTrajectoryMsg
        self._arm = node.create_publisher(
            trajectory, "arm_controller/joint_trajectory", qos.RELIABLE
        )
        self._head = node.create_publisher(
            trajectory, "head_controller/joint_trajectory", qos.RELIABLE
        )
        self._gripper = node.create_publisher(
            JointState, "gripper_controller/command", qos.RELIABLE
        )
        self._base = node.create_publisher(Twist, "cmd_vel", qos.RELIABLE)

    def state(self) -> RobotState:
        """Newest proprioception; waits for the first.

        Raises:
            RobotError: there is none.
        """
        return self._listener.newest() or self._listener.state_at_least(-math.inf)

    def wait(self, seconds: float) -> RobotState:
        return self._listener.state_at_least(self.state().stamp + seconds)

    def send_arm(self, trajectory: JointTrajectory) -> None:
        message = JointTrajectoryMsg(joint_names=list(trajectory.joint_names))
        for i, seconds in enumerate(trajectory.times):
            point = JointTrajectoryPoint(positions=[float(q) for q in trajectory.positions[i]])
            if trajectory.velocities is not None:
                point.velocities = [float(v) for v in trajectory.velocities[i]]
            point.time_from_start = _duration(float(seconds))
            message.points.append(point)
        self._arm.publish(message)

    def send_head(self, pan: float, tilt: float) -> None:
        now = self.state().head
        reach = max(abs(pan - now[0]), abs(tilt - now[1])) / self._description.head.velocity
        point = JointTrajectoryPoint(positions=[float(pan), float(tilt)])
        point.time_from_start = _duration(max(reach, 0.02))
        self._head.publish(
            JointTrajectoryMsg(joint_names=list(self._description.head.joints), points=[point])
        )

    def send_gripper(self, width: float, force: float) -> None:
        self._gripper.publish(
            JointState(
                name=[self._description.gripper.joint],
                position=[float(width)],
                effort=[float(force)],
            )
        )

    def send_base(self, vx: float, vy: float, wz: float) -> None:
        message = Twist()
        message.linear.x, message.linear.y, message.angular.z = float(vx), float(vy), float(wz)
        self._base.publish(message)

    def stop(self) -> None:
        self.send_base(0.0, 0.0, 0.0)
        state = self._listener.newest()
        if state is not None:
            names = tuple(joint.name for joint in self._description.arm.joints)
            hold = JointTrajectory(names, np.array([0.1]), state.arm[None, :])
            self.send_arm(hold)


def _duration(seconds: float) -> Duration:
    whole = math.floor(seconds)
    return Duration(sec=int(whole), nanosec=min(999_999_999, round((seconds - whole) * 1e9)))
