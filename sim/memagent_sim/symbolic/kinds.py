# SPDX-License-Identifier: Apache-2.0
"""What the kinds of ALFRED's world are like: what opens, what can be sliced, what fits where.

Prior knowledge of a household, written for this simulator: it says what is possible and what is
plausible, never where anything is. Names are ALFRED's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Room = Literal["kitchen", "living room", "bedroom", "bathroom"]
Gift = Literal["heated", "cooled", "cleaned", "lit"]

SMALL, MEDIUM, LARGE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Fixture:
    """A kind of receptacle that stays where it is."""

    opens: bool = False
    capacity: int = 20
    fits: int = LARGE
    """The largest size of thing that goes in or on it."""
    only: tuple[str, ...] = ()
    """The only kinds that it takes; empty for any."""
    height: float = 0.8
    """Of what stands in or on it, metres."""
    device: str = ""
    """The kind of device that it has: a sink its faucet, a microwave itself."""
    rooms: Mapping[Room, tuple[int, int]] = field(default_factory=dict)
    """Fewest and most of this kind in a room."""


@dataclass(frozen=True, slots=True)
class Device:
    """Something that is turned on and off, or works while its door is shut."""

    gives: Gift
    switch: bool = True
    """False for a fridge: its door is its switch."""
    shut: bool = False
    """It can be turned on only while closed, and opened only while off."""


@dataclass(frozen=True, slots=True)
class Ware:
    """A kind of thing that can be picked up."""

    size: int = SMALL
    homes: tuple[str, ...] = ()
    """Receptacles where people keep it."""
    sliceable: bool = False
    holds: int = 0
    """The largest size of thing that can be put into it; 0 where it is no container."""


K, L, B, W = "kitchen", "living room", "bedroom", "bathroom"

FIXTURES: Mapping[str, Fixture] = {
    "CounterTop": Fixture(height=1.0, rooms={K: (2, 3), W: (1, 1)}),
    "DiningTable": Fixture(height=0.9, rooms={K: (1, 1), L: (0, 1)}),
    "SideTable": Fixture(capacity=8, height=0.6, rooms={K: (0, 1), L: (1, 3), B: (1, 2)}),
    "CoffeeTable": Fixture(capacity=8, height=0.45, rooms={L: (1, 1)}),
    "Desk": Fixture(capacity=12, height=0.75, rooms={L: (0, 1), B: (1, 1)}),
    "Dresser": Fixture(capacity=12, height=1.0, rooms={L: (0, 1), B: (1, 1)}),
    "TVStand": Fixture(capacity=8, height=0.6, rooms={L: (1, 1)}),
    "Shelf": Fixture(capacity=6, height=1.4, rooms={K: (0, 2), L: (1, 3), B: (1, 3), W: (0, 2)}),
    "Sofa": Fixture(capacity=8, height=0.5, rooms={L: (1, 2)}),
    "ArmChair": Fixture(capacity=4, height=0.45, rooms={L: (1, 2), B: (0, 1)}),
    "Ottoman": Fixture(capacity=4, height=0.4, rooms={L: (0, 1)}),
    "Bed": Fixture(height=0.6, rooms={B: (1, 1)}),
    "Toilet": Fixture(capacity=5, height=1.1, rooms={W: (1, 1)}),
    "Cart": Fixture(capacity=6, height=0.5, rooms={W: (0, 1)}),
    "LaundryHamper": Fixture(opens=True, capacity=8, height=0.3, rooms={B: (0, 1)}),
    "StoveBurner": Fixture(
        capacity=1, only=("Pot", "Pan", "Kettle"), height=0.95, rooms={K: (2, 4)}
    ),
    "CoffeeMachine": Fixture(capacity=1, only=("Mug", "Cup"), height=0.95, rooms={K: (1, 1)}),
    "SinkBasin": Fixture(capacity=8, height=0.75, device="Faucet", rooms={K: (1, 1), W: (1, 1)}),
    "BathtubBasin": Fixture(capacity=10, height=0.2, device="Faucet", rooms={W: (0, 1)}),
    "GarbageCan": Fixture(
        capacity=8, height=0.15, rooms={K: (1, 1), L: (1, 1), B: (1, 1), W: (1, 1)}
    ),
    "Fridge": Fixture(opens=True, height=1.2, device="Fridge", rooms={K: (1, 1)}),
    "Microwave": Fixture(
        opens=True, capacity=2, fits=MEDIUM, height=1.6, device="Microwave", rooms={K: (1, 1)}
    ),
    "Cabinet": Fixture(opens=True, capacity=6, height=0.4, rooms={K: (4, 7), L: (0, 2), W: (2, 4)}),
    "Drawer": Fixture(
        opens=True, capacity=6, fits=MEDIUM, height=0.7,
        rooms={K: (3, 5), L: (1, 4), B: (2, 5), W: (1, 3)},
    ),
    "Safe": Fixture(opens=True, capacity=4, fits=MEDIUM, height=0.4, rooms={L: (0, 1), B: (0, 1)}),
    "HandTowelHolder": Fixture(capacity=1, only=("HandTowel",), height=1.4, rooms={W: (1, 2)}),
    "TowelHolder": Fixture(capacity=1, only=("Towel",), height=1.3, rooms={W: (1, 1)}),
    "ToiletPaperHanger": Fixture(capacity=1, only=("ToiletPaper",), height=0.8, rooms={W: (1, 1)}),
    "Floor": Fixture(capacity=1000, height=0.0, rooms={K: (1, 1), L: (1, 1), B: (1, 1), W: (1, 1)}),
}  # fmt: skip

DEVICES: Mapping[str, Device] = {
    "Microwave": Device("heated", shut=True),
    "Fridge": Device("cooled", switch=False),
    "Faucet": Device("cleaned"),
    "DeskLamp": Device("lit"),
    "FloorLamp": Device("lit"),
}

LAMP_STANDS: Mapping[str, tuple[str, ...]] = {
    "DeskLamp": ("Desk", "SideTable", "Dresser", "DiningTable", "Shelf", "CoffeeTable"),
    "FloorLamp": ("Sofa", "ArmChair", "Bed", "Desk", "SideTable", "Dresser"),
}
"""What a lamp stands on, or beside."""

_TABLES = ("CounterTop", "DiningTable")
_SURFACES = ("SideTable", "CoffeeTable", "Desk", "Dresser", "Shelf", "DiningTable", "TVStand")
_FOOD = (*_TABLES, "Fridge", "SinkBasin")
_DISHES = (*_TABLES, "Cabinet", "SinkBasin", "Shelf")
_CUTLERY = (*_TABLES, "Drawer", "SinkBasin")
_BATH = ("CounterTop", "Cabinet", "Toilet", "GarbageCan", "Drawer", "Cart", "Shelf")
_OFFICE = ("Desk", "Dresser", "SideTable", "Drawer", "Shelf", "CoffeeTable")
_SEATS = ("Sofa", "ArmChair", "Ottoman", "Bed")

WARES: Mapping[str, Ware] = {
    "AlarmClock": Ware(MEDIUM, ("Desk", "Dresser", "SideTable", "Shelf")),
    "Apple": Ware(SMALL, (*_FOOD, "GarbageCan"), sliceable=True),
    "BaseballBat": Ware(LARGE, ("Floor", "Bed", "Desk")),
    "BasketBall": Ware(LARGE, ("Floor", "ArmChair", "Bed")),
    "Book": Ware(MEDIUM, (*_OFFICE, *_SEATS)),
    "Boots": Ware(LARGE, ("Floor",)),
    "Bowl": Ware(MEDIUM, (*_DISHES, "Fridge", *_SURFACES), holds=MEDIUM),
    "Box": Ware(LARGE, (*_SURFACES, *_SEATS), holds=MEDIUM),
    "Bread": Ware(MEDIUM, (*_TABLES, "Fridge", "GarbageCan"), sliceable=True),
    "ButterKnife": Ware(SMALL, _CUTLERY),
    "CD": Ware(SMALL, (*_OFFICE, "GarbageCan", "Safe")),
    "Candle": Ware(MEDIUM, (*_BATH, *_SURFACES)),
    "CellPhone": Ware(SMALL, (*_OFFICE, *_SEATS)),
    "Cloth": Ware(SMALL, (*_BATH, "BathtubBasin", "LaundryHamper")),
    "CreditCard": Ware(SMALL, (*_OFFICE, *_SEATS)),
    "Cup": Ware(MEDIUM, (*_DISHES, "Fridge", "Microwave"), holds=SMALL),
    "DishSponge": Ware(SMALL, ("CounterTop", "SinkBasin", "Cabinet", "Drawer", "Cart")),
    "Egg": Ware(SMALL, _FOOD),
    "Fork": Ware(SMALL, _CUTLERY),
    "Glassbottle": Ware(MEDIUM, (*_DISHES, "Fridge", "GarbageCan")),
    "HandTowel": Ware(MEDIUM, ("HandTowelHolder", "CounterTop", "Cabinet")),
    "Kettle": Ware(MEDIUM, ("StoveBurner", "CounterTop", "Cabinet")),
    "KeyChain": Ware(SMALL, (*_OFFICE, *_SEATS, "TVStand", "Safe")),
    "Knife": Ware(SMALL, _CUTLERY),
    "Ladle": Ware(SMALL, _CUTLERY),
    "Laptop": Ware(LARGE, ("Desk", "CoffeeTable", "DiningTable", "Bed", "Sofa", "Dresser")),
    "Lettuce": Ware(MEDIUM, _FOOD, sliceable=True),
    "Mug": Ware(MEDIUM, (*_DISHES, "CoffeeMachine", "Desk", "SideTable"), holds=SMALL),
    "Newspaper": Ware(MEDIUM, (*_SURFACES, *_SEATS, "GarbageCan")),
    "Pan": Ware(MEDIUM, ("StoveBurner", "CounterTop", "Cabinet", "SinkBasin"), holds=MEDIUM),
    "PaperTowelRoll": Ware(MEDIUM, ("CounterTop", "Toilet", "GarbageCan")),
    "Pen": Ware(SMALL, (*_OFFICE, "GarbageCan")),
    "Pencil": Ware(SMALL, (*_OFFICE, "GarbageCan")),
    "PepperShaker": Ware(SMALL, (*_TABLES, "Cabinet", "Drawer", "Shelf")),
    "Pillow": Ware(LARGE, _SEATS),
    "Plate": Ware(MEDIUM, _DISHES, holds=MEDIUM),
    "Plunger": Ware(MEDIUM, ("Floor", "Cabinet")),
    "Pot": Ware(MEDIUM, ("StoveBurner", "CounterTop", "Cabinet", "SinkBasin"), holds=MEDIUM),
    "Potato": Ware(SMALL, _FOOD, sliceable=True),
    "RemoteControl": Ware(SMALL, ("CoffeeTable", "TVStand", "Sofa", "ArmChair", "SideTable")),
    "SaltShaker": Ware(SMALL, (*_TABLES, "Cabinet", "Drawer", "Shelf")),
    "ScrubBrush": Ware(MEDIUM, ("Floor", "Toilet")),
    "SoapBar": Ware(SMALL, (*_BATH, "BathtubBasin", "SinkBasin")),
    "SoapBottle": Ware(MEDIUM, (*_BATH, "SinkBasin")),
    "Spatula": Ware(SMALL, _CUTLERY),
    "Spoon": Ware(SMALL, _CUTLERY),
    "SprayBottle": Ware(MEDIUM, _BATH),
    "Statue": Ware(MEDIUM, (*_SURFACES, "CounterTop")),
    "TeddyBear": Ware(LARGE, ("Bed", "Floor")),
    "TennisRacket": Ware(LARGE, ("Floor", "Bed")),
    "TissueBox": Ware(MEDIUM, (*_SURFACES, *_BATH)),
    "ToiletPaper": Ware(MEDIUM, ("ToiletPaperHanger", "Toilet", "Cabinet", "CounterTop", "Drawer")),
    "Tomato": Ware(SMALL, _FOOD, sliceable=True),
    "Towel": Ware(LARGE, ("TowelHolder", "BathtubBasin", "CounterTop")),
    "Vase": Ware(MEDIUM, (*_SURFACES, "CounterTop", "Cabinet")),
    "Watch": Ware(SMALL, (*_SURFACES, "Drawer", "Safe", *_SEATS)),
    "WateringCan": Ware(MEDIUM, (*_SURFACES, "Floor")),
    "WineBottle": Ware(MEDIUM, (*_TABLES, "Cabinet", "Fridge")),
}

KNIVES = ("Knife", "ButterKnife")
CONTAINER_SPACE = 3
"""Things that go into one movable container."""


def spoken(kind: str) -> str:
    """ALFRED's name of a kind in words: "ButterKnife" is a "butter knife"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", kind).lower()


def takes(holder: str, kind: str) -> bool:
    """Whether a thing of one kind can be put in or on a receptacle, or into a thing, of another."""
    ware = WARES[kind]
    if holder in WARES:
        return ware.size <= WARES[holder].holds and not ware.holds
    fixture = FIXTURES[holder]
    return ware.size <= fixture.fits and (not fixture.only or kind in fixture.only)


def room_of(scene: str) -> Room:
    """The kind of room of an AI2-THOR floor plan, by its number.

    Raises:
        ValueError: ``scene`` is none of "FloorPlan1" to "FloorPlan430".
    """
    match = re.fullmatch(r"FloorPlan(\d+)", scene)
    rooms: dict[int, Room] = {0: "kitchen", 2: "living room", 3: "bedroom", 4: "bathroom"}
    number = int(match[1]) if match else 0
    if not 1 <= number % 100 <= 30 or number // 100 not in rooms:
        raise ValueError(f"scene {scene!r} is no floor plan of AI2-THOR's kitchens to bathrooms")
    return rooms[number // 100]
