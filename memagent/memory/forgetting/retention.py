# SPDX-License-Identifier: Apache-2.0
"""How well something is remembered: Ebbinghaus' curve, whose slope reinforcement flattens.

Retention after a time ``t`` without use is ``R = exp(-t / S)`` (Ebbinghaus, "Über das Gedächtnis",
1885). Its stability is ``S = tau * importance * n``, where ``n`` counts the uses and independent
confirmations, the first being the remembering itself; each use also sets ``t`` back to zero. That
is the update of MemoryBank (Zhong et al., AAAI 2024), with importance for its constant: what
changed the world, failures, first sights and what people say fade more slowly than routine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from memagent.types import Code

_OWN_WORDS = frozenset(("temporal", "outcome", "percept", "keyframe"))
_OK = Code.OK.value


class ForgettingConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    budget_rows: Annotated[int, Field(ge=8)] | None = 200_000
    """Remembered items beyond which the weakest become gists; None: no bound."""
    budget_mb: Annotated[float, Field(gt=0)] | None = None
    """Megabytes (1e6 bytes) of the file beyond which they do, with its log; None: no bound."""
    tau: Annotated[float, Field(gt=0)] = 86400.0
    """Seconds in which a routine step that is never used fades by a factor e."""
    stretch: Annotated[float, Field(gt=0)] = 3600.0
    """Seconds of the robot's clock that go into one gist at first."""
    gists: Annotated[int, Field(ge=1)] = 512
    """The most gists; then the two become one that lie closest for their age."""
    names: Annotated[int, Field(ge=1)] = 12
    """Objects, places and things done that a gist names, of each the most frequent."""
    batch: Annotated[int, Field(ge=1)] = 64
    """Items that go at once; a write forgets at most four times as many."""
    facts: Annotated[int, Field(ge=1)] = 200_000
    """Facts that no longer hold; beyond that the ones that ended first go."""
    outcomes: Annotated[int, Field(ge=1)] = 100_000
    """Outcomes of skills; what older ones teach is in the lessons' counts."""
    episodes: Annotated[int, Field(ge=1)] = 20_000
    """Finished episodes."""
    events: Annotated[int, Field(ge=1)] = 100_000
    """Event boundaries; before them, items belong to no event."""


def importance(kind: str, source: str, data: Mapping[str, Any]) -> float:
    """How much slower than a routine step an item fades, at least 1.

    Args:
        kind: the item's.
        source: where it comes from; what none of memory's own parts said, a person did.
        data: the item's.
    """
    if kind == "step":
        failed = data.get("code", _OK) != _OK
        return 6.0 if failed else 3.0 if data.get("boundary") or source == "outcome" else 1.0
    if kind == "note":
        return 3.0 if source in _OWN_WORDS else 12.0
    return {"summary": 2.0, "relation": 2.0, "object": 8.0, "episode": 6.0, "lesson": 8.0}[kind]


def stability(weight: float, reinforcements: int, tau: float) -> float:
    """Seconds without use in which retention falls by a factor e.

    Args:
        weight: from :func:`importance`.
        reinforcements: uses and independent confirmations since it was remembered.
        tau: seconds, of what is neither important nor used.
    """
    return tau * weight * (1 + reinforcements)


def retention(unused: float, stable: float) -> float:
    """How well something is remembered, 0 to 1.

    Args:
        unused: seconds since it was remembered or last used; negative ones count as none.
        stable: seconds, from :func:`stability`.
    """
    return math.exp(-max(0.0, unused) / stable)


def fading(
    unused: NDArray[np.float64], weight: NDArray[np.float32], reinforcements: NDArray[np.int32]
) -> NDArray[np.float64]:
    """What orders many items as retention does, the weakest highest: ``t / S`` in units of tau.

    One second is added to each age, so that importance tells among those just remembered.
    """
    return np.asarray((np.maximum(unused, 0.0) + 1.0) / (weight * (1.0 + reinforcements)))
