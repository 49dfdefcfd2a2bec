# SPDX-License-Identifier: Apache-2.0
"""Correcting poses: robust least squares on SE(2), with a sparse analytic Jacobian.

Unknown are the free poses (x, y, yaw). Residuals, all in sigmas:

- a motion (i, j, d): R(yaw_i)^T (p_j - p_i) - (d_x, d_y) over ``sigma_xy``, and
  wrap(yaw_j - yaw_i - d_yaw) over ``sigma_yaw``: what odometry measured from i to j;
- a tie (i, j): p_j - p_i over ``sigma``: both were at the same place, whichever way they looked.

The smooth L1 loss on each residual, so that one wrong tie pulls with bounded force. See Grisetti et
al., "A tutorial on graph-based SLAM" (2010), for the same error and Jacobian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.sparse import csr_matrix

from memagent.types import FloatArray, Pose2D

SOFT = 2.0
"""Sigmas beyond which a residual pulls linearly."""

DENSE = 30
"""Free poses up to which a dense solver is the faster one."""


@dataclass(frozen=True, slots=True)
class Motion:
    """What odometry measured between two poses, in the frame of the first."""

    first: int
    second: int
    delta: Pose2D
    sigma_xy: float
    sigma_yaw: float


@dataclass(frozen=True, slots=True)
class Tie:
    """Two poses at one place."""

    first: int
    second: int
    sigma: float


def correct(
    poses: FloatArray,
    motions: Sequence[Motion],
    ties: Sequence[Tie],
    free: NDArray[np.bool_],
) -> FloatArray:
    """Poses, shape (n, 3), that fit motions and ties best; those that are not ``free`` stay.

    At least one pose must stay, or nothing says where the map is.

    Raises:
        ValueError: no pose stays.
    """
    if free.all():
        raise ValueError("at least one of the poses must stay where it is")
    # Constraints among poses that stay would add constants.
    motions = [m for m in motions if free[m.first] or free[m.second]]
    ties = [t for t in ties if free[t.first] or free[t.second]]
    if not motions and not ties:
        return poses.copy()
    problem = _Problem(poses, motions, ties, free)
    small = free.sum() <= DENSE
    found = least_squares(
        problem.residuals,
        poses[free].ravel(),
        jac=(lambda x: problem.jacobian(x).toarray()) if small else problem.jacobian,
        loss="soft_l1",
        f_scale=SOFT,
        x_scale="jac",
        tr_solver="exact" if small else "lsmr",
        # By default LSMR stops early, and long chains then keep most of their error.
        tr_options={} if small else {"atol": 1e-10, "btol": 1e-10, "maxiter": 5000},
        max_nfev=50,
    )
    corrected = problem.place(found.x)
    corrected[:, 2] = np.remainder(corrected[:, 2] + np.pi, 2 * np.pi) - np.pi
    return corrected


class _Problem:
    """Residuals and Jacobian, vectorised over constraints of a kind."""

    def __init__(
        self,
        poses: FloatArray,
        motions: Sequence[Motion],
        ties: Sequence[Tie],
        free: NDArray[np.bool_],
    ) -> None:
        self._poses = poses
        self._free = free
        self._column = np.where(free, np.cumsum(free) - 1, -1)
        self._mi = np.array([m.first for m in motions], dtype=int)
        self._mj = np.array([m.second for m in motions], dtype=int)
        self._delta = np.array([(m.delta.x, m.delta.y, m.delta.yaw) for m in motions])
        self._delta = self._delta.reshape(-1, 3)
        self._xy = np.array([m.sigma_xy for m in motions])
        self._yaw = np.array([m.sigma_yaw for m in motions])
        self._ti = np.array([t.first for t in ties], dtype=int)
        self._tj = np.array([t.second for t in ties], dtype=int)
        self._tie = np.array([t.sigma for t in ties])

    def place(self, x: FloatArray) -> FloatArray:
        poses = self._poses.copy()
        poses[self._free] = x.reshape(-1, 3)
        return poses

    def residuals(self, x: FloatArray) -> FloatArray:
        poses = self.place(x)
        i, j = poses[self._mi], poses[self._mj]
        cos, sin = np.cos(i[:, 2]), np.sin(i[:, 2])
        dx, dy = j[:, 0] - i[:, 0], j[:, 1] - i[:, 1]
        along = (cos * dx + sin * dy - self._delta[:, 0]) / self._xy
        across = (cos * dy - sin * dx - self._delta[:, 1]) / self._xy
        turn = j[:, 2] - i[:, 2] - self._delta[:, 2]
        turn = (np.remainder(turn + np.pi, 2 * np.pi) - np.pi) / self._yaw
        apart = (poses[self._tj, :2] - poses[self._ti, :2]) / self._tie[:, None]
        return np.concatenate([along, across, turn, apart[:, 0], apart[:, 1]])

    def jacobian(self, x: FloatArray) -> csr_matrix:
        poses = self.place(x)
        i, j = poses[self._mi], poses[self._mj]
        cos, sin = np.cos(i[:, 2]) / self._xy, np.sin(i[:, 2]) / self._xy
        dx, dy = j[:, 0] - i[:, 0], j[:, 1] - i[:, 1]
        m, t = len(self._mi), len(self._ti)
        along, across, turn = np.arange(m), m + np.arange(m), 2 * m + np.arange(m)
        tie_x, tie_y = 3 * m + np.arange(t), 3 * m + t + np.arange(t)
        one, tie = 1 / self._yaw, 1 / self._tie
        entries = [  # row, pose, coordinate, value
            (along, self._mi, 0, -cos),
            (along, self._mi, 1, -sin),
            (along, self._mi, 2, cos * dy - sin * dx),
            (along, self._mj, 0, cos),
            (along, self._mj, 1, sin),
            (across, self._mi, 0, sin),
            (across, self._mi, 1, -cos),
            (across, self._mi, 2, -cos * dx - sin * dy),
            (across, self._mj, 0, -sin),
            (across, self._mj, 1, cos),
            (turn, self._mi, 2, -one),
            (turn, self._mj, 2, one),
            (tie_x, self._ti, 0, -tie),
            (tie_x, self._tj, 0, tie),
            (tie_y, self._ti, 1, -tie),
            (tie_y, self._tj, 1, tie),
        ]
        rows = np.concatenate([row for row, *_ in entries])
        owner = np.concatenate([self._column[pose] for _, pose, _, _ in entries])
        coordinate = np.concatenate([np.full(len(row), c) for row, _, c, _ in entries])
        values = np.concatenate([value for *_, value in entries])
        moves = owner >= 0
        return csr_matrix(
            (values[moves], (rows[moves], 3 * owner[moves] + coordinate[moves])),
            shape=(3 * m + 2 * t, len(x)),
        )
