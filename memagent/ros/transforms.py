# SPDX-License-Identifier: Apache-2.0
"""Where frames were in the map at a stamp, from the stamped transforms of the last seconds."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque

import numpy as np
from geometry_msgs.msg import TransformStamped
from scipy.spatial.transform import Rotation, Slerp

from memagent.ros import convert
from memagent.types import FloatArray

KEPT = 200
"""Transforms per frame."""
GAP_S = 0.5
"""Seconds between two transforms that are interpolated, at most."""


class Transforms:
    """Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, deque[tuple[float, FloatArray]]] = {}

    def add(self, message: TransformStamped) -> None:
        stamp = convert.stamp_from_msg(message.header.stamp)
        matrix = convert.transform_from_msg(message.transform)
        with self._lock:
            held = self._held.setdefault(message.child_frame_id, deque(maxlen=KEPT))
            if held and stamp < held[-1][0]:
                held.clear()  # The clock was set back.
            held.append((stamp, matrix))

    def at(self, frame: str, stamp: float) -> FloatArray | None:
        """4x4 from ``frame`` to ``map``, interpolated; None where that is not known (yet)."""
        with self._lock:
            held = list(self._held.get(frame, ()))
        i = bisect_left([when for when, _ in held], stamp - 1e-6)
        if i == len(held):
            return None
        after, late = held[i]
        if abs(after - stamp) <= 1e-6:
            return late
        if i == 0 or after - held[i - 1][0] > GAP_S:
            return None
        before, early = held[i - 1]
        share = (stamp - before) / (after - before)
        pose = np.eye(4)
        turns = Rotation.from_matrix(np.stack([early[:3, :3], late[:3, :3]]))
        pose[:3, :3] = Slerp([0.0, 1.0], turns)(share).as_matrix()
        pose[:3, 3] = (1 - share) * early[:3, 3] + share * late[:3, 3]
        return pose
