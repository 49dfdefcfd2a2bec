# SPDX-License-Identifier: Apache-2.0
"""Ways for the arm around furniture: straight in joint space where possible, else RRT-Connect."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from memagent.executor.kinematics import ArmKinematics
from memagent.types import FloatArray

Clearance = Callable[[FloatArray], FloatArray]
"""Distance to the nearest obstacle for joint angles of shape (k, n), shape (k,)."""

_RESOLUTION = 0.06
"""Radians between tested points of a path."""
_TOUCH = 1e-3
_STUCK = -0.02
"""Metres; a start deeper in an obstacle than that means the model of the world is wrong."""
_STRIDE = 0.35
_ROUNDS = 400
_SHORTCUTS = 60


def plan_arm_path(
    kinematics: ArmKinematics,
    start: FloatArray,
    goal: FloatArray,
    clearance: Clearance,
    *,
    margin: float,
    via: Sequence[FloatArray] = (),
) -> FloatArray | None:
    """Joint waypoints from ``start`` to ``goal`` that keep ``margin`` from obstacles.

    Tries the straight way, then each posture of ``via`` in between, then searches with RRT-Connect
    (Kuffner and LaValle 2000) and shortens what it found. Seeded: equal calls, equal paths. Where
    start or goal is closer to an obstacle than ``margin``, as a hand in a drawer may be, the whole
    path may be as close as they are; but the goal must not touch.

    Returns:
        Shape (n, joints), or None where no way was found.
    """
    ends = clearance(np.stack([start, goal]))
    if ends[1] < _TOUCH or ends[0] < _STUCK:
        return None
    allowed = min(margin, float(ends.min()) - 1e-3)

    def clear(a: FloatArray, b: FloatArray) -> bool:
        return bool((clearance(_between(a, b)) >= allowed).all())

    if clear(start, goal):
        return np.stack([start, goal])
    for middle in via:
        if clear(start, middle) and clear(middle, goal):
            return np.stack([start, middle, goal])
    found = _rrt_connect(kinematics, start, goal, clear, via)
    return None if found is None else _shorten(found, clear)


def _between(a: FloatArray, b: FloatArray) -> FloatArray:
    steps = max(2, math.ceil(float(np.abs(b - a).max()) / _RESOLUTION) + 1)
    share = np.linspace(0.0, 1.0, steps)[:, None]
    return np.asarray((1 - share) * a + share * b)


class _Tree:
    def __init__(self, root: FloatArray) -> None:
        self.nodes = [root]
        self._parents = [-1]

    def nearest(self, q: FloatArray) -> int:
        return int(np.abs(np.stack(self.nodes) - q).max(axis=1).argmin())

    def add(self, q: FloatArray, parent: int) -> int:
        self.nodes.append(q)
        self._parents.append(parent)
        return len(self.nodes) - 1

    def trace(self, node: int) -> list[FloatArray]:
        """From a node back to the root."""
        out = []
        while node >= 0:
            out.append(self.nodes[node])
            node = self._parents[node]
        return out


def _rrt_connect(
    kinematics: ArmKinematics,
    start: FloatArray,
    goal: FloatArray,
    clear: Callable[[FloatArray, FloatArray], bool],
    via: Sequence[FloatArray],
) -> list[FloatArray] | None:
    random = np.random.default_rng(11)
    trees = (_Tree(start), _Tree(goal))
    for round_ in range(_ROUNDS):
        near, far = trees if round_ % 2 == 0 else trees[::-1]
        if round_ // 2 < len(via):
            sample = via[round_ // 2]
        else:
            # Half the samples lie about the two ends, where the narrow passages are.
            centre = (start, goal)[int(random.integers(2))]
            wide = random.uniform(kinematics.lower, kinematics.upper)
            tight = centre + random.normal(0.0, 0.6, size=len(start))
            sample = np.clip(
                tight if random.random() < 0.5 else wide, kinematics.lower, kinematics.upper
            )
        grown = _extend(near, sample, clear)
        if grown is None:
            continue
        target = near.nodes[grown]
        reached = _reach(far, target, clear)
        if reached is not None:
            forth, back = near.trace(grown)[::-1], far.trace(reached)[1:]
            path = [*forth, *back]
            return path if near is trees[0] else path[::-1]
    return None


def _extend(
    tree: _Tree, target: FloatArray, clear: Callable[[FloatArray, FloatArray], bool]
) -> int | None:
    parent = tree.nearest(target)
    origin = tree.nodes[parent]
    distance = float(np.abs(target - origin).max())
    if distance < 1e-6:
        return parent
    q = origin + (target - origin) * min(1.0, _STRIDE / distance)
    return tree.add(q, parent) if clear(origin, q) else None


def _reach(
    tree: _Tree, target: FloatArray, clear: Callable[[FloatArray, FloatArray], bool]
) -> int | None:
    while True:
        node = _extend(tree, target, clear)
        if node is None:
            return None
        if np.abs(tree.nodes[node] - target).max() < 1e-6:
            return node


def _shorten(path: list[FloatArray], clear: Callable[[FloatArray, FloatArray], bool]) -> FloatArray:
    """Replace stretches by straight ones between any two points of the path."""
    random = np.random.default_rng(13)
    for _ in range(_SHORTCUTS):
        if len(path) < 3:
            break
        lengths = [float(np.abs(b - a).max()) for a, b in pairwise(path)]
        ends = np.concatenate([[0.0], np.cumsum(lengths)])
        first, second = np.sort(random.uniform(0.0, ends[-1], size=2))
        i, j = (int(np.searchsorted(ends, s, side="right")) - 1 for s in (first, second))
        if i == j:
            continue
        a, b = (
            path[k] + (path[k + 1] - path[k]) * (s - ends[k]) / max(lengths[k], 1e-9)
            for k, s in ((i, first), (j, second))
        )
        if clear(a, b):
            path = [*path[: i + 1], a, b, *path[j + 1 :]]
    return np.stack(_without_clutter(path, clear))


def _without_clutter(
    path: list[FloatArray], clear: Callable[[FloatArray, FloatArray], bool]
) -> list[FloatArray]:
    """Drop every node that its neighbours can do without."""
    k = 1
    while k < len(path) - 1:
        if clear(path[k - 1], path[k + 1]):
            path = path[:k] + path[k + 1 :]
        else:
            k += 1
    return path
