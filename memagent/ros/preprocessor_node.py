# SPDX-License-Identifier: Apache-2.0
"""The preprocessor node: registered RGB-D images in, ``memagent/percept`` out."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from memagent.catalogue import load_catalogue
from memagent.preprocessor import Preprocessor, point_cloud
from memagent.robot import RobotDescription, load_robot
from memagent.ros import convert, qos
from memagent.ros.lifecycle import RegionNode, spin
from memagent.ros.robot_client import RobotListener
from memagent.site import load_site
from memagent.types import CameraFrame, RobotState
from memagent_interfaces.msg import Percept

PARTS = ("color", "depth", "camera_info", "transform")

SILENCE_S = 5.0
"""Wall-clock time without a frame after which the status says which topic is missing."""


class PreprocessorNode(RegionNode):
    """Joins the four messages of one instant by their stamp and processes each frame once.

    Everything runs on one thread: what arrives while a frame is being processed waits in queues of
    depth one, so that only the newest is ever processed.
    """

    def __init__(self) -> None:
        super().__init__("preprocessor")
        self._preprocessor: Preprocessor | None = None
        self._listener: RobotListener | None = None
        self._parts: dict[str, Any] = {}
        self._heard: dict[str, float] = {}
        self._started = time.monotonic()
        self._process_ms = 0.0
        self._frames = 0
        self._percepts = self.create_publisher(Percept, "memagent/percept", qos.RELIABLE)
        self._clouds = self.create_publisher(PointCloud2, "memagent/points", qos.SENSOR)
        self._next_cloud = 0.0

    def configure(self) -> None:
        site = load_site(self.file("site", "configs/sites/flat.yaml", "Surveyed map."))
        catalogue = load_catalogue(self.file("objects", "configs/objects.yaml", "Kinds of object."))
        robot = load_robot(
            self.file("robot", "configs/robots/mobile_panda.yaml", "Robot description.")
        )
        camera = self.text("camera", "head_camera", "Namespace of the RGB-D camera.")
        self._robot: RobotDescription = robot
        self._cloud_rate = self.number(
            "cloud_rate",
            1.0,
            0.0,
            30.0,
            "Point clouds per second of the robot's clock; 0 for none.",
        )
        self._cloud_stride = self.integer(
            "cloud_stride", 2, 1, 16, "Every n-th pixel, along both axes, is in the cloud."
        )
        self._preprocessor = Preprocessor(site, catalogue, robot)
        self._listener = RobotListener(self, robot)
        group = MutuallyExclusiveCallbackGroup()
        kinds = (Image, Image, CameraInfo, TransformStamped)
        for part, kind in zip(PARTS, kinds, strict=True):
            self.create_subscription(
                kind,
                f"{camera}/{part}",
                lambda message, part=part: self._on_part(part, message),
                qos.SENSOR,
                callback_group=group,
            )
        self._camera = camera

    def activate(self) -> None:
        self._started = time.monotonic()

    def measurements(self) -> dict[str, float]:
        self._name_missing_topic()
        return {"process_ms": self._process_ms, "frames": float(self._frames)}

    def _name_missing_topic(self) -> None:
        now = time.monotonic()
        silent = [
            f"{self._camera}/{part}"
            for part in PARTS
            if now - self._heard.get(part, self._started) > SILENCE_S
        ]
        self.problem = (
            f"no message on {', '.join(silent)} for {SILENCE_S:g} s: is the camera running?"
            if silent and self.active
            else ""
        )
        if self.problem:
            self.get_logger().warning(self.problem, throttle_duration_sec=10.0)

    def _on_part(self, part: str, message: Any) -> None:
        self._heard[part] = time.monotonic()
        self._parts[part] = message
        if not self.active or len(self._parts) < len(PARTS):
            return
        stamps = {convert.stamp_from_msg(m.header.stamp) for m in self._parts.values()}
        if len(stamps) == 1:
            parts, self._parts = self._parts, {}
            self._process(stamps.pop(), parts)

    def _process(self, stamp: float, parts: dict[str, Any]) -> None:
        state = self._listener.newest() if self._listener else None
        if self._preprocessor is None or state is None:
            return
        info = parts["camera_info"]
        frame = CameraFrame(
            stamp=stamp,
            frame_id=parts["color"].header.frame_id,
            rgb=np.ascontiguousarray(convert.image_from_msg(parts["color"])),
            depth=convert.image_from_msg(parts["depth"]),
            intrinsics=(info.k[0], info.k[4], info.k[2], info.k[5]),
            pose=convert.transform_from_msg(parts["transform"].transform),
        )
        began = time.perf_counter()
        percept = self._preprocessor.process(frame, state)
        self._process_ms = (time.perf_counter() - began) * 1e3
        self._frames += 1
        self._percepts.publish(convert.percept_to_msg(percept))
        self._publish_cloud(frame, state)

    def _publish_cloud(self, frame: CameraFrame, state: RobotState) -> None:
        """Now and then, if anybody listens."""
        if not self._cloud_rate or not self._clouds.get_subscription_count():
            return
        period = 1.0 / self._cloud_rate
        if self._next_cloud - period <= frame.stamp < self._next_cloud:
            return
        self._next_cloud = frame.stamp + period
        points = point_cloud(frame, state, self._robot, self._cloud_stride)
        head = convert.header(frame.stamp, frame.frame_id)
        self._clouds.publish(convert.cloud_to_msg(points, head))


def main() -> None:
    spin(PreprocessorNode, threads=1)


if __name__ == "__main__":
    main()
