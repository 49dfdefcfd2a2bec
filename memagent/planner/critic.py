# SPDX-License-Identifier: Apache-2.0
"""The critic: does the next step still make sense, now that the steps before it were done?

RoboMemory's critic (arXiv 2508.01415, Algorithm 1), by rules: it sees the newest belief and the
steps ahead, never the first step of a plan, and gives its reasons in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from memagent.planner.objective import Objective
from memagent.planner.situation import Situation
from memagent.planner.skills import FLAT_SKILLS, Skill, Term
from memagent.types import Step, Verdict

_FINE = Verdict(True, "its conditions hold")


class CriticPort(Protocol):
    """What the closed loop asks of a critic."""

    def judge(self, step: Step, ahead: tuple[Step, ...], situation: Situation) -> Verdict:
        """Whether to go on with ``step``, after which the plan has the steps ``ahead``."""
        ...


class Critic:
    """Checks the conditions that a step's skill declares, and that what is ahead is still where the
    plan assumes it.
    """

    def __init__(self, skills: Mapping[str, Skill] = FLAT_SKILLS) -> None:
        self._skills = skills

    def judge(self, step: Step, ahead: tuple[Step, ...], situation: Situation) -> Verdict:
        """Whether to go on with ``step``, after which the plan has the steps ``ahead``."""
        objection = _moved((step, *ahead), situation) or self._objection(step, situation)
        return Verdict(False, objection) if objection else _FINE

    def _objection(self, step: Step, situation: Situation) -> str:
        """The first condition that does not hold, in words, or ""."""
        skill = self._skills.get(step.call.name)
        if skill is None:
            return f"the robot has no skill {step.call.name}"
        binding = skill.binding(step.call)
        if "place" not in binding and "container" in binding:
            around = situation.location(binding["container"])
            if around is None or around.place not in situation.place_names:
                return f"the {binding['container']} is not known to stand anywhere"
            binding["place"] = around.place
        objections = (_unmet(term, binding, skill, situation) for term in skill.needs)
        return next(filter(None, objections), "")


def already_done(
    step: Step, ahead: tuple[Step, ...], objective: Objective, situation: Situation
) -> str:
    """Why ``step`` can be skipped: what it would bring about is believed already. "" if not."""
    call = step.call
    if call.name == "navigate_to" and situation.at(call.place):
        return f"the robot is at the {call.place} already"
    if call.name == "open" and situation.is_open(call.place):
        return f"the {call.place} is open already"
    if call.name == "close" and not situation.is_open(call.place):
        return f"the {call.place} is closed already"
    if call.name == "pick" and situation.holding == call.object:
        return f"the {call.object} is in the gripper already"
    if call.name == "turn_on" and situation.holds("on", call.object):
        return f"the {call.object} is on already"
    if call.name == "turn_off" and not situation.holds("on", call.object):
        return f"the {call.object} is off already"
    if call.name == "slice" and situation.holds("sliced", call.object):
        return f"the {call.object} is sliced already"
    if call.name == "put_in" and situation.container(call.object) == call.place:
        return f"the {call.object} is in the {call.place} already"
    if (
        call.name == "place"
        and situation.holding != call.object
        and situation.verified(call.object, call.place)
    ):
        return f"the {call.object} is at the {call.place} already"
    if call.name == "look_at" and call.place not in objective.view:
        sought = [
            s.call.object for s in ahead if s.call.name == "pick" and s.call.place == call.place
        ]
        if sought and all(situation.verified(name, call.place) for name in sought):
            return f"the {' and the '.join(sought)} can be seen already"
    return ""


def _moved(steps: tuple[Step, ...], situation: Situation) -> str:
    """Why the plan's assumption about an object is known to be wrong, or ""."""
    handled: set[str] = set()
    for step in steps:
        call = step.call
        if call.name not in ("pick", "place", "put_in") or call.object in handled:
            continue
        handled.add(call.object)
        if call.name != "pick" or call.object == situation.holding:
            continue
        location = situation.location(call.object)
        if location is not None and situation.fresh(call.object) and location.place != call.place:
            return f"the {call.object} is now believed {location.predicate} the {location.place}"
    return ""


def _unmet(term: Term, binding: Mapping[str, str], skill: Skill, situation: Situation) -> str:
    """Why a condition does not hold, or ""."""
    place, name = binding.get("place", ""), binding.get(term.variables[0] if term.variables else "")
    if term.predicate == "at":
        return "" if situation.at(place) else f"the robot is not at the {place}"
    if term.predicate == "free":
        return f"the gripper holds the {situation.holding}" if situation.holding else ""
    if term.predicate in ("uncovered", "accessible"):
        covering = [b for b in situation.blockers(place) if situation.is_open(b)]
        if covering:
            return f"the {covering[0]} above is open"
        shut = term.predicate == "accessible" and not situation.accessible(place)
        return f"the {place} is closed" if shut else ""
    if term.predicate == "holding":
        if term.variables == ("tool",):
            held = situation.belief(situation.holding).category if situation.holding else ""
            return "" if held in skill.tools else f"no {' or '.join(skill.tools)} is in the gripper"
        return "" if situation.holding == name else f"the {name} is not in the gripper"
    if term.predicate == "located":
        seen = name is not None and situation.verified(name, place)
        return "" if seen else f"the {name} was not seen at the {place}"
    if term.predicate == "off":
        return f"the {name} is on" if name and situation.holds("on", name) else ""
    if term.predicate == "on":
        return "" if name and situation.holds("on", name) else f"the {name} is off"
    if term.predicate == "ready":
        device = situation.site.appliance(binding["device"])
        open_ = device is not None and device.shut and situation.is_open(place)
        return f"the {place} is open" if open_ else ""
    if term.predicate == "quiet":
        running = (a.name for a in situation.site.appliances if a.place == place and a.shut)
        on = next((device for device in running if situation.holds("on", device)), "")
        return f"the {on} is on" if on else ""
    return ""  # Open and closed doors are for `already_done`; what is found is located.
