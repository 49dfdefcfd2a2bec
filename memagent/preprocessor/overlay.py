# SPDX-License-Identifier: Apache-2.0
"""Drawing a percept into its image, for videos and for people who wonder what the robot sees."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from memagent.preprocessor.projection import View
from memagent.types import CameraFrame, ObjectObservation, Percept

_COLOURS = {
    "red": (235, 64, 52),
    "orange": (245, 146, 30),
    "yellow": (240, 214, 40),
    "green": (64, 190, 80),
    "cyan": (40, 200, 215),
    "blue": (66, 120, 245),
    "purple": (165, 90, 225),
    "pink": (245, 120, 180),
    "black": (70, 70, 70),
}
_INK = (255, 255, 255)
_PAPER = (24, 26, 30)
_EDGES = (
    (0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 3), (2, 6), (3, 7), (4, 5), (4, 6), (5, 7), (6, 7),
)  # fmt: skip
_LEADER = 34
_FONT = cv2.FONT_HERSHEY_SIMPLEX

_Tag = tuple[int, int, int, int]
"""Left, top, right and bottom of a name tag, pixels."""


def overlay(frame: CameraFrame, percept: Percept, zoom: int = 2) -> NDArray[np.uint8]:
    """The frame enlarged ``zoom`` times with boxes about objects, their names and the summary.

    Returns an RGB image of shape (h * zoom + caption, w * zoom, 3).
    """
    view = View(frame)
    size = (view.shape[1] * zoom, view.shape[0] * zoom)
    image = cv2.resize(frame.rgb, size, interpolation=cv2.INTER_CUBIC)
    for observed in sorted(percept.objects, key=lambda o: -_distance(view, o)):
        _draw_box(image, view, observed, zoom)
    taken: list[_Tag] = []
    for observed in sorted(percept.objects, key=lambda o: _distance(view, o)):
        _draw_name(image, view, observed, zoom, taken)
    return np.concatenate((image, _caption(percept, size[0])), axis=0)


def _distance(view: View, observed: ObjectObservation) -> float:
    return float(np.linalg.norm(np.asarray(observed.position) - view.origin))


def _draw_box(image: NDArray[np.uint8], view: View, observed: ObjectObservation, zoom: int) -> None:
    c, s = np.cos(observed.yaw), np.sin(observed.yaw)
    x, y, z = observed.position
    corners = []
    for i, j, k in product((-0.5, 0.5), repeat=3):
        a, b, up = i * observed.size[0], j * observed.size[1], k * observed.size[2]
        corners.append(view.pixel((x + c * a - s * b, y + s * a + c * b, z + up)))
    colour = _COLOURS.get(observed.colour, _INK)
    for i, j in _EDGES:
        p, q = corners[i], corners[j]
        if p is not None and q is not None:
            ends = [(round(u * zoom), round(v * zoom)) for u, v in (p, q)]
            cv2.line(image, ends[0], ends[1], _PAPER, 3, cv2.LINE_AA)
            cv2.line(image, ends[0], ends[1], colour, 1, cv2.LINE_AA)


def _draw_name(
    image: NDArray[np.uint8],
    view: View,
    observed: ObjectObservation,
    zoom: int,
    taken: list[_Tag],
) -> None:
    """A tag above the object, moved up until it covers none of those ``taken``."""
    x, y, z = observed.position
    top = view.pixel((x, y, z + observed.size[2] / 2))
    if top is None:
        return
    text = f"{observed.label} {observed.confidence:.2f}"
    (width, height), _ = cv2.getTextSize(text, _FONT, 0.45, 1)
    left = int(np.clip(top[0] * zoom - width / 2, 6, image.shape[1] - width - 8))
    base = int(np.clip(top[1] * zoom - _LEADER, height + 8, image.shape[0] - 8))
    tag = (left - 4, base - height - 5, left + width + 4, base + 6)
    while any(_overlap(tag, other) for other in taken) and tag[1] > height:
        base -= height + 12
        tag = (tag[0], base - height - 5, tag[2], base + 6)
    taken.append(tag)
    colour = _COLOURS.get(observed.colour, _INK)
    foot = (round(top[0] * zoom), round(top[1] * zoom) - 4)
    cv2.line(image, (round(top[0] * zoom), tag[3]), foot, colour, 1, cv2.LINE_AA)
    cv2.rectangle(image, tag[:2], (tag[2], tag[3] - 1), _PAPER, -1)
    cv2.rectangle(image, (tag[0], tag[3] - 2), (tag[2], tag[3]), colour, -1)
    cv2.putText(image, text, (left, base), _FONT, 0.45, _INK, 1, cv2.LINE_AA)


def _overlap(a: _Tag, b: _Tag) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _caption(percept: Percept, width: int) -> NDArray[np.uint8]:
    """The summary and the share of places seen, on a dark band of fixed height."""
    band = np.full((64, width, 3), _PAPER, dtype=np.uint8)
    seen = ", ".join(f"{name} {share:.0%}" for name, share in sorted(percept.viewed.items()))
    lines = [*_wrap(percept.summary, width), f"seen: {seen}" if seen else ""]
    for i, line in enumerate(lines[:3]):
        cv2.putText(band, line, (8, 18 + 19 * i), _FONT, 0.42, _INK, 1, cv2.LINE_AA)
    return band


def _wrap(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        candidate = f"{lines[-1]} {word}".strip()
        if cv2.getTextSize(candidate, _FONT, 0.42, 1)[0][0] > width - 16:
            lines.append(word)
        else:
            lines[-1] = candidate
    return lines[:2]
