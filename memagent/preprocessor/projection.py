# SPDX-License-Identifier: Apache-2.0
"""Between pixels and the map: lifting depth into points, and projecting points into the image.

Pixel centres have integer coordinates, as in ROS and OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memagent.types import CameraFrame, FloatArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the camera measured where given points would appear; all arrays have shape (n,)."""

    rows: IntArray
    cols: IntArray
    inside: BoolArray
    """The point is in front of the camera and in the image, and the pixel has a depth."""
    distance: FloatArray
    """Depth the point itself would have, metres."""
    measured: FloatArray
    """Depth measured at its pixel, metres; 0 where not ``inside``."""


class View:
    """One frame, ready for geometry."""

    def __init__(self, frame: CameraFrame) -> None:
        """Prepare ``frame``.

        Raises:
            ValueError: depth and colour image differ in size, or the pose is not 4x4.
        """
        if frame.rgb.shape != (*frame.depth.shape, 3):
            raise ValueError(
                f"frame {frame.frame_id!r}: rgb has shape {frame.rgb.shape} and depth "
                f"{frame.depth.shape}; they must be (h, w, 3) and (h, w)"
            )
        if frame.pose.shape != (4, 4):
            raise ValueError(
                f"frame {frame.frame_id!r}: pose has shape {frame.pose.shape}, not (4, 4)"
            )
        self.frame = frame
        self.depth: NDArray[np.float32] = np.where(
            np.isfinite(frame.depth) & (frame.depth > 0), frame.depth, np.float32(0)
        )
        self.origin: FloatArray = np.asarray(frame.pose[:3, 3], dtype=np.float64)
        self.rotation: FloatArray = np.asarray(frame.pose[:3, :3], dtype=np.float64)

    @property
    def shape(self) -> tuple[int, int]:
        return self.depth.shape[0], self.depth.shape[1]

    def lift(self, rows: IntArray, cols: IntArray) -> FloatArray:
        """Map points (n, 3) of the given pixels; pixels without depth give the camera's centre."""
        fx, fy, cx, cy = self.frame.intrinsics
        z = self.depth[rows, cols].astype(np.float64)
        rays = np.stack(((cols - cx) / fx * z, (rows - cy) / fy * z, z), axis=-1)
        points: FloatArray = rays @ self.rotation.T + self.origin
        return points

    def look(self, points: FloatArray) -> Look:
        """Where ``points`` (n, 3) in the map would appear, and what was measured there."""
        fx, fy, cx, cy = self.frame.intrinsics
        height, width = self.shape
        local = (points - self.origin) @ self.rotation
        distance = local[:, 2]
        safe = np.where(distance > 0.05, distance, 1.0)
        u = np.clip(np.rint(fx * local[:, 0] / safe + cx), -1, width)
        v = np.clip(np.rint(fy * local[:, 1] / safe + cy), -1, height)
        inside = (distance > 0.05) & (u >= 0) & (u < width) & (v >= 0) & (v < height)
        rows = np.where(inside, v, 0).astype(np.intp)
        cols = np.where(inside, u, 0).astype(np.intp)
        measured = np.where(inside, self.depth[rows, cols], 0.0).astype(np.float64)
        return Look(rows, cols, inside & (measured > 0), distance, measured)

    def pixel(self, point: tuple[float, float, float]) -> tuple[float, float] | None:
        """Column and row of a map point, or None behind the camera; may be outside the image."""
        fx, fy, cx, cy = self.frame.intrinsics
        x, y, z = (np.asarray(point) - self.origin) @ self.rotation
        if z <= 0.05:
            return None
        return float(fx * x / z + cx), float(fy * y / z + cy)
