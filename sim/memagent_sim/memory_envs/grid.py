# SPDX-License-Identifier: Apache-2.0
"""A world of tiles in which an agent walks and sees what is near it."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from memagent_sim.memory_envs.tiles import FLOOR, REACH, SIDE, WALL, picture

STAY, NORTH, EAST, SOUTH, WEST = range(5)
MOVES = {STAY: (0, 0), NORTH: (-1, 0), EAST: (0, 1), SOUTH: (1, 0), WEST: (0, -1)}

Place = tuple[int, int]
"""Row and column of a map."""


class GridEnv(gymnasium.Env[NDArray[np.uint8], np.int64]):
    """Walking on a map whose outermost ``REACH`` rows and columns are wall.

    Observation: uint8 (5, 5), the tiles around the agent. Action: STAY or a direction; what is no
    floor stops the agent. ``info["suggestion"]`` leads along a shortest path to the next of the
    places that ``_tour`` gives. An episode is truncated after ``steps`` steps.

    Args:
        classes: tiles that occur.
        steps: length of an episode.
        render_mode: None or "rgb_array".
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 5}

    def __init__(self, classes: int, steps: int, render_mode: str | None) -> None:
        if steps < 1:
            raise ValueError(f"an episode needs at least 1 step, got {steps}")
        self.observation_space = spaces.Box(0, classes - 1, (SIDE, SIDE), np.uint8)
        self.action_space = spaces.Discrete(len(MOVES))
        self.steps, self.render_mode = steps, render_mode
        self._map = np.full((SIDE, SIDE), WALL, np.uint8)
        self._at: Place = (REACH, REACH)
        self._way: deque[Place] = deque()
        self._taken = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Begin in a new map."""
        super().reset(seed=seed)
        self._taken = 0
        self._map, self._at = self._drawn()
        self._way = deque(self._tour())
        return self._seen(), self._info()

    def step(
        self, action: np.int64 | int
    ) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Go one tile."""
        down, right = MOVES[int(action)]
        there = self._at[0] + down, self._at[1] + right
        reward = self._enter(there)
        if self._map[there] == FLOOR:
            self._at = there
        self._taken += 1
        return self._seen(), reward, False, self._taken >= self.steps, self._info()

    def render(self) -> NDArray[np.uint8] | None:
        """What is seen, or None without a render mode."""
        return picture(self._seen()) if self.render_mode == "rgb_array" else None

    @abstractmethod
    def _drawn(self) -> tuple[NDArray[np.uint8], Place]:
        """A new map, and where the agent begins."""

    @abstractmethod
    def _tour(self) -> list[Place]:
        """Places to visit in turn, made anew when all were visited."""

    def _enter(self, there: Place) -> float:
        """What walking towards a tile does to it, and the reward."""
        return 0.0

    def _info(self) -> dict[str, Any]:
        return {"suggestion": self._suggestion(), "position": self._at}

    def _seen(self) -> NDArray[np.uint8]:
        row, column = self._at
        near = self._map[row - REACH : row + REACH + 1, column - REACH : column + REACH + 1]
        return near.copy()

    def _suggestion(self) -> int:
        for _ in range(2):
            while self._way:
                move = self._towards(self._way[0])
                if move != STAY:
                    return move
                self._way.popleft()
            self._way = deque(self._tour())
        return STAY

    def _towards(self, goal: Place) -> int:
        """The first move of a shortest path; STAY if there, or if there is no path.

        A goal that is no floor counts as reached from beside it, by walking at it once more.
        """
        before: dict[Place, tuple[Place, int]] = {self._at: (self._at, STAY)}
        queue = deque([self._at])
        while queue:
            here = queue.popleft()
            if here == goal:
                break
            if self._map[here] != FLOOR:
                continue
            for move, (down, right) in MOVES.items():
                there = here[0] + down, here[1] + right
                if there not in before and (self._map[there] == FLOOR or there == goal):
                    before[there] = (here, move)
                    queue.append(there)
        if goal not in before:
            return STAY
        step, move = goal, STAY
        while step != self._at:
            step, move = before[step]
        return move
