# SPDX-License-Identifier: Apache-2.0
"""Tasks with ALFRED's goals, and how far a house is from them (Shridhar et al. 2020, section 4).

Success (SR) is every goal condition at once; goal-condition success (GC) is the share that holds.
The conditions of each family, and what counts for one, are those of ALFRED's own judge: of several
things of the target's kind the best one counts, and two of a kind must be in the same receptacle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from memagent_sim.symbolic.house import HAND, House
from memagent_sim.symbolic.kinds import DEVICES, FIXTURES, WARES

Family = Literal[
    "pick_and_place_simple",
    "pick_two_obj_and_place",
    "look_at_obj_in_light",
    "pick_clean_then_place_in_recep",
    "pick_heat_then_place_in_recep",
    "pick_cool_then_place_in_recep",
    "pick_and_place_with_movable_recep",
]
FAMILIES: tuple[Family, ...] = get_args(Family)

TREATMENT: Mapping[str, str] = {
    "pick_clean_then_place_in_recep": "cleaned",
    "pick_heat_then_place_in_recep": "heated",
    "pick_cool_then_place_in_recep": "cooled",
}


@dataclass(frozen=True, slots=True)
class Task:
    """A goal in ALFRED's terms; kinds, not individuals. Unused fields are ""."""

    family: Family
    object_target: str
    parent_target: str = ""
    mrecep_target: str = ""
    toggle_target: str = ""
    object_sliced: bool = False
    instruction: str = ""
    name: str = ""
    subset: str = ""

    def __post_init__(self) -> None:
        self._require("family", self.family, FAMILIES)
        self._require("object_target", self.object_target, WARES)
        if self.family == "look_at_obj_in_light":
            self._require("toggle_target", self.toggle_target, DEVICES)
        else:
            self._require("parent_target", self.parent_target, FIXTURES)
        if self.family == "pick_and_place_with_movable_recep":
            self._require("mrecep_target", self.mrecep_target, WARES)

    def _require(self, key: str, value: str, known: Iterable[str]) -> None:
        if value not in known:
            raise ValueError(f"{key}: {value!r} is none of {', '.join(sorted(known))}")

    @property
    def count(self) -> int:
        """How many things of the target's kind it is about."""
        return 2 if self.family == "pick_two_obj_and_place" else 1


def progress(task: Task, house: House) -> tuple[int, int]:
    """Goal conditions that hold, and how many there are."""
    scene = house.scene
    things = scene.called(task.object_target)
    parents = scene.called(task.parent_target) if task.parent_target else ()
    done, of = _FAMILIES[task.family](task, house, things, parents)
    if task.object_sliced:
        of += task.count
        done += min(task.count, sum(house.has(thing, "sliced") for thing in things))
    return done, of


def _place(
    task: Task, house: House, things: tuple[str, ...], parents: tuple[str, ...]
) -> tuple[int, int]:
    """As many as are asked for, in or on one and the same receptacle."""
    most = max((sum(house.place_of(t) == p for t in things) for p in parents), default=0)
    return min(task.count, most), task.count


def _treat(
    task: Task, house: House, things: tuple[str, ...], parents: tuple[str, ...]
) -> tuple[int, int]:
    treated = {t for t in things if house.has(t, TREATMENT[task.family])}
    placed = {t for t in things if house.place_of(t) in parents}
    return sum(map(bool, (treated, placed, treated & placed))), 3


def _nest(
    task: Task, house: House, things: tuple[str, ...], parents: tuple[str, ...]
) -> tuple[int, int]:
    containers = house.scene.called(task.mrecep_target)
    nested = {t for t in things if house.where[t] in containers}
    brought = {c for c in containers if house.place_of(c) in parents}
    both = {t for t in nested if house.where[t] in brought}
    return sum(map(bool, (nested, brought, both))), 3


def _light(
    task: Task, house: House, things: tuple[str, ...], parents: tuple[str, ...]
) -> tuple[int, int]:
    lamps = house.scene.called(task.toggle_target)
    held = any(house.where[t] == HAND for t in things)
    lit = any(lamp in house.on and house.scene.appliance[lamp].place == house.at for lamp in lamps)
    return held + lit, 2


_Judge = Callable[[Task, House, tuple[str, ...], tuple[str, ...]], tuple[int, int]]
_FAMILIES: Mapping[str, _Judge] = {
    "pick_and_place_simple": _place,
    "pick_two_obj_and_place": _place,
    "look_at_obj_in_light": _light,
    "pick_clean_then_place_in_recep": _treat,
    "pick_heat_then_place_in_recep": _treat,
    "pick_cool_then_place_in_recep": _treat,
    "pick_and_place_with_movable_recep": _nest,
}
