# SPDX-License-Identifier: Apache-2.0
"""Classical planning: an objective and the newest belief become a small STRIPS problem.

Every skill call that could matter is one ground action, so that its preconditions and effects say
exactly what this one call needs and does. Breadth-first search makes the plan as short as possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import unified_planning.model as up
from unified_planning.engines import PlanGenerationResultStatus
from unified_planning.environment import Environment

from memagent.planner.objective import Objective
from memagent.planner.situation import Situation
from memagent.types import SkillCall

_SOLVED = (
    PlanGenerationResultStatus.SOLVED_SATISFICING,
    PlanGenerationResultStatus.SOLVED_OPTIMALLY,
)


@dataclass(frozen=True)
class NoPlan:
    """There is no way to attain the objective, as far as is believed."""

    reason: str


class SymbolicPlanner:
    """Plans with pyperplan through unified-planning."""

    def __init__(self) -> None:
        self._environment = Environment()
        self._environment.credits_stream = None
        self._engine = self._environment.factory.OneshotPlanner(
            name="pyperplan", params={"search": "bfs"}
        )

    def plan(self, objective: Objective, situation: Situation) -> tuple[SkillCall, ...] | NoPlan:
        """The shortest sequence of calls that attains ``objective``, if what it assumes is so."""
        problem = _Problem(objective, situation, self._environment, detours=False)
        actions = self._solve(problem)
        if actions is None and objective.rest:
            # Rare: from a lower drawer to the one above, something must wait elsewhere meanwhile.
            problem = _Problem(objective, situation, self._environment, detours=True)
            actions = self._solve(problem)
        if actions is None:
            return NoPlan(f'there is no way to "{objective.words}" ({problem.excluded_words()})')
        calls = tuple(problem.calls[name] for name in actions)
        return calls or NoPlan(f'"{objective.words}" needs nothing to be done, yet does not hold')

    def _solve(self, problem: _Problem) -> list[str] | None:
        result = self._engine.solve(problem.built)
        if result.status not in _SOLVED:
            return None
        return [instance.action.name for instance in result.plan.actions]


class _Problem:
    """Builds the STRIPS problem; complements (open/closed, free/holding) stand for negations."""

    def __init__(
        self, objective: Objective, situation: Situation, environment: Environment, *, detours: bool
    ) -> None:
        self._objective = objective
        self._situation = situation
        self._environment = environment
        self.built = up.Problem("task", environment)
        self.calls: dict[str, SkillCall] = {}
        self._excluded: list[SkillCall] = []
        self._facts: dict[tuple[str, ...], Any] = {}
        self._assumed = dict(objective.assumed)
        self._held = situation.holding
        self._rest = objective.rest if self._held or detours else ()
        self._detours = detours
        self._objects = sorted(
            {
                *self._assumed,
                *(name for name, _ in objective.deliver),
                *objective.find,
                *filter(None, (objective.hold, self._held)),
            }
        )
        self._places = self._relevant_places()
        self._state()
        self._goals()
        for place in self._places:
            self._moves_and_looks(place)
            if situation.site.place(place).is_container:
                self._toggles(place)
            for name in self._objects:
                self._handling(name, place)

    def excluded_words(self) -> str:
        names = ", ".join(str(c) for c in self._excluded)
        return f"given up: {names}" if names else "nothing was given up"

    def _relevant_places(self) -> tuple[str, ...]:
        objective, situation = self._objective, self._situation
        places = {
            *self._assumed.values(),
            *(place for _, place in objective.deliver),
            *objective.view,
            *objective.open,
            *objective.closed,
            *filter(None, (objective.stand,)),
            *self._rest,
        }
        for place in tuple(places):
            places.update(b for b in situation.blockers(place) if situation.is_open(b))
        # The order decides between plans of equal length.
        return tuple(sorted(places, key=lambda p: (situation.effort(p), p)))

    # --- facts -----------------------------------------------------------------------------

    def _fact(self, *name: str) -> Any:
        """The proposition of that name, e.g. ("at", "desk"); false unless the state says so.

        Fluents are numbered, so that one problem's are the next one's too: the environment keeps
        every expression that it ever saw.
        """
        if name not in self._facts:
            fluent = up.Fluent(f"f{len(self._facts)}", environment=self._environment)
            self.built.add_fluent(fluent, default_initial_value=False)
            self._facts[name] = fluent()
        return self._facts[name]

    def _state(self) -> None:
        situation = self._situation
        true: list[tuple[str, ...]] = [("holding", self._held) if self._held else ("free",)]
        for place in self._places:
            if situation.at(place):
                true.append(("at", place))
            if situation.site.place(place).is_container:
                true.append(("open" if situation.is_open(place) else "closed", place))
        true += [("located", name, place) for name, place in self._assumed.items()]
        for name in self._objects:
            location = situation.location(name)
            known_here = location is not None and location.place == self._assumed.get(name)
            if name == self._held or (situation.fresh(name) and known_here):
                true.append(("found", name))
        for fact in true:
            self.built.set_initial_value(self._fact(*fact), True)

    def _goals(self) -> None:
        objective = self._objective
        goals: list[tuple[str, ...]] = []
        for name, place in objective.deliver:
            goals += [("located", name, place), ("found", name)]
        goals += [("found", name) for name in objective.find]
        goals += [("viewed", place) for place in objective.view]
        goals += [("open", place) for place in objective.open]
        goals += [("closed", place) for place in objective.closed]
        if objective.hold:
            goals.append(("holding", objective.hold))
        if objective.stand:
            goals.append(("at", objective.stand))
        for goal in goals:
            self.built.add_goal(self._fact(*goal))

    # --- actions ---------------------------------------------------------------------------

    def _action(
        self,
        call: SkillCall,
        needs: list[tuple[str, ...]],
        makes: list[tuple[str, ...]],
        ends: list[tuple[str, ...]],
    ) -> None:
        if self._situation.journal.gave_up(call.name, call.place, call.object):
            self._excluded.append(call)
            return
        action = up.InstantaneousAction(f"a{len(self.calls)}", _env=self._environment)
        for fact in needs:
            action.add_precondition(self._fact(*fact))
        for fact in ends:
            action.add_effect(self._fact(*fact), False)
        for fact in makes:
            action.add_effect(self._fact(*fact), True)
        self.built.add_action(action)
        self.calls[action.name] = call

    def _within_reach(self, place: str) -> list[tuple[str, ...]]:
        """The robot is there, the place is open, and nothing above covers it."""
        needs: list[tuple[str, ...]] = [("at", place)]
        if self._situation.site.place(place).is_container:
            needs.append(("open", place))
        return needs + self._uncovered(place)

    def _uncovered(self, place: str) -> list[tuple[str, ...]]:
        return [("closed", b) for b in self._situation.blockers(place) if b in self._places]

    def _moves_and_looks(self, place: str) -> None:
        here = [p for p in self._situation.sharing(place) if p in self._places]
        away = [p for p in self._places if p not in here]
        self._action(
            SkillCall("navigate_to", place),
            needs=[],
            makes=[("at", p) for p in here],
            ends=[("at", p) for p in away],
        )
        seen = [("found", name) for name, p in self._assumed.items() if p == place]
        if seen or place in self._objective.view:
            self._action(
                SkillCall("look_at", place),
                needs=self._within_reach(place),
                makes=[*seen, ("viewed", place)],
                ends=[],
            )

    def _toggles(self, place: str) -> None:
        reach: list[tuple[str, ...]] = [("at", place), ("free",)]
        self._action(
            SkillCall("open", place),
            needs=[*reach, ("closed", place), *self._uncovered(place)],
            makes=[("open", place)],
            ends=[("closed", place)],
        )
        self._action(
            SkillCall("close", place),
            needs=[*reach, ("open", place)],
            makes=[("closed", place)],
            ends=[("open", place)],
        )

    def _handling(self, name: str, place: str) -> None:
        objective = self._objective
        wanted_here = (name, place) in objective.deliver
        rests_here = place in self._rest and (self._detours or name == self._held)
        if self._assumed.get(name) == place or rests_here:
            self._action(
                SkillCall("pick", place, name),
                needs=[
                    *self._within_reach(place),
                    ("free",),
                    ("located", name, place),
                    ("found", name),
                ],
                makes=[("holding", name)],
                ends=[("free",), ("located", name, place)],
            )
        if wanted_here or rests_here:
            self._action(
                SkillCall("place", place, name),
                needs=[*self._within_reach(place), ("holding", name)],
                makes=[("located", name, place), ("free",), ("found", name)],
                ends=[("holding", name)],
            )
