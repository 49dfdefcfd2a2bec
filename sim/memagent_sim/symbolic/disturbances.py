# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in a household: skills slip, drawers jam, people move things, eyes misread."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields

from memagent_sim.symbolic.house import HAND, House, Verb
from memagent_sim.symbolic.kinds import FIXTURES, takes
from memagent_sim.symbolic.scene import Scene

SLIPPING: tuple[Verb, ...] = ("pick_up", "put_down", "open", "close", "slice")


@dataclass(frozen=True, slots=True)
class Disturbances:
    """Probabilities, each 0 for a world in which that does not happen."""

    slips: float = 0.0
    """That a skill of the hand fails and has to be tried again."""
    slippery: float = 0.0
    """That a thing is one of those which slip three times in five; the same ones every day."""
    jams: float = 0.0
    """That a receptacle with a door is jammed for good."""
    moves: float = 0.0
    """That, in one step, people move something that the robot is not at."""
    moves_between: float = 0.0
    """That people move a thing between two tasks."""
    misreads: float = 0.0
    """That a thing is read as another one for the length of a look."""
    false_beliefs: float = 0.0
    """That what the robot is told of a thing before its first task is wrong."""

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} is a probability, got {value}")


CALM = Disturbances()
SLIPPERY_RATE = 0.6


class Mischief:
    """Draws what goes wrong; the same seed does the same to the same house."""

    def __init__(self, scene: Scene, disturbances: Disturbances = CALM, seed: int = 0) -> None:
        self._scene = scene
        self._rates = disturbances
        self._random = random.Random(seed)
        character = random.Random(f"{scene.name} {seed}")
        self.slippery = frozenset(
            t for t in sorted(scene.things) if character.random() < disturbances.slippery
        )
        self.jammed = frozenset(
            r.name
            for r in scene.receptacles
            if r.opens and not FIXTURES[r.kind].device and character.random() < disturbances.jams
        )

    def fails(self, verb: Verb, target: str, held: str) -> str:
        """Why a valid action does not succeed this time, or ""."""
        if verb == "open" and target in self.jammed:
            return f"the {target} is jammed"
        thing = target if verb == "pick_up" else held
        rate = SLIPPERY_RATE if verb == "pick_up" and thing in self.slippery else self._rates.slips
        if verb in SLIPPING and rate and self._random.random() < rate:
            return f"the hand slipped off the {target or held}"
        return ""

    def meddle(self, house: House) -> str:
        """Maybe move something that the robot is not at; returns its name, or ""."""
        if not self._rates.moves or self._random.random() >= self._rates.moves:
            return ""
        away = [t for t in sorted(house.where) if house.place_of(t) not in (HAND, house.at)]
        return self._move(house, self._random.choice(away)) if away else ""

    def rearrange(self, house: House) -> tuple[str, ...]:
        """People move things between two tasks; returns the names of those."""
        share = self._rates.moves_between
        free = [t for t in sorted(house.where) if house.where[t] != HAND]
        chosen = [t for t in free if share and self._random.random() < share]
        return tuple(filter(None, (self._move(house, t) for t in chosen)))

    def misread(self, visible: list[str]) -> dict[str, str]:
        """Things in view -> the names under which they are misread in this look."""
        if not self._rates.misreads:
            return {}
        others = [t for t in sorted(self._scene.things) if t not in visible]
        wrong = [t for t in visible if self._random.random() < self._rates.misreads]
        wrong = wrong[: len(others)]
        return dict(zip(wrong, self._random.sample(others, len(wrong)), strict=True))

    def told(self, house: House) -> dict[str, str]:
        """What the robot is told of where things are: thing -> receptacle, in part false."""
        places = [r.name for r in self._scene.receptacles]
        return {
            thing: self._random.choice(places)
            if self._rates.false_beliefs and self._random.random() < self._rates.false_beliefs
            else house.place_of(thing)
            for thing in sorted(house.where)
        }

    def _move(self, house: House, thing: str) -> str:
        kind, here = self._scene.things[thing], house.place_of(thing)
        open_to = [
            r.name
            for r in self._scene.receptacles
            if r.name != here and r.name not in self.jammed and r.name != house.at
            and takes(r.kind, kind) and house.takes(r.name, thing)
        ]  # fmt: skip
        if not open_to:
            return ""
        house.where[thing] = self._random.choice(open_to)
        return thing
