# SPDX-License-Identifier: Apache-2.0
"""The executor (cerebellum): skills, and the geometry, motion and safety beneath them."""

from memagent.executor.config import ExecutorConfig
from memagent.executor.kinematics import ArmKinematics
from memagent.executor.obstacles import Occupancy
from memagent.executor.safety import EmergencyStop, SafetyGuard
from memagent.executor.skills import SKILL_NAMES, Skills
from memagent.executor.trajectory import time_path

__all__ = [
    "SKILL_NAMES",
    "ArmKinematics",
    "EmergencyStop",
    "ExecutorConfig",
    "Occupancy",
    "SafetyGuard",
    "Skills",
    "time_path",
]
