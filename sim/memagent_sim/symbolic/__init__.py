# SPDX-License-Identifier: Apache-2.0
"""A symbolic household: ALFRED's actions, tasks and scores without physics or pictures.

The robot sees only what is at the place where it stands, and into a receptacle only while that is
open. A text re-creation: its figures are not comparable with those of AI2-THOR.
"""

from memagent_sim.symbolic.disturbances import CALM, Disturbances, Mischief
from memagent_sim.symbolic.eb_alfred import TaskFileError, load_tasks, read_task
from memagent_sim.symbolic.env import HouseholdEnv
from memagent_sim.symbolic.episode import INVALID, STEPS, Episode
from memagent_sim.symbolic.generation import generate, generate_scene, possible_tasks
from memagent_sim.symbolic.house import VERBS, House, Invalid, Verb
from memagent_sim.symbolic.look import Look, look
from memagent_sim.symbolic.robot import SKILLS, SymbolicRobot
from memagent_sim.symbolic.scene import Scene
from memagent_sim.symbolic.task import FAMILIES, Family, Task, progress

__all__ = [
    "CALM",
    "FAMILIES",
    "INVALID",
    "SKILLS",
    "STEPS",
    "VERBS",
    "Disturbances",
    "Episode",
    "Family",
    "House",
    "HouseholdEnv",
    "Invalid",
    "Look",
    "Mischief",
    "Scene",
    "SymbolicRobot",
    "Task",
    "TaskFileError",
    "Verb",
    "generate",
    "generate_scene",
    "load_tasks",
    "look",
    "possible_tasks",
    "progress",
    "read_task",
]
