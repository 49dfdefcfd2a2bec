# SPDX-License-Identifier: Apache-2.0
"""Point clouds of any layout, floor plans, and where a frame was at a stamp."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sensor_msgs")
pytest.importorskip("memagent_interfaces")

from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import PointCloud2, PointField

from memagent.memory.spatial import Grid, Pinhole
from memagent.ros import convert
from memagent.ros.transforms import Transforms

pytestmark = pytest.mark.unit

HEAD = convert.header(1.5, "camera")


def test_clouds_survive_the_way_through_a_message() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(50, 3)).astype(np.float32)
    np.testing.assert_array_equal(convert.points_from_msg(convert.cloud_to_msg(flat, HEAD)), flat)
    image = rng.normal(size=(4, 5, 3)).astype(np.float32)
    image[1, 2] = np.nan
    message = convert.cloud_to_msg(image, HEAD)
    assert (message.height, message.width, message.is_dense) == (4, 5, False)
    np.testing.assert_array_equal(convert.points_from_msg(message), image)
    empty = convert.points_from_msg(convert.cloud_to_msg(np.zeros((0, 3), np.float32), HEAD))
    assert empty.shape == (0, 3)


def test_any_order_padding_and_byte_order_is_read() -> None:
    layout = np.dtype(
        {
            "names": ["z", "intensity", "x", "y"],
            "formats": [">f4", ">u2", ">f8", ">f4"],
            "offsets": [2, 6, 8, 20],
            "itemsize": 32,
        }
    )
    rows = np.zeros((2, 3), layout)
    rows["x"], rows["y"], rows["z"] = np.arange(6).reshape(2, 3), 7, -1
    data = b"".join(row.tobytes() + b"\xff" * 4 for row in rows)
    message = PointCloud2(
        height=2, width=3, point_step=32, row_step=100, is_bigendian=True,
        fields=[
            PointField(name="z", offset=2, datatype=PointField.FLOAT32, count=1),
            PointField(name="intensity", offset=6, datatype=PointField.UINT16, count=1),
            PointField(name="x", offset=8, datatype=PointField.FLOAT64, count=1),
            PointField(name="y", offset=20, datatype=PointField.FLOAT32, count=1),
        ],
    )  # fmt: skip
    message.data = data
    found = convert.points_from_msg(message)
    assert found.shape == (2, 3, 3)
    assert found[1].tolist() == [[3, 7, -1], [4, 7, -1], [5, 7, -1]]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda m: m.fields.pop(), "no field 'z'"),
        (lambda m: setattr(m, "width", 9), "do not fit"),
        (lambda m: setattr(m, "height", 9), "take more"),
        (lambda m: setattr(m.fields[0], "datatype", 77), "type 77"),
        (lambda m: setattr(m.fields[0], "offset", 11), "do not fit"),
    ],
)
def test_a_cloud_that_contradicts_itself_is_refused(change, complaint) -> None:
    message = convert.cloud_to_msg(np.ones((4, 3), np.float32), HEAD)
    change(message)
    with pytest.raises(ValueError, match=complaint):
        convert.points_from_msg(message)


def test_an_organised_cloud_is_a_depth_image_again() -> None:
    depth = np.random.default_rng(1).uniform(1.0, 4.0, (60, 80)).astype(np.float32)
    depth[10:20] = np.nan
    row, column = np.mgrid[:60, :80]
    points = np.stack([(column - 39.0) / 70 * depth, (row - 29.0) / 75 * depth, depth], axis=-1)
    found = convert.depth_of_cloud(points.astype(np.float64))
    assert found is not None
    image, camera = found
    np.testing.assert_array_equal(image, np.nan_to_num(depth))
    for name, value in {"fx": 70.0, "fy": 75.0, "cx": 39.0, "cy": 29.0}.items():
        assert getattr(camera, name) == pytest.approx(value, abs=1e-3)
    assert isinstance(camera, Pinhole)
    lidar = np.random.default_rng(2).normal(size=(16, 60, 3))
    assert convert.depth_of_cloud(lidar) is None
    assert convert.depth_of_cloud(points.reshape(-1, 3)) is None


def test_a_floor_plan_keeps_its_orientation() -> None:
    cells = np.array([[0, 100, -1], [0, 0, 0]], np.int8)
    message = convert.grid_to_msg(Grid((1.0, -2.0), 0.05, cells), HEAD)
    assert (message.info.width, message.info.height) == (3, 2)
    assert list(message.data) == [0, 100, -1, 0, 0, 0]
    assert message.info.origin.position.y == -2.0


def transform(stamp: float, x: float, turn: float = 0.0) -> TransformStamped:
    matrix = np.eye(4)
    matrix[:2, :2] = ((np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn)))
    matrix[0, 3] = x
    return TransformStamped(
        header=convert.header(stamp), child_frame_id="camera",
        transform=convert.transform_to_msg(matrix),
    )  # fmt: skip


def test_frames_are_found_at_their_stamp_and_between_two() -> None:
    held = Transforms()
    assert held.at("camera", 1.0) is None
    for stamp, x, turn in ((1.0, 0.0, 0.0), (1.2, 2.0, 1.0), (3.0, 9.0, 0.0)):
        held.add(transform(stamp, x, turn))
    np.testing.assert_allclose(held.at("camera", 1.2)[0, 3], 2.0)
    middle = held.at("camera", 1.1)
    np.testing.assert_allclose(middle[:3, 3], (1.0, 0.0, 0.0))
    np.testing.assert_allclose(np.arctan2(middle[1, 0], middle[0, 0]), 0.5)
    assert held.at("camera", 0.9) is None  # before the first
    assert held.at("camera", 2.0) is None  # in too long a gap
    assert held.at("camera", 3.1) is None  # not there yet
    assert held.at("lidar", 1.0) is None
    held.add(transform(0.5, 5.0))  # a clock that was set back
    assert held.at("camera", 1.2) is None
