# SPDX-License-Identifier: Apache-2.0
"""Distracting Memory: one thing to remember, and many that are only to be seen.

After the environment of that name in S4WM (Deng et al., arXiv 2307.02064), whose exact rules were
not published; these are our own. A hallway has positions 0 to W. Beside position 0, on both sides,
lies the cue, in one of two colours; beside 1 to W - 1 lie distractors, each side in one of four
colours, those of the cue among them. At W there are two doors, always of the same colours: one of
the cue's to the north, the other to the south. The agent walks from 0 to W, is carried back to 0,
and walks again; now the cue is dark. At the end of the second pass it takes a door, which ends the
episode: the reward is 1 if the door has the cue's colour.

Rows of what is seen, from the north: wall, side, path, side, wall; five columns, the agent's in the
middle, wall beyond both ends. After a door: dark but for its colour where the agent is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from memagent_sim.memory_envs.tiles import COLOURS, DARK, FLOOR, REACH, SIDE, WALL, picture

FORWARD, NORTH, SOUTH, STAY = range(4)
ACTIONS = 4
CLASSES = COLOURS[0] + 4
"""Dark, wall, floor, and four colours."""
CUES = 2

Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Episodes:
    """``n`` episodes of equal length L, as arrays.

    ``frames`` uint8 (n, L, 5, 5), ``actions`` int64 (n, L) that led to each (STAY at first),
    ``rewards`` float32 (n, L), ``cues`` int64 (n,), ``query`` int64 (n,): the first step of the
    second pass, ``new`` bool (n, L): where a column of distractors comes into view.
    """

    frames: NDArray[np.uint8]
    actions: NDArray[np.int64]
    rewards: NDArray[np.float32]
    cues: NDArray[np.int64]
    query: NDArray[np.int64]
    new: NDArray[np.bool_]


class DistractingMemoryEnv(gymnasium.Env[NDArray[np.uint8], np.int64]):
    """The hallway, one step at a time.

    Observation: uint8 (5, 5), tiles as in ``tiles``. Action: FORWARD, NORTH, SOUTH or STAY; north
    and south are doors at the end of the second pass, and elsewhere the same as STAY.
    ``info["suggestion"]`` is what a walker with the given pace would do: forward, or at random pace
    now and then STAY; at the end either door.

    Args:
        width: W, at least 2.
        pause: probability of the suggestion STAY.
        step_limit: after which an episode is truncated; None for 20 times the shortest.
        render_mode: None or "rgb_array".
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 5}

    def __init__(
        self,
        width: int = 16,
        *,
        pause: float = 0.0,
        step_limit: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        if width < 2 or not 0 <= pause < 1:
            raise ValueError(f"width must be at least 2 and pause in [0, 1), got {width}, {pause}")
        self.width, self.pause, self.render_mode = width, pause, render_mode
        self.step_limit = step_limit or 20 * (2 * width + 2)
        self.observation_space = spaces.Box(0, CLASSES - 1, (SIDE, SIDE), np.uint8)
        self.action_space = spaces.Discrete(ACTIONS)
        self._map = np.zeros((2, SIDE, 0), np.uint8)
        self._cue = self._at = self._pass = self._steps = 0
        self._seen = np.zeros((SIDE, SIDE), np.uint8)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Begin in a new hallway; ``options={"cue": 0}`` asks for a cue."""
        super().reset(seed=seed)
        cues = np.array([(options or {}).get("cue", self.np_random.integers(CUES))])
        sides = self.np_random.integers(4, size=(1, 2, self.width - 1))
        self._map = hallways(cues, sides)[0]
        self._cue, self._at, self._pass, self._steps = int(cues[0]), 0, 0, 0
        self._look()
        return self._seen, self._info()

    def step(
        self, action: np.int64 | int
    ) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Walk, or take a door."""
        self._steps += 1
        reward, done = 0.0, False
        last = self._at == self.width
        if action == FORWARD and not last:
            self._at += 1
        elif action == FORWARD and self._pass == 0:
            self._at, self._pass = 0, 1
        elif action in (NORTH, SOUTH) and last and self._pass == 1:
            door = int(action) - NORTH
            reward, done = float(door == self._cue), True
        if done:
            self._seen = behind_doors(np.array([door]))[0]
        else:
            self._look()
        truncated = not done and self._steps >= self.step_limit
        return self._seen, reward, done, truncated, self._info()

    def render(self) -> NDArray[np.uint8] | None:
        """What is seen, or None without a render mode."""
        return picture(self._seen) if self.render_mode == "rgb_array" else None

    def _look(self) -> None:
        self._seen = self._map[self._pass, :, self._at : self._at + SIDE].copy()

    def _info(self) -> dict[str, Any]:
        if self._pass == 1 and self._at == self.width:
            suggestion = int(self.np_random.integers(NORTH, SOUTH + 1))
        elif self.pause and self.np_random.random() < self.pause:
            suggestion = STAY
        else:
            suggestion = FORWARD
        return {"suggestion": suggestion, "position": self._at, "pass": self._pass}


def episodes(rng: np.random.Generator, n: int, width: int, pause: float = 0.0) -> Episodes:
    """Many walks at once, as the environment would give them.

    Args:
        rng: of everything that is drawn.
        n: episodes.
        width: W.
        pause: share of all steps but the last that are STAY; their number is the same in every
            episode, so that all have one length, and their places are drawn.
    """
    cues = rng.integers(CUES, size=n)
    maps = hallways(cues, rng.integers(4, size=(n, 2, width - 1)))
    moves = 2 * width + 1
    pauses = round(moves * pause / (1 - pause))
    goes = np.zeros((n, moves + pauses), bool)
    goes[:, :moves] = True
    goes = rng.permuted(goes, axis=1)
    walked = np.concatenate((np.zeros((n, 1), int), goes.cumsum(1)), 1)
    second, at = walked > width, walked % (width + 1)
    rows = np.arange(n)[:, None, None, None]
    columns = at[:, :, None, None] + np.arange(SIDE)
    lines = np.arange(SIDE)[:, None]
    frames = maps[rows, second[:, :, None, None].astype(int), lines, columns]
    doors = rng.integers(CUES, size=n)
    frames = np.concatenate((frames, behind_doors(doors)[:, None]), 1)
    actions = np.full((n, frames.shape[1]), STAY)
    actions[:, 1:-1][goes] = FORWARD
    actions[:, -1] = NORTH + doors
    rewards = np.zeros(actions.shape, np.float32)
    rewards[:, -1] = doors == cues
    new = np.zeros(actions.shape, bool)
    new[:, 1:-1] = goes & (at[:, 1:] > 0) & (at[:, 1:] + REACH < width)
    return Episodes(frames, actions, rewards, cues, second.argmax(1), new)


def hallways(cues: Integers, sides: Integers) -> NDArray[np.uint8]:
    """Maps of both passes, with the wall beyond: uint8 (n, 2, 5, W + 5).

    Args:
        cues: (n,), 0 or 1.
        sides: colours 0 to 3 of the distractors, (n, 2, W - 1).
    """
    n, width = len(cues), sides.shape[2] + 1
    maps = np.full((n, 2, SIDE, width + 1 + 2 * REACH), WALL, np.uint8)
    maps[:, :, 2, REACH : REACH + width + 1] = FLOOR
    for side, line in enumerate((1, 3)):
        maps[:, :, line, REACH + 1 : REACH + width] = COLOURS[0] + sides[:, None, side]
        maps[:, 0, line, REACH] = COLOURS[0] + cues
        maps[:, 1, line, REACH] = DARK
        maps[:, :, line, REACH + width] = COLOURS[0] + side
    return maps


def behind_doors(doors: Integers) -> NDArray[np.uint8]:
    """What is seen after each door: uint8 (n, 5, 5)."""
    frames = np.full((len(doors), SIDE, SIDE), DARK, np.uint8)
    frames[:, REACH, REACH] = COLOURS[0] + doors
    return frames
