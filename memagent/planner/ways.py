# SPDX-License-Identifier: Apache-2.0
"""How far places are by ways that the robot knows, where spatial memory is there to be asked."""

from __future__ import annotations

import math

import numpy as np

from memagent.errors import MemagentError
from memagent.planner.ports import SpacePort
from memagent.site import Site
from memagent.types import Pose2D


def known_ways(space: SpacePort, site: Site, base: Pose2D) -> dict[str, float]:
    """Place -> metres of driving to where it is worked on; places without a known way are left out.

    A search must not end because spatial memory does not answer: then no way is known.
    """
    stands = np.array([place.stand[:2] for place in site.places], np.float64).reshape(-1, 2)
    try:
        lengths = space.route_lengths((base.x, base.y), stands)
    except MemagentError:
        return {}
    return {
        place.name: float(length)
        for place, length in zip(site.places, lengths, strict=True)
        if math.isfinite(length)
    }
