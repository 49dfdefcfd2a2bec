# SPDX-License-Identifier: Apache-2.0
"""Where training gets its sequences: anything that makes batches; episodes lived in Gymnasium."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from memagent.errors import ConfigError, DependencyError
from memagent.world_model.frames import FrameSpec
from memagent.world_model.model import Batch

Start = Literal["anywhere", "episode"]


class Experience(Protocol):
    """Makes batches; each must follow from the numbers drawn from ``rng`` and from ``progress``."""

    @property
    def frames(self) -> Mapping[str, FrameSpec]:
        """What is seen, by name."""
        ...

    @property
    def actions(self) -> int:
        """Length of an action's vector."""
        ...

    def batch(self, rng: np.random.Generator, progress: float) -> Batch:
        """A batch for a training that is ``progress``, 0 to 1, through."""
        ...


@dataclass(frozen=True, eq=False)
class Recording:
    """Episodes end to end, cut into windows of ``length`` steps.

    ``arrays`` are (T, ...) by name; ``actions`` (T, A) led to each frame; ``first`` says where
    episodes begin. A window that reaches into the next episode is reset there. ``start``: windows
    begin anywhere, or only where an episode does.
    """

    frames: Mapping[str, FrameSpec]
    arrays: Mapping[str, NDArray[Any]]
    action: NDArray[np.float32]
    reward: NDArray[np.float32]
    going: NDArray[np.float32]
    first: NDArray[np.bool_]
    length: int
    size: int
    start: Start = "anywhere"

    def __post_init__(self) -> None:
        if len(self._starts()) == 0:
            raise ConfigError(
                f"no window of {self.length} steps fits into {len(self.first)} recorded ones"
            )

    @property
    def actions(self) -> int:
        return int(self.action.shape[1])

    def batch(self, rng: np.random.Generator, progress: float) -> Batch:
        begin = rng.choice(self._starts(), self.size)
        index = begin[:, None] + np.arange(self.length)
        first = self.first[index]
        first[:, 0] = True
        return Batch(
            {name: torch.from_numpy(array[index]) for name, array in self.arrays.items()},
            torch.from_numpy(self.action[index]),
            torch.from_numpy(self.reward[index]),
            torch.from_numpy(self.going[index]),
            torch.from_numpy(first),
        )

    def _starts(self) -> NDArray[np.int64]:
        room = len(self.first) - self.length + 1
        allowed = self.first[: max(room, 0)] | (self.start == "anywhere")
        return np.flatnonzero(allowed)


def lived(
    env: str,
    options: Mapping[str, Any],
    episodes: int,
    *,
    length: int,
    size: int,
    start: Start = "anywhere",
    seed: int = 0,
) -> Recording:
    """Episodes in a Gymnasium environment.

    The actions are those that the environment suggests in ``info["suggestion"]``, and random ones
    where it does not.

    Args:
        env: id, with the module that registers it before a colon.
        options: of the environment.
        episodes: how many to live through.
        length: of the windows, as in ``Recording``.
        size: of the batches.
        start: where windows begin, as in ``Recording``.
        seed: of the environment and of random actions.

    Raises:
        ConfigError: there is no such environment, or its spaces cannot be modelled.
        DependencyError: gymnasium is not installed.
    """
    try:
        import gymnasium
    except ImportError as error:
        raise DependencyError("live experience needs gymnasium: pip install gymnasium") from error
    try:
        world = gymnasium.make(env, **options)
    except (gymnasium.error.Error, ImportError, TypeError, ValueError) as error:
        raise ConfigError(f"env {env!r} with {dict(options)}: {error}") from error
    specs = _specs(world.observation_space)
    discrete, count = _action_size(world.action_space)
    world.action_space.seed(seed)
    seen: dict[str, list[Any]] = {name: [] for name in specs}
    actions, rewards, going, first = [], [], [], []

    def note(observation: Any, action: Any, reward: float, ended: bool) -> None:
        named = observation if isinstance(observation, dict) else {"frame": observation}
        for name in specs:
            seen[name].append(np.array(named[name]))
        vector = np.zeros(count, np.float32)
        if action is not None and discrete:
            vector[int(action)] = 1
        elif action is not None:
            vector[:] = np.ravel(action)
        actions.append(vector)
        first.append(action is None)
        rewards.append(reward)
        going.append(float(not ended))

    for episode in track(range(episodes), "living", transient=True):
        observation, info = world.reset(seed=seed if episode == 0 else None)
        note(observation, None, 0.0, False)
        over = False
        while not over:
            action = info.get("suggestion")
            action = world.action_space.sample() if action is None else action
            observation, reward, ended, cut, info = world.step(action)
            note(observation, action, float(reward), ended)
            over = ended or cut
    world.close()
    return Recording(
        specs,
        {name: np.stack(frames) for name, frames in seen.items()},
        np.stack(actions),
        np.array(rewards, np.float32),
        np.array(going, np.float32),
        np.array(first),
        length,
        size,
        start,
    )


def _specs(space: Any) -> dict[str, FrameSpec]:
    from gymnasium import spaces

    parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {"frame": space}
    specs = {}
    for name, part in parts.items():
        if not isinstance(part, spaces.Box):
            raise ConfigError(f"{name}: needs a Box to be modelled, got {part}")
        if len(part.shape) == 3 and part.dtype == np.uint8:
            specs[name] = FrameSpec(kind="image", shape=part.shape)
        elif len(part.shape) == 2 and np.issubdtype(part.dtype, np.integer):
            classes = int(np.max(part.high)) + 1
            specs[name] = FrameSpec(kind="tiles", shape=part.shape, classes=classes)
        elif len(part.shape) == 1:
            specs[name] = FrameSpec(kind="vector", shape=part.shape)
        else:
            raise ConfigError(f"{name}: is no image, tiles or vector: {part}")
    return specs


def _action_size(space: Any) -> tuple[bool, int]:
    from gymnasium import spaces

    if isinstance(space, spaces.Discrete):
        return True, int(space.n)
    if isinstance(space, spaces.Box):
        return False, int(np.prod(space.shape))
    raise ConfigError(f"actions must be Discrete or Box, got {space}")
