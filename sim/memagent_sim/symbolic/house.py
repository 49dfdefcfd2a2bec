# SPDX-License-Identifier: Apache-2.0
"""The rules of the house: ALFRED's actions, when each is valid and what it changes.

A device acts as ALFRED has it: what is in a sink when its faucet is turned on is cleaned, what is
in a microwave when that is turned on is heated, and what is in a fridge when its door shuts is
cooled. Slicing needs a knife in the hand. Other than in AI2-THOR, a sliced thing remains one thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from memagent_sim.symbolic.kinds import CONTAINER_SPACE, FIXTURES, KNIVES, WARES, takes
from memagent_sim.symbolic.scene import Scene

Verb = Literal[
    "find", "pick_up", "put_down", "drop", "open", "close", "turn_on", "turn_off", "slice"
]
VERBS: tuple[Verb, ...] = get_args(Verb)

HAND, FLOOR = "hand", "floor 1"


class Invalid(Exception):  # noqa: N818 - a rule's answer, caught by whoever asked
    """The action is not possible now; the message says why."""


@dataclass
class House:
    """The true state. :meth:`act` changes it, by the rules alone."""

    scene: Scene
    where: dict[str, str] = field(init=False)
    """Thing -> hand, receptacle, or the thing that it is in."""
    open: set[str] = field(default_factory=set)
    """Receptacles that are open."""
    on: set[str] = field(default_factory=set)
    """Devices that are on."""
    states: dict[str, set[str]] = field(default_factory=dict)
    """Thing -> which of heated, cooled, cleaned, sliced it is."""
    at: str = FLOOR
    """The receptacle at which the robot stands."""

    def __post_init__(self) -> None:
        self.where = dict(self.scene.where)

    # --- questions -----------------------------------------------------------------------------

    @property
    def held(self) -> str:
        """What is in the hand, or ""."""
        return next((thing for thing, holder in self.where.items() if holder == HAND), "")

    def place_of(self, thing: str) -> str:
        """The receptacle that a thing is in or on, however deep, or the hand."""
        holder = self.where[thing]
        while holder in self.where:
            holder = self.where[holder]
        return holder

    def inside(self, holder: str) -> Iterator[str]:
        """What is in or on a receptacle or thing, not counting what is in those things."""
        return (thing for thing, other in self.where.items() if other == holder)

    def within(self, receptacle: str) -> Iterator[str]:
        """Everything in or on a receptacle, however deep."""
        return (thing for thing in self.where if self.place_of(thing) == receptacle)

    def accessible(self, receptacle: str) -> bool:
        return not self.scene.receptacle[receptacle].opens or receptacle in self.open

    def visible(self, thing: str) -> bool:
        """Whether it is at the place where the robot stands, and not shut in; or in the hand."""
        place = self.place_of(thing)
        return place == HAND or (place == self.at and self.accessible(place))

    def has(self, thing: str, state: str) -> bool:
        return state in self.states.get(thing, ())

    def takes(self, holder: str, thing: str) -> bool:
        """Whether a thing fits in or on a receptacle or thing, as full as that is now."""
        if not takes(self.scene.kind_of(holder), self.scene.things[thing]):
            return False
        space = CONTAINER_SPACE
        if holder in self.scene.receptacle:
            space = FIXTURES[self.scene.receptacle[holder].kind].capacity
        return sum(1 for _ in self.inside(holder)) < space

    # --- actions -------------------------------------------------------------------------------

    def check(self, verb: Verb, target: str = "") -> None:
        """Say whether an action is valid, without doing it.

        Raises:
            Invalid: it is not; the message says why.
        """
        rules = {
            "find": self._check_find,
            "pick_up": self._check_pick_up,
            "put_down": self._check_put_down,
            "drop": self._check_drop,
            "open": self._check_open,
            "close": self._check_close,
            "turn_on": self._check_turn_on,
            "turn_off": self._check_turn_off,
            "slice": self._check_slice,
        }
        rules[verb](target)

    def act(self, verb: Verb, target: str = "") -> None:
        """Do an action.

        Args:
            verb: one of :data:`VERBS`.
            target: of "find", a receptacle, a device or a thing in view; of "put_down", where to;
                of "drop", nothing.

        Raises:
            Invalid: it is not possible now, and nothing was changed.
        """
        self.check(verb, target)
        if verb == "find":
            self.at = self._place_at(target)
        elif verb == "pick_up":
            self.where[target] = HAND
        elif verb == "put_down":
            self.where[self.held] = target
        elif verb == "drop":
            self.where[self.held] = FLOOR
        elif verb == "open":
            self.open.add(target)
        elif verb == "close":
            self.open.discard(target)
            self._work(target, "Fridge")
        elif verb == "turn_on":
            self.on.add(target)
            self._work(self.scene.appliance[target].place, self.scene.appliance[target].kind)
        elif verb == "turn_off":
            self.on.discard(target)
        else:
            self.states.setdefault(target, set()).add("sliced")

    def _work(self, receptacle: str, kind: str) -> None:
        """A device of that kind, if the receptacle has one, acts on what is in it."""
        appliance = self.scene.device_at.get(receptacle)
        if appliance is not None and appliance.kind == kind:
            for thing in self.within(receptacle):
                self.states.setdefault(thing, set()).add(appliance.device.gives)

    # --- the rules -----------------------------------------------------------------------------

    def _check_find(self, target: str) -> None:
        if target in self.scene.things and not self.visible(target):
            raise Invalid(f"the {target} is not in view")
        self._place_at(target)

    def _place_at(self, target: str) -> str:
        if target in self.scene.receptacle:
            return target
        if target in self.scene.appliance:
            return self.scene.appliance[target].place
        if target in self.scene.things:
            place = self.place_of(target)
            return self.at if place == HAND else place
        raise Invalid(f"there is no {target!r}")

    def _check_pick_up(self, target: str) -> None:
        self._need_thing(target)
        if self.held:
            raise Invalid(f"the hand holds the {self.held}")

    def _check_put_down(self, target: str) -> None:
        held = self._need_held()
        if target in self.scene.things:
            self._need_thing(target)
        else:
            self._need_receptacle(target)
            if not self.accessible(target):
                raise Invalid(f"the {target} is closed")
        if not self.takes(target, held):
            raise Invalid(f"the {held} does not fit in or on the {target}")

    def _check_drop(self, target: str) -> None:
        self._need_held()

    def _check_open(self, target: str) -> None:
        self._need_receptacle(target)
        if not self.scene.receptacle[target].opens:
            raise Invalid(f"the {target} does not open")
        if target in self.open:
            raise Invalid(f"the {target} is open already")
        appliance = self.scene.device_at.get(target)
        if appliance is not None and appliance.device.shut and appliance.name in self.on:
            raise Invalid(f"the {target} must be turned off first")

    def _check_close(self, target: str) -> None:
        self._need_receptacle(target)
        if target not in self.open:
            raise Invalid(f"the {target} is not open")

    def _check_turn_on(self, target: str) -> None:
        self._need_device(target)
        appliance = self.scene.appliance[target]
        if target in self.on:
            raise Invalid(f"the {target} is on already")
        if appliance.device.shut and appliance.place in self.open:
            raise Invalid(f"the {target} must be closed first")

    def _check_turn_off(self, target: str) -> None:
        self._need_device(target)
        if target not in self.on:
            raise Invalid(f"the {target} is off already")

    def _check_slice(self, target: str) -> None:
        self._need_thing(target)
        if self.scene.things.get(self.held) not in KNIVES:
            raise Invalid("slicing needs a knife in the hand")
        if not WARES[self.scene.things[target]].sliceable:
            raise Invalid(f"the {target} cannot be sliced")
        if self.has(target, "sliced"):
            raise Invalid(f"the {target} is sliced already")

    def _need_held(self) -> str:
        held = self.held
        if not held:
            raise Invalid("the hand is empty")
        return held

    def _need_thing(self, target: str) -> None:
        if target not in self.scene.things or not self.visible(target):
            raise Invalid(f"there is no {target!r} here")
        if self.place_of(target) == HAND:
            raise Invalid(f"the {target} is in the hand")

    def _need_receptacle(self, target: str) -> None:
        if target not in self.scene.receptacle or target != self.at:
            raise Invalid(f"the robot does not stand at a {target!r}")

    def _need_device(self, target: str) -> None:
        appliance = self.scene.appliance.get(target)
        if appliance is None or appliance.place != self.at:
            raise Invalid(f"there is no device {target!r} here")
        if not appliance.device.switch:
            raise Invalid(f"the {target} has no switch")
