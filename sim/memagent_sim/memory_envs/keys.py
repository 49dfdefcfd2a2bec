# SPDX-License-Identifier: Apache-2.0
"""Multi Doors Keys: which doors are open follows from which keys were taken.

After the environment of that name in S4WM (Deng et al., arXiv 2307.02064), whose exact rules were
not published; these are our own. A square room of 9 by 9 tiles has K doors of different colours
in its walls and their K keys on its floor, all at places that are drawn. Walking onto a key takes
it. Walking at a door opens it for good if its key was taken and not used yet; the reward is then 1.
An open door looks like an open door of its colour. Suggested walks go to keys and doors in an order
that is drawn, some of the doors in vain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from memagent_sim.memory_envs.grid import GridEnv, Place
from memagent_sim.memory_envs.tiles import COLOURS, FLOOR, REACH, WALL

ROOM = 9
MOST_KEYS = 7
KEY = COLOURS[0]
CLOSED = KEY + len(COLOURS)
OPEN = CLOSED + len(COLOURS)
CLASSES = OPEN + MOST_KEYS


class MultiDoorsKeysEnv(GridEnv):
    """A room of keys and doors; tiles are KEY, CLOSED or OPEN plus the number of the colour.

    Args:
        keys: K, 1 to 7.
        steps: length of an episode.
        render_mode: None or "rgb_array".
    """

    def __init__(self, keys: int = 3, *, steps: int = 150, render_mode: str | None = None) -> None:
        if not 1 <= keys <= MOST_KEYS:
            raise ValueError(f"keys must be 1 to {MOST_KEYS}, got {keys}")
        super().__init__(CLASSES, steps, render_mode)
        self.keys = keys
        self._doors: list[Place] = []
        self._keys: list[Place] = []
        self._held: set[int] = set()

    def _drawn(self) -> tuple[NDArray[np.uint8], Place]:
        rng, self._held = self.np_random, set()
        side = ROOM + 2 * REACH
        tiles = np.full((side, side), WALL, np.uint8)
        inside = range(REACH, REACH + ROOM)
        tiles[REACH : REACH + ROOM, REACH : REACH + ROOM] = FLOOR
        edges = [(REACH - 1, i) for i in inside] + [(REACH + ROOM, i) for i in inside]
        edges += [(i, REACH - 1) for i in inside] + [(i, REACH + ROOM) for i in inside]
        self._doors = [edges[i] for i in rng.permutation(len(edges))[: self.keys]]
        # Keys lie away from the walls, so that every tile can be reached around them.
        cells = [(r, c) for r in inside[1:-1:2] for c in inside[1:-1:2]]
        self._keys = [cells[i] for i in rng.permutation(len(cells))[: self.keys]]
        for colour in range(self.keys):
            tiles[self._doors[colour]] = CLOSED + colour
            tiles[self._keys[colour]] = KEY + colour
        return tiles, (REACH, REACH)

    def _tour(self) -> list[Place]:
        goals = [*self._keys, *self._doors]
        return [goals[i] for i in self.np_random.permutation(len(goals))]

    def _enter(self, there: Place) -> float:
        tile = int(self._map[there])
        if KEY <= tile < CLOSED:
            self._held.add(tile - KEY)
            self._map[there] = FLOOR
        elif CLOSED <= tile < OPEN and tile - CLOSED in self._held:
            self._held.remove(tile - CLOSED)
            self._map[there] = tile - CLOSED + OPEN
            return 1.0
        return 0.0

    def _suggestion(self) -> int:
        at_goal = self._way and self._beside(self._way[0])
        move = super()._suggestion()
        if at_goal and self._way:
            self._way.popleft()
        return move

    def _beside(self, goal: Place) -> bool:
        near = abs(goal[0] - self._at[0]) + abs(goal[1] - self._at[1])
        return near == 1 and bool(self._map[goal] != FLOOR)

    def _info(self) -> dict[str, Any]:
        doors = [int(self._map[door]) >= OPEN for door in self._doors]
        return {**super()._info(), "open": doors}
