# SPDX-License-Identifier: Apache-2.0
"""What the robot sees where it stands: as a value, as text, and as a percept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from memagent.types import (
    ContainerObservation,
    ObjectObservation,
    Percept,
    Pose2D,
    Relation,
)
from memagent_sim.symbolic.house import HAND, House
from memagent_sim.symbolic.kinds import WARES, spoken
from memagent_sim.symbolic.scene import Scene

SURE = 0.95
_SIZES = {1: (0.12, 0.05, 0.05), 2: (0.2, 0.15, 0.12), 3: (0.4, 0.3, 0.2)}
"""Extents of small, medium and large things, metres."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing in view."""

    name: str
    """As it is read, which may be wrong."""
    thing: str
    """What it is: for the simulator, never for the robot."""
    holder: str
    """The receptacle, or the thing, that it is in or on, as that is read."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look around the place where the robot stands."""

    scene: Scene
    at: str
    sights: tuple[Sight, ...]
    is_open: bool | None
    """Of the receptacle, None where it does not open."""
    held: str
    lit: tuple[str, ...]
    """Devices here that are on."""

    @property
    def text(self) -> str:
        """The look in words."""
        words = [f"You are at the {self.at}."]
        if self.is_open is False:
            words.append("It is closed.")
        else:
            lying = "In" if self.is_open else "On"
            seen = [
                s.name if s.holder == self.at else f"{s.name} (in the {s.holder})"
                for s in self.sights
            ]
            words.append(f"{lying} it you see: {', '.join(seen) or 'nothing'}.")
        words += [f"The {device} is on." for device in self.lit]
        words.append(f"You hold the {self.held}." if self.held else "Your hand is empty.")
        return " ".join(words)

    def percept(self, stamp: float) -> Percept:
        """The look as the preprocessor would report it, at a time in seconds."""
        scene = self.scene
        opens = scene.receptacle[self.at].opens
        containers = ()
        if self.is_open is not None:
            containers = (ContainerObservation(self.at, self.is_open, float(self.is_open), SURE),)
        return Percept(
            stamp,
            Pose2D(*scene.stand(self.at)),
            tuple(map(self._observation, self.sights)),
            containers,
            tuple(
                Relation(
                    s.name, "on" if s.holder == self.at and not opens else "in", s.holder, SURE
                )
                for s in self.sights
            ),
            viewed={} if self.is_open is False else {self.at: 1.0},
            holding=bool(self.held),
            room=scene.room,
            summary=self.text,
            source="symbolic household",
        )

    def _observation(self, sight: Sight) -> ObjectObservation:
        scene = self.scene
        kind = scene.things[sight.name]
        return ObjectObservation(
            track_id=scene.number[sight.thing],
            label=sight.name,
            category=spoken(kind),
            colour="",
            shape="box",
            position=scene.spot(sight.thing, self.at),
            yaw=0.0,
            size=_SIZES[WARES[kind].size],
            confidence=SURE,
            pixels=300,
        )


def look(house: House, misread: Mapping[str, str] | None = None) -> Look:
    """Look around where the robot stands, taking some things for others."""
    names = misread or {}
    opens = house.scene.receptacle[house.at].opens
    seen = sorted(visible_here(house))
    return Look(
        house.scene,
        house.at,
        tuple(Sight(names.get(t, t), t, names.get(house.where[t], house.where[t])) for t in seen),
        (house.at in house.open) if opens else None,
        house.held,
        tuple(sorted(d for d in house.on if house.scene.appliance[d].place == house.at)),
    )


def visible_here(house: House) -> list[str]:
    """Things in view, those in the hand left out."""
    return [t for t in house.where if house.visible(t) and house.place_of(t) != HAND]
