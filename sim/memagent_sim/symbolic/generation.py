# SPDX-License-Identifier: Apache-2.0
"""Scenes and tasks of ALFRED's families, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from memagent_sim.symbolic.house import FLOOR, House
from memagent_sim.symbolic.kinds import (
    FIXTURES,
    KNIVES,
    LAMP_STANDS,
    WARES,
    Room,
    spoken,
    takes,
)
from memagent_sim.symbolic.scene import Receptacle, Scene, appliances_of, numbered, spread
from memagent_sim.symbolic.task import TREATMENT, Family, Task

Subset = Literal["base", "long_horizon"]

FEWEST, MOST = 26, 44
"""Things in a scene."""
COPIES = 3
"""Most things of one kind."""
NESTED = 0.1
"""Probability that a small thing lies in a container that stands about."""

SHARES: dict[Subset, dict[Family, int]] = {
    "base": {
        "pick_clean_then_place_in_recep": 13,
        "pick_and_place_simple": 10,
        "pick_and_place_with_movable_recep": 10,
        "pick_two_obj_and_place": 10,
        "look_at_obj_in_light": 7,
    },
    "long_horizon": {
        "pick_heat_then_place_in_recep": 28,
        "pick_cool_then_place_in_recep": 16,
        "pick_two_obj_and_place": 6,
    },
}
"""Families of EB-ALFRED's subsets, out of 50. Its long tasks are those with something to slice."""

_ROOMS: dict[Family, tuple[Room, ...]] = {
    "pick_and_place_simple": ("kitchen", "living room", "bedroom", "bathroom"),
    "pick_two_obj_and_place": ("kitchen", "living room", "bedroom", "bathroom"),
    "look_at_obj_in_light": ("living room", "bedroom"),
    "pick_clean_then_place_in_recep": ("kitchen", "bathroom"),
    "pick_heat_then_place_in_recep": ("kitchen",),
    "pick_cool_then_place_in_recep": ("kitchen",),
    "pick_and_place_with_movable_recep": ("kitchen", "living room", "bedroom"),
}
_TREATABLE: dict[str, tuple[str, ...]] = {
    "cleaned": (
        "Apple", "Bowl", "ButterKnife", "Cloth", "Cup", "DishSponge", "Egg", "Fork", "Kettle",
        "Knife", "Ladle", "Lettuce", "Mug", "Pan", "Plate", "Pot", "Potato", "SoapBar", "Spatula",
        "Spoon", "Tomato",
    ),
    "heated": ("Apple", "Bread", "Cup", "Egg", "Mug", "Plate", "Potato", "Tomato"),
    "cooled": (
        "Apple", "Bowl", "Bread", "Cup", "Egg", "Lettuce", "Mug", "Pan", "Plate", "Pot", "Potato",
        "Tomato", "WineBottle",
    ),
}  # fmt: skip
_NO_GOAL = ("Floor", "LaundryHamper")


def generate(seed: int, subset: Subset | None = None) -> tuple[Scene, Task]:
    """A scene and a task in it, of the families and shares of one of EB-ALFRED's subsets."""
    chance = random.Random(seed)
    shares = SHARES[subset or chance.choice(tuple(SHARES))]
    family = chance.choices(tuple(shares), tuple(shares.values()))[0]
    sliced = subset == "long_horizon" or (subset is None and family not in SHARES["base"])
    for attempt in range(1000):
        scene = generate_scene(seed * 1000 + attempt, chance.choice(_ROOMS[family]))
        tasks = possible_tasks(scene, (family,), sliced=sliced)
        if tasks:
            return scene, chance.choice(tasks)
    raise AssertionError(f"no scene for {family} in 1000 attempts")


def generate_scene(seed: int, room: Room) -> Scene:
    """A room with its furniture, and things where people may keep them."""
    chance = random.Random(f"scene {seed} {room}")
    kinds = [
        kind
        for kind, fixture in FIXTURES.items()
        if room in fixture.rooms
        for _ in range(chance.randint(*fixture.rooms[room]))
    ]
    spots = spread(
        (name, chance.uniform(0, 6), chance.uniform(0, 5)) for name, _ in numbered(kinds)
    )
    receptacles = tuple(
        Receptacle(name, kind, (*spots[name], FIXTURES[kind].height))
        for name, kind in numbered(kinds)
    )
    lamps = {}
    if room in ("living room", "bedroom"):
        for lamp, stands in LAMP_STANDS.items():
            beside = [r.name for r in receptacles if r.kind in stands]
            if beside:
                lamps[lamp] = chance.choice(beside)
    things, where = _furnish(receptacles, chance)
    appliances = tuple(appliances_of(receptacles, lamps))
    return Scene(f"{room} {seed}", room, receptacles, appliances, things, where)


