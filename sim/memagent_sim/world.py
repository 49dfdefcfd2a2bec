# SPDX-License-Identifier: Apache-2.0
"""A world: a site furnished with objects, a robot to live in it, and tasks to give to it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from memagent.catalogue import Catalogue, Category, Colour, load_catalogue
from memagent.config import read_yaml
from memagent.errors import ConfigError
from memagent.robot import RobotDescription, load_robot
from memagent.site import Site, load_site

Form = Literal["box", "can", "mug", "bottle", "ball", "banana", "remote"]
Unit = Annotated[float, Field(ge=0, le=1)]
Tone = tuple[Unit, Unit, Unit]
"""Red, green and blue."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObjectSpec(_Strict):
    """One object that people and the robot move about; the catalogue has its category's size."""

    category: str
    colour: Colour
    form: Form
    """How it is built from primitives."""
    mass: Annotated[float, Field(gt=0)]
    """Kilograms."""
    places: tuple[str, ...]
    """Where people may leave it."""


class FurnitureSpec(_Strict):
    """How a piece of the site's furniture is built and painted."""

    style: Literal["block", "table", "bed"] = "block"
    body: Tone = (0.88, 0.87, 0.85)
    top: Tone = (0.72, 0.70, 0.67)


class TaskSpec(_Strict):
    """An instruction, and what must be true once it is done."""

    instruction: str
    objects: tuple[str, ...] = ()
    """Labels of the objects that are meant."""
    everything_on: str = ""
    """Or: every object that is at this place when the day begins."""
    relation: Literal["in", "on"]
    place: str

    @model_validator(mode="after")
    def _one_way_to_say_which(self) -> TaskSpec:
        if bool(self.objects) == bool(self.everything_on):
            raise ValueError(f"task {self.instruction!r}: give either objects or everything_on")
        return self


class ScenarioSpec(_Strict):
    """The rules by which a household is laid out from a seed."""

    pinned: dict[str, Annotated[int, Field(ge=0)]] = {}
    """Places that hold exactly so many objects."""
    capacity: dict[str, Annotated[int, Field(ge=0)]] = {}
    """Places that hold at most so many; 2 where nothing is said."""
    overnight: dict[str, tuple[str, ...]] = {}
    """Objects of which one moves each night, and where it may go; first those that lie open."""
    overnight_nearby: Unit = 0.7
    """Probability that it only moves within its room, if there is somewhere to go."""
    hidden: dict[str, Unit] = {}
    """Container -> probability that some object which may be there is hidden in it."""
    spacing: Annotated[float, Field(gt=0)] = 0.18
    """Least distance between the centres of two objects, metres."""
    reach: Annotated[float, Field(gt=0)] = 0.33
    """Greatest distance of an object from the edge of the furniture where the robot stands."""


class Faults(_Strict):
    slip_probability: Unit = 0.15
    """Of a grasp turning out to be slippery."""


class WorldConfig(_Strict):
    site: Path
    robot: Path
    catalogue: Path
    start: tuple[float, float, float]
    """Pose of the robot's base at the beginning of a day: x, y, yaw."""
    objects: tuple[ObjectSpec, ...]
    furniture: dict[str, FurnitureSpec] = {}
    floors: dict[str, Tone] = {}
    """Room -> colour of its floor."""
    scenario: ScenarioSpec = ScenarioSpec()
    tasks: tuple[TaskSpec, ...]
    faults: Faults = Faults()


class World:
    """A world config with the files it points at read and checked against one another.

    Raises:
        ConfigError: a file is missing or invalid, or a name in the config does not exist.
    """

    def __init__(self, config: WorldConfig) -> None:
        self.config = config
        self.site: Site = load_site(config.site)
        self.robot: RobotDescription = load_robot(config.robot)
        self.catalogue: Catalogue = load_catalogue(config.catalogue)
        self.objects: dict[str, ObjectSpec] = {self.label(o): o for o in config.objects}
        self._check()

    def category(self, spec: ObjectSpec) -> Category:
        category = self.catalogue.category(spec.category)
        if category is None:
            known = [c.name for c in self.catalogue.categories]
            raise ConfigError(
                f"{self.config.catalogue}: has no category {spec.category!r}, which the world's "
                f"objects name; it has {known}"
            )
        return category

    def label(self, spec: ObjectSpec) -> str:
        """What a person would call it."""
        return self.category(spec).label(spec.colour)

    def _check(self) -> None:
        config, places = self.config, {p.name for p in self.site.places}
        if len(self.objects) != len(config.objects):
            raise ConfigError("world: objects: two of them have the same category and colour")
        for label, spec in self.objects.items():
            if spec.colour not in self.category(spec).colours:
                raise ConfigError(
                    f"world: object {label!r}: colour must be one of "
                    f"{list(self.category(spec).colours)}, got {spec.colour!r}"
                )
            _known(f"object {label!r}: places", spec.places, places)
        scenario = config.scenario
        _known("scenario.pinned", scenario.pinned, places)
        _known("scenario.capacity", scenario.capacity, places)
        _known("scenario.hidden", scenario.hidden, places)
        _known("scenario.overnight", scenario.overnight, set(self.objects))
        for label, targets in scenario.overnight.items():
            _known(f"scenario.overnight.{label}", targets, places)
        for task in config.tasks:
            _known(f"task {task.instruction!r}: objects", task.objects, set(self.objects))
            _known(f"task {task.instruction!r}: place", (task.place,), places)
            if task.everything_on:
                _known(f"task {task.instruction!r}: everything_on", (task.everything_on,), places)
        _known("furniture", config.furniture, {f.name for f in self.site.furniture})
        _known("floors", config.floors, {r.name for r in self.site.rooms})


def load_world(path: Path) -> WorldConfig:
    """Read a world from YAML; paths in it are relative to its folder.

    Raises:
        ConfigError: the file, or one that it points at, is missing or invalid.
    """
    config = read_yaml(path, WorldConfig)
    folder = path.resolve().parent
    config = config.model_copy(
        update={
            key: (folder / getattr(config, key)).resolve() for key in ("site", "robot", "catalogue")
        }
    )
    World(config)
    return config


def _known(where: str, names: Iterable[str], allowed: set[str]) -> None:
    for name in names:
        if name not in allowed:
            raise ConfigError(f"world: {where}: {name!r} is not one of {sorted(allowed)}")
