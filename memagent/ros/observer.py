# SPDX-License-Identifier: Apache-2.0
"""Looks on: hands what passes on the graph's topics to plain Python callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from geometry_msgs.msg import TransformStamped
from numpy.typing import NDArray
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from memagent.ros import convert, qos
from memagent.types import CameraFrame, Percept, Plan
from memagent_interfaces import msg


class Audience(Protocol):
    """Who is told. Called on the executor's threads, one call at a time per kind."""

    def on_percept(self, percept: Percept) -> None: ...

    def on_memory(self, kind: str, text: str) -> None: ...

    def on_status(self, node: str, level: str, text: str, values: dict[str, float]) -> None: ...


class Observer:
    def __init__(self, node: Node, audience: Audience) -> None:
        self._audience = audience
        group = MutuallyExclusiveCallbackGroup()
        for kind, topic, callback in (
            (msg.Percept, "memagent/percept", self._on_percept),
            (msg.MemoryEvent, "memagent/memory/event", self._on_event),
            (msg.Status, "memagent/status", self._on_status),
        ):
            node.create_subscription(kind, topic, callback, qos.RELIABLE, callback_group=group)

    def _on_percept(self, message: Any) -> None:
        self._audience.on_percept(convert.percept_from_msg(message))

    def _on_event(self, message: Any) -> None:
        self._audience.on_memory(message.kind, message.text)

    def _on_status(self, message: Any) -> None:
        values = dict(zip(message.keys, message.values, strict=False))
        self._audience.on_status(message.node, message.level, message.message, values)


class CameraObserver:
    """Hands over camera frames without their depth: colour, intrinsics and pose of one instant."""

    def __init__(
        self, node: Node, on_frame: Callable[[CameraFrame], None], camera: str = "head_camera"
    ) -> None:
        self._on_frame = on_frame
        self._intrinsics: tuple[float, float, float, float] | None = None
        self._transform: TransformStamped | None = None
        group = MutuallyExclusiveCallbackGroup()
        for kind, part, callback in (
            (CameraInfo, "camera_info", self._on_info),
            (TransformStamped, "transform", self._on_transform),
            (Image, "color", self._on_color),
        ):
            node.create_subscription(
                kind, f"{camera}/{part}", callback, qos.SENSOR, callback_group=group
            )

    def _on_info(self, message: CameraInfo) -> None:
        self._intrinsics = (message.k[0], message.k[4], message.k[2], message.k[5])

    def _on_transform(self, message: TransformStamped) -> None:
        self._transform = message

    def _on_color(self, message: Image) -> None:
        if self._intrinsics is None or self._transform is None:
            return
        rgb: NDArray[np.uint8] = np.ascontiguousarray(convert.image_from_msg(message))
        self._on_frame(
            CameraFrame(
                stamp=convert.stamp_from_msg(message.header.stamp),
                frame_id=message.header.frame_id,
                rgb=rgb,
                depth=np.zeros(rgb.shape[:2], np.float32),
                intrinsics=self._intrinsics,
                pose=convert.transform_from_msg(self._transform.transform),
            )
        )


def plan_of(feedback: Any) -> Plan | None:
    """The plan inside ExecuteTask feedback, None if it carries none."""
    return convert.plan_from_msg(feedback.plan) if feedback.plan.steps else None