def _furnish(
    receptacles: Sequence[Receptacle], chance: random.Random
) -> tuple[dict[str, str], dict[str, str]]:
    here = {r.kind for r in receptacles if r.name != FLOOR}
    kinds = [kind for kind, ware in WARES.items() if here & set(ware.homes)]
    drawn: list[str] = []
    for _ in range(chance.randint(FEWEST, MOST)):
        left = [k for k in kinds if drawn.count(k) < COPIES]
        if left:
            drawn.append(chance.choice(left))
    room = {r.name: FIXTURES[r.kind].capacity for r in receptacles}
    # There is always space for what a task may bring.
    space = {name: most - 1 if most > 1 else most for name, most in room.items()}
    things, where = {}, {}
    for name, kind in numbered(sorted(drawn)):
        homes = [
            r.name
            for r in receptacles
            if r.kind in WARES[kind].homes and takes(r.kind, kind) and space[r.name]
        ]
        nests = [
            n
            for n, k in things.items()
            if takes(k, kind) and n not in where.values() and where[n] != "microwave 1"
        ]
        if nests and chance.random() < NESTED:
            where[name] = chance.choice(nests)
        elif homes:
            where[name] = chance.choice(homes)
            space[where[name]] -= 1
        else:
            continue
        things[name] = kind
    return things, where


def possible_tasks(scene: Scene, families: Sequence[Family], *, sliced: bool = False) -> list[Task]:
    """Every task of those families that can be done in a scene and is not done already."""
    kinds = sorted({scene.things[t] for t in scene.things})
    parents = sorted({r.kind for r in scene.receptacles if r.kind not in _NO_GOAL})
    if sliced:
        kinds = [k for k in kinds if WARES[k].sliceable]
        if not any(scene.called(knife) for knife in KNIVES):
            return []
    tasks = []
    gifts = {a.device.gives for a in scene.device_at.values()}
    for family in families:
        if family in TREATMENT and TREATMENT[family] not in gifts:
            continue
        for kind in kinds:
            things = scene.called(kind)
            if family == "pick_two_obj_and_place" and len(things) < 2:
                continue
            if family in TREATMENT and kind not in _TREATABLE[TREATMENT[family]]:
                continue
            if family == "look_at_obj_in_light":
                lamps = [a.kind for a in scene.appliances if a.device.gives == "lit"]
                tasks += [
                    _task(family, kind, toggle=lamp, sliced=sliced) for lamp in sorted(set(lamps))
                ]
                continue
            for parent in parents:
                if not takes(parent, kind) or _there(scene, things, parent):
                    continue
                if family != "pick_and_place_with_movable_recep":
                    if family == "pick_two_obj_and_place" and FIXTURES[parent].capacity < 4:
                        continue
                    tasks.append(_task(family, kind, parent, sliced=sliced))
                    continue
                containers = {k for k in kinds_of(scene) if takes(k, kind) and takes(parent, k)}
                tasks += [
                    _task(family, kind, parent, container, sliced=sliced)
                    for container in sorted(containers)
                    if not _there(scene, scene.called(container), parent)
                ]
    return tasks


def kinds_of(scene: Scene) -> set[str]:
    """The kinds of the things in a scene."""
    return set(scene.things.values())


def _there(scene: Scene, things: Sequence[str], parent: str) -> bool:
    """Whether one of the things is in or on a receptacle of the kind to begin with."""
    house, parents = House(scene), scene.called(parent)
    return any(house.place_of(thing) in parents for thing in things)


def _task(
    family: Family,
    kind: str,
    parent: str = "",
    container: str = "",
    toggle: str = "",
    *,
    sliced: bool = False,
) -> Task:
    thing, place = spoken(kind), spoken(parent) if parent else ""
    manner = "sliced " if sliced else ""
    state = TREATMENT.get(family, "")
    words = {
        "pick_two_obj_and_place": f"put two {manner}{thing}s on the {place}",
        "look_at_obj_in_light": f"look at the {manner}{thing} under the {spoken(toggle)}",
        "pick_and_place_with_movable_recep": (
            f"put a {spoken(container)} with a {manner}{thing} in it on the {place}"
        ),
    }.get(family, f"put a {manner}{state}{' ' if state else ''}{thing} on the {place}")
    return Task(family, kind, parent, container, toggle, sliced, words)
