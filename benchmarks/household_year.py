# SPDX-License-Identifier: Apache-2.0
"""A year of a household as its robot sees it: people move things by habit, the robot tours.

Made from a seed, without a simulator: what is where at every moment is known, and so is what the
robot could know of it. Each thing has usual places, and a few times a year it gets other ones. Some
things leave the flat and come back, some are bought during the year. On each tour the robot looks
at every place for a few frames; some frames are wrong about some things, by a label or a place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from memagent.site import Place, Site
from memagent.types import (
    ContainerObservation,
    ObjectObservation,
    Percept,
    Pose2D,
    Relation,
    Vector3,
)

HOUR = 3600.0
DAY = 24 * HOUR
AWAY = ""
"""The place of what is not in the flat."""

DOCK = Pose2D(4.8, 2.0)

COLOURS = ("red", "blue", "green", "yellow", "pink", "black")
CATEGORIES = ("mug", "bottle", "book", "box", "bowl", "cup", "can", "brush", "remote", "spoon")
STRANGERS = ("purple vase", "orange kettle", "cyan umbrella", "purple lamp", "orange hammer")
"""Labels of things that never exist; wrong labels name the first two of them, too."""
MISREAD_STRANGERS = 2


@dataclass(frozen=True, slots=True)
class YearConfig:
    """How the household lives and how well the robot sees."""

    days: int = 365
    things: int = 30
    tours: tuple[float, ...] = (8.5, 13.0, 19.5)
    """Hours of the day at which the robot looks around."""
    moves: tuple[float, float] = (0.2, 1.2)
    """Least and most moves of a thing per day."""
    new_habits: float = 120.0
    """Mean days after which a thing gets other usual places."""
    leaves: float = 0.005
    """Probability per day that a thing leaves the flat."""
    away: tuple[float, float] = (2.0, 20.0)
    """Days until it comes back."""
    bought: int = 4
    """How many of the things come into the flat during the year."""
    frames: int = 6
    period: float = 0.4
    """Seconds between the frames of a look."""
    open: float = 0.6
    """Probability that a container is open when the robot looks."""
    glance: float = 0.15
    """Probability that a look shows only part of a place."""
    missed: float = 0.02
    """Probability that a frame misses a thing in view."""
    wrong: float = 0.05
    """Share of the things in percepts that are wrong: half by their label, half by their place."""
    sticky: float = 0.0
    """Share of the errors that last for a whole look instead of one frame."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A thing is at a place from ``start`` on, until its next stay."""

    start: float
    place: str
    position: Vector3


