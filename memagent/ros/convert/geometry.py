# SPDX-License-Identifier: Apache-2.0
"""Times, points, poses and images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Transform, Vector3
from geometry_msgs.msg import Pose2D as Pose2DMsg
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from memagent import types


def stamp_to_msg(seconds: float) -> Time:
    whole = math.floor(seconds)
    nanoseconds = round((seconds - whole) * 1e9)
    if nanoseconds == 1_000_000_000:
        whole, nanoseconds = whole + 1, 0
    return Time(sec=int(whole), nanosec=nanoseconds)


def stamp_from_msg(stamp: Time) -> float:
    return float(stamp.sec) + float(stamp.nanosec) * 1e-9


def header(seconds: float, frame_id: str = "map") -> Header:
    return Header(stamp=stamp_to_msg(seconds), frame_id=frame_id)


def optional_to_msg(value: float | None) -> float:
    return math.nan if value is None else float(value)


def optional_from_msg(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def point_to_msg(position: types.Vector3) -> Point:
    return Point(x=float(position[0]), y=float(position[1]), z=float(position[2]))


def point_from_msg(point: Point) -> types.Vector3:
    return (point.x, point.y, point.z)


def put_point(message: Any, position: types.Vector3 | None) -> None:
    """Fill ``has_position`` and ``position`` of any message that has both."""
    message.has_position = position is not None
    if position is not None:
        message.position = point_to_msg(position)


def point_of(message: Any) -> types.Vector3 | None:
    return point_from_msg(message.position) if message.has_position else None


def pose2d_to_msg(pose: types.Pose2D) -> Pose2DMsg:
    return Pose2DMsg(x=float(pose.x), y=float(pose.y), theta=float(pose.yaw))


def pose2d_from_msg(pose: Pose2DMsg) -> types.Pose2D:
    return types.Pose2D(pose.x, pose.y, pose.theta)


def quaternion_from_yaw(yaw: float) -> tuple[float, float, float, float]:
    """x, y, z, w."""
    return (0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2))


def transform_to_msg(matrix: types.FloatArray) -> Transform:
    """From a 4x4 rigid transform."""
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(matrix[:3, :3]).as_quat()
    message = Transform()
    message.translation = Vector3(
        x=float(matrix[0, 3]), y=float(matrix[1, 3]), z=float(matrix[2, 3])
    )
    message.rotation.x, message.rotation.y = float(x), float(y)
    message.rotation.z, message.rotation.w = float(z), float(w)
    return message


def transform_from_msg(message: Transform) -> types.FloatArray:
    """To a 4x4 rigid transform."""
    from scipy.spatial.transform import Rotation

    q = message.rotation
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_quat([q.x, q.y, q.z, q.w]).as_matrix()
    matrix[:3, 3] = (message.translation.x, message.translation.y, message.translation.z)
    return matrix


def image_to_msg(pixels: NDArray[Any], head: Header) -> Image:
    """From an rgb8 array of shape (h, w, 3) or a 32FC1 array of shape (h, w)."""
    import array

    encoding = "rgb8" if pixels.dtype == np.uint8 else "32FC1"
    message = Image(
        header=head,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        step=pixels.strides[0],
    )
    # rclpy copies an array.array in one go and anything else byte by byte.
    message.data = array.array("B", np.ascontiguousarray(pixels).tobytes())
    return message


def image_from_msg(message: Image) -> NDArray[Any]:
    """To the array that :func:`image_to_msg` takes.

    Also reads depth in 16UC1 millimetres, which many camera drivers publish.

    Raises:
        ValueError: the encoding is none of rgb8, bgr8, 32FC1, 16UC1.
    """
    shape = (message.height, message.width)
    if message.encoding in ("rgb8", "bgr8"):
        rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
        pixels = rows[:, : message.width * 3].reshape(*shape, 3)
        return pixels if message.encoding == "rgb8" else pixels[..., ::-1]
    if message.encoding == "32FC1":
        return np.frombuffer(message.data, np.float32).reshape(message.height, -1)[
            :, : message.width
        ]
    if message.encoding == "16UC1":
        millimetres = np.frombuffer(message.data, np.uint16).reshape(message.height, -1)
        return millimetres[:, : message.width].astype(np.float32) * 1e-3
    raise ValueError(
        f"image encoding {message.encoding!r} is not supported; "
        "use rgb8, bgr8, 32FC1 (m) or 16UC1 (mm)"
    )
