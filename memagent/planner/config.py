# SPDX-License-Identifier: Apache-2.0
"""What of the planner can be set."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from memagent.language_model import EndpointConfig

Count = Annotated[int, Field(ge=1, le=1000)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Length = Annotated[float, Field(ge=0.0, le=100.0)]


class PlannerConfig(BaseModel):
    """Budgets, thresholds and switches of the closed loop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    planner: Literal["symbolic", "language_model"] = "symbolic"
    """Who plans; where a model has no plan that can work, the symbolic planner does."""
    judge: Literal["rules", "language_model"] = "rules"
    """Who criticises; a model is asked after the rules."""
    language_model: EndpointConfig | None = None
    transcript: str = ""
    """File of questions to the model and its answers, asked first; "" for none."""

    critic: bool = True
    """Judge every step but the first of a plan before it is executed."""
    tidy: bool = True
    """Close what this task opened."""

    max_skills: Count = 120
    max_replans: Annotated[int, Field(ge=0, le=1000)] = 30
    repeats: Count = 3
    """So often may the same short cycle of (state, skill) occur before the task is stuck."""
    no_progress: Count = 12
    """So many skills in a row may bring about nothing new."""

    grasp_attempts: Count = 3
    """Grasps of one object before it is given up."""
    grasp_attempts_hard: Count = 5
    """The same for an object that, by memory's lessons, often slips."""
    skill_attempts: Count = 2
    """Tries of any other call before it is given up."""
    lost_attempts: Count = 3
    """Calls in a row that an executor may fail to answer."""
    lost_wait: Annotated[float, Field(ge=0.0, le=60.0)] = 1.0
    """Seconds to wait for an executor that did not answer."""
    memory_attempts: Count = 3
    """Times a question is put to a memory that does not answer."""
    memory_wait: Annotated[float, Field(ge=0.0, le=60.0)] = 0.25
    """Seconds between those; time for a percept to come in."""

    looks: Count = 1
    """How often a place where a thing was believed to be is looked at before it counts as missing
    there: 1 for eyes that seldom misread."""
    passes: Count = 2
    """How often each place is looked at for one thing before it counts as nowhere."""
    confident: Share = 0.5
    """From this probability on, an object is fetched from a place instead of searched there."""
    objects_per_plan: Annotated[int, Field(ge=1, le=6)] = 4
    """Deliveries in one plan; the rest follows in the next one."""

    look_cost: Length = 2.0
    """Effort of looking at a place, in metres of driving."""
    open_cost: Length = 6.0
    """Further effort where a container must be opened and closed again."""
    room_cost: Length = 3.0
    """Further effort of going to another room, for the way round through the doors."""
    at_radius: Length = 0.35
    """A base within this distance of a place's stand counts as there, metres."""
    at_angle: Annotated[float, Field(ge=0.0, le=3.15)] = 0.6
    """And its heading within this angle, radians."""
    work_radius: Length = 1.0
    """While it works at a place that it drove to, the base may stray so far, metres."""

    @model_validator(mode="after")
    def _has_its_model(self) -> PlannerConfig:
        if "language_model" in (self.planner, self.judge) and self.language_model is None:
            raise ValueError(
                "planner or judge is language_model: say which one under language_model, by its "
                "url and model"
            )
        return self
