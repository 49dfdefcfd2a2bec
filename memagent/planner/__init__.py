# SPDX-License-Identifier: Apache-2.0
"""The planner, the prefrontal lobe: from an instruction to skills, by way of memory alone.

An instruction is grounded into a goal; an agenda says what to attain next, a symbolic planner how,
a critic whether the next step still makes sense; the closed loop executes, records and plans again.
"""

from memagent.planner.closed_loop import ClosedLoop, PlannerPort
from memagent.planner.config import PlannerConfig
from memagent.planner.critic import Critic, CriticPort
from memagent.planner.events import (
    GoalGrounded,
    Note,
    PlanChanged,
    PlannerEvent,
    StepFinished,
    StepJudged,
    StepStarted,
)
from memagent.planner.goal import Condition, Goal, ObjectRef
from memagent.planner.grounding import (
    ACT,
    Grounding,
    HouseholdGrounder,
    PddlParams,
    SceneObject,
    correct,
    ground,
    pddl_params,
    task_type,
)
from memagent.planner.objective import Objective
from memagent.planner.ports import Canceled, MemoryPort, SkillPort, SpacePort
from memagent.planner.situation import Situation
from memagent.planner.symbolic import NoPlan, SymbolicPlanner

__all__ = [
    "ACT",
    "Canceled",
    "ClosedLoop",
    "Condition",
    "Critic",
    "CriticPort",
    "Goal",
    "GoalGrounded",
    "Grounding",
    "HouseholdGrounder",
    "MemoryPort",
    "NoPlan",
    "Note",
    "ObjectRef",
    "Objective",
    "PddlParams",
    "PlanChanged",
    "PlannerConfig",
    "PlannerEvent",
    "PlannerPort",
    "SceneObject",
    "Situation",
    "SkillPort",
    "SpacePort",
    "StepFinished",
    "StepJudged",
    "StepStarted",
    "SymbolicPlanner",
    "correct",
    "ground",
    "pddl_params",
    "task_type",
]
