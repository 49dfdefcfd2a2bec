# SPDX-License-Identifier: Apache-2.0
"""How probable it is that a goal is what was meant."""

from __future__ import annotations

from memagent.planner.grounding.resolving import Resolution
from memagent.planner.grounding.roles import Roles
from memagent.planner.grounding.scene import Scene

ACT = 0.8
"""From this confidence on, a goal is acted upon without asking back."""


def confidence(found: Resolution, roles: Roles, scene: Scene) -> float:
    """The probability that ``found`` is right, 0 to 1."""
    return round(min(0.99, found.share * min(1.0, found.fit)), 3)
