# SPDX-License-Identifier: Apache-2.0
"""How places are told apart, what a passage costs, and when a loop is closed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class CostConfig(BaseModel):
    """A passage costs distance*metres + time*seconds - risk*log(probability of success)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    distance: Annotated[float, Field(ge=0)] = 1.0
    time: Annotated[float, Field(ge=0)] = 0.0
    risk: Annotated[float, Field(ge=0)] = 5.0
    """Metres of detour worth one nat of risk."""
    prior_successes: Positive = 9.0
    """Beta prior. One to one would call ten passages that were each driven once a 2 % route."""
    prior_failures: Positive = 1.0
    speed: Positive = 0.4
    """m/s, where a passage was never timed."""


class ClosureConfig(BaseModel):
    """When "this looks like a place I know" is believed against odometry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    similarity: Share = 0.8
    """Least cosine of a candidate."""
    ratio: Share = 0.8
    """The best candidate's cosine distance is at most this times that of its rival elsewhere."""
    drift: Positive = 0.08
    """Metres that odometry may be off per metre driven since the candidate was visited."""
    away: Annotated[float, Field(ge=0)] = 4.0
    """Metres to drive before a place counts as left; nearer ones are no loop."""
    confirmations: Annotated[int, Field(ge=1)] = 3
    """Places in a row that must tell the same story before a loop is closed."""
    agreement: Positive = 0.6
    """Metres by which two of them may disagree about the way from one to the other."""
    turn: Positive = 0.6
    """Radians by which they may disagree about its direction."""
    pending: Annotated[int, Field(ge=1)] = 12
    """Hypotheses kept at most."""
    misfit: Positive = 4.0
    """A closure that leaves a tie this many sigmas apart is undone."""


class PoseGraphConfig(BaseModel):
    """Noise of odometry and of "the same place", for the correction of poses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sigma_distance: Positive = 0.03
    """Metres per metre driven."""
    sigma_turn: Positive = 0.03
    """Radians per metre driven."""
    sigma_floor: Positive = 0.02
    """Metres and radians that even the shortest motion is uncertain by."""
    sigma_place: Positive = 0.15
    """Metres between two visits to one place."""
    tolerance: Positive = 0.3
    """Metres between belief and place beyond which recent poses are corrected."""
    window: Annotated[int, Field(ge=2)] = 12
    """Last poses that such a small correction may move."""
    max_keyframes: Annotated[int, Field(ge=2)] = 1000
    """Old visits beyond this are folded into the motion around them; a place's first never is."""


class TopologyConfig(BaseModel):
    """The graph of places.

    ``mode`` "paper" does as Mem4Nav (arXiv 2506.19433, withdrawn) published it, for comparison: a
    new node where no look is nearer than ``paper_delta``, wherever that was; positions averaged;
    edge costs (old + new) / 2 and blind to success; no loop closure.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["memagent", "paper"] = "memagent"
    radius: Positive = 0.75
    """Metres around a place within which a similar look is the same place."""
    similarity: Share = 0.7
    """Least cosine of a look at the same place; the same label will do, too."""
    directed: bool = False
    """Whether a passage leads only the way it was driven."""
    narrow: Positive = 1.0
    """Metres: passages up to this wide part rooms."""
    explored: Positive = 1.0
    """Metres from an exit at which a place counts as what lies behind it."""
    max_places: Annotated[int, Field(ge=2)] = 2000
    cost: CostConfig = CostConfig()
    closure: ClosureConfig = ClosureConfig()
    pose_graph: PoseGraphConfig = PoseGraphConfig()
    paper_delta: Positive = 0.7
    """Distance of descriptors; the published configuration's value."""
    paper_distance: Annotated[float, Field(ge=0)] = 1.0
    paper_instruction: Annotated[float, Field(ge=0)] = 0.05
    """Published beta 0.5 times its constant instruction cost 0.1."""
