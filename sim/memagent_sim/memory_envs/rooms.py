# SPDX-License-Identifier: Apache-2.0
"""Two, Four and Ten Rooms in two dimensions: to foresee a second tour, remember the first.

An analogue at reduced scale of the environments of S4WM (Deng et al., arXiv 2307.02064), which are
views in three dimensions. Rooms of 5 by 5 tiles stand in a row of two, a square of four, or two
rows of five, with doorways between neighbours. The walls of each room have one of four colours, and
three objects of four other colours lie in each at places that are drawn. The suggested walk visits
the rooms in an order that is drawn, then all again in another order, and so on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memagent_sim.memory_envs.grid import GridEnv, Place
from memagent_sim.memory_envs.tiles import COLOURS, FLOOR, REACH, WALL

ROOM = 5
OBJECTS = 3
LAYOUTS = {2: (1, 2), 4: (2, 2), 10: (2, 5)}
"""Rows and columns of rooms, by their number."""
WALL_COLOURS = COLOURS[0]
OBJECT_COLOURS = COLOURS[0] + 4
CLASSES = COLOURS[0] + 8


class RoomsEnv(GridEnv):
    """Rooms with coloured walls and objects. There is no reward.

    Args:
        rooms: 2, 4 or 10.
        steps: length of an episode; None for 60 per room.
        render_mode: None or "rgb_array".
    """

    def __init__(
        self, rooms: int = 4, *, steps: int | None = None, render_mode: str | None = None
    ) -> None:
        if rooms not in LAYOUTS:
            raise ValueError(f"rooms must be one of {sorted(LAYOUTS)}, got {rooms}")
        super().__init__(CLASSES, 60 * rooms if steps is None else steps, render_mode)
        self._rows, self._columns = LAYOUTS[rooms]

    def _drawn(self) -> tuple[NDArray[np.uint8], Place]:
        rng, pitch = self.np_random, ROOM + 2
        shape = self._rows * pitch + 2 * REACH, self._columns * pitch + 2 * REACH
        tiles = np.full(shape, WALL, np.uint8)
        for row, column in self._all():
            top, left = _corner(row, column)
            tiles[top - 1 : top + ROOM + 1, left - 1 : left + ROOM + 1] = (
                WALL_COLOURS + rng.integers(4)
            )
            tiles[top : top + ROOM, left : left + ROOM] = FLOOR
            # In corners and quarters of a room, where objects block no way to a doorway.
            spots = [
                (a, b) for a in (0, 1, 3, 4) for b in (0, 1, 3, 4) if (a in (0, 4)) == (b in (0, 4))
            ]
            for spot in rng.permutation(len(spots))[:OBJECTS]:
                down, right = spots[spot]
                tiles[top + down, left + right] = OBJECT_COLOURS + rng.integers(4)
        for row, column in self._all():
            top, left = _corner(row, column)
            middle = ROOM // 2
            if column + 1 < self._columns:
                tiles[top + middle, left + ROOM : left + ROOM + 2] = FLOOR
            if row + 1 < self._rows:
                tiles[top + ROOM : top + ROOM + 2, left + middle] = FLOOR
        start = self._all()[int(rng.integers(len(self._all())))]
        return tiles, _middle(*start)

    def _tour(self) -> list[Place]:
        rooms = self._all()
        return [_middle(*rooms[i]) for i in self.np_random.permutation(len(rooms))]

    def _all(self) -> list[Place]:
        return [(row, column) for row in range(self._rows) for column in range(self._columns)]


def _corner(row: int, column: int) -> Place:
    """The north-west floor tile of a room."""
    pitch = ROOM + 2
    return REACH + row * pitch + 1, REACH + column * pitch + 1


def _middle(row: int, column: int) -> Place:
    top, left = _corner(row, column)
    return top + ROOM // 2, left + ROOM // 2
