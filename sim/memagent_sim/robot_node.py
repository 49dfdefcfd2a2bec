# SPDX-License-Identifier: Apache-2.0
"""The simulated robot as a ROS node: what a robot's drivers publish and take, from physics.

Services are named as in mujoco_ros2_control, so that either can stand in for the other:
``~/set_pause``, ``~/reset_world``, ``~/step_simulation``; ``~/check_task`` is ground truth for
scoring. This module alone of ``memagent_sim`` speaks ROS.
"""

from __future__ import annotations

import math
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("MUJOCO_GL", "egl")  # before mujoco is imported anywhere

import numpy as np
from geometry_msgs.msg import TransformStamped, Twist
from nav_msgs.msg import Odometry
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, JointState
from trajectory_msgs.msg import JointTrajectory as JointTrajectoryMsg

from memagent.errors import ConfigError, MemagentError
from memagent.ros import convert, qos
from memagent.ros.lifecycle import RegionNode, spin
from memagent.types import CameraFrame, JointTrajectory
from memagent_interfaces import srv
from memagent_sim.scene import TIMESTEP
from memagent_sim.simulation import Simulation
from memagent_sim.world import load_world

SLICE_S = 0.01
"""Simulated time between looks at commands."""
CLOCK_SLICES = 5
"""20 Hz: every node in Python pays for each message on /clock."""
MAX_LAG_S = 0.25
"""Wall-clock backlog that is caught up; beyond it simulated time falls behind."""
JOINT_STATE_SLICES = 2
ANSWER_S = 30.0
WALL = "wall"
"""Start of simulated time: the wall clock, so that a kept memory never sees time go back."""


