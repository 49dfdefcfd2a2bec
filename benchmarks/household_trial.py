# SPDX-License-Identifier: Apache-2.0
"""memagent's closed loop in the symbolic household: one process, a real memory, goals as given."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from memagent.catalogue import Catalogue
from memagent.memory import LifelongMemory
from memagent.planner import ClosedLoop, Condition, Goal, ObjectRef, PlannerConfig, PlannerEvent
from memagent.planner.skills import HOUSEHOLD_SKILLS
from memagent.site import Site
from memagent.types import TaskResult
from memagent_sim.symbolic import Disturbances, House, Mischief, Scene, SymbolicRobot, Task
from memagent_sim.symbolic.kinds import KNIVES, spoken
from memagent_sim.symbolic.task import TREATMENT

CONFIG = PlannerConfig(tidy=False, objects_per_plan=2, lost_wait=0.0, memory_wait=0.0)
"""ALFRED counts steps, not whether doors are closed."""


def reference(scene: Scene, kinds: Sequence[str], quantity: int = 1) -> ObjectRef:
    """Things of some kinds, with the names that they go by: the agent is told all names of a scene,
    as EmbodiedBench has it, but not where anything is.
    """
    return ObjectRef(
        " or ".join(map(spoken, kinds)),
        categories=tuple(map(spoken, kinds)),
        quantity=quantity,
        labels=tuple(name for kind in kinds for name in scene.called(kind)),
    )


def goal_of(task: Task, scene: Scene) -> Goal:
    """A task's goal in the planner's terms."""
    thing = reference(scene, (task.object_target,), task.count)
    place = spoken(task.parent_target) if task.parent_target else ""
    conditions: list[Condition] = []
    if task.family == "look_at_obj_in_light":
        conditions.append(Condition("holding", thing))
        conditions.append(Condition("lit", spoken(task.toggle_target)))
    elif task.mrecep_target:
        container = reference(scene, (task.mrecep_target,))
        conditions.append(Condition("in", thing, place, container))
    else:
        conditions.append(Condition("on", thing, place))
    if task.family in TREATMENT:
        conditions.append(Condition(TREATMENT[task.family], thing))  # type: ignore[arg-type]
    if task.object_sliced:
        conditions.append(Condition("sliced", thing))
    return Goal(tuple(conditions), task.instruction)


@dataclass(frozen=True)
class Attempt:
    """How one task went, by the simulator's judge."""

    success: bool
    goal_conditions: float
    steps: int
    invalid: int
    seconds: float
    """Wall time of the whole attempt."""
    result: TaskResult


@dataclass
class Household:
    """A house with its robot, whose memory goes on from task to task."""

    scene: Scene
    disturbances: Disturbances = field(default_factory=Disturbances)
    seed: int = 0
    config: PlannerConfig = CONFIG
    memory: LifelongMemory = field(init=False)
    port: Any = None
    """What the planner asks in place of the memory itself, made from that."""
    options: dict[str, Any] = field(default_factory=dict)
    """Further arguments of the closed loop."""

    def __post_init__(self) -> None:
        self.site = Site.model_validate(self.scene.survey())
        self.house = House(self.scene)
        self.mischief = Mischief(self.scene, self.disturbances, self.seed)
        self.memory = LifelongMemory(":memory:", self.site)
        self.robot = SymbolicRobot(self.house, self._observe, self.mischief)

    def _observe(self, percept: Any) -> None:
        self.memory.observe(percept)

    def attempt(
        self, task: Task, on_event: Callable[[PlannerEvent], None] | None = None
    ) -> Attempt:
        """Try a task once, in the house as it is."""
        began = time.perf_counter()
        self.house.at = self.scene.receptacles[0].name if not self.house.at else self.house.at
        episode = self.robot.begin(task)
        loop = ClosedLoop(
            self.port(self.memory) if self.port else self.memory,
            self.robot,
            self.site,
            Catalogue(categories=()),
            self.config,
            on_event,
            declared=HOUSEHOLD_SKILLS,
            tools=reference(self.scene, KNIVES),
            pause=lambda seconds: None,
            **self.options,
        )
        # As in EmbodiedBench, an episode ends when its goal is reached or a budget is used up.
        result = loop.pursue(
            goal_of(task, self.scene), lambda: episode.exhausted or episode.succeeded
        )
        done, of = episode.progress
        return Attempt(
            done == of,
            done / of,
            episode.steps,
            episode.invalid,
            time.perf_counter() - began,
            result,
        )
