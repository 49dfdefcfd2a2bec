# SPDX-License-Identifier: Apache-2.0
"""Objectives that every planner must attain, each in a situation of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from memagent.planner import Objective, Situation
from memagent.site import Site

from .situations import situation

Case = Callable[[Site], tuple[Objective, Situation]]

CASES: Mapping[str, Case] = {
    "into a closed drawer": lambda site: (
        Objective(
            "mug away",
            deliver=(("mug", "top drawer"),),
            assumed=(("mug", "desk"),),
            closed=("top drawer",),
        ),
        situation(site),
    ),
    "seen already": lambda site: (
        Objective("mug", hold="mug", assumed=(("mug", "desk"),)),
        situation(site, seen={"mug": "desk"}, base=site.place("desk").stand_pose),
    ),
    "under an open drawer": lambda site: (
        Objective("find", find=("mug",), assumed=(("mug", "bottom drawer"),)),
        situation(site, open_ones=("top drawer",), base=site.place("top drawer").stand_pose),
    ),
    "by way of a surface": lambda site: (
        Objective(
            "up",
            deliver=(("mug", "top drawer"),),
            assumed=(("mug", "bottom drawer"),),
            rest=("kitchen counter",),
        ),
        situation(site),
    ),
    "with a full hand": lambda site: (
        Objective("open", open=("fridge",), rest=("kitchen counter",)),
        situation(site, holding="sponge"),
    ),
    "two things": lambda site: (
        Objective(
            "both",
            deliver=(("apple", "fridge"), ("can", "fridge")),
            assumed=(("apple", "desk"), ("can", "kitchen counter")),
        ),
        situation(site),
    ),
}
