# SPDX-License-Identifier: Apache-2.0
"""What planner and critic know, in words for a language model: no more than the rules get."""

from __future__ import annotations

from collections.abc import Iterable

from memagent.planner.objective import Objective
from memagent.planner.situation import Situation
from memagent.types import SkillCall


def tell_objective(objective: Objective) -> str:
    """What is to be true in the end, one condition a line."""
    wanted = [f"the {name} is in or on the {place}" for name, place in objective.deliver]
    wanted += [f"the {name} is seen where it is" for name in objective.find]
    wanted += [f"the {place} is looked at as a whole" for place in objective.view]
    wanted += [f"the {place} is open" for place in objective.open]
    wanted += [f"the {place} is closed" for place in objective.closed]
    wanted += [f"the {name} is {state}" for state, name in objective.states]
    wanted += [f"the {name} is in the {other}" for name, other in objective.inside]
    wanted += [f"the {device} is on" for device in objective.lit]
    wanted += [f"the gripper holds the {objective.hold}"] if objective.hold else []
    wanted += [f"the robot stands at the {objective.stand}"] if objective.stand else []
    return f"{objective.words}. In the end:\n" + _listed(wanted)


def tell_situation(objective: Objective | None, situation: Situation) -> str:
    """What is believed of the robot, of the places, and of the objects that matter."""
    holding = f"the {situation.holding}" if situation.holding else "nothing"
    lines = [f"the gripper holds {holding}"]
    for place in sorted(situation.place_names):
        lines += _of_place(place, situation)
    for device in situation.site.appliances:
        state = "on" if situation.holds("on", device.name) else "off"
        lines.append(f"the {device.name} at the {device.place} is {state}")
    assumed = dict(objective.assumed) if objective is not None else {}
    names = {known.name for known in situation.world.objects} | set(assumed)
    lines += [_of_object(name, assumed.get(name), situation) for name in sorted(names)]
    if objective is not None and objective.rest:
        lines.append(f"things can be put down meanwhile at: {', '.join(objective.rest)}")
    journal = situation.journal
    lines += [
        f"do not use again, it failed too often: {SkillCall(skill, place, name)}"
        for skill, name, place in sorted(journal.failures)
        if journal.gave_up(skill, place, name)
    ]
    return _listed(filter(None, lines))


def _of_place(place: str, situation: Situation) -> list[str]:
    told = ["the robot stands here"] if situation.at(place) else []
    if situation.site.place(place).is_container:
        told.append("open" if situation.is_open(place) else "closed")
    covering = [b for b in situation.blockers(place) if situation.is_open(b)]
    told += [f"covered by the {b}, which is open" for b in covering]
    together = [other for other in situation.sharing(place) if other != place]
    told += [f"shares its spot with the {' and the '.join(together)}"] if together else []
    return [f"place {place}: {', '.join(told)}" if told else f"place {place}"]


def _of_object(name: str, assumed: str | None, situation: Situation) -> str:
    if name == situation.holding:
        return ""
    place = situation.location(name)
    where = assumed or (place.place if place is not None else "")
    if not where:
        return f"object {name}: nobody knows where"
    seen = "seen there in this task" if situation.verified(name, where) else "believed there"
    inside = situation.container(name)
    within = f", in the {inside}" if inside else ""
    states = sorted(state for state, of in situation.journal.facts if of == name)
    return f"object {name}: at the {where}{within}, {seen}" + "".join(f", {s}" for s in states)


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
