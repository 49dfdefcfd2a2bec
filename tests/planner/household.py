# SPDX-License-Identifier: Apache-2.0
"""A symbolic household: skills change it, and percepts of it feed a real memory.

It is strict: a call whose preconditions do not hold fails as on a robot, and is kept in
``violations`` for tests to see.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from memagent.catalogue import Catalogue
from memagent.memory import LifelongMemory
from memagent.planner import ClosedLoop, PlannerConfig, PlannerEvent
from memagent.site import Place, Site
from memagent.types import (
    Code,
    ContainerObservation,
    ObjectObservation,
    Percept,
    Pose2D,
    Relation,
    SkillCall,
    SkillOutcome,
    TaskResult,
    Vector3,
)

SECONDS = 4.0
"""Each skill takes so long."""
FRAMES = 5
"""Percepts per skill."""


@dataclass
class Household:
    """Where everything is, and the robot that finds out."""

    site: Site
    catalogue: Catalogue
    objects: dict[str, str]
    """Label -> place."""
    slip: float = 0.0
    """Probability that a grasp fails."""
    seed: int = 0
    before: Callable[[Household, SkillCall], Code | None] = lambda house, call: None
    """Called before each skill; a code that it returns becomes the outcome."""
    memory: LifelongMemory = field(init=False)
    calls: list[SkillCall] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    holding: str = ""
    now: float = 100.0
    base: Pose2D = field(default_factory=lambda: Pose2D(4.0, 1.7, 0.0))
    canceled: bool = False

    def __post_init__(self) -> None:
        self.memory = LifelongMemory(":memory:", self.site)
        self._random = random.Random(self.seed)
        self.live(1.0)

    # --- the skills ------------------------------------------------------------------------

    def execute(self, call: SkillCall, canceled: Callable[[], bool]) -> SkillOutcome:
        started = self.now
        self.calls.append(call)
        code = self.before(self, call) or self._attempt(call)
        attended = call.place if self.at(call.place) else ""
        whole = call.name == "look_at" and code is Code.OK
        self.live(SECONDS, attended, whole)
        if canceled():
            code = Code.CANCELED
        return SkillOutcome(call, code, "", started, self.now)

    def _attempt(self, call: SkillCall) -> Code:
        if call.name == "navigate_to":
            self.base = self.site.place(call.place).stand_pose
            return Code.OK
        complaint = self._complaint(call)
        if complaint:
            self.violations.append(f"{call}: {complaint}")
            return Code.BLOCKED
        if call.name == "open":
            self.open.add(call.place)
        elif call.name == "close":
            self.open.discard(call.place)
        elif call.name == "pick":
            if self.objects.get(call.object) != call.place:
                return Code.NOT_FOUND
            if self._random.random() < self.slip:
                return Code.GRASP_FAILED
            self.holding = call.object
            self.objects[call.object] = "gripper"
        elif call.name == "place":
            self.objects[call.object] = call.place
            self.holding = ""
        return Code.OK

    def _complaint(self, call: SkillCall) -> str:
        place = self.site.place(call.place)
        if not self.at(call.place):
            return "not there"
        if call.name in ("open", "close", "pick") and self.holding:
            return f"the hand holds the {self.holding}"
        if call.name in ("open", "close"):
            if (call.place in self.open) == (call.name == "open"):
                return "nothing to do"
            covered = call.name == "open" and self._covered(place)
            return "covered" if covered else ""
        if place.is_container and (call.place not in self.open or self._covered(place)):
            return "not accessible"
        if call.name == "place" and self.holding != call.object:
            return "not in the hand"
        return ""

    def _covered(self, place: Place) -> bool:
        return place.name == "bottom drawer" and "top drawer" in self.open

    def at(self, place: str) -> bool:
        return self.base == self.site.place(place).stand_pose

    # --- time and perception ---------------------------------------------------------------

    def live(self, seconds: float, attended: str = "", whole: bool = False) -> None:
        """Let time pass, looking at ``attended``."""
        for _ in range(FRAMES):
            self.now += seconds / FRAMES
            self.memory.observe(self._percept(attended, whole))

    def sleep(self, seconds: float = 86400.0) -> None:
        """A night without percepts, and a look around at its end."""
        self.now += seconds
        self.live(1.0)

    def _percept(self, attended: str, whole: bool) -> Percept:
        seen: list[ObjectObservation] = []
        relations: list[Relation] = []
        viewed: dict[str, float] = {}
        containers = []
        if attended:
            place = self.site.place(attended)
            if place.is_container:
                is_open = attended in self.open
                containers.append(ContainerObservation(attended, is_open, float(is_open), 0.95))
            if not place.is_container or (attended in self.open and not self._covered(place)):
                for number, label in enumerate(sorted(self.objects)):
                    if self.objects[label] == attended:
                        seen.append(self._observation(label, number, place))
                        word = "in" if place.is_container else "on"
                        relations.append(Relation(label, word, attended, 0.95))
                if whole:
                    viewed[attended] = 1.0
        return Percept(
            self.now,
            self.base,
            tuple(seen),
            tuple(containers),
            tuple(relations),
            viewed,
            holding=bool(self.holding),
            room=self.site.room_at(self.base.x, self.base.y),
        )

    def _observation(self, label: str, number: int, place: Place) -> ObjectObservation:
        category = next(
            c for c in self.catalogue.categories if label in (c.label(k) for k in c.colours)
        )
        colour = next(k for k in category.colours if category.label(k) == label)
        position = spot(place, number, float(place.name in self.open))
        return ObjectObservation(
            number, label, category.name, colour, category.shape, position, 0.0, category.size,
            0.95, 300,
        )  # fmt: skip

    # --- a task ----------------------------------------------------------------------------

    def run(
        self,
        instruction: str,
        config: PlannerConfig | None = None,
        on_event: Callable[[PlannerEvent], None] | None = None,
        corrections: Callable[[], str] = lambda: "",
        **ports: object,
    ) -> TaskResult:
        loop = ClosedLoop(
            self.memory, self, self.site, self.catalogue, config, on_event,
            pause=lambda seconds: None, **ports,  # type: ignore[arg-type]
        )  # fmt: skip
        return loop.run(instruction, lambda: self.canceled, corrections)


def spot(place: Place, number: int, opening: float) -> Vector3:
    """Where the object of that number rests on or in a place."""
    x0, y0, x1, y1 = place.bounds_at(opening)
    u, v = (number % 5 + 0.5) / 5, (number // 5 % 3 + 0.5) / 3
    return (x0 + u * (x1 - x0), y0 + v * (y1 - y0), place.height + 0.04)
