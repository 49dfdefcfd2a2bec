# SPDX-License-Identifier: Apache-2.0
"""The one data model: what the regions say to one another.

Everything here is a frozen value. Units are metres, radians and seconds; positions and poses are in
the ``map`` frame (x forward, y left, z up) unless a field says otherwise. Times (``stamp`` and the
like) are seconds on the robot's clock: simulated time in simulation, the ROS clock on a robot.

ROS messages in ``memagent_interfaces`` mirror these classes one to one; the conversion is written
once, in ``memagent.ros.convert``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Vector3 = tuple[float, float, float]
FloatArray = NDArray[np.float64]

Predicate = Literal["on", "in", "near", "holding", "at"]


@dataclass(frozen=True, slots=True)
class Pose2D:
    """A planar pose: x and y in metres, yaw in radians about +z."""

    x: float
    y: float
    yaw: float = 0.0


# --- robot and camera -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class RobotState:
    """Proprioception at one instant."""

    stamp: float
    base: Pose2D
    base_velocity: Vector3
    """Body-frame vx, vy in m/s and yaw rate in rad/s."""
    arm: FloatArray
    """Joint positions, shape (n,), radians."""
    arm_velocity: FloatArray
    """Joint velocities, shape (n,), rad/s."""
    head: tuple[float, float]
    """Pan (about +z, left positive) and tilt (down positive), radians."""
    gripper_width: float
    """Distance between the finger pads, metres."""
    gripper_moving: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CameraFrame:
    """One registered RGB-D image with everything that is needed to place its pixels in the map."""

    stamp: float
    frame_id: str
    rgb: NDArray[np.uint8]
    """Shape (h, w, 3)."""
    depth: NDArray[np.float32]
    """Shape (h, w): metres along the optical axis; 0 or non-finite where there is no return."""
    intrinsics: tuple[float, float, float, float]
    """fx, fy, cx, cy in pixels."""
    pose: FloatArray
    """4x4 transform from the optical frame (x right, y down, z forward) to ``map``."""


@dataclass(frozen=True, slots=True, eq=False)
class JointTrajectory:
    """Timed waypoints, with trajectory_msgs/JointTrajectory's meaning."""

    joint_names: tuple[str, ...]
    times: FloatArray
    """Seconds from the start, shape (n,), strictly increasing."""
    positions: FloatArray
    """Radians, shape (n, joints)."""
    velocities: FloatArray | None = None
    """Radians per second, shape (n, joints), or None for linear interpolation."""


# --- perception -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObjectObservation:
    """One segmented object in one frame."""

    track_id: int
    """Stable while the object stays in or near the view."""
    label: str
    """What a person would call it: "red mug", "banana"."""
    category: str
    colour: str
    shape: str
    """"box", "cylinder", "sphere" or "elongated"."""
    position: Vector3
    """Centre of the object."""
    yaw: float
    """Direction of the longer horizontal axis, radians in (-pi/2, pi/2]."""
    size: Vector3
    """Extents along the longer horizontal axis, the shorter one, and up."""
    confidence: float
    pixels: int


@dataclass(frozen=True, slots=True)
class ContainerObservation:
    """Whether a container of the site was seen open."""

    name: str
    is_open: bool
    opening: float
    """0 closed to 1 fully open."""
    confidence: float


@dataclass(frozen=True, slots=True)
class Relation:
    """A directed relation between two named things, e.g. ("banana", "in", "fridge")."""

    subject: str
    predicate: Predicate
    object: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Percept:
    """What the preprocessor made of one frame."""

    stamp: float
    base: Pose2D
    objects: tuple[ObjectObservation, ...] = ()
    containers: tuple[ContainerObservation, ...] = ()
    relations: tuple[Relation, ...] = ()
    viewed: Mapping[str, float] = field(default_factory=dict)
    """Place name -> share of its surface or interior seen unoccluded within the last seconds.
    From 0 to 1; lets memory learn from absence."""
    holding: bool = False
    """True while the fingers rest on something between them."""
    room: str = ""
    summary: str = ""
    queries: tuple[str, ...] = ()
    boundary: bool = False
    """True where the step summary changed enough to begin a new event."""
    source: str = ""
    """Provenance: sensor frame and module."""


# --- acting -----------------------------------------------------------------------------------


class Code(str, Enum):
    """Why a skill ended as it did. The planner learns from these."""

    OK = "OK"
    NOT_FOUND = "NOT_FOUND"
    UNREACHABLE = "UNREACHABLE"
    GRASP_FAILED = "GRASP_FAILED"
    DROPPED = "DROPPED"
    BLOCKED = "BLOCKED"
    TIMEOUT = "TIMEOUT"
    CANCELED = "CANCELED"
    ESTOP = "ESTOP"
    BAD_ARGUMENT = "BAD_ARGUMENT"
    ROBOT_STALE = "ROBOT_STALE"
    EXECUTOR_LOST = "EXECUTOR_LOST"


@dataclass(frozen=True, slots=True)
class SkillCall:
    """One skill with its arguments.

    navigate_to(place), look_at(place), open(place), close(place), pick(object, place) or
    place(object, place).
    """

    name: str
    place: str = ""
    object: str = ""
    position: Vector3 | None = None
    """Where the planner believes the object is; None if it does not know."""

    def __str__(self) -> str:
        args = ", ".join(a for a in (self.object, self.place) if a)
        return f"{self.name}({args})"


@dataclass(frozen=True, slots=True)
class SkillOutcome:
    call: SkillCall
    code: Code
    message: str = ""
    started: float = 0.0
    finished: float = 0.0

    @property
    def success(self) -> bool:
        return self.code is Code.OK


StepStatus = Literal["pending", "running", "done", "failed", "rejected", "skipped"]


@dataclass(frozen=True, slots=True)
class Step:
    call: SkillCall
    status: StepStatus = "pending"
    note: str = ""
    """The critic's verdict or the outcome's message."""


@dataclass(frozen=True, slots=True)
class Plan:
    instruction: str
    goal: str
    steps: tuple[Step, ...]
    revision: int = 0
    """0 for the first plan of a task, then one more per replan."""
    reason: str = ""
    """Why this plan replaced the one before."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the critic says of one step."""

    accepted: bool
    reason: str


class TaskStatus(str, Enum):
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STUCK = "STUCK"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True)
class TaskResult:
    status: TaskStatus
    reason: str
    instruction: str = ""
    skills: int = 0
    """Skill calls executed."""
    replans: int = 0
    duration: float = 0.0
    """Seconds on the robot's clock."""
    saved: str = ""
    """What memory contributed, in words."""


# --- memory -----------------------------------------------------------------------------------

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
