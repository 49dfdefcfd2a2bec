# SPDX-License-Identifier: Apache-2.0
"""Fitting a solid to the visible part of an object.

The camera sees one side of an object, so the mean of the seen points lies between its centre and
the camera. Fitting the surface of a solid of about the right size finds the centre itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from memagent.preprocessor.projection import BoolArray, View
from memagent.preprocessor.segmentation import Blob
from memagent.preprocessor.solids import Solid, surface
from memagent.types import FloatArray, Vector3

_STEPS = 8
_CONVERGED = 5e-4
_NOISE = 0.003
"""Standard deviation of measured surface points, metres."""
_HUBER = 0.006
"""Distance from which on a point counts linearly, metres: a handle must not pull a mug along."""
_REST_SPREAD = 0.003
_DAMPING = 0.0025
"""Against what the points determine; small enough to follow them, large enough to stay put else."""
_DOUBTFUL = 0.08
"""Contradicted share of the surface from which on other placements are tried."""
_AIRBORNE = 0.03
"""Points this much higher than a standing solid reaches belong to something in the air."""
_GRAZING = 0.2
"""Surface that faces the camera less (cosine) is too near the outline to judge by."""
_HIDDEN = 0.012


@dataclass(frozen=True, slots=True)
class Fit:
    """A solid placed in the map, and how well it agrees with what was measured."""

    solid: Solid
    centre: Vector3
    yaw: float
    scale: float
    residual: float
    """Root mean square distance of the object's points from the surface, metres (robust)."""
    seen: float
    """Share of the surface towards the camera that was seen as part of the object, 0 to 1."""
    contradicted: float
    """Share of the unoccluded surface where the camera saw something else, 0 to 1."""

    @property
    def size(self) -> Vector3:
        """Extents along the longer horizontal axis, the shorter one, and up, metres."""
        x, y, z = (2 * h * self.scale for h in self.solid.half)
        return (max(x, y), min(x, y), z)

    @property
    def long_yaw(self) -> float:
        """Direction of the longer horizontal axis, radians in (-pi/2, pi/2]."""
        if not self.solid.turns:
            return 0.0
        yaw = self.yaw if self.solid.half[0] >= self.solid.half[1] else self.yaw + np.pi / 2
        return float(np.pi / 2 - (np.pi / 2 - yaw) % np.pi)


