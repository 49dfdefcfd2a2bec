# SPDX-License-Identifier: Apache-2.0
"""A STRIPS problem for one objective, generated from the declarations of the skills.

Every call that could matter is one ground action. What it needs and does is what the skill's
declaration says, each literal spelled out in facts about this call's places and objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import unified_planning.model as up
from unified_planning.environment import Environment

from memagent.planner.objective import Objective
from memagent.planner.situation import Situation
from memagent.planner.skills import Skill, Term
from memagent.site import Appliance
from memagent.types import SkillCall

Fact = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """What one call needs and does, in one of its meanings."""

    call: SkillCall
    needs: tuple[Fact, ...]
    makes: tuple[Fact, ...]
    ends: tuple[Fact, ...]


class Problem:
    """Builds the problem; complements (open/closed, free/holding) stand for negations."""

    def __init__(
        self,
        objective: Objective,
        situation: Situation,
        skills: Mapping[str, Skill],
        environment: Environment,
        *,
        detours: bool,
    ) -> None:
        self._objective = objective
        self._situation = situation
        self._skills = skills
        self._environment = environment
        self.built = up.Problem("task", environment)
        self.actions: dict[str, Action] = {}
        """By the name that each has in ``built``."""
        self.initial: tuple[Fact, ...] = ()
        self.goals: tuple[Fact, ...] = ()
        self._excluded: list[SkillCall] = []
        self._facts: dict[Fact, Any] = {}
        self._assumed = dict(objective.assumed)
        self._held = situation.holding
        self._rest = objective.rest if self._held or detours or objective.tools else ()
        self._detours = detours
        self._objects = sorted(
            {
                *self._assumed,
                *(name for name, _ in objective.deliver),
                *objective.find,
                *(name for _, name in objective.states),
                *(name for pair in objective.inside for name in pair),
                *filter(None, (objective.hold, self._held)),
            }
        )
        self._devices = tuple(self._relevant_devices())
        self._places = self._relevant_places()
        self._state()
        self._goals()
        for place in self._places:
            self._actions_at(place)

    def excluded_words(self) -> str:
        """The calls that were left out because they failed too often."""
        names = ", ".join(str(c) for c in self._excluded)
        return f"given up: {names}" if names else "nothing was given up"

    # --- what matters --------------------------------------------------------------------------

    def _relevant_devices(self) -> Iterator[Appliance]:
        """The nearest device for each state that is wanted, and those to be turned on."""
        situation, objective = self._situation, self._objective
        for state in sorted({state for state, _ in objective.states}):
            usable = situation.devices(state)
            yield from usable[:1]
        yield from (a for a in situation.site.appliances if a.name in objective.lit)

    def _relevant_places(self) -> tuple[str, ...]:
        objective, situation = self._objective, self._situation
        places = {
            *self._assumed.values(),
            *(place for _, place in objective.deliver),
            *objective.view,
            *objective.open,
            *objective.closed,
            *filter(None, (objective.stand,)),
            *(device.place for device in self._devices),
            *self._rest,
        }
        for place in tuple(places):
            places.update(b for b in situation.blockers(place) if situation.is_open(b))
        # The order decides between plans of equal length.
        return tuple(sorted(places, key=lambda p: (situation.effort(p), p)))

    # --- facts ---------------------------------------------------------------------------------

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
        true: list[Fact] = [("holding", self._held) if self._held else ("free",)]
        for place in self._places:
            if situation.at(place):
                true.append(("at", place))
            if situation.site.place(place).is_container:
                true.append(("open" if situation.is_open(place) else "closed", place))
        true += [("located", name, place) for name, place in self._assumed.items()]
        for device in self._devices:
            true.append(("on" if situation.holds("on", device.name) else "off", device.name))
        for name in self._objects:
            location = situation.location(name)
            known_here = location is not None and location.place == self._assumed.get(name)
            if name == self._held or (situation.fresh(name) and known_here):
                true.append(("found", name))
            container = situation.container(name)
            if container:
                true.append(("inside", name, container))
        true += [fact for fact in self._objective.states if situation.holds(*fact)]
        self.initial = tuple(true)
        for fact in true:
            self.built.set_initial_value(self._fact(*fact), True)

    def _goals(self) -> None:
        objective = self._objective
        goals: list[Fact] = []
        for name, place in objective.deliver:
            goals += [("located", name, place), ("found", name)]
        goals += [("found", name) for name in objective.find]
        goals += [("viewed", place) for place in objective.view]
        goals += [("open", place) for place in objective.open]
        goals += [("closed", place) for place in objective.closed]
        goals += objective.states
        goals += [("inside", *pair) for pair in objective.inside]
        goals += [("on", device) for device in objective.lit]
        if objective.hold:
            goals.append(("holding", objective.hold))
        if objective.stand:
            goals.append(("at", objective.stand))
        self.goals = tuple(goals)
        for goal in goals:
            self.built.add_goal(self._fact(*goal))

    # --- which calls could matter --------------------------------------------------------------

    def _actions_at(self, place: str) -> None:
        self._add("navigate_to", place=place)
        if place in self._assumed.values() or place in self._objective.view:
            self._add("look_at", place=place)
        if self._situation.site.place(place).is_container:
            self._add("open", place=place)
            self._add("close", place=place)
        for device in self._devices:
            if device.place == place and device.switch:
                self._add("turn_on", device=device.name, place=place)
                self._add("turn_off", device=device.name, place=place)
        for name in self._objects:
            self._handling(name, place)

    def _handling(self, name: str, place: str) -> None:
        objective = self._objective
        rests = (name, place) in objective.deliver or self._may_wait(name, place)
        if self._assumed.get(name) == place or self._may_wait(name, place):
            self._add("pick", object=name, place=place)
            if ("sliced", name) in objective.states:
                for tool in objective.tools:
                    self._add("slice", object=name, place=place, tool=tool)
            for thing, container in objective.inside:
                if container == name:
                    self._add("put_in", object=thing, container=name, place=place)
        if rests:
            self._add("place", object=name, place=place)
        for thing, container in objective.inside:
            if (
                container == name
                and (name, place) in objective.deliver
                and (self._assumed.get(name) != place)
            ):
                self._add("put_in", object=thing, container=name, place=place)

    def _may_wait(self, name: str, place: str) -> bool:
        """Whether an object may be put at a place for the time being."""
        if any(
            d.place == place and (d.gives, name) in self._objective.states for d in self._devices
        ):
            return True
        if name in self._objective.tools and place in self._assumed.values():
            return True
        held = self._detours or name == self._held or name in self._objective.tools
        return place in self._rest and held

    # --- from declarations to actions ----------------------------------------------------------

    def _add(self, name: str, **binding: str) -> None:
        """The action of one call, once more for each object that a device treats by it."""
        skill = self._skills.get(name)
        if skill is None:
            return
        call = skill.call(binding)
        if self._situation.journal.gave_up(call.name, call.place, call.object):
            self._excluded.append(call)
            return
        needs = [f for term in skill.needs for f in self._needed(term, binding)]
        makes = [f for term in skill.makes for f in self._made(term, binding)]
        ends = [f for term in skill.ends for f in self._ended(term, binding)]
        self._action(call, needs, makes, ends)
        device = self._situation.device_of(skill, call)
        if device is not None:
            for state, treated in self._objective.states:
                if state == device.gives:
                    there = ("located", treated, device.place)
                    self._action(call, [*needs, there], [*makes, (state, treated)], ends)

    def _action(
        self, call: SkillCall, needs: list[Fact], makes: list[Fact], ends: list[Fact]
    ) -> None:
        action = up.InstantaneousAction(f"a{len(self.actions)}", _env=self._environment)
        needs = list(dict.fromkeys(needs))
        for fact in needs:
            action.add_precondition(self._fact(*fact))
        for fact in ends:
            action.add_effect(self._fact(*fact), False)
        for fact in makes:
            action.add_effect(self._fact(*fact), True)
        self.built.add_action(action)
        self.actions[action.name] = Action(call, tuple(needs), tuple(makes), tuple(ends))

    def _needed(self, term: Term, binding: Mapping[str, str]) -> list[Fact]:
        """A condition of a declaration as facts about one call."""
        situation, values = self._situation, [binding[v] for v in term.variables]
        place = binding.get("place", "")
        if term.predicate == "accessible":
            return [*self._if_container("open", place), *self._uncovered(place)]
        if term.predicate == "uncovered":
            return self._uncovered(place)
        if term.predicate in ("open", "closed"):
            return self._if_container(term.predicate, place)
        if term.predicate == "ready":
            device = situation.site.appliance(binding["device"])
            shut = device is not None and device.shut
            return self._if_container("closed", place) if shut else []
        if term.predicate == "quiet":
            return [("off", d.name) for d in self._devices if d.place == place and d.shut]
        return [(term.predicate, *values)]

    def _made(self, term: Term, binding: Mapping[str, str]) -> list[Fact]:
        place = binding.get("place", "")
        if term.predicate == "at":
            return [("at", p) for p in self._situation.sharing(place) if p in self._places]
        if term.predicate == "seen":
            return [("found", name) for name, p in self._assumed.items() if p == place]
        return [(term.predicate, *(binding[v] for v in term.variables))]

    def _ended(self, term: Term, binding: Mapping[str, str]) -> list[Fact]:
        if term.predicate == "elsewhere":
            here = self._situation.sharing(binding["place"])
            return [("at", p) for p in self._places if p not in here]
        return [(term.predicate, *(binding[v] for v in term.variables))]

    def _if_container(self, predicate: str, place: str) -> list[Fact]:
        is_container = self._situation.site.place(place).is_container
        return [(predicate, place)] if is_container else []

    def _uncovered(self, place: str) -> list[Fact]:
        return [("closed", b) for b in self._situation.blockers(place) if b in self._places]
