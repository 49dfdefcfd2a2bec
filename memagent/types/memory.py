# SPDX-License-Identifier: Apache-2.0
"""What memory holds and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from memagent.types.acting import SkillOutcome
from memagent.types.perception import Predicate, Relation
from memagent.types.robot import Pose2D, Vector3

MemoryKind = Literal["step", "summary", "object", "relation", "episode", "lesson", "note"]


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One remembered thing."""

    id: str
    kind: MemoryKind
    text: str
    stamp: float
    """When it was learned."""
    position: Vector3 | None = None
    valid_from: float | None = None
    valid_to: float | None = None
    """When the fact began and stopped being true; None is open."""
    episode: str = ""
    confidence: float = 1.0
    source: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Further fields, JSON-able."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A relation with its validity interval and the time it was learned (bi-temporal)."""

    id: str
    relation: Relation
    valid_from: float
    valid_to: float | None
    learned: float
    position: Vector3 | None = None
    by_robot: bool = False
    """True when the robot itself brought it about, so that it tells nothing of people's habits."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    id: str
    instruction: str
    started: float
    finished: float | None = None
    status: str = ""
    reason: str = ""
    outcomes: tuple[SkillOutcome, ...] = ()
    """Including those of the episodes within it."""
    parent: str = ""
    """The episode that it is a part of, or ""."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to recall. Filters are conjunctive; an empty one does not filter."""

    text: str = ""
    kinds: tuple[MemoryKind, ...] = ()
    near: Vector3 | None = None
    radius: float = 1.0
    since: float | None = None
    until: float | None = None
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Recall:
    """Recalled items with their scores, best first."""

    items: tuple[MemoryItem, ...] = ()
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceBelief:
    """One candidate for where an object is."""

    place: str
    """A place of the site, or "gripper"."""
    predicate: Predicate
    probability: float
    position: Vector3 | None = None
    """Where it was last seen there, if it ever was."""
    last_seen: float | None = None
    evidence: str = ""
    """Why: "seen 12 s ago", "usually there (3 of 4)", "not looked there yet"."""


@dataclass(frozen=True, slots=True)
class ObjectBelief:
    name: str
    category: str
    colour: str
    candidates: tuple[PlaceBelief, ...]
    """Most probable first. Probabilities sum to one at most; the rest is :attr:`elsewhere`."""

    @property
    def elsewhere(self) -> float:
        """Probability that it is at none of these places: carried about, out of the house."""
        return max(0.0, 1.0 - sum(candidate.probability for candidate in self.candidates))


@dataclass(frozen=True, slots=True)
class ContainerBelief:
    name: str
    is_open: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class WorldBelief:
    """What memory holds to be true now: the planner's only view of the world."""

    stamp: float
    base: Pose2D | None = None
    holding: str = ""
    objects: tuple[ObjectBelief, ...] = ()
    containers: tuple[ContainerBelief, ...] = ()
    viewed: Mapping[str, float] = field(default_factory=dict)
    """Place -> when it was last inspected as a whole."""

    def object(self, name: str) -> ObjectBelief | None:
        return next((o for o in self.objects if o.name == name), None)


LessonLevel = Literal["action", "task", "rule"]
LessonClaim = Literal["works", "unreliable", "fails", ""]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson from outcomes, with the counts that support it."""

    skill: str
    """"" for a task, and for a rule about every skill."""
    subject: str
    """The object or place it is about, or a task's instruction; "" for any."""
    text: str
    successes: int
    failures: int
    id: str = ""
    level: LessonLevel = "action"
    """About a skill, about a whole task, or a rule that somebody taught."""
    claim: LessonClaim = ""
    """Success in over two thirds of cases, in about half, in under one third; "" for a rule."""
    rate: float = 0.5
    """Expected success rate: newer outcomes count for more."""
    interval: tuple[float, float] = (0.0, 1.0)
    """Credible interval of the rate."""
    strength: float = 1.0
    """Probability that the claim is right by the newest outcomes; a weak lesson is deleted."""
    codes: tuple[tuple[str, int], ...] = ()
    """How it failed and how often, the most frequent first."""
    preconditions: tuple[str, ...] = ()
    """What held in every success and in no failure of some kind: "container open"."""
    episodes: tuple[str, ...] = ()
    """Those that the newest outcomes are from, newest first."""
    pinned: bool = False
    """It stays, whatever happens."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of an object at a place that the robot did not cause, as far as it was seen."""

    id: str
    first: float
    last: float
    position: Vector3 | None = None


@dataclass(frozen=True, slots=True)
class Habit:
    """Where people keep an object, with the visits that say so."""

    thing: str
    predicate: Predicate
    place: str
    visits: int
    of: int
    """Visits of the object at any place."""
    text: str
    evidence: tuple[Stay, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A reference to one image worth keeping; the image itself is stored elsewhere."""

    id: str
    stamp: float
    caption: str
    path: str = ""
    episode: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened between two event boundaries."""

    id: str
    started: float
    finished: float | None
    """None while it goes on."""
    text: str
    episode: str = ""
    """The innermost episode that was running, or ""."""
    items: tuple[MemoryItem, ...] = ()
    """What was remembered meanwhile, oldest first."""
    keyframes: tuple[Keyframe, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer about the order of events, from what is remembered or not at all."""

    known: bool
    text: str
    """The answer in words, or why it is unknown."""
    value: bool | float | None = None
    """Yes or no, or a time in seconds; None if unknown."""
    evidence: tuple[MemoryItem, ...] = ()
    """The remembered items that it rests on, in the order of the question."""
