# SPDX-License-Identifier: Apache-2.0
"""From free English to a goal.

``ground`` is for a site that is surveyed and a catalogue of things, and gives goals that the skills
attain. ``HouseholdGrounder`` is for a home of which only things are known, and for all that people
ask in one; where it is not sure enough to act it asks back. ``correct`` takes in what a person says
while a task runs. All of them speak of what is to be true in the one schema of a :class:`Goal`.
"""

from memagent.planner.grounding.alfred import PddlParams, pddl_params, task_type
from memagent.planner.grounding.confidence import ACT
from memagent.planner.grounding.correction import correct
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
    "correct",
    "ground",
    "ground_lines",
    "pddl_params",
    "read_tasks",
    "task_type",
]
