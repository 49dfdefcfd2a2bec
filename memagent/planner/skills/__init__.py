# SPDX-License-Identifier: Apache-2.0
"""Declarations of skills: what each needs, brings about and how it fails, said once."""

from memagent.planner.skills.declaration import (
    PREDICATES,
    ContainerName,
    DeviceName,
    ObjectName,
    PlaceName,
    Skill,
    Term,
    declare,
    declare_action,
    describe,
)
from memagent.planner.skills.flat import FLAT_SKILLS
from memagent.planner.skills.household import HOUSEHOLD_SKILLS

__all__ = [
    "FLAT_SKILLS",
    "HOUSEHOLD_SKILLS",
    "PREDICATES",
    "ContainerName",
    "DeviceName",
    "ObjectName",
    "PlaceName",
    "Skill",
    "Term",
    "declare",
    "declare_action",
    "describe",
]
