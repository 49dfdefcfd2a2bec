# SPDX-License-Identifier: Apache-2.0
"""Driving a round, holonomic base: a clearance map, a path through it, and following the path."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable

import numpy as np

from memagent.executor.collision import Box, box_distances
from memagent.site import Rectangle
from memagent.types import FloatArray, Pose2D

Point = tuple[float, float]

_COMFORT = 0.15
"""Metres of room beyond the bare minimum that a path is willing to make a detour for."""


def wrap(angle: float) -> float:
    """The same angle in (-pi, pi]."""
    return -((math.pi - angle) % (2.0 * math.pi) - math.pi)


class ClearanceMap:
    """Distance from every cell to the nearest obstacle, seen from above."""

    def __init__(self, bounds: Rectangle, boxes: Iterable[Box], resolution: float = 0.05) -> None:
        self.resolution = resolution
        self._boxes = tuple(
            Box((b.centre[0], b.centre[1], 0.0), (b.half[0], b.half[1], 1.0), b.yaw) for b in boxes
        )
        x0, y0, x1, y1 = bounds
        self._origin = (x0, y0)
        columns = max(1, math.ceil((x1 - x0) / resolution))
        rows = max(1, math.ceil((y1 - y0) / resolution))
        x = x0 + (np.arange(columns) + 0.5) * resolution
        y = y0 + (np.arange(rows) + 0.5) * resolution
        grid = np.stack(np.broadcast_arrays(x[:, None], y[None, :]), axis=-1)
        self.cells = self.clearance(grid)

    def clearance(self, points: FloatArray) -> FloatArray:
        """Exact distance of points, shape (..., 2), to the nearest obstacle, negative inside."""
        points = np.asarray(points, dtype=np.float64)
        if not self._boxes:
            return np.full(points.shape[:-1], math.inf)
        flat = np.concatenate([points, np.zeros((*points.shape[:-1], 1))], axis=-1)
        return np.asarray(box_distances(flat, self._boxes).min(axis=-1))

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Indices of the cell that holds the point, moved into the map where it lies outside."""
        i = int((x - self._origin[0]) / self.resolution)
        j = int((y - self._origin[1]) / self.resolution)
        return min(max(i, 0), self.cells.shape[0] - 1), min(max(j, 0), self.cells.shape[1] - 1)

    def centre(self, cell: tuple[int, int]) -> Point:
        return (
            self._origin[0] + (cell[0] + 0.5) * self.resolution,
            self._origin[1] + (cell[1] + 0.5) * self.resolution,
        )

    def along(self, a: Point, b: Point) -> float:
        """Smallest clearance on the straight way from ``a`` to ``b``."""
        steps = max(2, math.ceil(math.dist(a, b) / (self.resolution / 2)) + 1)
        share = np.linspace(0.0, 1.0, steps)[:, None]
        return float(self.clearance((1 - share) * np.array(a) + share * np.array(b)).min())


def plan_path(room: ClearanceMap, start: Point, goal: Point, radius: float) -> list[Point] | None:
    """A short way for a disc that keeps clear of obstacles where there is room.

    A* over the cells (8 neighbours), then straightened by line of sight.

    Args:
        room: the clearance map.
        start: where the disc is; it may be closer to obstacles than ``radius``, never inside them.
        goal: where its centre shall be.
        radius: of the disc, with the clearance it must keep.

    Returns:
        Points from start to goal, or None where there is no way.
    """
    if float(room.clearance(np.array(goal))) < radius:
        return None
    if room.along(start, goal) >= radius + _COMFORT:
        return [start, goal]
    cells = _search(room, start, goal, radius)
    if cells is None:
        return None
    return _straighten(room, [start, *(room.centre(c) for c in cells[1:-1]), goal], radius)


def _search(
    room: ClearanceMap, start: Point, goal: Point, radius: float
) -> list[tuple[int, int]] | None:
    # Cell centres may lie half a diagonal off the exact goal: allow for that in tight spots.
    slack = 0.5 * math.sqrt(2.0) * room.resolution
    first, last = room.cell(*start), room.cell(*goal)
    free = room.cells >= radius - 1e-9
    needed = float(room.clearance(np.array(start)))
    if needed < radius:  # on the way out of a tight spot any cell that is no worse will do
        i, j = first
        reach = math.ceil((radius - needed + slack) / room.resolution) + 2
        near = np.zeros_like(free)
        near[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1] = True
        free |= near & (room.cells >= needed - slack)
    free[first] = free[last] = True
    want = np.clip((radius + _COMFORT - room.cells) / _COMFORT, 0.0, 1.0)
    price = 1.0 + 2.0 * want

    frontier: list[tuple[float, tuple[int, int]]] = [(0.0, first)]
    cost = {first: 0.0}
    parent: dict[tuple[int, int], tuple[int, int]] = {}
    closed: set[tuple[int, int]] = set()
    columns, rows = free.shape
    while frontier:
        _, here = heapq.heappop(frontier)
        if here == last:
            path = [here]
            while path[-1] in parent:
                path.append(parent[path[-1]])
            return path[::-1]
        if here in closed:
            continue
        closed.add(here)
        for di, dj, length in _NEIGHBOURS:
            there = (here[0] + di, here[1] + dj)
            if not (0 <= there[0] < columns and 0 <= there[1] < rows) or not free[there]:
                continue
            candidate = cost[here] + length * float(price[there])
            if candidate < cost.get(there, math.inf):
                cost[there] = candidate
                parent[there] = here
                ahead = math.hypot(there[0] - last[0], there[1] - last[1])
                heapq.heappush(frontier, (candidate + ahead, there))
    return None


