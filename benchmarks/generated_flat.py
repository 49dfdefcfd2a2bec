# SPDX-License-Identifier: Apache-2.0
"""A flat made of a seed, with rooms, doors and looks, and a walker with drifting odometry.

For trying a topology configuration without robot or simulator. The flat is a grid of square rooms;
doors make a tree, and some more, of which half are often shut. Rooms come in kinds that look
alike, two rooms look exactly the same throughout, and all doors look much alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import networkx as nx
import numpy as np

from memagent.memory.spatial.topology.se2 import between, compose
from memagent.memory.spatial.topology.values import Exit, Sight
from memagent.types import FloatArray, Pose2D

ROOM = 4.0
"""Metres along a wall."""
DIMENSIONS = 64
OPENING = 0.9
"""Width of a door, metres."""
STANDS_WITHIN = 0.08
"""Sigma of where the robot stops at a spot, metres."""
LOOK_NOISE = 0.4
"""Length of the noise beside a look of length 1."""
DRIFT_DISTANCE = 0.02
"""Sigma of odometry, metres per metre."""
DRIFT_TURN = 0.015
"""Sigma of odometry, radians per metre."""
DRIFT_BIAS = 0.004
"""Odometry turns by as much each metre, radians."""

Room = tuple[int, int]
Look = Callable[[Pose2D, float], FloatArray]
"""What the robot sees at a true pose, believing its heading to be so many radians."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """Somewhere worth stopping at."""

    position: tuple[float, float]
    rooms: tuple[Room, ...]
    """One, or the two that a door joins."""
    look: FloatArray
    open: float = 1.0
    """Probability that one can get there; below 1 for some doors."""


class Flat:
    """Rooms, spots, and which spots one can drive between in a straight line."""

    def __init__(self, seed: int, columns: int = 5, rows: int = 2, shut: float = 0.5) -> None:
        """``shut`` is the share of the doors beyond a tree of them that are often shut."""
        self._shut = shut
        self._rng = np.random.default_rng(seed)
        self.rooms = [(c, r) for c in range(columns) for r in range(rows)]
        self.doors = self._choose_doors(columns, rows)
        self.spots = [*self._room_spots(), *self._door_spots()]
        self.network = nx.Graph()
        """Indices of spots that see one another."""
        for i, a in enumerate(self.spots):
            for j, b in enumerate(self.spots[:i]):
                if set(a.rooms) & set(b.rooms):
                    self.network.add_edge(i, j, length=math.dist(a.position, b.position))

    def spot_at(self, x: float, y: float, within: float = 0.75) -> int | None:
        """The nearest spot, if it is near."""
        apart = [math.dist((x, y), spot.position) for spot in self.spots]
        best = int(np.argmin(apart))
        return best if apart[best] <= within else None

    def _choose_doors(self, columns: int, rows: int) -> dict[tuple[Room, Room], float]:
        """Pairs of rooms -> how often the door between them is open."""
        grid = nx.grid_2d_graph(columns, rows)
        for edge in grid.edges:
            grid.edges[edge]["weight"] = self._rng.random()
        tree = set(map(frozenset, nx.minimum_spanning_edges(grid, data=False)))
        doors = {}
        for a, b in grid.edges:
            if frozenset((a, b)) in tree:
                doors[a, b] = 1.0
            elif self._rng.random() < 0.6:
                doors[a, b] = 0.3 if self._rng.random() < self._shut else 1.0
        return doors

    def _room_spots(self) -> list[Spot]:
        kinds = [self._direction() for _ in range(5)]
        spots: list[Spot] = []
        for n, (c, r) in enumerate(self.rooms):
            middle = ROOM * (c + 0.5), ROOM * (r + 0.5)
            for k, (dx, dy) in enumerate(
                ((0, 0), (1.2, 1.2), (-1.2, 1.2), (-1.2, -1.2), (1.2, -1.2))
            ):
                look = _unit(0.6 * kinds[n % 5] + 0.8 * self._direction())
                if n == len(self.rooms) - 1:
                    look = spots[5 + k].look  # the last room is the second one's twin
                spots.append(Spot((middle[0] + dx, middle[1] + dy), ((c, r),), look))
        return spots

    def _door_spots(self) -> list[Spot]:
        door = self._direction()
        return [
            Spot(
                (ROOM * (a[0] + b[0] + 1) / 2, ROOM * (a[1] + b[1] + 1) / 2),
                (a, b),
                _unit(0.9 * door + 0.45 * self._direction()),
                open_,
            )
            for (a, b), open_ in self.doors.items()
        ]

    def _direction(self) -> FloatArray:
        return _unit(self._rng.normal(size=DIMENSIONS))


class Walker:
    """A robot that knows its odometry and looks; where it truly is stays with the referee."""

    def __init__(
        self,
        flat: Flat,
        start: int,
        seed: int,
        look: Look | None = None,
        drift_of_heading: float = 1.0,
    ) -> None:
        """Stand at the spot ``start``.

        Args:
            flat: where it walks.
            start: number of a spot.
            seed: of what it measures.
            look: says what a spot looks like; None: as the flat made it up, and some noise.
            drift_of_heading: times that of wheel odometry; less where a gyroscope helps.
        """
        self.flat = flat
        self._look = look
        self._drift_of_heading = drift_of_heading
        self.spot: int | None = start
        self.truth = Pose2D(*flat.spots[start].position)
        self.odometry = Pose2D(0.0, 0.0)
        self.clock = 0.0
        self._rng = np.random.default_rng(seed)

    def go(self, spot: int) -> bool:
        """Drive straight to a spot that is in sight; False where a door is shut."""
        if self._rng.random() >= self.flat.spots[spot].open:
            self.clock += 5.0
            return False
        x, y = self.flat.spots[spot].position + self._rng.normal(0, STANDS_WITHIN, 2)
        self._drive(float(x), float(y))
        self.spot = spot
        return True

    def reach(self, motion: tuple[float, float]) -> bool:
        """Drive by a motion in its own frame, and home in on the spot that is there.

        False, and no motion, where a wall or a shut door is in the way or no spot is near.
        """
        goal = compose(self.truth, Pose2D(*motion))
        return self.home(self.flat.spot_at(goal.x, goal.y))

    def home(self, spot: int | None) -> bool:
        """Drive to a spot if it is in sight."""
        if spot is None or spot not in self.flat.network[self.spot]:
            self.clock += 5.0
            return False
        return self.go(spot)

    def sight(self, yaw: float = 0.0) -> Sight:
        """What it sees where it stands, believing its heading on the map to be ``yaw``."""
        assert self.spot is not None
        spot = self.flat.spots[self.spot]
        if self._look is not None:
            look = self._look(self.truth, yaw)
        else:
            noise = self._rng.normal(size=DIMENSIONS)
            look = spot.look + LOOK_NOISE * noise / np.linalg.norm(noise)
        doors = [
            Exit((seen.x, seen.y), OPENING)
            for other in self.flat.network[self.spot]
            if len(spot.rooms) == 1 and len(self.flat.spots[other].rooms) == 2
            for seen in [between(self.truth, Pose2D(*self.flat.spots[other].position))]
        ]
        width = OPENING if len(spot.rooms) == 2 else math.inf
        return Sight(self.clock, self.odometry, look, exits=tuple(doors), width=width)

    def _drive(self, x: float, y: float) -> None:
        yaw = math.atan2(y - self.truth.y, x - self.truth.x)
        truth = Pose2D(x, y, yaw)
        step = between(self.truth, truth)
        length = math.hypot(step.x, step.y)
        noise = self._rng.normal(size=3)
        measured = Pose2D(
            step.x + DRIFT_DISTANCE * length * noise[0],
            step.y + DRIFT_DISTANCE * length * noise[1],
            step.yaw + self._drift_of_heading * length * (DRIFT_TURN * noise[2] + DRIFT_BIAS),
        )
        self.odometry = compose(self.odometry, measured)
        self.truth = truth
        self.clock += length / 0.4


def _unit(vector: FloatArray) -> FloatArray:
    scaled: FloatArray = vector / np.linalg.norm(vector)
    return scaled
