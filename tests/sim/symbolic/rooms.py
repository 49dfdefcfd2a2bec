# SPDX-License-Identifier: Apache-2.0
"""A small kitchen in which every rule can be tried."""

from __future__ import annotations

from memagent_sim.symbolic import House, Scene
from memagent_sim.symbolic.kinds import FIXTURES
from memagent_sim.symbolic.scene import Receptacle, appliances_of, numbered

KINDS = (
    "CounterTop", "DiningTable", "SinkBasin", "Microwave", "Fridge", "Drawer", "StoveBurner",
    "SideTable", "Floor",
)  # fmt: skip
THINGS = {
    "apple 1": ("Apple", "counter top 1"),
    "apple 2": ("Apple", "fridge 1"),
    "knife 1": ("Knife", "drawer 1"),
    "cup 1": ("Cup", "dining table 1"),
    "spoon 1": ("Spoon", "cup 1"),
    "pot 1": ("Pot", "stove burner 1"),
    "laptop 1": ("Laptop", "dining table 1"),
    "book 1": ("Book", "side table 1"),
}


def kitchen() -> Scene:
    receptacles = tuple(
        Receptacle(name, kind, (float(i), 0.0, FIXTURES[kind].height))
        for i, (name, kind) in enumerate(numbered(KINDS))
    )
    appliances = tuple(appliances_of(receptacles, {"DeskLamp": "side table 1"}))
    things = {name: kind for name, (kind, _) in THINGS.items()}
    where = {name: place for name, (_, place) in THINGS.items()}
    return Scene("kitchen", "kitchen", receptacles, appliances, things, where)


def house(*actions: str) -> House:
    """A house in which some actions were done, each written as "verb target"."""
    made = House(kitchen())
    for action in actions:
        verb, _, target = action.partition(" ")
        made.act(verb, target)  # type: ignore[arg-type]
    return made
