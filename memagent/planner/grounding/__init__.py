# SPDX-License-Identifier: Apache-2.0
"""From free English to a goal."""

from memagent.planner.grounding.alfred import PddlParams, pddl_params, task_type
from memagent.planner.grounding.confidence import ACT
from memagent.planner.grounding.household import Grounding, HouseholdGrounder
from memagent.planner.grounding.instruction import ground
from memagent.planner.grounding.scene import SceneObject
from memagent.planner.grounding.task_lines import (
    BadLine,
    GroundingTask,
    answer,
    ground_lines,
    read_tasks,
)

__all__ = [
    "ACT",
    "BadLine",
    "Grounding",
    "GroundingTask",
    "HouseholdGrounder",
    "PddlParams",
    "SceneObject",
    "answer",
    "ground",
    "ground_lines",
    "pddl_params",
    "read_tasks",
    "task_type",
]
