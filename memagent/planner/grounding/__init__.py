# SPDX-License-Identifier: Apache-2.0
"""From free English to a goal."""

from memagent.planner.grounding.alfred import PddlParams, pddl_params, task_type
from memagent.planner.grounding.confidence import ACT
from memagent.planner.grounding.household import Grounding, HouseholdGrounder
from memagent.planner.grounding.instruction import ground
from memagent.planner.grounding.scene import SceneObject

__all__ = [
    "ACT",
    "Grounding",
    "HouseholdGrounder",
    "PddlParams",
    "SceneObject",
    "ground",
    "pddl_params",
    "task_type",
]
