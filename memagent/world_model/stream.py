# SPDX-License-Identifier: Apache-2.0
"""A world model that lives along with a robot: one frame at a time, plain arrays in and out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from memagent.errors import MemagentError
from memagent.world_model.frames import FrameSpec
from memagent.world_model.model import Predictions, WorldModel


class ObservationError(MemagentError):
    """A frame or an action is not what the world model was made for."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """What one frame meant: ``nats``, KL(q || p), how far it was from what was expected;
    ``reward`` and ``continuation`` (a probability) as predicted for it.
    """

    nats: float
    reward: float
    continuation: float


class WorldModelStream:
    """What a robot's world model remembers, followed frame by frame.

    Not for several threads at once: who shares it must lock it.

    Args:
        model: is put in evaluation mode; new weights count from the next frame on.
    """

    def __init__(self, model: WorldModel) -> None:
        self._model = model.eval()
        self._belief = model.beginning()
        self._first = True

    def begin(self) -> None:
        """Forget everything: the next frame begins an episode."""
        self._first = True

    def observe(self, frames: Mapping[str, ArrayLike], action: ArrayLike | None = None) -> Surprise:
        """Take in a frame, and the action that led to it.

        Args:
            frames: by name, as the model's specs say.
            action: float (A,); may be None at the beginning of an episode, and is ignored there.

        Raises:
            ObservationError: something is missing, or not of its shape; nothing has changed then.
        """
        specs = self._model.config.frames
        if set(frames) != set(specs):
            raise ObservationError(f"frames must be {sorted(specs)}, got {sorted(frames)}")
        seen = {name: self._frame(name, specs[name], frames[name]) for name in specs}
        size = self._model.config.actions
        if action is None and not self._first:
            raise ObservationError("within an episode a frame needs the action that led to it")
        done = np.zeros(size) if action is None else action
        acted = self._action(done, (size,)).unsqueeze(0)
        first = torch.tensor([self._first], device=acted.device)
        told, surprise = self._model.observe(self._belief, seen, acted, first)
        self._first = False
        return Surprise(float(surprise[0]), float(told.rewards[0]), float(told.continues[0]))

    def imagine(self, actions: ArrayLike, n: int = 1) -> Predictions:
        """Futures from here: predictions (K, n, T) of candidate actions (K, T, A).

        Raises:
            ObservationError: actions of another shape, or nothing was observed yet.
        """
        if self._first:
            raise ObservationError("nothing was observed yet; observe a frame before imagining")
        return self._model.imagine(
            self._belief, self._action(actions, (None, None, self._model.config.actions)), n
        )

    def _frame(self, name: str, spec: FrameSpec, frame: ArrayLike) -> Tensor:
        array = np.asarray(frame)
        if array.shape != spec.shape:
            raise ObservationError(f"{name}: needs shape {spec.shape}, got {array.shape}")
        if spec.kind == "image" and array.dtype != np.uint8:
            raise ObservationError(f"{name}: an image must be uint8, got {array.dtype}")
        if spec.kind == "tiles" and not _classes(array, spec.classes or 0):
            raise ObservationError(f"{name}: tiles must be whole numbers 0 to {spec.classes} - 1")
        if spec.kind == "vector" and not np.isfinite(array).all():
            raise ObservationError(f"{name}: holds numbers that are not finite")
        return self._tensor(array).unsqueeze(0)

    def _action(self, action: ArrayLike, shape: tuple[int | None, ...]) -> Tensor:
        array = np.asarray(action, np.float32)
        fits = array.ndim == len(shape) and all(
            wanted in (None, size) for wanted, size in zip(shape, array.shape, strict=True)
        )
        if not fits or not np.isfinite(array).all():
            wanted = tuple("any" if size is None else size for size in shape)
            raise ObservationError(
                f"actions need shape {wanted} and finite numbers, got {array.shape}"
            )
        return self._tensor(array)

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array.copy()).to(next(self._model.parameters()).device)


def _classes(array: NDArray[Any], classes: int) -> bool:
    whole = np.issubdtype(array.dtype, np.integer)
    return bool(whole and array.min() >= 0 and array.max() < classes)
