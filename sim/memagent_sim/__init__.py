# SPDX-License-Identifier: Apache-2.0
"""A simulated flat for memagent: MuJoCo physics, a robot, objects, tasks and their scoring.

Everything is built from a site (``configs/sites``), a robot description (``configs/robots``) and a
world (``configs/worlds``); no third-party models are needed.
"""

import os
import sys

import gymnasium

# mujoco chooses its graphics when it is first imported; without a display it must be EGL.
if sys.platform == "linux" and not os.environ.get("DISPLAY"):
    os.environ.setdefault("MUJOCO_GL", "egl")

from memagent_sim.household import HouseholdTask
from memagent_sim.in_process import SimulatedRobot
from memagent_sim.scoring import TrueObject
from memagent_sim.simulation import Simulation, Snapshot
from memagent_sim.world import WorldConfig, load_world

gymnasium.register(id="memagent/Flat-v0", entry_point="memagent_sim.gym_env:FlatEnv")
gymnasium.register(id="memagent/Household-v0", entry_point="memagent_sim.symbolic:HouseholdEnv")

__all__ = [
    "HouseholdTask",
    "SimulatedRobot",
    "Simulation",
    "Snapshot",
    "TrueObject",
    "WorldConfig",
    "load_world",
]
