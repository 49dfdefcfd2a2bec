# SPDX-License-Identifier: Apache-2.0
"""Agents that lack one part, after RoboMemory's ablations. Each differs from the full one in that.

``critic``    steps are not judged before they are executed.
``spatial``   no knowledge graph: the planner knows of what was seen in the last four steps, and of
              what this task itself put somewhere.
``episodic``  nothing is concluded from where things were found on earlier occasions.
``semantic``  no lessons: every thing and every door counts as reliable.
``long_term`` the memory is emptied before each task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from household_trial import CONFIG, Household

from memagent.memory import BeliefConfig, LifelongMemory, MemoryConfig
from memagent.memory.state import StateConfig
from memagent.types import Lesson, ObjectBelief, WorldBelief
from memagent_sim.symbolic import Disturbances, Scene
from memagent_sim.symbolic.robot import SECONDS

BUFFER = 4
"""Steps in RoboMemory's temporal buffer."""
NO_HABITS = MemoryConfig(state=StateConfig(beliefs=BeliefConfig(miss=0.2, habit_share=1e-9)))


class _Port:
    """A memory that answers all but some questions as it is."""

    def __init__(self, memory: LifelongMemory) -> None:
        self._memory = memory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._memory, name)


class WithoutSpatial(_Port):
    def world(self, after: float | None = None) -> WorldBelief:
        world = self._memory.world(after)
        since = world.stamp - BUFFER * SECONDS
        seen = [o for o in world.objects if _last_seen(o) >= since or o.name == world.holding]
        viewed = {place: stamp for place, stamp in world.viewed.items() if stamp >= since}
        return replace(world, objects=tuple(map(_as_seen, seen)), viewed=viewed)

    def where(self, name: str) -> ObjectBelief:
        return ObjectBelief(name, "", "", ())


class WithoutSemantic(_Port):
    def lessons(self, skill: str, subject: str) -> tuple[Lesson, ...]:
        return ()


def _last_seen(belief: ObjectBelief) -> float:
    return max((c.last_seen for c in belief.candidates if c.last_seen is not None), default=-1.0)


def _as_seen(belief: ObjectBelief) -> ObjectBelief:
    return replace(belief, candidates=belief.candidates[:1])


ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "full": {},
    "critic": {"config": CONFIG.model_copy(update={"critic": False})},
    "spatial": {"port": WithoutSpatial},
    "episodic": {"memory_config": NO_HABITS},
    "semantic": {"port": WithoutSemantic},
    "long_term": {"forgetful": True},
}
"""Name of what is missing -> how the household differs."""


def make(name: str, scene: Scene, disturbances: Disturbances, seed: int) -> Household:
    """A household whose agent lacks one part."""
    return Household(scene, disturbances, seed, **ABLATIONS[name])
