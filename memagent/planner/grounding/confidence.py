# SPDX-License-Identifier: Apache-2.0
"""How sure it is that a goal is what was meant."""

from __future__ import annotations

from memagent.planner.grounding.resolving import Resolution
from memagent.planner.grounding.roles import Roles

ACT = 0.5
"""From this confidence on, a goal is acted upon without asking back."""
PROBABLE = 0.94
"""The estimated probability of being right that this stands for."""
NAMED, SHARED, DESCRIBED = 0.98, 0.88, 0.85
"""How far a kind can be trusted that has the best claim to its name, that shares it, and that was
described in words which all fit."""
IGNORED = 0.85
"""And for each thing that was named and plays no part."""


def confidence(found: Resolution, roles: Roles) -> float:
    """How sure it is that ``found`` is right, 0 to 1: no probability, but in the order of one, and
    ``ACT`` where that is enough to act upon. What is right above it, and how often, is measured in
    ``benchmarks/planning.py``, by which the factors and the threshold were chosen.
    """
    if not found.chosen:
        return 0.0
    sure = found.share
    for candidate in found.chosen:
        if candidate.own:
            sure *= NAMED
        elif candidate.named:
            sure *= SHARED
        else:
            sure *= DESCRIBED * min(1.0, candidate.score / 0.7)
    sure *= IGNORED**roles.unused
    if sure < PROBABLE:
        return round(ACT * sure / PROBABLE, 3)
    return round(ACT + (1.0 - ACT) * (sure - PROBABLE) / (1.0 - PROBABLE), 3)
