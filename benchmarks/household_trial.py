# SPDX-License-Identifier: Apache-2.0
"""memagent's closed loop in the symbolic household: one process, a real memory, goals as given."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from memagent.catalogue import Catalogue
from memagent.memory import BeliefConfig, LifelongMemory, MemoryConfig
from memagent.memory.state import StateConfig
from memagent.planner import (
    ClosedLoop,
    Condition,
    Goal,
    NoPlan,
    Objective,
    ObjectRef,
    PlannerConfig,
    PlannerEvent,
    Situation,
    SymbolicPlanner,
)
from memagent.planner.skills import HOUSEHOLD_SKILLS
from memagent.site import Site
from memagent.types import Percept, Query, SkillCall, SkillOutcome, TaskResult, WorldBelief
from memagent_sim.symbolic import (
    CALM,
    STEPS,
    Disturbances,
    House,
    Mischief,
    Scene,
    SymbolicRobot,
    Task,
)
from memagent_sim.symbolic.kinds import KNIVES, spoken
from memagent_sim.symbolic.task import TREATMENT

CONFIG = PlannerConfig(
    tidy=False, objects_per_plan=2, looks=2, grasp_attempts=5, lost_wait=0.0, memory_wait=0.0
)
"""ALFRED counts steps, not whether doors are closed; to look again costs none."""
MEMORY = MemoryConfig(state=StateConfig(beliefs=BeliefConfig(miss=0.2)))
"""One look in five may misread a thing."""


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
class Watch:
    """Times of planning, and of everything else that the agent does about one skill."""

    clock: Callable[[], float] = time.perf_counter
    plans: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    _planning: float = 0.0
    _perceiving: float = 0.0
    _acting: float = 0.0
    _returned: float | None = None

    def planned(self, seconds: float) -> None:
        self.plans.append(seconds)
        self._planning += seconds

    def perceived(self, seconds: float) -> None:
        self._perceiving += seconds

    def skill_begins(self) -> None:
        """Close the books on the skill before: what was spent since, less planning."""
        now = self.clock()
        if self._returned is not None:
            self.steps.append(now - self._returned - self._planning + self._perceiving)
        self._planning = self._perceiving = 0.0

    def skill_ends(self) -> None:
        self._returned = self.clock()

    def stop(self) -> None:
        self._returned = None

    def figures(self) -> dict[str, float]:
        """Medians in milliseconds."""
        return {
            "plan_p50_ms": 1e3 * statistics.median(self.plans),
            "plan_p95_ms": 1e3 * statistics.quantiles(self.plans, n=20)[-1],
            "loop_p50_ms": 1e3 * statistics.median(self.steps),
            "loop_p95_ms": 1e3 * statistics.quantiles(self.steps, n=20)[-1],
        }


_PLANNER = SymbolicPlanner(HOUSEHOLD_SKILLS)
"""One for all: to set up unified-planning takes longer than to plan."""


class _WatchedPlanner:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def plan(self, objective: Objective, situation: Situation) -> tuple[SkillCall, ...] | NoPlan:
        began = self._watch.clock()
        try:
            return _PLANNER.plan(objective, situation)
        finally:
            self._watch.planned(self._watch.clock() - began)


class _Retrieving:
    """A memory that, with each look at the world, also retrieves from all of its parts."""

    def __init__(self, memory: LifelongMemory) -> None:
        self._memory = memory
        self._instruction = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._memory, name)

    def begin_episode(self, instruction: str) -> str:
        self._instruction = instruction
        return self._memory.begin_episode(instruction)

    def world(self, after: float | None = None) -> WorldBelief:
        world = self._memory.world(after)
        if after is not None:
            self._memory.context()
            self._memory.retrieve(Query(self._instruction))
            self._memory.similar_episodes(self._instruction)
            self._memory.lessons("pick", world.holding)
        return world


@dataclass
class Household:
    """A house with its robot, whose memory goes on from task to task."""

    scene: Scene
    disturbances: Disturbances = CALM
    seed: int = 0
    config: PlannerConfig = CONFIG
    memory_config: MemoryConfig = MEMORY
    forgetful: bool = False
    """Whether the memory is emptied before each task."""
    port: Callable[[LifelongMemory], Any] | None = None
    """What the planner asks in place of the memory itself."""
    max_steps: int = STEPS
    watch: Watch | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """Further arguments of the closed loop."""

    def __post_init__(self) -> None:
        self.site = Site.model_validate(self.scene.survey())
        self.house = House(self.scene)
        self.memory = self._empty()
        mischief = Mischief(self.scene, self.disturbances, self.seed)
        self.robot = SymbolicRobot(self.house, self._observe, mischief)
        if self.watch is not None:
            self.port = _Retrieving

    def _empty(self) -> LifelongMemory:
        return LifelongMemory(":memory:", self.site, self.memory_config)

    def _observe(self, percept: Percept) -> None:
        if self.watch is None:
            self.memory.observe(percept)
            return
        began = self.watch.clock()
        self.memory.observe(percept)
        self.watch.perceived(self.watch.clock() - began)

    def forget(self) -> None:
        """Start over with an empty memory."""
        self.memory.close()
        self.memory = self._empty()

    def start_task(self, number: int) -> None:
        """What a forgetful agent does before every task but the first."""
        if self.forgetful and number:
            self.forget()

    def tidy_up(self) -> None:
        """Everything is put back where it was, and all doors are closed."""
        self.house.where = dict(self.scene.where)
        self.house.open.clear()
        self.house.on.clear()
        self.house.states.clear()

    def execute(self, call: SkillCall, canceled: Callable[[], bool]) -> SkillOutcome:
        """The robot's skills, with an eye on the clock."""
        if self.watch is None:
            return self.robot.execute(call, canceled)
        self.watch.skill_begins()
        outcome = self.robot.execute(call, canceled)
        self.watch.skill_ends()
        return outcome

    def attempt(
        self, task: Task, on_event: Callable[[PlannerEvent], None] | None = None
    ) -> Attempt:
        """Try a task once, in the house as it is. As every episode begins, devices are off and
        nothing is heated, cooled, cleaned or sliced.
        """
        began = time.perf_counter()
        self.house.states.clear()
        self.house.on.clear()
        episode = self.robot.begin(task, self.max_steps)
        planner = _PLANNER if self.watch is None else _WatchedPlanner(self.watch)
        options = {"planner": planner} | self.options
        loop = ClosedLoop(
            self.port(self.memory) if self.port else self.memory,
            self,
            self.site,
            Catalogue(categories=()),
            self.config,
            on_event,
            declared=HOUSEHOLD_SKILLS,
            tools=reference(self.scene, KNIVES),
            pause=lambda seconds: None,
            **options,
        )
        # As in EmbodiedBench, an episode ends when its goal is reached or a budget is used up.
        result = loop.pursue(
            goal_of(task, self.scene), lambda: episode.exhausted or episode.succeeded
        )
        if self.watch is not None:
            self.watch.stop()
        done, of = episode.progress
        return Attempt(
            done == of,
            done / of,
            episode.steps,
            episode.invalid,
            time.perf_counter() - began,
            result,
        )
