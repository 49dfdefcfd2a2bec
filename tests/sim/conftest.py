# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("MUJOCO_GL", "egl")  # before anyone imports mujoco

from memagent_sim.simulation import Simulation
from memagent_sim.world import Faults, World, WorldConfig, load_world

WORLD_FILE = Path(__file__).parents[2] / "configs" / "worlds" / "flat.yaml"


@pytest.fixture(scope="session")
def config() -> WorldConfig:
    return load_world(WORLD_FILE)


@pytest.fixture(scope="session")
def world(config: WorldConfig) -> World:
    return World(config)


@pytest.fixture(scope="session")
def make_simulation(config: WorldConfig) -> Callable[..., Simulation]:
    def make(seed: int = 0, slip_probability: float = 0.0) -> Simulation:
        faults = Faults(slip_probability=slip_probability)
        return Simulation(config.model_copy(update={"faults": faults}), seed)

    return make
