# SPDX-License-Identifier: Apache-2.0
"""How fast, how close and how long: the executor's settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Timeouts(_Strict):
    """Seconds of robot time after which a skill gives up."""

    navigate: Positive = 60.0
    look: Positive = 60.0
    open: Positive = 90.0
    pick: Positive = 90.0
    place: Positive = 90.0


class BaseMotion(_Strict):
    """Driving: m/s, rad/s and metres."""

    speed: Positive = 0.65
    turn_rate: Positive = 1.4
    carrying_turn_rate: Positive = 0.8
    """rad/s with something in the hand."""
    near_speed: Positive = 0.45
    """In the last step up to furniture, and back from it."""
    pull_speed: Positive = 0.45
    """Of the base while it moves a door or a drawer."""
    clearance: Annotated[float, Field(ge=0)] = 0.05
    """Between base and obstacles on a path."""
    work_clearance: Annotated[float, Field(ge=0)] = 0.03
    """Between base and furniture while the arm works."""
    position_tolerance: Positive = 0.012
    yaw_tolerance: Positive = 0.02
    stuck_after: Positive = 3.0
    """Seconds without progress that mean the way is blocked."""


class ArmMotion(_Strict):
    """Arm and gripper: shares of the joint limits, m/s, metres, newtons."""

    speed: Share = 0.8
    carrying_speed: Share = 0.6
    """The same, with something in the hand."""
    approach_speed: Positive = 0.25
    """Of the tool next to things."""
    clearance: Annotated[float, Field(ge=0)] = 0.015
    """Between arm and furniture."""
    tolerance: Positive = 0.03
    """Radians from the goal within which a motion has arrived."""
    settle: Positive = 1.0
    """Seconds that a joint may take to arrive after its trajectory ended."""
    approach_height: Positive = 0.10
    lift_height: Positive = 0.14
    grip_force: Positive = 30.0
    held_width: Positive = 0.004
    """A closed gripper that is wider than this holds something."""
    contact_depth: Positive = 0.005
    """How far the tool lags behind its command when it touches something."""


class Looking(_Strict):
    """Head motion and what counts as a good look."""

    dwell: Positive = 0.45
    """Seconds per fixation, after the head came to rest."""
    percepts: Annotated[int, Field(ge=1)] = 2
    """That must arrive per fixation."""
    close_percepts: Annotated[int, Field(ge=1)] = 3
    """The same, of an object about to be grasped; they are averaged."""
    patience: Positive = 1.5
    """Seconds to wait for them."""
    margin: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Share of the image, about its centre, in which things count as seen."""
    near_stand: Positive = 0.15
    """Distance to a place's stand within which the robot need not drive there first."""


class Workspace(_Strict):
    """Where the tool may be, in ``base_link``, metres."""

    reach: Positive = 1.1
    """Horizontally from the arm's mount."""
    floor: Annotated[float, Field(ge=0)] = 0.05
    ceiling: Positive = 1.9


class ExecutorConfig(_Strict):
    tick: Annotated[float, Field(gt=0, le=0.1)] = 0.05
    """Control period, seconds; a cancel or stop takes effect within it."""
    stale_after: Positive = 0.5
    """Seconds without new proprioception after which the robot counts as lost."""
    object_gap: Positive = 0.085
    """Metres from the middle of a placed object to its neighbours: room for a finger."""
    timeouts: Timeouts = Timeouts()
    base: BaseMotion = BaseMotion()
    arm: ArmMotion = ArmMotion()
    looking: Looking = Looking()
    workspace: Workspace = Workspace()
