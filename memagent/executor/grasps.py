# SPDX-License-Identifier: Apache-2.0
"""How to take hold of an object from above."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from memagent.robot import Gripper
from memagent.types import FloatArray, ObjectObservation, Vector3

_ROUND = 1.2
"""Below this ratio of its horizontal extents an object has no longer side worth the name."""
_FINGER_DEPTH = 0.038
"""How far fingers reach over an object before the palm would touch its top, metres."""
_ABOVE_SURFACE = 0.015
"""Of the point between the finger tips, at least: the pads reach 1 cm further."""
_PAD_HALF_WIDTH = 0.014
_TURNS = (0.0, 0.4, -0.4, 0.8, -0.8, 1.2, -1.2, math.pi / 2)
_SLANTS = (0.0, 0.35, -0.35, 0.65, -0.65)
"""Radians by which the hand may take an elongated object aslant, where it does not fit across."""
_PLAY = 0.004
"""An object must be narrower than the open gripper by this much."""


@dataclass(frozen=True, slots=True)
class Grasp:
    """The hand points straight down; its fingers close along a horizontal axis."""

    position: Vector3
    """Of the point between the finger tips, ``map`` frame."""
    yaw: float
    """Direction of the closing axis in the ``map`` frame, radians; half a turn makes no difference
    to the grasp, but it does to the arm."""
    width: float
    """Of the object along the closing axis, metres."""
    above_bottom: float
    """Height of the finger tips above the object's lowest point, metres."""
    tilt: float = 0.0
    """Radians by which the hand leans about the closing axis, towards its own x where positive."""

    def pose(self, raised: float = 0.0) -> FloatArray:
        """4x4 tool pose in the map, raised by so many metres."""
        x, y, z = self.position
        return hand_down(x, y, z + raised, self.yaw, self.tilt)

    def leaning(self, facing: float, angle: float) -> Grasp:
        """The same grasp with the hand leaning back by ``angle`` towards a robot that faces it."""
        x, y, z = self.position
        side = math.copysign(1.0, math.sin(facing - self.yaw))
        lift = _PAD_HALF_WIDTH * math.sin(angle)
        return replace(self, position=(x, y, z + lift), tilt=side * angle)


def hand_down(x: float, y: float, z: float, yaw: float, tilt: float = 0.0) -> FloatArray:
    """4x4 pose of a tool that points down, its y (closing) axis along ``yaw``.

    A tilt turns it about that axis, so that it points towards what was its x.
    """
    c, s, ct, st = math.cos(yaw), math.sin(yaw), math.cos(tilt), math.sin(tilt)
    return np.array(
        [
            [-s * ct, c, -s * st, x],
            [c * ct, s, c * st, y],
            [st, 0.0, -ct, z],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def top_down_grasps(
    seen: ObjectObservation, surface: float, gripper: Gripper, facing: float
) -> tuple[Grasp, ...]:
    """Candidate grasps, best first.

    An elongated object is taken across its narrower side, or nearly so. A round one may be taken
    from any side: first with the fingers left and right of where the robot faces.

    Args:
        seen: the object.
        surface: height of what it stands on, metres above the floor.
        gripper: its opening.
        facing: heading of the robot, radians.

    Returns:
        Empty where the object is too wide for the gripper.
    """
    long, short, _ = seen.size
    top = seen.position[2] + seen.size[2] / 2
    z = max(surface + _ABOVE_SURFACE, top - _FINGER_DEPTH)
    x, y, _ = seen.position
    widest = gripper.max_width - _PLAY
    if seen.shape in ("cylinder", "sphere") and long <= widest:
        axes = [(facing + math.pi / 2 + turn, long) for turn in _TURNS]
    elif long < _ROUND * short:
        axes = [(seen.yaw + math.pi / 2, short), (seen.yaw, long)]
    elif seen.shape == "elongated":
        across = seen.yaw + math.pi / 2
        axes = [(across + slant, short / math.cos(slant)) for slant in _SLANTS]
    else:  # also a mug that shows its handle
        axes = [(seen.yaw + math.pi / 2, short)]
    fitting = [(axis, width) for axis, width in axes if width <= widest]
    return tuple(
        Grasp((x, y, z), axis + turn, width, max(z - surface, 0.0))
        for axis, width in fitting
        for turn in (0.0, math.pi)
    )
