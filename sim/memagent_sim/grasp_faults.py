# SPDX-License-Identifier: Apache-2.0
"""Grasps that fail: now and then an object turns out to be slippery and slides out when lifted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from memagent_sim.robot_model import PAD_FRICTION, PADS

SLIPPERY = (0.002, 1e-4, 1e-5)
"""Friction of the pads in a slippery grasp: 40 N per finger then carry less than 20 g."""


@dataclass(frozen=True)
class FaultState:
    decided: bool
    slippery: bool
    random: Mapping[str, Any]
    """State of the random generator."""


class GraspFaults:
    """Decides, once per grasp, whether it slips, from a seeded stream of random numbers."""

    def __init__(self, model: mujoco.MjModel, objects: tuple[str, ...], probability: float) -> None:
        self._model = model
        self._probability = probability
        self._pads = tuple(model.geom(pad).id for pad in PADS)
        bodies = {model.body(name).id for name in objects}
        self._is_object = np.array([b in bodies for b in model.geom_bodyid])
        self.reseed(0, 1)

    def reseed(self, seed: int, day: int) -> None:
        self._rng = np.random.default_rng((seed, day, 0x5119))
        self.release()

    def release(self) -> None:
        """The fingers open: the next grasp is a new one."""
        self.decided = False
        self._set_slippery(False)

    def step(self, data: mujoco.MjData) -> None:
        """Call now and then while the gripper closes."""
        if self.decided or not self._between_pads(data):
            return
        self.decided = True
        self._set_slippery(bool(self._rng.random() < self._probability))

    def state(self) -> FaultState:
        """What :meth:`restore` needs."""
        return FaultState(self.decided, self.slippery, self._rng.bit_generator.state)

    def restore(self, state: FaultState) -> None:
        self.decided = state.decided
        self._rng.bit_generator.state = state.random
        self._set_slippery(state.slippery)

    def _set_slippery(self, slippery: bool) -> None:
        self.slippery = slippery
        for pad in self._pads:
            self._model.geom_friction[pad] = SLIPPERY if slippery else PAD_FRICTION

    def _between_pads(self, data: mujoco.MjData) -> bool:
        """Whether both pads touch the same object."""
        pairs = data.contact.geom
        touched = []
        for pad in self._pads:
            mine = pairs[(pairs == pad).any(axis=1)]
            others = np.where(mine[:, 0] == pad, mine[:, 1], mine[:, 0])
            others = others[self._is_object[others]]
            touched.append(set(self._model.geom_bodyid[others].tolist()))
        return bool(touched[0] & touched[1])
