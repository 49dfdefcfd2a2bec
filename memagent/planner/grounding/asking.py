# SPDX-License-Identifier: Apache-2.0
"""What to ask back where an instruction was not understood well enough."""

from __future__ import annotations

from memagent.planner.grounding.confidence import ACT
from memagent.planner.grounding.resolving import Resolution
from memagent.planner.grounding.roles import Roles


def question(found: Resolution, roles: Roles, sure: float) -> str:
    """A question that names what is doubtful, or "" where nothing is."""
    if sure >= ACT:
        return ""
    if "object" in found.unknown:
        return "which object is meant? None was named that is known here"
    if "place" in found.unknown:
        return f"where should the {found.target} go? Name a place"
    if found.unknown:
        return f'what is meant by "{found.unknown[0]}"? Nothing known here is called so'
    if found.rivals:
        phrase, kinds = found.rivals[0]
        return f'by "{phrase}", is the {" or the ".join(kinds)} meant?'
    words = roles.target.text if roles.target is not None else ""
    return f'is the {found.target} meant by "{words}"?'
