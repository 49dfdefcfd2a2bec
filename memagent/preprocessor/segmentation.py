# SPDX-License-Identifier: Apache-2.0
"""Cutting a frame into blobs: connected pixels of one colour that stand out from the furniture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from memagent.preprocessor.body import RobotBody
from memagent.preprocessor.planes import Planes
from memagent.preprocessor.projection import BoolArray, IntArray, View
from memagent.preprocessor.settings import SegmentationConfig
from memagent.preprocessor.supports import Surroundings
from memagent.types import FloatArray

_HUES = 180
_FRAGMENT = 8
_MIN_RANGE = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """Pixels that look like one object."""

    rows: IntArray
    cols: IntArray
    points: FloatArray
    """In the map, shape (n, 3)."""
    hue: float | None
    """Median hue in degrees, or None for black."""
    rest: float
    """Height of the support beneath, metres."""
    truncated: bool
    """Cut off by the border of the image."""

    @property
    def pixels(self) -> int:
        return len(self.rows)

    @property
    def extent(self) -> float:
        """Diagonal of the points' bounding box, metres."""
        return float(np.linalg.norm(np.ptp(self.points, axis=0)))

    def select(self, chosen: BoolArray) -> Blob:
        """The part of the blob at the ``chosen`` pixels."""
        return Blob(
            self.rows[chosen],
            self.cols[chosen],
            self.points[chosen],
            self.hue,
            self.rest,
            self.truncated,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Pixels that may belong to an object."""

    rows: IntArray
    cols: IntArray
    points: FloatArray
    hue: NDArray[np.int16]
    dark: BoolArray
    rest: FloatArray

    def select(self, chosen: BoolArray | IntArray) -> _Candidates:
        return _Candidates(
            self.rows[chosen],
            self.cols[chosen],
            self.points[chosen],
            self.hue[chosen],
            self.dark[chosen],
            self.rest[chosen],
        )


def segment(
    view: View,
    planes: Planes,
    surroundings: Surroundings,
    body: RobotBody,
    config: SegmentationConfig,
) -> list[Blob]:
    """Segment the objects in ``view``.

    Objects are vividly coloured or black, and stand clear of their support. Supports, walls,
    furniture, doors and the robot's own ``body`` are taken away first; neighbouring pixels of
    similar hue and depth are joined; parts that something nearer separates are put together.
    """
    pixels = _stand_out(view, planes, surroundings, body, config)
    if len(pixels.rows) < config.min_pixels:
        return []
    labels = _join(pixels, view, config)
    sizes = np.bincount(labels)
    parts = [
        _blob(pixels.select(np.flatnonzero(labels == label)), view.shape)
        for label in np.flatnonzero(sizes >= _FRAGMENT)
    ]
    whole = _reunite(parts, view, config)
    return [b for b in whole if b.pixels >= config.min_pixels and b.extent <= config.max_extent]


def _stand_out(
    view: View,
    planes: Planes,
    surroundings: Surroundings,
    body: RobotBody,
    config: SegmentationConfig,
) -> _Candidates:
    hsv = cv2.cvtColor(view.frame.rgb, cv2.COLOR_RGB2HSV)
    saturation, value = hsv[..., 1], hsv[..., 2]
    dark = (value <= config.dark_value) & (saturation < config.dark_saturation)
    vivid = (saturation >= config.min_saturation) & (value >= config.min_value) & ~dark
    near = (view.depth > _MIN_RANGE) & (view.depth < config.max_range)
    upright = np.repeat(np.repeat(planes.upright, planes.stride, 0), planes.stride, 1)
    upright = upright[: view.shape[0], : view.shape[1]]
    rows, cols = np.nonzero((vivid | dark) & near & ~upright)
    points = view.lift(rows, cols)
    rest = surroundings.resting_height(points)
    pixels = _Candidates(
        rows, cols, points, hsv[rows, cols, 0].astype(np.int16), dark[rows, cols], rest
    )
    above = points[:, 2] - rest
    # Handles and shadows are dark too, but nothing carries them; vivid things may be in the air.
    pixels = pixels.select((above > config.lift) & (~pixels.dark | (above < config.dark_reach)))
    pixels = pixels.select(~surroundings.solid(pixels.points))
    if pixels.dark.any():
        own = np.zeros(len(pixels.rows), dtype=bool)
        own[pixels.dark] = body.covers(pixels.points[pixels.dark])
        pixels = pixels.select(~own)
    return pixels


def _join(pixels: _Candidates, view: View, config: SegmentationConfig) -> NDArray[np.int32]:
    """Component of each pixel: neighbours are joined if alike in hue and continuous in depth."""
    count = len(pixels.rows)
    index = np.full((view.shape[0] + 1, view.shape[1] + 1), -1, dtype=np.int64)
    index[pixels.rows, pixels.cols] = np.arange(count)
    depth = view.depth[pixels.rows, pixels.cols]
    firsts, seconds = [], []
    for down, right in ((0, 1), (1, 0)):
        other = index[pixels.rows + down, pixels.cols + right]
        a = np.flatnonzero(other >= 0)
        b = other[a]
        hue_step = np.abs(pixels.hue[a] - pixels.hue[b])
        hue_step = np.minimum(hue_step, _HUES - hue_step)
        both_dark = pixels.dark[a] & pixels.dark[b]
        alike = both_dark | ((hue_step <= config.hue_step) & (pixels.dark[a] == pixels.dark[b]))
        alike &= np.abs(depth[a] - depth[b]) < config.depth_step * depth[a]
        firsts.append(a[alike])
        seconds.append(b[alike])
    a, b = np.concatenate(firsts), np.concatenate(seconds)
    graph = coo_matrix((np.ones(len(a), dtype=bool), (a, b)), shape=(count, count))
    labels: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return labels


def _blob(pixels: _Candidates, shape: tuple[int, int]) -> Blob:
    dark = pixels.dark.mean() > 0.5
    truncated = bool(
        pixels.rows.min() == 0
        or pixels.cols.min() == 0
        or pixels.rows.max() == shape[0] - 1
        or pixels.cols.max() == shape[1] - 1
    )
    return Blob(
        pixels.rows,
        pixels.cols,
        pixels.points,
        None if dark else _median_hue(pixels.hue),
        float(np.median(pixels.rest)),
        truncated,
    )


def _median_hue(hue: NDArray[np.int16]) -> float:
    """Median on the circle, in degrees; ``hue`` is in OpenCV's half degrees."""
    centre = int(np.bincount(hue, minlength=_HUES).argmax())
    away = (hue - centre + _HUES // 2) % _HUES - _HUES // 2
    return float((centre + np.median(away)) * 2) % 360


def _reunite(parts: Iterable[Blob], view: View, config: SegmentationConfig) -> list[Blob]:
    """Join parts of one colour that are close together and apart only by something in front."""
    whole: list[Blob] = []
    for part in sorted(parts, key=lambda b: -b.pixels):
        for i, other in enumerate(whole):
            if _same_object(part, other, view, config):
                whole[i] = _union(other, part)
                break
        else:
            whole.append(part)
    return whole


def _same_object(part: Blob, other: Blob, view: View, config: SegmentationConfig) -> bool:
    if (part.hue is None) != (other.hue is None):
        return False
    if part.hue is not None and other.hue is not None:
        difference = abs(part.hue - other.hue)
        if min(difference, 360 - difference) > 4 * config.hue_step:
            return False
    both = np.concatenate((part.points, other.points))
    if np.linalg.norm(np.ptp(both, axis=0)) > 0.75 * config.max_extent:
        return False
    return _hidden_between(part, other, view)


def _hidden_between(part: Blob, other: Blob, view: View) -> bool:
    """Whether what lies between two blobs in the image is nearer than both."""
    share = np.linspace(0, 1, 24)
    rows = np.rint(part.rows.mean() + share * (other.rows.mean() - part.rows.mean())).astype(int)
    cols = np.rint(part.cols.mean() + share * (other.cols.mean() - part.cols.mean())).astype(int)
    own = np.zeros(view.shape, dtype=bool)
    own[part.rows, part.cols] = True
    own[other.rows, other.cols] = True
    between = ~own[rows, cols]
    if not between.any():
        return True
    nearest = min(
        float(view.depth[part.rows, part.cols].min()),
        float(view.depth[other.rows, other.cols].min()),
    )
    measured = view.depth[rows, cols][between]
    return bool(np.mean((measured > 0) & (measured < nearest - 0.01)) > 0.7)


def _union(a: Blob, b: Blob) -> Blob:
    return Blob(
        np.concatenate((a.rows, b.rows)),
        np.concatenate((a.cols, b.cols)),
        np.concatenate((a.points, b.points)),
        a.hue,
        a.rest,
        a.truncated or b.truncated,
    )