_NEIGHBOURS = tuple(
    (i, j, math.hypot(i, j)) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)
)


def _straighten(room: ClearanceMap, path: list[Point], radius: float) -> list[Point]:
    """Drop points where the straight way is as clear as the way around."""
    kept = [path[0]]
    i = 0
    while i < len(path) - 1:
        allowed = radius + _COMFORT
        j, best = i + 1, i + 1
        while j < len(path):
            allowed = min(allowed, float(room.clearance(np.array(path[j]))))
            if room.along(path[i], path[j]) >= max(min(allowed, radius + _COMFORT) - 0.03, 0.0):
                best = j
            j += 1
        kept.append(path[best])
        i = best
    return kept


class PathFollower:
    """Body velocities that bring the base along a path to a final heading.

    Chases a point a little ahead on the path, slows down so that it can stop at the end, and
    limits how fast the velocity changes. On a long way it faces where it drives.
    """

    _LOOKAHEAD = 0.25
    _GAIN = 2.2
    _TURN_GAIN = 3.0
    _FACE_BEYOND = 1.0
    """Metres to go above which the robot faces its way instead of its goal's heading."""

    def __init__(
        self,
        path: list[Point],
        yaw: float,
        *,
        speed: float,
        turn_rate: float,
        acceleration: float,
        turn_acceleration: float,
    ) -> None:
        self._points = np.array(path, dtype=np.float64)
        steps = np.diff(self._points, axis=0)
        self._lengths = np.hypot(steps[:, 0], steps[:, 1])
        self._starts = np.concatenate([[0.0], np.cumsum(self._lengths)])
        self._yaw = yaw
        self._speed, self._turn_rate = speed, turn_rate
        self._acceleration, self._turn_acceleration = acceleration, turn_acceleration
        self._done = 0.0
        self._velocity = np.zeros(2)
        self._turn = 0.0

    @property
    def length(self) -> float:
        return float(self._starts[-1])

    def errors(self, pose: Pose2D) -> tuple[float, float]:
        """Distance to the end of the path, as the crow flies, and angle to the final heading."""
        x, y = self._points[-1]
        return math.hypot(x - pose.x, y - pose.y), abs(wrap(self._yaw - pose.yaw))

    def remaining(self, pose: Pose2D) -> float:
        """Metres to go along the path, at least the straight distance to its end."""
        return max(self.length - self._done, self.errors(pose)[0])

    def command(self, pose: Pose2D, dt: float) -> tuple[float, float, float]:
        """Body velocity vx, vy (m/s) and yaw rate (rad/s) for the next ``dt`` seconds."""
        here = np.array([pose.x, pose.y])
        self._done = max(self._done, self._project(here))
        to_go = self.remaining(pose)
        chase = self._at(self._done + self._LOOKAHEAD) - here
        distance = float(np.hypot(*chase))
        speed = min(self._speed, math.sqrt(1.2 * self._acceleration * to_go), self._GAIN * to_go)
        wanted = chase * (speed / distance) if distance > 1e-6 else np.zeros(2)
        change = wanted - self._velocity
        size, most = float(np.hypot(*change)), 1.5 * self._acceleration * dt
        self._velocity = self._velocity + (change * (most / size) if size > most else change)

        heading = self._yaw
        if to_go > self._FACE_BEYOND and distance > 0.05:
            heading = math.atan2(chase[1], chase[0])
        error = wrap(heading - pose.yaw)
        turn = math.copysign(
            min(
                self._turn_rate,
                math.sqrt(1.2 * self._turn_acceleration * abs(error)),
                self._TURN_GAIN * abs(error),
            ),
            error,
        )
        most = 1.5 * self._turn_acceleration * dt
        self._turn += min(max(turn - self._turn, -most), most)

        # The base turns while the command holds: aim for the middle of the tick.
        middle = pose.yaw + 0.5 * dt * self._turn
        c, s = math.cos(middle), math.sin(middle)
        vx, vy = self._velocity
        return float(c * vx + s * vy), float(c * vy - s * vx), float(self._turn)

    def _project(self, here: FloatArray) -> float:
        """Arc length of the point of the path nearest to ``here``, not far beyond the last one."""
        best, found = math.inf, self._done
        for i, length in enumerate(self._lengths):
            start = self._starts[i]
            if start + length < self._done or start > self._done + 2 * self._LOOKAHEAD:
                continue
            if length < 1e-9:
                continue
            direction = (self._points[i + 1] - self._points[i]) / length
            along = min(max(float((here - self._points[i]) @ direction), 0.0), float(length))
            distance = float(np.hypot(*(here - self._points[i] - along * direction)))
            if distance < best:
                best, found = distance, float(start + along)
        return found

    def _at(self, arc: float) -> FloatArray:
        arc = min(max(arc, 0.0), self.length)
        i = min(int(np.searchsorted(self._starts, arc, side="right")) - 1, len(self._lengths) - 1)
        length = self._lengths[i]
        share = (arc - self._starts[i]) / length if length > 1e-9 else 1.0
        return np.asarray((1 - share) * self._points[i] + share * self._points[i + 1])
