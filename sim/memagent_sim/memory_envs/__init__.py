# SPDX-License-Identifier: Apache-2.0
"""Environments whose next frame cannot be foreseen without remembering.

They show tiles around an agent, and each suggests in ``info["suggestion"]`` what a walker would do
that sees all there is to see.
"""

import gymnasium

from memagent_sim.memory_envs.grid import GridEnv
from memagent_sim.memory_envs.hallway import DistractingMemoryEnv
from memagent_sim.memory_envs.keys import MultiDoorsKeysEnv
from memagent_sim.memory_envs.rooms import RoomsEnv

_HERE = "memagent_sim.memory_envs"
gymnasium.register(
    id="memagent/DistractingMemory-v0", entry_point=f"{_HERE}.hallway:DistractingMemoryEnv"
)
gymnasium.register(id="memagent/MultiDoorsKeys-v0", entry_point=f"{_HERE}.keys:MultiDoorsKeysEnv")
for _name, _rooms in (("Two", 2), ("Four", 4), ("Ten", 10)):
    gymnasium.register(
        id=f"memagent/{_name}Rooms-v0",
        entry_point=f"{_HERE}.rooms:RoomsEnv",
        kwargs={"rooms": _rooms},
    )

__all__ = ["DistractingMemoryEnv", "GridEnv", "MultiDoorsKeysEnv", "RoomsEnv"]
