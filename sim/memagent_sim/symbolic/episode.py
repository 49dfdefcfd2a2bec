# SPDX-License-Identifier: Apache-2.0
"""One task in a house: budgets, disturbances, and whether it was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from memagent_sim.symbolic.disturbances import Mischief
from memagent_sim.symbolic.house import House, Invalid, Verb
from memagent_sim.symbolic.look import Look, look, visible_here
from memagent_sim.symbolic.task import Task, progress

STEPS = 30
INVALID = 10
"""EmbodiedBench's budgets for EB-ALFRED: steps, and invalid actions among them."""

Answer = Literal["done", "invalid", "failed"]


@dataclass
class Episode:
    """A task being attempted. The house goes on when it ends: pass it to the next one."""

    house: House
    task: Task
    mischief: Mischief | None = None
    max_steps: int = STEPS
    max_invalid: int = INVALID
    steps: int = 0
    invalid: int = 0
    message: str = ""
    """Why the last action was invalid or failed, or ""."""
    view: Look = field(init=False)
    """The newest look around."""

    def __post_init__(self) -> None:
        self.view = self._look()

    @property
    def progress(self) -> tuple[int, int]:
        """Goal conditions that hold, and how many there are."""
        return progress(self.task, self.house)

    @property
    def succeeded(self) -> bool:
        done, of = self.progress
        return done == of

    @property
    def exhausted(self) -> bool:
        """Whether a budget is used up."""
        return self.steps >= self.max_steps or self.invalid >= self.max_invalid

    def act(self, verb: Verb, target: str = "") -> Answer:
        """Spend a step on an action, and look around."""
        self.steps += 1
        answer: Answer = "done"
        self.message = ""
        try:
            self.house.check(verb, target)
        except Invalid as error:
            self.invalid += 1
            self.message, answer = str(error), "invalid"
        else:
            if self.mischief is not None:
                self.message = self.mischief.fails(verb, target, self.house.held)
            if self.message:
                answer = "failed"
            else:
                self.house.act(verb, target)
        if self.mischief is not None:
            self.mischief.meddle(self.house)
        self.view = self._look()
        return answer

    def look_again(self) -> None:
        """Look around once more; it costs no step, and may be misread in another way."""
        self.view = self._look()

    def _look(self) -> Look:
        if self.mischief is None:
            return look(self.house)
        return look(self.house, self.mischief.misread(sorted(visible_here(self.house))))
