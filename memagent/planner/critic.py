# SPDX-License-Identifier: Apache-2.0
"""The critic: does the next step still make sense, now that the steps before it were done?

RoboMemory's critic (arXiv 2508.01415, Algorithm 1), by rules: it sees the newest belief and the
steps ahead, never the first step of a plan, and gives its reasons in words.
"""

from __future__ import annotations

from typing import Protocol

from memagent.planner.objective import Objective
from memagent.planner.situation import Situation
from memagent.types import Step, Verdict

_FINE = Verdict(True, "its conditions hold")


class CriticPort(Protocol):
    """What the closed loop asks of a critic."""

    def judge(self, step: Step, ahead: tuple[Step, ...], situation: Situation) -> Verdict:
        """Whether to go on with ``step``, after which the plan has the steps ``ahead``."""
        ...


class Critic:
    """Checks a step's conditions, and that what is ahead is still where the plan assumes it."""

    def judge(self, step: Step, ahead: tuple[Step, ...], situation: Situation) -> Verdict:
        """Whether to go on with ``step``, after which the plan has the steps ``ahead``."""
        objection = _moved((step, *ahead), situation) or _objection(step, situation)
        return Verdict(False, objection) if objection else _FINE


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
        if call.name not in ("pick", "place") or call.object in handled:
            continue
        handled.add(call.object)
        if call.name != "pick" or call.object == situation.holding:
            continue
        location = situation.location(call.object)
        if location is not None and situation.fresh(call.object) and location.place != call.place:
            return f"the {call.object} is now believed {location.predicate} the {location.place}"
    return ""


def _objection(step: Step, situation: Situation) -> str:
    call = step.call
    if call.name == "navigate_to":
        return ""
    if not situation.at(call.place):
        return f"the robot is not at the {call.place}"
    if call.name in ("open", "close"):
        if situation.holding:
            return f"the gripper holds the {situation.holding}"
        covering = [b for b in situation.blockers(call.place) if situation.is_open(b)]
        if call.name == "open" and covering:
            return f"the {covering[0]} above is open"
        return ""
    if not situation.accessible(call.place):
        covering = [b for b in situation.blockers(call.place) if situation.is_open(b)]
        return f"the {covering[0]} above is open" if covering else f"the {call.place} is closed"
    if call.name == "pick":
        if situation.holding:
            return f"the gripper holds the {situation.holding}"
        if not situation.verified(call.object, call.place):
            return f"the {call.object} was not seen at the {call.place}"
    if call.name == "place" and situation.holding != call.object:
        return f"the {call.object} is not in the gripper"
    return ""
