# SPDX-License-Identifier: Apache-2.0
"""The simulated flat: physics, the robot's controllers and cameras, and the truth for scoring.

Time advances only in :meth:`Simulation.step`, so that runs with the same seed and commands are
identical to the bit. Not thread-safe.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from memagent.robot import Camera
from memagent.types import CameraFrame, FloatArray, JointTrajectory, Pose2D, RobotState, Vector3
from memagent_sim import robot_model as model_of_robot
from memagent_sim.containers import container_joint
from memagent_sim.controllers import BaseController, GripperController, HeadController
from memagent_sim.grasp_faults import FaultState, GraspFaults
from memagent_sim.household import HouseholdTask, Placement, furnish
from memagent_sim.joint_trajectory_controller import JointTrajectoryController
from memagent_sim.rendering import Renderer
from memagent_sim.robot_joints import RobotJoints
from memagent_sim.scene import OVERVIEW_CAMERA, TIMESTEP, build_model
from memagent_sim.scoring import HELD, TrueObject, check_goal, place_of
from memagent_sim.world import World, WorldConfig

DAY = 86_400.0
"""Seconds."""
SETTLING = 1.0
"""Seconds of physics before a day begins, in which objects come to rest."""
HOVER = 0.0005
"""Height above its resting place at which an object is set down, metres."""
FAULT_CHECK_STEPS = 5


@dataclass(frozen=True)
class Snapshot:
    """All that the future depends on; see :meth:`Simulation.save_state`."""

    physics: FloatArray
    controllers: tuple[BaseController, JointTrajectoryController, HeadController, GripperController]
    faults: FaultState
    day: int
    steps: int


class Simulation:
    """One household, laid out from ``seed``, with one robot in it.

    Raises:
        ConfigError: a file that the world points at is missing or invalid.
    """

    def __init__(self, world: WorldConfig, seed: int = 0) -> None:
        self.world = World(world)
        self.seed = seed
        self.day = 1
        self.household = furnish(self.world, seed)
        self.model = build_model(self.world)
        self.data = mujoco.MjData(self.model)
        self._steps = 0

        robot = self.world.robot
        self._joints = RobotJoints(self.model, self.data, robot)
        self._containers = {p.name: p for p in self.world.site.places if p.is_container}
        self._object_address = {
            label: int(self.model.joint(label).qposadr[0]) for label in self.world.objects
        }
        self._geom_label = self._label_geoms()
        self._base = BaseController(robot.base, model_of_robot.BASE_SLACK)
        names = tuple(joint.name for joint in robot.arm.joints)
        self._arm = JointTrajectoryController(names, self._home)
        self._head = HeadController(robot.head)
        self._gripper = GripperController(robot.gripper)
        probability = self.world.config.faults.slip_probability
        self._faults = GraspFaults(self.model, tuple(self.world.objects), probability)
        self.reset()

    @property
    def time(self) -> float:
        """The robot's clock, seconds: day 1 begins near 0, day 2 near 86,400."""
        return float(self.data.time)

    @property
    def tasks(self) -> tuple[HouseholdTask, ...]:
        return self.household.tasks

    # --- running --------------------------------------------------------------------------------

    def reset(self, day: int = 1, seed: int | None = None) -> None:
        """Begin a day: robot at its start, everything where people left it, containers closed.

        Args:
            day: 1 for the first; the clock starts at ``day - 1`` times 86,400 s.
            seed: Lay another household out; None keeps this one.
        """
        if day < 1:
            raise ValueError(f"day must be 1 or more, got {day}")
        if seed is not None and seed != self.seed:
            self.seed, self.household = seed, furnish(self.world, seed)
        self.day, self._steps = day, 0
        mujoco.mj_resetData(self.model, self.data)
        self.data.time = (day - 1) * DAY
        self.put_robot(self.world.config.start)
        for label, placement in self.household.placements(day).items():
            self.put_object(label, placement)
        self._faults.reseed(self.seed, day)
        self.step(SETTLING)

    def step(self, seconds: float) -> None:
        """Advance by ``seconds``, rounded to whole physics steps, running the controllers."""
        for _ in range(round(seconds / TIMESTEP)):
            self._control()
            mujoco.mj_step(self.model, self.data)
            self._steps += 1

    def save_state(self) -> Snapshot:
        """A snapshot that :meth:`restore_state` takes, of this simulation only."""
        physics = np.empty(mujoco.mj_stateSize(self.model, _PHYSICS))
        mujoco.mj_getState(self.model, self.data, physics, _PHYSICS)
        controllers = copy.deepcopy((self._base, self._arm, self._head, self._gripper))
        return Snapshot(physics, controllers, self._faults.state(), self.day, self._steps)

    def restore_state(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot, to the bit."""
        mujoco.mj_setState(self.model, self.data, snapshot.physics, _PHYSICS)
        self._base, self._arm, self._head, self._gripper = copy.deepcopy(snapshot.controllers)
        self._faults.restore(snapshot.faults)
        self.day, self._steps = snapshot.day, snapshot.steps
        self._set_gripper_force()

    # --- setting the scene, for tests and benchmarks --------------------------------------------

    def put_robot(self, pose: Vector3, posture: str = "home") -> None:
        """Set the robot down at x, y, yaw, at rest, its gripper open and its head straight."""
        arm = np.array(self.world.robot.arm.postures[posture])
        width = self.world.robot.gripper.max_width
        self._joints.place(pose, arm, width)
        self._base.reset(pose, self.time)
        self._arm.hold(arm)
        self._head.reset((0.0, 0.0))
        self._gripper.reset(width)
        self._set_gripper_force()

    def put_object(self, label: str, placement: Placement) -> None:
        """Set an object down a hair's breadth above its placement, at rest."""
        joint = self.data.joint(label)
        half = placement.yaw / 2
        joint.qpos[:] = (
            *(placement.x, placement.y, placement.z + HOVER),
            *(math.cos(half), 0.0, 0.0, math.sin(half)),
        )
        joint.qvel[:] = 0.0

    def set_opening(self, container: str, opening: float) -> None:
        """Open a container by a share of its travel, 0 to 1; its contents stay where they are.

        Raises:
            KeyError: there is no such container.
        """
        joint = self._containers[container].joint
        assert joint is not None, container
        part = self.data.joint(container_joint(container))
        part.qpos[:], part.qvel[:] = opening * joint.travel, 0.0

    # --- the robot ------------------------------------------------------------------------------

    def state(self) -> RobotState:
        """Proprioception now."""
        joints, now = self._joints, self.time
        x, y, yaw = joints.base()
        width = joints.gripper()
        pan, tilt = joints.head()
        return RobotState(
            stamp=now,
            base=Pose2D(x, y, math.remainder(yaw, math.tau)),
            base_velocity=joints.base_velocity(),
            arm=joints.arm(),
            arm_velocity=joints.arm_velocity(),
            head=(pan, tilt),
            gripper_width=width,
            gripper_moving=self._gripper.moving(width),
        )

    def send_arm(self, trajectory: JointTrajectory) -> None:
        """Follow a trajectory from now; it replaces the one before.

        Raises:
            TrajectoryRejectedError: it is malformed.
        """
        self._arm.accept(trajectory, self.time)

    def send_head(self, pan: float, tilt: float) -> None:
        """Turn the head there, radians."""
        self._head.command(pan, tilt)

    def send_gripper(self, width: float, force: float) -> None:
        """Move the fingers towards ``width`` metres with at most ``force`` newtons each."""
        measured = self._joints.gripper()
        self._gripper.command(width, force, measured)
        self._set_gripper_force()
        if self._gripper.goal > measured + 0.001:
            self._faults.release()

    def send_base(self, vx: float, vy: float, wz: float) -> None:
        """Drive with a body-frame velocity, m/s and rad/s, for 0.5 s unless repeated."""
        self._base.command(vx, vy, wz, self.time)

    def stop(self) -> None:
        """Base to rest and the arm holds where it is, both with limited deceleration."""
        self._base.command(0.0, 0.0, 0.0, self.time)
        joints = self._joints
        brake = np.array([joint.acceleration for joint in self.world.robot.arm.joints])
        self._arm.stop(self.time, joints.arm(), joints.arm_velocity(), brake)

    # --- pictures -------------------------------------------------------------------------------

    def camera(self, name: Literal["head", "wrist"]) -> CameraFrame:
        """What a camera of the robot sees now."""
        camera, model_name = self._camera(name)
        self._update_poses()
        rgb, depth = self._renderer.rgbd(self.data, model_name, camera.width, camera.height)
        nearest, farthest = camera.range
        depth[(depth < nearest) | (depth > farthest)] = 0.0
        focal = 0.5 * camera.height / math.tan(math.radians(camera.fovy) / 2)
        pose = np.eye(4)
        view = self.data.camera(model_name)
        pose[:3, :3] = view.xmat.reshape(3, 3) * (1.0, -1.0, -1.0)
        pose[:3, 3] = view.xpos
        centre = (camera.width - 1) / 2, (camera.height - 1) / 2
        return CameraFrame(self.time, camera.frame_id, rgb, depth, (focal, focal, *centre), pose)

    def overview(self, width: int = 960, height: int = 720) -> NDArray[np.uint8]:
        """The whole flat from above, shape (height, width, 3)."""
        self._update_poses()
        return self._renderer.picture(self.data, OVERVIEW_CAMERA, width, height)

    def close(self) -> None:
        """Free the graphics context, if a picture was ever taken."""
        if "_renderer" in self.__dict__:
            self._renderer.close()
            del self._renderer

    # --- the truth, for scoring only ------------------------------------------------------------

    def objects(self) -> tuple[TrueObject, ...]:
        """Where every object really is."""
        openings = {name: self.opening(name) for name in self._containers}
        held = self._held()
        found = []
        for label, spec in self.world.objects.items():
            address = self._object_address[label]
            x, y, z, qw, qx, qy, qz = self.data.qpos[address : address + 7].tolist()
            yaw = math.atan2(2 * (qw * qz + qx * qy), 1 - 2 * (qy * qy + qz * qz))
            size = max(self.world.category(spec).size)
            place = place_of(self.world.site, (x, y, z), size, openings)
            where = HELD if label in held else place
            found.append(TrueObject(label, spec.category, spec.colour, (x, y, z), yaw, where))
        return tuple(found)

    def visible_objects(self) -> dict[str, int]:
        """Label -> number of pixels in the head camera's image, of those that it sees."""
        camera, model_name = self._camera("head")
        self._update_poses()
        geoms = self._renderer.geoms(self.data, model_name, camera.width, camera.height)
        pixels: dict[str, int] = {}
        for geom, count in zip(*np.unique(geoms, return_counts=True), strict=True):
            label = self._geom_label.get(int(geom))
            if label is not None:
                pixels[label] = pixels.get(label, 0) + int(count)
        return pixels

    def opening(self, container: str) -> float:
        """How far a container is open, 0 to 1.

        Raises:
            KeyError: there is no such container.
        """
        joint = self._containers[container].joint
        assert joint is not None, container
        return float(self.data.joint(container_joint(container)).qpos[0]) / joint.travel

    def check(self, task: HouseholdTask) -> tuple[bool, str]:
        """Whether a task's goal is reached and, in words, what is missing."""
        return check_goal(self.world.site, task, {o.label: o for o in self.objects()})

    # --- inside ---------------------------------------------------------------------------------

    @property
    def _home(self) -> FloatArray:
        return np.array(self.world.robot.arm.postures["home"])

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.model)

    def _camera(self, name: str) -> tuple[Camera, str]:
        robot = self.world.robot
        cameras: Mapping[str, tuple[Camera, str]] = {
            "head": (robot.head_camera, model_of_robot.HEAD_CAMERA),
            "wrist": (robot.wrist_camera, model_of_robot.WRIST_CAMERA),
        }
        if name not in cameras:
            raise ValueError(f"camera must be one of {sorted(cameras)}, got {name!r}")
        return cameras[name]

    def _control(self) -> None:
        now, joints = self.time, self._joints
        self._base.step(now, TIMESTEP, joints.base())
        self._head.step(TIMESTEP)
        self._gripper.step(TIMESTEP, joints.gripper())
        joints.drive_base(self._base.target, self._base.world_velocity)
        joints.drive_arm(*self._arm.sample(now + TIMESTEP))
        joints.drive_head(self._head.angles, self._head.rates)
        joints.drive_gripper(self._gripper.width)
        if self._gripper.goal < self._gripper.width and self._steps % FAULT_CHECK_STEPS == 0:
            self._faults.step(self.data)

    def _set_gripper_force(self) -> None:
        self._joints.limit_gripper(self._gripper.force)

    def _update_poses(self) -> None:
        """Body and camera poses for the present joint positions; dynamics are not touched."""
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)

    def _label_geoms(self) -> dict[int, str]:
        bodies = {self.model.body(label).id: label for label in self.world.objects}
        owner = self.model.geom_bodyid.tolist()
        return {geom: bodies[body] for geom, body in enumerate(owner) if body in bodies}

    def _held(self) -> set[str]:
        """Objects that a finger touches."""
        fingers = {self.model.body(name).id for name in model_of_robot.FINGER_JOINTS}
        held = set()
        for a, b in self.data.contact.geom.tolist():
            for mine, other in ((a, b), (b, a)):
                if int(self.model.geom_bodyid[mine]) in fingers and other in self._geom_label:
                    held.add(self._geom_label[other])
        return held


_PHYSICS = int(mujoco.mjtState.mjSTATE_INTEGRATION)
