# SPDX-License-Identifier: Apache-2.0
"""What a robot is: its description, read from YAML, and the interface that drives it.

The simulated robot, the ROS client and a real driver all satisfy :class:`Robot`; skills know
nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from memagent.config import read_yaml
from memagent.types import JointTrajectory, RobotState, Vector3


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArmJoint(_Strict):
    """A revolute joint in modified (Craig) Denavit-Hartenberg convention, metres and radians."""

    name: str
    a: float
    d: float
    alpha: float
    lower: float
    upper: float
    velocity: Annotated[float, Field(gt=0)]
    acceleration: Annotated[float, Field(gt=0)]
    effort: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _limits_ordered(self) -> ArmJoint:
        if self.lower >= self.upper:
            raise ValueError(f"joint {self.name!r}: lower {self.lower} must be below {self.upper}")
        return self


class Arm(_Strict):
    mount: Vector3
    """Of the arm's base frame in ``base_link``; axes parallel to it."""
    joints: tuple[ArmJoint, ...]
    tool_offset: float
    """From the last joint frame along its z to the point between the finger tips."""
    tool_yaw: float
    """Rotation of the tool about that axis: its z points out, and the fingers close along its y."""
    postures: dict[str, tuple[float, ...]]
    """Named joint positions: "home" (tucked for driving, out of the camera's view), "ready"."""


class Gripper(_Strict):
    joint: str
    max_width: Annotated[float, Field(gt=0)]
    force: Annotated[float, Field(gt=0)]
    """Newtons per finger."""


class Base(_Strict):
    radius: Annotated[float, Field(gt=0)]
    speed: Annotated[float, Field(gt=0)]
    """m/s."""
    turn_rate: Annotated[float, Field(gt=0)]
    """rad/s."""
    acceleration: Annotated[float, Field(gt=0)] = 1.0
    turn_acceleration: Annotated[float, Field(gt=0)] = 2.5


class Camera(_Strict):
    """A camera: image size and vertical field of view; for the head, its pan-tilt centre."""

    frame_id: str
    width: int
    height: int
    fovy: float
    """Degrees."""
    rate: float
    """Frames per second."""
    range: tuple[float, float] = (0.1, 10.0)
    """Nearest and farthest depth that is measured, metres; beyond it there is no return."""


class Head(_Strict):
    joints: tuple[str, str]
    """Pan and tilt."""
    position: Vector3
    """Where the pan and tilt axes meet and the optical centre lies, in ``base_link``."""
    pan: tuple[float, float]
    tilt: tuple[float, float]
    """Limits, radians; tilt is positive downwards."""
    velocity: float = 2.0


class RobotDescription(_Strict):
    name: str
    base: Base
    arm: Arm
    gripper: Gripper
    head: Head
    head_camera: Camera
    wrist_camera: Camera
    joint_state_rate: float = 50.0


def load_robot(path: Path) -> RobotDescription:
    """Read a robot description.

    Raises:
        ConfigError: the file is missing or invalid; the message names file, key and value.
    """
    return read_yaml(path, RobotDescription)


class Robot(Protocol):
    """Drives one mobile manipulator. Commands return at once; time passes in :meth:`wait`."""

    def state(self) -> RobotState:
        """Newest proprioception."""
        ...

    def wait(self, seconds: float) -> RobotState:
        """Let ``seconds`` of robot time pass and return the state after it.

        Raises:
            RobotError: the robot fell silent.
        """
        ...

    def send_arm(self, trajectory: JointTrajectory) -> None:
        """Follow a trajectory from now; it replaces the one before."""
        ...

    def send_head(self, pan: float, tilt: float) -> None: ...

    def send_gripper(self, width: float, force: float) -> None:
        """Move the fingers towards ``width`` metres with at most ``force`` newtons each."""
        ...

    def send_base(self, vx: float, vy: float, wz: float) -> None:
        """Body-frame velocity (m/s, m/s, rad/s); the robot stops if it is not repeated in 0.5 s."""
        ...

    def stop(self) -> None:
        """Base to rest and the arm holds where it is."""
        ...
