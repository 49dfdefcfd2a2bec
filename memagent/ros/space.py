# SPDX-License-Identifier: Apache-2.0
"""Spatial memory in the memory node: clouds in; floor plan, markers and obstacles out.

A thread of its own takes in one cloud after the other, so that neither percepts nor questions wait
for it; one more may wait, and those that come meanwhile are dropped. A cloud is joined with the
percept of its stamp, which says what the things in it are called, and with the sensor's transform
at that stamp.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
from geometry_msgs.msg import TransformStamped
from nav_msgs.msg import OccupancyGrid
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from sensor_msgs.msg import PointCloud2
from visualization_msgs.msg import Marker, MarkerArray

from memagent.memory import LifelongMemory
from memagent.memory.spatial import SpatialConfig, SpatialMemory
from memagent.ros import convert, qos
from memagent.ros.lifecycle import RegionNode
from memagent.ros.transforms import Transforms
from memagent.site import Site
from memagent.types import FloatArray, Percept

JOIN_S = 0.5
"""Wall-clock seconds that a cloud waits for its percept and its transform."""
PERCEPTS = 20
"""Newest percepts that a cloud may belong to."""
_BLUE, _BLACK = (0.1, 0.5, 0.9, 0.8), (0.1, 0.1, 0.1, 1.0)
OBSTACLES_M = 1.5
"""Metres around the robot within which obstacles are published."""


class Space:
    """Owns a ``SpatialMemory`` and its topics. ``close`` ends the thread and the memory."""

    def __init__(
        self,
        node: RegionNode,
        memory: LifelongMemory,
        site: Site,
        folder: Path | None,
        config: SpatialConfig,
    ) -> None:
        self._node = node
        self.memory = SpatialMemory(folder, config, knowledge=memory, site=site)
        self._transforms = Transforms()
        self._percepts: OrderedDict[float, Percept] = OrderedDict()
        self._changed = threading.Condition()
        self._waiting: tuple[PointCloud2, float] | None = None
        self._closing = False
        self.dropped = 0
        """Clouds that came while another one waited, or that no transform was known for."""
        self.taken = 0
        self.look_ms = 0.0
        self._published = 0.0
        points = node.text("points", "memagent/points", "Point clouds to take in (PointCloud2).")
        transform = node.text(
            "points_transform",
            "head_camera/transform",
            "Transforms from the clouds' frame to the map (TransformStamped).",
        )
        self._period = node.number(
            "map_period", 2.0, 0.1, 3600.0, "Least seconds between two floor plans."
        )
        group = MutuallyExclusiveCallbackGroup()
        self._subscriptions = [
            node.create_subscription(kind, topic, callback, qos.SENSOR, callback_group=group)
            for kind, topic, callback in (
                (PointCloud2, points, self._on_cloud),
                (TransformStamped, transform, self._transforms.add),
            )
        ]
        self._plans = node.create_publisher(
            OccupancyGrid, "memagent/memory/floor_plan", qos.LATCHED
        )
        self._markers = node.create_publisher(MarkerArray, "memagent/memory/markers", qos.LATCHED)
        self._obstacles = node.create_publisher(
            PointCloud2, "memagent/memory/obstacles", qos.SENSOR
        )
        self._thread = threading.Thread(target=self._run, name="space", daemon=True)
        self._thread.start()

    # --- what comes in ------------------------------------------------------------------------

    def on_percept(self, percept: Percept) -> None:
        """Keep it for the cloud of its stamp. Returns at once."""
        with self._changed:
            self._percepts[percept.stamp] = percept
            while len(self._percepts) > PERCEPTS:
                self._percepts.popitem(last=False)
            self._changed.notify()

    def _on_cloud(self, message: PointCloud2) -> None:
        if not self._node.active:
            return
        with self._changed:
            now = time.monotonic()
            if self._waiting is not None:
                self.dropped += 1
                if now - self._waiting[1] < JOIN_S:
                    return  # What belongs to the one that waits may yet come.
            self._waiting = message, now
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                taken = self._next()
                while taken is None and not self._closing:
                    self._changed.wait(0.1 if self._waiting else None)
                    taken = self._next()
                if self._closing:
                    return
            assert taken is not None
            try:
                self._take(*taken)
            except Exception as error:  # A full disk, a cloud that is none: the next may be better.
                self._node.problem = f"{type(error).__name__}: {error}"
                self._node.get_logger().error(self._node.problem, throttle_duration_sec=5.0)

    def _next(self) -> tuple[PointCloud2, FloatArray, Percept | None] | None:
        """The waiting cloud, once what belongs to it is there or does not come."""
        if self._waiting is None:
            return None
        message, since = self._waiting
        stamp = convert.stamp_from_msg(message.header.stamp)
        percept = next((p for s, p in self._percepts.items() if abs(s - stamp) < 1e-6), None)
        pose = self._transforms.at(message.header.frame_id, stamp)
        if (percept is None or pose is None) and time.monotonic() - since < JOIN_S:
            return None
        self._waiting = None
        if pose is None:
            self.dropped += 1
            return None
        return message, pose, percept

    def _take(self, message: PointCloud2, pose: FloatArray, percept: Percept | None) -> None:
        began = time.perf_counter()
        stamp = convert.stamp_from_msg(message.header.stamp)
        points = convert.points_from_msg(message)
        objects = percept.objects if percept else ()
        image = convert.depth_of_cloud(points)
        if image is not None:
            depth, camera = image
            self.memory.look_depth(depth, camera, pose, stamp, objects=objects)
        else:
            flat = points.reshape(-1, 3)
            flat = flat[np.isfinite(flat).all(axis=1)]
            there = flat @ pose[:3, :3].T + pose[:3, 3]
            self.memory.look(there, stamp, pose[:3, 3], objects=objects)
        if percept is not None:
            self.memory.follow(percept)
        self.taken += 1
        self.look_ms = (time.perf_counter() - began) * 1e3
        self._publish(stamp, percept)

    # --- what goes out ------------------------------------------------------------------------

    def _publish(self, stamp: float, percept: Percept | None) -> None:
        head = convert.header(stamp)
        if percept is not None and self._obstacles.get_subscription_count():
            near = self.memory.obstacles((percept.base.x, percept.base.y), OBSTACLES_M)
            self._obstacles.publish(convert.cloud_to_msg(near, head))
        if time.monotonic() - self._published < self._period:
            return
        self._published = time.monotonic()
        if self._plans.get_subscription_count():
            self._plans.publish(convert.grid_to_msg(self.memory.floor_plan(), head))
        if self._markers.get_subscription_count():
            self._markers.publish(self._scene(head))

    def _scene(self, head: object) -> MarkerArray:
        """Places, the passages between them, and things."""
        places = convert.marker(Marker.SPHERE_LIST, "places", head, 0.15, _BLUE)
        ways = convert.marker(Marker.LINE_LIST, "passages", head, 0.03, _BLUE)
        sketch = self.memory.sketch()
        places.points = convert.points_to_msg(sketch.places)
        ways.points = convert.points_to_msg(sketch.passages.reshape(-1, 2))
        found = [places, ways]
        for number, stay in enumerate(sketch.things):
            text = convert.marker(
                Marker.TEXT_VIEW_FACING, "things", head, 0.12, (0.1, 0.1, 0.1, 1.0)
            )
            text.id, text.text = number, stay.label
            text.pose.position = convert.point_to_msg(stay.position)
            found.append(text)
        clear = Marker(header=head, action=Marker.DELETEALL)
        return MarkerArray(markers=[clear, *found])

    # --- the whole ----------------------------------------------------------------------------

    def measurements(self) -> dict[str, float]:
        told = {f"space_{name}": float(value) for name, value in self.memory.stats().items()}
        return told | {
            "space_clouds": float(self.taken),
            "space_dropped": float(self.dropped),
            "space_look_ms": self.look_ms,
        }

    def close(self) -> None:
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout=5.0)
        self.memory.close()