@dataclass(frozen=True, slots=True)
class Habit:
    """From ``start`` on, a thing is usually at these places, with these probabilities."""

    start: float
    homes: tuple[str, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing with its true life."""

    label: str
    habits: tuple[Habit, ...]
    stays: tuple[Stay, ...]

    @property
    def category(self) -> str:
        return self.label.split()[1]

    def at(self, stamp: float) -> Stay:
        """Where it truly is."""
        after = bisect_right(self.stays, stamp, key=lambda stay: stay.start)
        return self.stays[max(0, after - 1)]

    def habit(self, stamp: float) -> Habit:
        return [habit for habit in self.habits if habit.start <= stamp][-1]


@dataclass(frozen=True, slots=True)
class Look:
    """The robot stood before a place for some frames."""

    place: str
    end: float
    full: bool
    """All of the place was in view, so what was not seen was not there."""
    sighted: frozenset[str]
    """Labels of things that at least one frame showed as they are."""
    percepts: tuple[Percept, ...]


class HouseholdYear:
    """The year of one seed; equal for equal seed and config."""

    def __init__(self, site: Site, seed: int, config: YearConfig | None = None) -> None:
        self.site = site
        self.config = config or YearConfig()
        self._seed = seed
        rng = np.random.default_rng((seed, 0))
        labels = [f"{colour} {category}" for category in CATEGORIES for colour in COLOURS]
        chosen = rng.choice(len(labels), self.config.things, replace=False)
        bought = self.config.things - self.config.bought
        self.things = tuple(
            self._life(labels[i], rng, later=number >= bought) for number, i in enumerate(chosen)
        )

    def tours(self) -> Iterator[tuple[Look, ...]]:
        """The looks of each tour, in order of time."""
        rng = np.random.default_rng((self._seed, 1))
        for day in range(self.config.days):
            for hour in self.config.tours:
                start = day * DAY + hour * HOUR + rng.uniform(0, 0.5 * HOUR)
                yield tuple(
                    self._look(place, start + 30.0 * stop, rng)
                    for stop, place in enumerate(self.site.places)
                )

    def rest(self, stamp: float) -> Percept:
        """What the robot perceives while it waits for the next tour: that time goes by."""
        return Percept(stamp, DOCK, source="household/head")

    # --- people -------------------------------------------------------------------------------

    def _life(self, label: str, rng: np.random.Generator, later: bool) -> Thing:
        c = self.config
        habits = [self._habit(0.0, rng)]
        born = rng.uniform(0.2, 0.7) * c.days * DAY if later else 0.0
        stays = [Stay(0.0, AWAY, (0.0, 0.0, 0.0))] if later else []
        stays.append(self._stay(born, habits[-1], rng))
        rate, back = rng.uniform(*c.moves), born
        for day in range(c.days):
            if rng.random() < 1 / c.new_habits:
                habits.append(self._habit(day * DAY, rng))
            for hour in sorted(rng.uniform(7, 23, rng.poisson(rate))):
                if day * DAY + hour * HOUR > back:
                    stays.append(self._stay(day * DAY + hour * HOUR, habits[-1], rng))
            if day * DAY > back and rng.random() < c.leaves:
                stays.append(Stay(day * DAY + 23.5 * HOUR, AWAY, (0.0, 0.0, 0.0)))
                back = day * DAY + 23.5 * HOUR + rng.uniform(*c.away) * DAY
                stays.append(self._stay(back, habits[-1], rng))
        return Thing(label, tuple(habits), tuple(stays))

    def _habit(self, start: float, rng: np.random.Generator) -> Habit:
        names = [place.name for place in self.site.places]
        homes = rng.choice(len(names), 3, replace=False)
        return Habit(start, tuple(names[i] for i in homes), (0.7, 0.2, 0.1))

    def _stay(self, start: float, habit: Habit, rng: np.random.Generator) -> Stay:
        place = self.site.place(habit.homes[int(rng.choice(3, p=habit.shares))])
        if rng.random() < 0.05:  # Now and then people put things anywhere.
            place = self.site.places[int(rng.integers(len(self.site.places)))]
        x0, y0, x1, y1 = place.bounds
        spot = (float(rng.uniform(x0, x1)), float(rng.uniform(y0, y1)), place.height + 0.045)
        return Stay(start, place.name, spot)

    # --- the robot ----------------------------------------------------------------------------

    def _look(self, place: Place, start: float, rng: np.random.Generator) -> Look:
        c = self.config
        is_open = not place.is_container or rng.random() < c.open
        full = bool(rng.random() >= c.glance)
        share = float(rng.uniform(0.85, 1.0) if full else rng.uniform(0.2, 0.6))
        here = [(thing, thing.at(start)) for thing in self.things]
        here = [(thing, stay) for thing, stay in here if stay.place == place.name]
        shown = [pair for pair in here if is_open and (full or rng.random() < share)]
        lasting = {
            thing.label: self._error(thing.label, place.name, rng)
            for thing, _ in shown
            if rng.random() < c.wrong * c.sticky
        }
        percepts, sighted = [], set()
        for frame in range(c.frames):
            objects, relations = [], []
            for track, (thing, stay) in enumerate(shown):
                if rng.random() < c.missed:
                    continue
                label, where = lasting.get(thing.label, (thing.label, place.name))
                if rng.random() < c.wrong * (1 - c.sticky):
                    label, where = self._error(thing.label, place.name, rng)
                if (label, where) == (thing.label, place.name):
                    sighted.add(label)
                objects.append(_observation(label, stay.position, track, rng))
                inside = self.site.place(where).is_container
                relations.append(Relation(label, "in" if inside else "on", where))
            containers = (
                (ContainerObservation(place.name, is_open, float(is_open), 0.95),)
                if place.is_container
                else ()
            )
            percepts.append(
                Percept(
                    start + frame * c.period, place.stand_pose, tuple(objects), containers,
                    tuple(relations), {place.name: share} if is_open else {}, room=place.room,
                    source="household/head",
                )
            )  # fmt: skip
        end = percepts[-1].stamp
        return Look(place.name, end, full and is_open, frozenset(sighted), tuple(percepts))

    def _error(self, label: str, place: str, rng: np.random.Generator) -> tuple[str, str]:
        """Another label, or another place."""
        if rng.random() < 0.5:
            others = [p.name for p in self.site.places if p.name != place]
            return label, others[int(rng.integers(len(others)))]
        labels = [thing.label for thing in self.things if thing.label != label]
        labels += STRANGERS[:MISREAD_STRANGERS]
        return labels[int(rng.integers(len(labels)))], place


def _observation(
    label: str, position: Vector3, track: int, rng: np.random.Generator
) -> ObjectObservation:
    colour, category = label.split()
    x, y, z = (float(value) for value in np.add(position, rng.normal(0, 0.005, 3)))
    return ObjectObservation(
        track, label, category, colour, "cylinder", (x, y, z), 0.0, (0.07, 0.07, 0.09),
        float(rng.uniform(0.7, 0.98)), 200,
    )  # fmt: skip
