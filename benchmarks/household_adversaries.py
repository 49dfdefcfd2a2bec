# SPDX-License-Identifier: Apache-2.0
"""Adversaries of the closed loop: whatever they do, a run ends in its budget, with a reason."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from household_trial import CONFIG, Household

from memagent.errors import MemagentError
from memagent.planner import Objective, Situation, SymbolicPlanner
from memagent.planner.skills import HOUSEHOLD_SKILLS
from memagent.types import Code, SkillCall, SkillOutcome, Step, TaskResult, Verdict
from memagent_sim.symbolic import Disturbances, Scene, Task, generate

BUDGET = CONFIG.model_copy(update={"max_skills": 24, "max_replans": 8})
ENDLESS = 10_000
"""Steps: the simulator's own budget must not be what ends a run."""
SCENES = 40
BAD_ENDS = tuple(code for code in Code if code not in (Code.OK, Code.CANCELED))

Adversary = Callable[[Household, random.Random], None]


def _rejecting(home: Household, chance: random.Random) -> None:
    accepts = chance.choice((0.0, 0.3, 0.7))

    class Judge:
        def judge(self, step: Step, ahead: tuple[Step, ...], situation: Situation) -> Verdict:
            return Verdict(chance.random() < accepts, "as the dice fell")

    home.options["critic"] = Judge()


def _failing(home: Household, chance: random.Random) -> None:
    share = chance.choice((0.3, 0.7, 1.0))
    _instead(home, lambda call: chance.choice(BAD_ENDS) if chance.random() < share else None)


def _lying(home: Household, chance: random.Random) -> None:
    _instead(home, lambda call: Code.OK if call.name != "look_at" else None)


def _looping(home: Household, chance: random.Random) -> None:
    """A planner that proposes something, whatever is asked for."""
    honest = SymbolicPlanner(HOUSEHOLD_SKILLS)
    places = [r.name for r in home.scene.receptacles]

    class Planner:
        def plan(self, objective: Objective, situation: Situation) -> Any:
            if chance.random() < 0.2:
                return honest.plan(objective, situation)
            return tuple(SkillCall("navigate_to", p) for p in chance.sample(places, 2))

    home.options["planner"] = Planner()


def _contradicting(home: Household, chance: random.Random) -> None:
    """A memory that sometimes does not answer, and whose objects are never where they were."""
    memory = home.memory

    class Port:
        def __getattr__(self, name: str) -> Any:
            method = getattr(memory, name)

            def answer(*arguments: Any, **options: Any) -> Any:
                if chance.random() < 0.1:
                    raise MemagentError("not now")
                return method(*arguments, **options)

            return answer

    home.port = lambda _: Port()


def _people(home: Household, chance: random.Random) -> None:
    """Disturbances alone are enough: see ``against``."""


def _instead(home: Household, outcome: Callable[[SkillCall], Code | None]) -> None:
    """Some skills do nothing but end with a code."""
    robot, execute = home.robot, home.robot.execute

    def instead(call: SkillCall, canceled: Callable[[], bool]) -> SkillOutcome:
        code = outcome(call)
        if code is None:
            return execute(call, canceled)
        started = robot.now
        robot.stand_still()
        return SkillOutcome(call, code, "an adversary's doing", started, robot.now)

    robot.execute = instead  # type: ignore[method-assign]


ADVERSARIES: Mapping[str, Adversary] = {
    "a critic that rejects": _rejecting,
    "an executor that fails": _failing,
    "an executor that lies": _lying,
    "a planner that loops": _looping,
    "a memory that contradicts itself": _contradicting,
    "people who move everything": _people,
}


@lru_cache(maxsize=SCENES)
def _scene(number: int) -> tuple[Scene, Task]:
    return generate(number)


def against(name: str, seed: int) -> dict[str, Any]:
    """One run against an adversary."""
    chance = random.Random(seed)
    scene, task = _scene(chance.randrange(SCENES))
    rates = Disturbances(slips=0.2, moves=0.1, misreads=0.2)
    if name.startswith("people"):
        rates = Disturbances(slips=0.3, moves=1.0, misreads=0.5, jams=0.3)
    home = Household(scene, rates, seed, config=BUDGET, max_steps=ENDLESS)
    if chance.random() < 0.5:
        home.robot.tour()
    ADVERSARIES[name](home, chance)
    result: TaskResult = home.attempt(task).result
    home.memory.close()
    return {
        "adversary": name,
        "seed": seed,
        "status": result.status.value,
        "reason": result.reason,
        "skills": result.skills,
        "replans": result.replans,
        "over_budget": result.skills > BUDGET.max_skills or result.replans > BUDGET.max_replans,
    }
