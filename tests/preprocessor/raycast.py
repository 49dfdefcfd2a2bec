# SPDX-License-Identifier: Apache-2.0
"""A tiny renderer: RGB-D frames of boxes, spheres and cylinders, independent of any simulator."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from memagent.catalogue import Catalogue
from memagent.site import Place, Site, door_corners
from memagent.types import CameraFrame, Pose2D, RobotState

PAINT = {
    "red": (200, 30, 30),
    "orange": (240, 130, 20),
    "yellow": (235, 210, 40),
    "green": (40, 160, 60),
    "cyan": (30, 190, 200),
    "blue": (40, 80, 200),
    "purple": (130, 50, 180),
    "pink": (240, 110, 170),
    "black": (25, 25, 27),
    "wood": (190, 178, 165),
    "white": (225, 224, 220),
}
WIDTH, HEIGHT, FOVY = 480, 360, 58.0
HEAD = (-0.12, 0.0, 1.5)


@dataclass(frozen=True)
class Solid:
    """A box (size = extents), a sphere (size[0] = diameter) or an upright cylinder."""

    shape: str
    colour: str
    position: tuple[float, float, float]
    size: tuple[float, float, float]
    yaw: float = 0.0


@dataclass
class Scene:
    solids: list[Solid] = field(default_factory=list)

    def add(self, *args, **kwargs) -> Scene:
        self.solids.append(Solid(*args, **kwargs))
        return self

    def furnish(self, site: Site, openings: dict[str, float] | None = None) -> Scene:
        """Furniture, walls and container fronts; pieces with containers are hollow."""
        openings = openings or {}
        containers = [p for p in site.places if p.is_container]
        for piece in (*site.walls, *site.furniture):
            inside = [p for p in containers if _within(p, piece.bounds)]
            if inside:
                self._hollow(piece, inside)
            else:
                self._block(piece.bounds, piece.bottom, piece.height)
        for place in containers:
            corners = np.array(door_corners(place, openings.get(place.name, 0.0)))
            low, high = place.front_height
            along = corners[1] - corners[0]
            size = (
                float(np.linalg.norm(along)),
                float(np.linalg.norm(corners[3] - corners[0])),
                high - low,
            )
            centre = (*corners.mean(axis=0), (low + high) / 2)
            self.add("box", "white", centre, size, float(np.arctan2(along[1], along[0])))
            x0, y0, x1, y1 = place.bounds_at(openings.get(place.name, 0.0))
            self._block((x0, y0, x1, y1), place.height - 0.01, place.height)
        return self

    def _hollow(self, piece, inside: list[Place]) -> None:
        """A back, two sides and a top, open towards the fronts."""
        x0, y0, x1, y1 = piece.bounds
        to_east = abs(inside[0].front[0] - x1) < 0.05
        low = min(p.front_height[0] for p in inside)
        high = max(p.front_height[1] for p in inside)
        self._block(piece.bounds, high, piece.height)
        self._block(piece.bounds, 0.0, low - 0.02)
        t = 0.02
        if to_east:
            walls = ((x0, y0, x0 + t, y1), (x0, y0, x1, y0 + t), (x0, y1 - t, x1, y1))
        else:
            walls = ((x0, y0, x1, y0 + t), (x0, y0, x0 + t, y1), (x1 - t, y0, x1, y1))
        for wall in walls:
            self._block(wall, low - 0.02, high)

    def _block(self, bounds, low: float, high: float) -> None:
        x0, y0, x1, y1 = bounds
        centre = ((x0 + x1) / 2, (y0 + y1) / 2, (low + high) / 2)
        self.add("box", "wood", centre, (x1 - x0, y1 - y0, high - low))

    def render(self, stand: Pose2D, target, stamp: float = 0.0, scale: float = 1.0) -> CameraFrame:
        """The frame seen from the head of a robot at ``stand`` that looks at ``target``."""
        c, s = np.cos(stand.yaw), np.sin(stand.yaw)
        eye = np.array((stand.x + c * HEAD[0], stand.y + s * HEAD[0], HEAD[2]))
        forward = np.asarray(target, dtype=float) - eye
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, (0, 0, 1))
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        pose = np.eye(4)
        pose[:3, :3] = np.column_stack((right, down, forward))
        pose[:3, 3] = eye
        width, height = int(WIDTH * scale), int(HEIGHT * scale)
        f = height / 2 / np.tan(np.radians(FOVY / 2))
        cx, cy = (width - 1) / 2, (height - 1) / 2
        v, u = np.mgrid[0:height, 0:width]
        local = np.stack(((u - cx) / f, (v - cy) / f, np.ones_like(u, dtype=float)), axis=-1)
        rays = local @ pose[:3, :3].T
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            depth = np.where(rays[..., 2] < 0, -eye[2] / rays[..., 2], 0.0)
            depth = np.where(depth > 12, 0.0, depth)
            rgb = np.tile(np.array((200, 198, 195), np.uint8), (height, width, 1))
            for solid in self.solids:
                window = _window(solid, pose, (f, cx, cy), (height, width))
                if window is not None:
                    _paint(solid, eye, rays[window], depth[window], rgb[window])
        return CameraFrame(
            stamp=stamp,
            frame_id="head_camera_optical_frame",
            rgb=rgb,
            depth=depth.astype(np.float32),
            intrinsics=(f, f, cx, cy),
            pose=pose,
        )


def _window(solid: Solid, pose, lens, shape):
    """The part of the image that a solid can be in, as slices; None if it is behind the camera."""
    f, cx, cy = lens
    half = np.asarray(solid.size) / 2
    c, s = np.cos(solid.yaw), np.sin(solid.yaw)
    signs = np.array([(i, j, k) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    corners = signs * half @ np.array(((c, s, 0), (-s, c, 0), (0, 0, 1))) + solid.position
    local = (corners - pose[:3, 3]) @ pose[:3, :3]
    if (local[:, 2] < 0.05).all():
        return None
    if (local[:, 2] < 0.05).any():
        return slice(None), slice(None)
    u = f * local[:, 0] / local[:, 2] + cx
    v = f * local[:, 1] / local[:, 2] + cy
    rows = slice(max(int(v.min()), 0), min(max(int(v.max()) + 2, 0), shape[0]))
    cols = slice(max(int(u.min()), 0), min(max(int(u.max()) + 2, 0), shape[1]))
    return rows, cols


def _paint(solid: Solid, eye, rays, depth, rgb) -> None:
    """Draw a solid into parts of the images, where it is nearer than what is there."""
    t, normal = _hit(solid, eye, rays.reshape(-1, 3))
    t, normal = t.reshape(depth.shape), normal.reshape(rays.shape)
    nearer = np.isfinite(t) & (t > 0.05) & ((depth == 0) | (t < depth))
    depth[nearer] = t[nearer]
    shade = 0.55 + 0.45 * np.clip(normal[nearer] @ (0.3, 0.2, 0.93), 0, 1)
    rgb[nearer] = (np.array(PAINT[solid.colour]) * shade[:, None]).astype(np.uint8)


def state_at(stand: Pose2D, stamp: float = 0.0, width: float = 0.08, **changes) -> RobotState:
    """A robot that stands still with its arm tucked in."""
    arm = np.array((0.0, -1.3, 0.0, -2.8, 0.0, 1.9, 0.785))
    values = {
        "stamp": stamp,
        "base": stand,
        "base_velocity": (0.0, 0.0, 0.0),
        "arm": arm,
        "arm_velocity": np.zeros(7),
        "head": (0.0, 0.6),
        "gripper_width": width,
    }
    return RobotState(**{**values, **changes})


def _within(place: Place, bounds) -> bool:
    x = (place.bounds[0] + place.bounds[2]) / 2
    y = (place.bounds[1] + place.bounds[3]) / 2
    return bounds[0] < x < bounds[2] and bounds[1] < y < bounds[3]


def _hit(solid: Solid, eye, rays):
    """Ray parameters (inf for a miss) and normals in the map."""
    c, s = np.cos(solid.yaw), np.sin(solid.yaw)
    turn = np.array(((c, s, 0), (-s, c, 0), (0, 0, 1)))
    o, d = turn @ (eye - np.asarray(solid.position)), rays @ turn.T
    half = np.asarray(solid.size) / 2
    if len(rays) == 0:
        return np.empty(0), np.empty((0, 3))
    if solid.shape == "box":
        t, normal = _slabs(o, d, half)
    elif solid.shape == "sphere":
        t = _quadratic((d * d).sum(1), d @ o, o @ o - half[0] ** 2)
        normal = (o + t[:, None] * d) / half[0]
    else:
        t, normal = _cylinder(o, d, half[0], half[2])
    return t, np.nan_to_num(normal) @ turn


def _slabs(o, d, half):
    near, far = (-half - o) / d, (half - o) / d
    near, far = np.minimum(near, far), np.maximum(near, far)
    axis = near.argmax(axis=1)
    t = np.where(near.max(axis=1) <= far.min(axis=1), near.max(axis=1), np.inf)
    normal = -np.sign(d) * np.eye(3)[axis]
    return t, normal


def _quadratic(a, b, c):
    root = b * b - a * c
    return np.where(root >= 0, (-b - np.sqrt(np.maximum(root, 0))) / a, np.inf)


def _cylinder(o, d, radius, half):
    t = _quadratic((d[:, :2] ** 2).sum(1), d[:, :2] @ o[:2], o[:2] @ o[:2] - radius**2)
    point = o + np.where(np.isfinite(t), t, 0)[:, None] * d
    side = np.where(np.abs(point[:, 2]) <= half, t, np.inf)
    cap = (np.where(d[:, 2] < 0, half, -half) - o[2]) / d[:, 2]
    on_cap = np.hypot(*(o[:2, None] + cap * d[:, :2].T)) <= radius
    cap = np.where(on_cap, cap, np.inf)
    normal = np.concatenate((point[:, :2] / radius, np.zeros((len(d), 1))), axis=1)
    normal[cap < side] = (0, 0, 1)
    return np.minimum(side, cap), normal


def thing(catalogue: Catalogue, category: str, colour: str, at, surface: float, yaw=0.0) -> Solid:
    """An object of the catalogue that stands on a surface at (x, y)."""
    kind = catalogue.category(category)
    shape = "box" if kind.shape == "elongated" else kind.shape
    return Solid(shape, colour, (*at, surface + kind.size[2] / 2), kind.size, yaw)