def fit_solid(solid: Solid, blob: Blob, view: View, *, samples: int, scale_spread: float) -> Fit:
    """Place ``solid`` so that its surface passes through the points of ``blob``.

    Damped Gauss-Newton on Huber-weighted signed distances over centre, yaw and size, with priors
    that the size is typical and that the object rests on its support. The damping leaves what the
    points do not determine at the start value: the middle of the silhouette.
    """
    step = max(1, blob.pixels // samples)
    points = blob.points[::step]
    rest = blob.rest if _rests(points, blob.rest, solid) else None
    best: tuple[float, FloatArray] | None = None
    for start in _starts(solid, points, view, rest):
        parameters, cost = _refine(solid, points, start, rest, scale_spread)
        if best is None or cost < best[0]:
            best = (cost, parameters)
    assert best is not None
    fit = _judge(solid, best[1], points, blob, view)
    if not solid.turns or fit.contradicted < _DOUBTFUL:
        return fit
    slid = (
        _refine(solid, points, start, rest, scale_spread)[0]
        for start in _slides(solid, points, best[1])
    )
    return min((fit, *(_judge(solid, p, points, blob, view) for p in slid)), key=_disagreement)


def _slides(solid: Solid, points: FloatArray, parameters: FloatArray) -> list[FloatArray]:
    """Start values with either end of the solid where the points end.

    Of a long thing that is partly hidden or out of the image only one end is seen, and the points
    between do not say how far it goes on beyond the other.
    """
    low, high = _span(_measure(solid, points, parameters)[0][:, 0])
    reach = solid.half[0] * float(np.exp(parameters[4]))
    direction = np.array((np.cos(parameters[3]), np.sin(parameters[3]), 0, 0, 0))
    return [parameters + shift * direction for shift in (high - reach, low + reach)]


def _disagreement(fit: Fit) -> float:
    return fit.contradicted + fit.residual / _HUBER


def _rests(points: FloatArray, rest: float, solid: Solid) -> bool:
    """Whether the solid, standing on the support, could reach as high as the points do."""
    low, high = _span(points[:, 2])
    height = 2 * solid.half[2]
    return high - rest < height + _AIRBORNE and low - rest < 0.6 * height + _AIRBORNE


def _span(values: FloatArray) -> tuple[float, float]:
    """Lowest and highest of ``values`` but for 2 % at either end."""
    ordered = np.sort(values)
    spare = len(ordered) // 50
    return float(ordered[spare]), float(ordered[-1 - spare])


def _starts(solid: Solid, points: FloatArray, view: View, rest: float | None) -> list[FloatArray]:
    """Start values (x, y, z, yaw, log scale): one, or one per direction that its sides may take."""
    flat = points[:, :2]
    gaze = flat.mean(axis=0) - view.origin[:2]
    gaze = gaze / max(float(np.linalg.norm(gaze)), 1e-9)
    side = np.array((-gaze[1], gaze[0]))
    left, right = _span(flat @ side)
    front, back = _span(flat @ gaze)
    ahead = (front + back) / 2 if solid.kind in ("box", "bent") else front + solid.radius
    centre = (left + right) / 2 * side + ahead * gaze
    bottom = _span(points[:, 2])[1] - 2 * solid.half[2] if rest is None else rest
    z = bottom + solid.half[2]
    if not solid.turns:
        return [np.array((*centre, z, 0.0, 0.0))]
    _, (width, height), degrees = cv2.minAreaRect(flat.astype(np.float32))
    yaw = np.radians(degrees) + (0.0 if width >= height else np.pi / 2)
    yaws = [yaw, yaw + (np.pi if solid.kind == "bent" else np.pi / 2)]
    long = solid.half[0] > 2 * solid.half[1] and max(width, height) > 2 * min(width, height)
    if long and solid.kind != "bent":
        yaws = yaws[:1]
    return [np.array((*centre, z, y, 0.0)) for y in yaws]


def _refine(
    solid: Solid, points: FloatArray, start: FloatArray, rest: float | None, scale_spread: float
) -> tuple[FloatArray, float]:
    parameters = start.copy()
    weight = 1 / _NOISE**2
    cost = np.inf
    for _ in range(_STEPS):
        local, distance, normals = _measure(solid, points, parameters)
        c, s = np.cos(parameters[3]), np.sin(parameters[3])
        in_map = np.stack(
            (
                c * normals[:, 0] - s * normals[:, 1],
                s * normals[:, 0] + c * normals[:, 1],
                normals[:, 2],
            ),
            axis=1,
        )
        turn = normals[:, 0] * local[:, 1] - normals[:, 1] * local[:, 0]
        grow = distance - np.einsum("ij,ij->i", normals, local)
        jacobian = np.column_stack((-in_map, turn, grow))
        huber = np.minimum(1.0, _HUBER / np.maximum(np.abs(distance), 1e-9)) * weight
        normal = (jacobian * huber[:, None]).T @ jacobian
        gradient = (jacobian * huber[:, None]).T @ distance
        cost = float(huber @ distance**2) / len(points)
        spread = len(points) ** 0.5 / scale_spread**2
        normal[4, 4] += spread
        gradient[4] += spread * parameters[4]
        if rest is not None:
            half_height = solid.half[2] * np.exp(parameters[4])
            row = np.array((0, 0, 1.0, 0, -half_height))
            prior = len(points) / 4 / _REST_SPREAD**2
            normal += prior * np.outer(row, row)
            gradient += prior * row * (parameters[2] - rest - half_height)
        scales = np.array((1.0, 1.0, 1.0, solid.half[0] ** 2, solid.radius**2))
        normal += np.diag(_DAMPING * weight * len(points) * scales)
        step = np.linalg.solve(normal, gradient)
        parameters = parameters - step
        parameters[4] = np.clip(parameters[4], -0.3, 0.3)
        if np.abs(step).max() < _CONVERGED:
            break
    return parameters, cost


def _measure(
    solid: Solid, points: FloatArray, parameters: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points in the solid's frame, their signed distances, and normals in the solid's frame."""
    c, s = np.cos(parameters[3]), np.sin(parameters[3])
    away = points - parameters[:3]
    local = np.column_stack(
        (c * away[:, 0] + s * away[:, 1], c * away[:, 1] - s * away[:, 0], away[:, 2])
    )
    scale = float(np.exp(parameters[4]))
    distance, normals = solid.distance(local / scale)
    return local, distance * scale, normals


def _judge(solid: Solid, parameters: FloatArray, points: FloatArray, blob: Blob, view: View) -> Fit:
    """Compare the placed solid's surface with the image."""
    _, distance, _ = _measure(solid, points, parameters)
    residual = float(np.sqrt(np.mean(np.minimum(np.abs(distance), 4 * _HUBER) ** 2)))
    c, s = np.cos(parameters[3]), np.sin(parameters[3])
    turn = np.array(((c, s, 0), (-s, c, 0), (0, 0, 1)))
    samples, normals = surface(solid)
    scale = float(np.exp(parameters[4]))
    placed = samples * scale @ turn + parameters[:3]
    to_camera = view.origin - placed
    cosine = np.einsum("ij,ij->i", normals @ turn, to_camera) / np.linalg.norm(to_camera, axis=1)
    facing = placed[cosine > _GRAZING]
    look = view.look(facing)
    own = _mask(blob, view.shape)[look.rows, look.cols] & look.inside
    hidden = look.inside & ~own & (look.measured < look.distance - _HIDDEN)
    elsewhere = look.inside & ~own & ~hidden
    unoccluded = int(own.sum() + elsewhere.sum())
    return Fit(
        solid,
        (float(parameters[0]), float(parameters[1]), float(parameters[2])),
        float(parameters[3]),
        scale,
        residual,
        seen=float(own.sum()) / max(len(facing), 1),
        contradicted=float(elsewhere.sum()) / max(unoccluded, 1),
    )


def _mask(blob: Blob, shape: tuple[int, int]) -> BoolArray:
    """The blob's pixels and their neighbours, so that a model's rim may be a pixel off."""
    mask = np.zeros(shape, dtype=np.uint8)
    mask[blob.rows, blob.cols] = 1
    r0, r1 = max(blob.rows.min() - 2, 0), blob.rows.max() + 3
    c0, c1 = max(blob.cols.min() - 2, 0), blob.cols.max() + 3
    mask[r0:r1, c0:c1] = cv2.dilate(mask[r0:r1, c0:c1], np.ones((3, 3), np.uint8))
    return mask.astype(bool)
