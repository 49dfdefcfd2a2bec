# SPDX-License-Identifier: Apache-2.0
"""The point cloud of a frame, without the robot's own body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memagent.preprocessor.body import RobotBody
from memagent.preprocessor.projection import View
from memagent.robot import RobotDescription
from memagent.types import CameraFrame, RobotState

FARTHEST = 5.0
"""Metres beyond which a depth camera is not believed."""
_BODY = 1.6
"""Metres from the camera beyond which no part of the robot is looked for."""


def point_cloud(
    frame: CameraFrame, state: RobotState, robot: RobotDescription, stride: int
) -> NDArray[np.float32]:
    """Every ``stride``-th pixel along both axes, as a point in the camera's optical frame.

    Args:
        frame: taken while the robot was in ``state``.
        state: proprioception of that instant.
        robot: its description.
        stride: 1 for all pixels.

    Returns:
        Metres, shape (h, w, 3); NaN where there is no reading, or it shows the robot itself.
    """
    view = View(frame)
    depth = view.depth[::stride, ::stride].astype(np.float32)
    fx, fy, cx, cy = frame.intrinsics
    rows, columns = np.mgrid[0 : view.shape[0] : stride, 0 : view.shape[1] : stride]
    depth[(depth <= 0) | (depth > FARTHEST)] = np.nan
    points = np.stack([(columns - cx) / fx * depth, (rows - cy) / fy * depth, depth], axis=-1)
    near = np.nonzero(depth < _BODY)  # NaN is not.
    if len(near[0]):
        there = points[near].astype(np.float64) @ view.rotation.T + view.origin
        own = RobotBody(robot, state).covers(there)
        points[near[0][own], near[1][own]] = np.nan
    return points.astype(np.float32)