class SimulatedRobotNode(RegionNode):
    """Physics and rendering run on one thread, which alone touches the simulation.

    Callbacks put work into a queue that the thread empties between slices; services wait for
    their piece of work.
    """

    def __init__(self) -> None:
        super().__init__("simulated_robot")
        self._work: queue.SimpleQueue[Callable[[Simulation], None]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._paused = False
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failure: Exception | None = None
        self._real_time_factor = 0.0
        self._render_ms = 0.0

    # --- life cycle -------------------------------------------------------------------------

    def configure(self) -> None:
        self._world = load_world(
            self.file("world", "configs/worlds/flat.yaml", "World to simulate.")
        )
        self._seed = self.integer("seed", 0, 0, 2**31 - 1, "Seed of objects and faults.")
        self._epoch = self._read_epoch()
        self._speed = self.number("speed", 1.0, 0.05, 100.0, "Simulated seconds per second.")
        self._advertise()
        self._subscribe()
        self._serve()
        self._thread = threading.Thread(target=self._run, name="physics", daemon=True)
        self._thread.start()
        if not self._ready.wait(ANSWER_S) or self._failure is not None:
            raise MemagentError(f"the simulation did not start: {self._failure}")

    def _read_epoch(self) -> float:
        """What to add to simulated time, which begins near zero."""
        text = self.text(
            "start_time", WALL, f"When simulated time begins: {WALL!r}, or seconds since the epoch."
        )
        if text == WALL:
            return float(int(time.time()))
        try:
            return float(text)
        except ValueError:
            raise ConfigError(
                f"parameter start_time: {text!r} is not {WALL!r} or seconds"
            ) from None

    def cleanup(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def measurements(self) -> dict[str, float]:
        return {"real_time_factor": self._real_time_factor, "render_ms": self._render_ms}

    def _advertise(self) -> None:
        self._time = self.create_publisher(Clock, "clock", qos.SENSOR)
        self._joint_states = self.create_publisher(JointState, "joint_states", qos.SENSOR)
        self._odometry = self.create_publisher(Odometry, "odom", qos.SENSOR)
        self._cameras = {
            name: {
                "color": self.create_publisher(Image, f"{name}_camera/color", qos.SENSOR),
                "depth": self.create_publisher(Image, f"{name}_camera/depth", qos.SENSOR),
                "info": self.create_publisher(CameraInfo, f"{name}_camera/camera_info", qos.SENSOR),
                "pose": self.create_publisher(
                    TransformStamped, f"{name}_camera/transform", qos.SENSOR
                ),
            }
            for name in ("head", "wrist")
        }

    def _subscribe(self) -> None:
        group = MutuallyExclusiveCallbackGroup()
        for kind, topic, callback in (
            (JointTrajectoryMsg, "arm_controller/joint_trajectory", self._on_arm),
            (JointTrajectoryMsg, "head_controller/joint_trajectory", self._on_head),
            (JointState, "gripper_controller/command", self._on_gripper),
            (Twist, "cmd_vel", self._on_base),
        ):
            self.create_subscription(kind, topic, callback, qos.RELIABLE, callback_group=group)

    def _serve(self) -> None:
        group = ReentrantCallbackGroup()
        for kind, name, answer in (
            (srv.SetPause, "set_pause", self._set_pause),
            (srv.ResetWorld, "reset_world", self._reset_world),
            (srv.StepSimulation, "step_simulation", self._step_simulation),
            (srv.CheckTask, "check_task", self._check_task),
        ):
            self.create_service(kind, f"~/{name}", answer, callback_group=group)

    # --- the physics thread -----------------------------------------------------------------

    def _run(self) -> None:
        try:
            simulation = Simulation(self._world, self._seed)
            simulation.reset(1)
        except Exception as error:  # handed to configure(), which waits for it
            self._failure = error
            self._ready.set()
            return
        self._ready.set()
        due = time.monotonic()
        slices, began, began_time = 0, due, simulation.time
        while not self._stop.is_set():
            self._empty_queue(simulation)
            if self._paused or not self.active:
                time.sleep(0.01)
                due = began = time.monotonic()
                began_time = simulation.time
                continue
            simulation.step(SLICE_S)
            self._publish(simulation, slices)
            slices += 1
            now = time.monotonic()
            if now - began >= 1.0:
                elapsed = simulation.time - began_time
                # A jump of the clock (a new day) is not speed.
                self._real_time_factor = elapsed / (now - began) if elapsed < 3600 else 1.0
                began, began_time = now, simulation.time
            due = max(due + SLICE_S / self._speed, now - MAX_LAG_S)
            if due > now:
                time.sleep(due - now)

    def _empty_queue(self, simulation: Simulation) -> None:
        while True:
            try:
                work = self._work.get_nowait()
            except queue.Empty:
                return
            try:
                work(simulation)
            except (MemagentError, ValueError) as error:  # a bad command must not end physics
                self.get_logger().error(str(error), throttle_duration_sec=1.0)

    def _ask(self, work: Callable[[Simulation], Any]) -> Any:
        """Have the physics thread do ``work`` and return what it returned.

        Raises:
            MemagentError: it did not answer in time, or ``work`` raised.
        """
        done: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

        def answer(simulation: Simulation) -> None:
            try:
                done.put((work(simulation), None))
            except Exception as error:  # re-raised below, on the asking thread
                done.put((None, error))

        self._work.put(answer)
        try:
            result, error = done.get(timeout=ANSWER_S)
        except queue.Empty:
            raise MemagentError(f"the simulation did not answer within {ANSWER_S:g} s") from None
        if error is not None:
            raise MemagentError(str(error)) from error
        return result

    # --- publishing -------------------------------------------------------------------------

    def _publish(self, simulation: Simulation, slices: int) -> None:
        stamp = simulation.time + self._epoch
        if slices % CLOCK_SLICES == 0:
            self._time.publish(Clock(clock=convert.stamp_to_msg(stamp)))
        if slices % JOINT_STATE_SLICES == 0:
            self._publish_state(simulation)
        description = simulation.world.robot
        for name, camera in (
            ("head", description.head_camera),
            ("wrist", description.wrist_camera),
        ):
            if slices % max(1, round(1 / (camera.rate * SLICE_S))) == 0 and self._watched(name):
                began = time.perf_counter()
                self._publish_camera(name, simulation.camera(name))
                self._render_ms = (time.perf_counter() - began) * 1e3

    def _watched(self, camera: str) -> bool:
        """Rendering costs; a camera that nobody listens to is not rendered."""
        publishers = self._cameras[camera]
        return any(publishers[part].get_subscription_count() > 0 for part in ("color", "depth"))

    def _publish_state(self, simulation: Simulation) -> None:
        state = simulation.state()
        stamp = state.stamp + self._epoch
        robot = simulation.world.robot
        finger_velocity = 0.02 if state.gripper_moving else 0.0
        head = convert.header(stamp, "base_link")
        self._joint_states.publish(
            JointState(
                header=head,
                name=[*(j.name for j in robot.arm.joints), *robot.head.joints, robot.gripper.joint],
                position=[
                    *map(float, state.arm),
                    *map(float, state.head),
                    float(state.gripper_width),
                ],
                velocity=[*map(float, state.arm_velocity), 0.0, 0.0, finger_velocity],
            )
        )
        odometry = Odometry(header=convert.header(stamp, "map"), child_frame_id="base_link")
        pose = odometry.pose.pose
        pose.position.x, pose.position.y = float(state.base.x), float(state.base.y)
        pose.orientation.z = math.sin(state.base.yaw / 2)
        pose.orientation.w = math.cos(state.base.yaw / 2)
        twist = odometry.twist.twist
        twist.linear.x, twist.linear.y, twist.angular.z = map(float, state.base_velocity)
        self._odometry.publish(odometry)

    def _publish_camera(self, name: str, frame: CameraFrame) -> None:
        publishers = self._cameras[name]
        stamp = frame.stamp + self._epoch
        head = convert.header(stamp, frame.frame_id)
        transform = TransformStamped(
            header=convert.header(stamp, "map"),
            child_frame_id=frame.frame_id,
            transform=convert.transform_to_msg(frame.pose),
        )
        fx, fy, cx, cy = frame.intrinsics
        height, width = frame.depth.shape
        info = CameraInfo(header=head, height=height, width=width, distortion_model="plumb_bob")
        info.d = [0.0] * 5
        info.k = np.array([fx, 0, cx, 0, fy, cy, 0, 0, 1.0])
        info.p = np.array([fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1.0, 0])
        publishers["pose"].publish(transform)
        publishers["info"].publish(info)
        publishers["depth"].publish(convert.image_to_msg(frame.depth, head))
        publishers["color"].publish(convert.image_to_msg(frame.rgb, head))

    # --- commands ---------------------------------------------------------------------------

    def _on_arm(self, message: JointTrajectoryMsg) -> None:
        trajectory = _trajectory(message)
        if trajectory is None:
            self.get_logger().error("arm trajectory rejected: points differ in length, or none")
            return
        self._work.put(lambda simulation: simulation.send_arm(trajectory))

    def _on_head(self, message: JointTrajectoryMsg) -> None:
        if not message.points or len(message.points[-1].positions) != 2:
            self.get_logger().error("head trajectory rejected: needs pan and tilt")
            return
        pan, tilt = message.points[-1].positions
        self._work.put(lambda simulation: simulation.send_head(pan, tilt))

    def _on_gripper(self, message: JointState) -> None:
        if not message.position or not message.effort:
            self.get_logger().error("gripper command rejected: needs position (m) and effort (N)")
            return
        width, force = message.position[0], message.effort[0]
        self._work.put(lambda simulation: simulation.send_gripper(width, force))

    def _on_base(self, message: Twist) -> None:
        vx, vy, wz = message.linear.x, message.linear.y, message.angular.z
        self._work.put(lambda simulation: simulation.send_base(vx, vy, wz))

    # --- services ---------------------------------------------------------------------------

    def _set_pause(self, request: Any, response: Any) -> Any:
        self._paused = bool(request.paused)
        response.success, response.message = True, "paused" if self._paused else "running"
        return response

    def _reset_world(self, request: Any, response: Any) -> Any:
        keyframe = request.keyframe or "day_1"
        word, _, number = keyframe.partition("_")
        if word != "day" or not number.isdigit() or int(number) < 1:
            response.success = False
            response.message = f"no keyframe {keyframe!r}; write day_1, day_2, ..."
            return response

        def reset(simulation: Simulation) -> None:
            published = simulation.time + self._epoch
            simulation.reset(int(number))
            # Whoever has seen a time must never see it go back.
            self._epoch += max(0.0, published - (simulation.time + self._epoch))

        return self._answer(response, reset, keyframe)

    def _step_simulation(self, request: Any, response: Any) -> Any:
        if not self._paused:
            response.success, response.message = False, "pause the simulation first (~/set_pause)"
            return response
        steps = int(request.steps)

        def step(simulation: Simulation) -> None:
            simulation.step(steps * TIMESTEP)
            self._publish(simulation, 0)

        if not request.blocking:
            self._work.put(step)
            response.success, response.message = True, f"{steps} steps queued"
            return response
        return self._answer(response, step, f"{steps} steps made")

    def _check_task(self, request: Any, response: Any) -> Any:
        def check(simulation: Simulation) -> tuple[bool, str]:
            for task in simulation.tasks:
                if task.instruction == request.instruction:
                    return simulation.check(task)
            known = [task.instruction for task in simulation.tasks]
            return False, f"not one of this world's tasks: {known}"

        try:
            response.satisfied, response.message = self._ask(check)
        except MemagentError as error:
            response.satisfied, response.message = False, str(error)
        return response

    def _answer(self, response: Any, work: Callable[[Simulation], Any], done: str) -> Any:
        try:
            self._ask(work)
            response.success, response.message = True, done
        except MemagentError as error:
            response.success, response.message = False, str(error)
        return response


def _trajectory(message: JointTrajectoryMsg) -> JointTrajectory | None:
    """The trajectory, or None if its points are none or uneven."""
    names, points = tuple(message.joint_names), message.points
    if not points or any(len(p.positions) != len(names) for p in points):
        return None
    with_velocity = all(len(p.velocities) == len(names) for p in points)
    return JointTrajectory(
        joint_names=names,
        times=np.array([p.time_from_start.sec + p.time_from_start.nanosec * 1e-9 for p in points]),
        positions=np.array([p.positions for p in points], float),
        velocities=np.array([p.velocities for p in points], float) if with_velocity else None,
    )


def main() -> None:
    spin(SimulatedRobotNode, threads=3)


if __name__ == "__main__":
    main()
