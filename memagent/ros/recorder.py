# SPDX-License-Identifier: Apache-2.0
"""Records a run as rosbag2 MCAP, readable by ros2 bag, Foxglove and Rerun.

Messages are subscribed to in serialised form and written as they came. Camera images are kept as
JPEG, a few per second: raw they would fill a disk in minutes.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from geometry_msgs.msg import TransformStamped
from nav_msgs.msg import Odometry
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from sensor_msgs.msg import CameraInfo, Image, JointState

import memagent_interfaces
from memagent.ros import convert, qos
from memagent_interfaces import msg

IMAGE_PERIOD_S = 0.5
JPEG_QUALITY = 80
BAG_VERSION = 9


def message_types() -> dict[str, Any]:
    """Memagent's message types for a rosbags type store, from the .msg files that were built."""
    # prefix/lib/pythonX.Y/site-packages/memagent_interfaces: also where no prefix is sourced.
    prefix = Path(memagent_interfaces.__file__).parents[4]
    share = prefix / "share" / "memagent_interfaces" / "msg"
    types: dict[str, Any] = {}
    for path in sorted(share.glob("*.msg")):
        types.update(get_types_from_msg(path.read_text(), f"memagent_interfaces/msg/{path.stem}"))
    return types


class Recorder:
    """Writes what passes on the graph's topics to one MCAP file until :meth:`close`."""

    def __init__(self, node: Node, folder: Path, camera: str = "head_camera") -> None:
        self._node = node
        self._store = get_typestore(Stores.ROS2_KILTED)
        self._store.register(message_types())
        self._writer = Writer(folder, version=BAG_VERSION, storage_plugin=StoragePlugin.MCAP)
        self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        self._writer.open()
        self._lock = threading.Lock()
        self._open = True
        self._last_image = 0.0
        self.topics: set[str] = set()
        """Topics of which at least one message was written."""
        group = MutuallyExclusiveCallbackGroup()
        for kind, topic, profile in (
            (JointState, "joint_states", qos.SENSOR),
            (Odometry, "odom", qos.SENSOR),
            (CameraInfo, f"{camera}/camera_info", qos.SENSOR),
            (TransformStamped, f"{camera}/transform", qos.SENSOR),
            (msg.Percept, "memagent/percept", qos.RELIABLE),
            (msg.Plan, "memagent/plan", qos.RELIABLE),
            (msg.MemoryEvent, "memagent/memory/event", qos.RELIABLE),
            (msg.Status, "memagent/status", qos.RELIABLE),
        ):
            connection = self._connection(topic, kind)
            node.create_subscription(
                kind,
                topic,
                lambda data, connection=connection: self._write(connection, data),
                profile,
                raw=True,
                callback_group=group,
            )
        self._jpeg = self._writer.add_connection(
            f"/{camera}/color/compressed",
            "sensor_msgs/msg/CompressedImage",
            typestore=self._store,
        )
        node.create_subscription(
            Image, f"{camera}/color", self._on_image, qos.SENSOR, callback_group=group
        )

    def _connection(self, topic: str, kind: Any) -> Any:
        package = kind.__module__.split(".")[0]
        return self._writer.add_connection(
            f"/{topic}", f"{package}/msg/{kind.__name__}", typestore=self._store
        )

    def _write(self, connection: Any, data: bytes) -> None:
        stamp = self._node.get_clock().now().nanoseconds
        with self._lock:
            if self._open:
                self._writer.write(connection, stamp, bytes(data))
                self.topics.add(connection.topic)

    def _on_image(self, image: Image) -> None:
        now = time.monotonic()
        if now - self._last_image < IMAGE_PERIOD_S:
            return
        self._last_image = now
        pixels = np.ascontiguousarray(convert.image_from_msg(image)[..., ::-1])
        done, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not done:
            return
        types = self._store.types
        stamp = types["builtin_interfaces/msg/Time"](
            image.header.stamp.sec, image.header.stamp.nanosec
        )
        head = types["std_msgs/msg/Header"](stamp, image.header.frame_id)
        message = types["sensor_msgs/msg/CompressedImage"](head, "jpeg", jpeg.reshape(-1))
        serialised = self._store.serialize_cdr(message, "sensor_msgs/msg/CompressedImage")
        self._write(self._jpeg, bytes(serialised))

    def close(self) -> None:
        """Finish the file; later messages are dropped."""
        with self._lock:
            if self._open:
                self._open = False
                self._writer.close()
