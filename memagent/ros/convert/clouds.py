# SPDX-License-Identifier: Apache-2.0
"""Point clouds, floor plans and markers."""

from __future__ import annotations

import array
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Point
from nav_msgs.msg import OccupancyGrid
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker

from memagent.memory.spatial import Grid, Pinhole

_TYPES = {
    PointField.INT8: "i1",
    PointField.UINT8: "u1",
    PointField.INT16: "i2",
    PointField.UINT16: "u2",
    PointField.INT32: "i4",
    PointField.UINT32: "u4",
    PointField.FLOAT32: "f4",
    PointField.FLOAT64: "f8",
}
_EXACT = 0.25
"""Pixels by which an organised cloud may differ from a pinhole camera's."""


def cloud_to_msg(points: NDArray[np.floating], head: Header) -> PointCloud2:
    """From metres, shape (h, w, 3) for an organised cloud or (n, 3); NaN for no reading."""
    rows, columns = points.shape[:2] if points.ndim == 3 else (1, len(points))
    message = PointCloud2(
        header=head,
        height=rows,
        width=columns,
        fields=[
            PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1)
            for i, name in enumerate("xyz")
        ],
        is_bigendian=False,
        point_step=12,
        row_step=12 * columns,
        is_dense=bool(np.isfinite(points).all()),
    )
    # rclpy copies an array.array in one go and anything else byte by byte.
    message.data = array.array("B", np.ascontiguousarray(points, "<f4").tobytes())
    return message


def points_from_msg(message: PointCloud2) -> NDArray[np.float64]:
    """Metres, shape (h, w, 3) of an organised cloud, else (n, 3); its order of fields, padding and
    byte order may be any.

    Raises:
        ValueError: x, y or z is missing or of no numeric type, or the sizes contradict the data.
    """
    fields = {field.name: field for field in message.fields}
    missing = [name for name in "xyz" if name not in fields]
    if missing:
        raise ValueError(f"point cloud: has no field {missing[0]!r}; it has {sorted(fields)}")
    order = ">" if message.is_bigendian else "<"
    kinds = []
    for name in "xyz":
        kind = _TYPES.get(fields[name].datatype)
        if kind is None:
            raise ValueError(f"point cloud: field {name!r} has type {fields[name].datatype}")
        kinds.append(order + kind)
    offsets = [fields[name].offset for name in "xyz"]
    ends = [o + np.dtype(k).itemsize for o, k in zip(offsets, kinds, strict=True)]
    rows, columns, step = message.height, message.width, message.point_step
    if max(ends) > step or columns * step > message.row_step:
        raise ValueError(
            f"point cloud: {columns} points of {step} bytes do not fit in rows of "
            f"{message.row_step}, or fields do not fit in points"
        )
    data = np.frombuffer(message.data, np.uint8)
    if len(data) < rows * message.row_step:
        raise ValueError(
            f"point cloud: holds {len(data)} bytes, and {rows} rows of {message.row_step} take more"
        )
    layout = np.dtype(
        {"names": list("xyz"), "formats": kinds, "offsets": offsets, "itemsize": step}
    )
    whole = data[: rows * message.row_step].reshape(rows, message.row_step)[:, : columns * step]
    points = np.ascontiguousarray(whole).view(layout).reshape(rows, columns)
    found = np.stack([points[name].astype(np.float64) for name in "xyz"], axis=-1)
    return found if rows > 1 else found.reshape(-1, 3)


def depth_of_cloud(points: NDArray[np.float64]) -> tuple[NDArray[np.float32], Pinhole] | None:
    """The depth image, metres, that an organised cloud in an optical frame was made of, and its
    camera; None where a pinhole camera did not make it. Intrinsics follow from the points:
    column = fx * x / z + cx.
    """
    if points.ndim != 3:
        return None
    rows, columns = np.nonzero(points[..., 2] > 0)  # NaN is not.
    if len(rows) < 100:
        return None
    some = slice(None, None, max(1, len(rows) // 2000))
    x, y, z = points[rows[some], columns[some]].T
    lens = []
    for ratio, pixel in ((x / z, columns[some]), (y / z, rows[some])):
        if np.ptp(ratio) < 1e-3:
            return None
        focal, centre = np.polyfit(ratio, pixel.astype(np.float64), 1)
        if np.abs(focal * ratio + centre - pixel).max() > _EXACT:
            return None
        lens.append((float(focal), float(centre)))
    (fx, cx), (fy, cy) = lens
    depth = np.nan_to_num(points[..., 2], nan=0.0, posinf=0.0, neginf=0.0)
    return depth.astype(np.float32), Pinhole(fx, fy, cx, cy)


def grid_to_msg(grid: Grid, head: Header) -> OccupancyGrid:
    message = OccupancyGrid(header=head)
    message.info.map_load_time = head.stamp
    message.info.resolution = float(grid.resolution)
    message.info.height, message.info.width = grid.cells.shape
    message.info.origin.position.x, message.info.origin.position.y = map(float, grid.origin)
    message.info.origin.orientation.w = 1.0
    message.data = array.array("b", np.ascontiguousarray(grid.cells).tobytes())
    return message


def marker(
    kind: int, name: str, head: Header, size: float, colour: tuple[float, float, float, float]
) -> Marker:
    """A marker of one of ``Marker``'s types: ``size`` metres, red, green, blue and opacity."""
    made = Marker(header=head, ns=name, type=kind, action=Marker.ADD)
    made.pose.orientation.w = 1.0
    made.scale.x = made.scale.y = made.scale.z = size
    red, green, blue, alpha = colour
    made.color = ColorRGBA(r=red, g=green, b=blue, a=alpha)
    return made


def points_to_msg(points: Sequence[Sequence[float]] | NDArray[np.floating]) -> list[Point]:
    """From (n, 2) or (n, 3) metres."""
    return [
        Point(x=float(p[0]), y=float(p[1]), z=float(p[2]) if len(p) > 2 else 0.0) for p in points
    ]
