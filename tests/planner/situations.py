# SPDX-License-Identifier: Apache-2.0
"""Situations in one line each."""

from __future__ import annotations

from memagent.planner import PlannerConfig, Situation
from memagent.planner.journal import Journal
from memagent.site import Site
from memagent.types import ContainerBelief, ObjectBelief, PlaceBelief, Pose2D, WorldBelief


def situation(
    site: Site,
    *,
    holding: str = "",
    open_ones: tuple[str, ...] = (),
    seen: dict[str, str] | None = None,
    base: Pose2D | None = None,
) -> Situation:
    """At time 100 of a task begun at 50; ``seen`` maps objects to where they were just seen."""
    objects = tuple(
        ObjectBelief(name, name, "", (PlaceBelief(place, "on", 1.0, None, 99.0),))
        for name, place in (seen or {}).items()
    )
    containers = tuple(ContainerBelief(name, True, 1.0) for name in open_ones)
    world = WorldBelief(100.0, base, holding, objects, containers)
    journal = Journal(50.0, PlannerConfig())
    return Situation(world, site, journal, lambda name: ObjectBelief(name, name, "", ()))
